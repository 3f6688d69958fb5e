package logfile

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"shutout/lab/diagnosis"
)

// w3c reads the W3C extended log of the SMTP service that Exchange 2003 stands
// on (Log Formats, cc780772). Each line is a command with the code of its
// answer. It says whether somebody signed in, and not who; the user name's
// column holds what the client called itself in its greeting. Lines of outbound
// connections are passed over.
type w3c struct {
	file     string
	sink     diagnosis.Sink
	cols     columns
	sessions map[string]*dialogue
}

func isW3C(head []string) bool {
	if !hasFields(head, "c-ip", "cs-method") {
		return false
	}
	for _, line := range head {
		if strings.Contains(line, "SMTPSVC") || strings.Contains(line, "FROM:<") || strings.Contains(line, " EHLO ") || strings.Contains(line, " HELO ") {
			return true
		}
	}
	return false
}

func newW3C(file string, sink diagnosis.Sink) parser {
	return &w3c{file: file, sink: sink, sessions: map[string]*dialogue{}}
}

var errNoTime = errors.New("the line has no time: add date and time to the fields of the log")

func (p *w3c) line(number int, text string) (int, error) {
	if names, ok := fieldNames(text); ok {
		var err error
		p.cols, err = newColumns(names)
		return 0, err
	}
	if text == "" || text[0] == '#' {
		return 0, nil
	}
	if p.cols.n == 0 {
		return 0, fmt.Errorf("a record before the #Fields line")
	}
	record := strings.Fields(text)
	if len(record) != p.cols.n {
		return 0, fmt.Errorf("%d values, expected %d as the #Fields line has", len(record), p.cols.n)
	}
	get := func(name string) string { return p.cols.get(record, name) }
	if get("date") == "" || get("time") == "" {
		return 0, errNoTime
	}
	at, err := stamp("2006-01-02 15:04:05", "2026-01-15 09:30:00", get("date")+" "+get("time"))
	if err != nil {
		return 0, err
	}
	client := address(get("c-ip"))
	if !client.IsValid() {
		return 0, fmt.Errorf("found client %s, expected an address", quote(get("c-ip")))
	}
	greeting := get("cs-username")
	if strings.HasPrefix(greeting, "OutboundConnection") {
		return 1, nil
	}
	// There is no session in the log: a client under one name is one.
	key := client.String() + " " + greeting
	d := p.sessions[key]
	if d == nil {
		if len(p.sessions) >= maxSessions {
			clear(p.sessions)
		}
		d = &dialogue{client: client}
		p.sessions[key] = d
	}
	d.server = address(get("s-ip"))
	p.command(d, command{where: diagnosis.Where{File: p.file, Line: number}, at: at, verb: strings.ToUpper(get("cs-method"))},
		plain(get("cs-uri-query")), status(get("sc-status")))
	return 1, nil
}

// command takes one command with its code; 0 where the log has none, which
// means that it was accepted.
func (p *w3c) command(d *dialogue, c command, argument string, code int) {
	_, where, _ := strings.Cut(argument, ":")
	switch c.argument = path(where); c.verb {
	case "EHLO", "HELO":
		d.account, d.from = "", ""
	case "QUIT":
		*d = dialogue{client: d.client, server: d.server}
	case "AUTH":
		if ok := code == 235; ok || code == 535 {
			if ok {
				d.account = diagnosis.Unnamed
			}
			p.sink.AddLogon(diagnosis.Logon{Where: c.where, At: c.at, Client: d.client, Server: d.server, Account: diagnosis.Unnamed, OK: ok})
		}
	case "MAIL":
		d.from = c.argument
	case "RCPT":
		if code == 0 {
			code = 250
		}
		d.recipient(p.sink, c, code, "")
	}
}

func (p *w3c) end() (int, error) { return 0, nil }

// plain undoes the log's way with blanks.
func plain(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "+", " ")) }

func status(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 200 || n > 599 {
		return 0
	}
	return n
}

// windowsFirewall reads pfirewall.log. Its times are local times of that
// computer and are taken as they are.
type windowsFirewall struct {
	file string
	sink diagnosis.Sink
	cols columns
}

func isWindowsFirewall(head []string) bool {
	return hasFields(head, "action", "src-ip", "dst-ip", "dst-port")
}

func (p *windowsFirewall) line(number int, text string) (int, error) {
	if names, ok := fieldNames(text); ok {
		var err error
		p.cols, err = newColumns(names)
		return 0, err
	}
	if text == "" || text[0] == '#' {
		return 0, nil
	}
	if p.cols.n == 0 {
		return 0, fmt.Errorf("a record before the #Fields line")
	}
	record := strings.Fields(text)
	if len(record) > p.cols.n || len(record) < 8 {
		return 0, fmt.Errorf("%d values, expected %d as the #Fields line has", len(record), p.cols.n)
	}
	get := func(name string) string { return p.cols.get(record, name) }
	at, err := stamp("2006-01-02 15:04:05", "2026-01-15 09:30:00", get("date")+" "+get("time"))
	if err != nil {
		return 0, err
	}
	action := strings.ToUpper(get("action"))
	blocked := action == "DROP" || action == "DENY" || action == "BLOCK"
	if !blocked && action != "ALLOW" && action != "OPEN" { // OPEN is Windows XP's and 2003's word
		return 1, nil
	}
	if !strings.EqualFold(get("protocol"), "TCP") {
		return 1, nil
	}
	return packet(p.sink, diagnosis.Packet{Where: diagnosis.Where{File: p.file, Line: number}, At: at, Blocked: blocked},
		get("src-ip"), get("dst-ip"), get("dst-port"))
}

func (p *windowsFirewall) end() (int, error) { return 0, nil }

func packet(sink diagnosis.Sink, d diagnosis.Packet, from, to, port string) (int, error) {
	d.From, d.To = address(from), address(to)
	if d.From == (netip.Addr{}) || d.To == (netip.Addr{}) {
		return 0, fmt.Errorf("found a call from %s to %s, expected two addresses", quote(from), quote(to))
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("found port %s, expected a number", quote(port))
	}
	d.Port = int(n)
	sink.AddPacket(d)
	return 1, nil
}

// ipTables reads what iptables and nftables write to syslog with their LOG
// target. Whether it was let through stands nowhere but in the prefix that the
// administrator chose.
type ipTables struct {
	file string
	sink diagnosis.Sink
}

func isIPTables(head []string) bool {
	for _, line := range head {
		if strings.Contains(line, "SRC=") && strings.Contains(line, "DST=") && strings.Contains(line, "PROTO=") {
			return true
		}
	}
	return false
}

// passedWords in the prefix of a line tell that the call was let through.
var passedWords = []string{"accept", "allow", "pass"}

func (p *ipTables) line(number int, text string) (int, error) {
	if !strings.Contains(text, "SRC=") {
		return 0, nil // another program's line
	}
	values := map[string]string{}
	for _, field := range strings.Fields(text) {
		if name, value, ok := strings.Cut(field, "="); ok && len(values) < maxColumns {
			values[name] = value
		}
	}
	if values["PROTO"] != "TCP" {
		return 1, nil
	}
	prefix, _, _ := strings.Cut(strings.ToLower(text), "src=")
	blocked := true
	for _, w := range passedWords {
		if strings.Contains(prefix, w) {
			blocked = false
		}
	}
	first, _, _ := strings.Cut(text, " ")
	return packet(p.sink, diagnosis.Packet{Where: diagnosis.Where{File: p.file, Line: number}, At: moment(first), Blocked: blocked},
		values["SRC"], values["DST"], values["DPT"])
}

func (p *ipTables) end() (int, error) { return 0, nil }
