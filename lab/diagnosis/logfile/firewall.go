package logfile

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"shutout/lab/diagnosis"
)

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
	if done, err := p.cols.header(text); done || err != nil {
		return 0, err
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
