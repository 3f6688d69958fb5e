package logfile

import (
	"errors"
	"fmt"
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
	if done, err := p.cols.header(text); done || err != nil {
		return 0, err
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
