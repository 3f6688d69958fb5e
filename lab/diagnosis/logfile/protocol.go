package logfile

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"shutout/lab/diagnosis"
)

// protocol reads the SMTP protocol log of Exchange 2007 and later (Protocol
// logging, OfficeDocs-Exchange). What a server sends to others, in the log of
// its send connectors, is no evidence here: the tracking log has it.
type protocol struct {
	file     string
	sink     diagnosis.Sink
	cols     columns
	send     bool
	sessions map[string]*dialogue
}

// maxSessions bounds how many sessions are open at once in a log. When there
// are more the log has lost their ends, and they are forgotten.
const maxSessions = 1 << 14

// maxPending bounds how many commands of a session wait for their answers.
const maxPending = 1000

// dialogue is one SMTP session.
type dialogue struct {
	client, server netip.Addr
	connector      string
	account, from  string
	pending        []command // commands without an answer yet, oldest first
	auth           bool      // an AUTH command waits for its outcome
	user           string    // who tries to sign in
}

type command struct {
	where    diagnosis.Where
	at       time.Time
	verb     string
	argument string
}

func isProtocol(head []string) bool { return hasFields(head, "session-id", "event", "data") }

func newProtocol(file string, sink diagnosis.Sink) parser {
	return &protocol{file: file, sink: sink, sessions: map[string]*dialogue{}}
}

func (p *protocol) line(number int, text string) (int, error) {
	if kind, ok := cutFold(text, "#Log-type:"); ok {
		p.send = strings.Contains(strings.ToLower(kind), "send")
	}
	record, err := p.cols.csv(text)
	if record == nil || err != nil {
		return 0, err
	}
	get := func(name string) string { return p.cols.get(record, name) }
	at, err := stamp(time.RFC3339, "2026-01-15T09:30:00.000Z", get("date-time"))
	if err != nil {
		return 0, err
	}
	if p.send {
		return 1, nil
	}
	id := get("session-id")
	d := p.sessions[id]
	if d == nil {
		if len(p.sessions) >= maxSessions {
			clear(p.sessions)
		}
		d = &dialogue{}
		p.sessions[id] = d
	}
	d.client, d.server, d.connector = address(get("remote-endpoint")), address(get("local-endpoint")), get("connector-id")
	where := diagnosis.Where{File: p.file, Line: number}
	data := record[p.cols.at["data"]]
	// The event is read as it is: "-" is a word here.
	switch event := record[p.cols.at["event"]]; event {
	case "+":
	case "-":
		d.flush(p.sink)
		delete(p.sessions, id)
	case "<":
		d.received(command{where: where, at: at}, data)
	case ">":
		d.answered(p.sink, where, at, data)
	case "*":
		d.told(p.sink, where, at, data, get("context"))
	default:
		return 0, fmt.Errorf("found event %s, expected one of + - < > *", quote(event))
	}
	return 1, nil
}

func (p *protocol) end() (int, error) {
	for _, id := range slices.Sorted(maps.Keys(p.sessions)) {
		p.sessions[id].flush(p.sink)
	}
	return 0, nil
}

// received is a command of the client.
func (d *dialogue) received(c command, data string) {
	verb, rest, _ := strings.Cut(data, " ")
	c.verb = strings.ToUpper(verb)
	switch c.verb {
	case "MAIL", "RCPT":
		_, c.argument, _ = strings.Cut(rest, ":")
		c.argument = path(c.argument)
	case "AUTH":
		d.auth = true
		return
	default:
		return
	}
	if len(d.pending) < maxPending {
		d.pending = append(d.pending, c)
	}
}

// path is the address in a MAIL or RCPT command, without parameters.
func path(s string) string {
	s = strings.TrimSpace(s)
	if i := strings.IndexByte(s, '>'); strings.HasPrefix(s, "<") && i >= 0 {
		return s[:i+1]
	}
	s, _, _ = strings.Cut(s, " ")
	return s
}

// answered is an answer of the server: to the outcome of a sign-in, or to the
// oldest command that has none.
func (d *dialogue) answered(sink diagnosis.Sink, where diagnosis.Where, at time.Time, data string) {
	code := replyCode(data)
	text := strings.TrimSpace(data)
	switch {
	case code == 235, code == 535 || code == 454 && d.auth:
		if d.auth || code == 535 || d.account == "" {
			if code == 235 && d.account == "" {
				d.account = cmp.Or(d.user, diagnosis.Unnamed)
			}
			sink.AddLogon(diagnosis.Logon{Where: where, At: at, Client: d.client, Server: d.server, Account: cmp.Or(d.account, d.user, diagnosis.Unnamed), OK: code == 235})
		}
		d.auth = false
		return
	case code == 0, code/100 == 3, code == 220 || code == 221:
		return
	case len(d.pending) == 0:
		return
	}
	// Only answers to MAIL and RCPT are waited for. Others, such as that to EHLO,
	// come while nothing is pending.
	c := d.pending[0]
	d.pending = d.pending[1:]
	if c.verb == "MAIL" {
		if code/100 == 2 {
			d.from = c.argument
		}
		return
	}
	d.recipient(sink, c, code, text)
}

func (d *dialogue) recipient(sink diagnosis.Sink, c command, code int, text string) {
	sink.AddRecipient(diagnosis.Recipient{
		Where: c.where, At: c.at, Client: d.client, Server: d.server, Connector: d.connector, Account: d.account,
		From: d.from, To: c.argument, Code: code, Text: text,
	})
}

// told is information: after a sign-in the log names the account, with the
// context "authenticated".
func (d *dialogue) told(sink diagnosis.Sink, where diagnosis.Where, at time.Time, data, context string) {
	switch {
	case strings.EqualFold(context, "authenticated"):
		d.account = strings.TrimSpace(data)
		sink.AddLogon(diagnosis.Logon{Where: where, At: at, Client: d.client, Server: d.server, Account: d.account, OK: true})
		d.auth = false // the 235 that follows says the same
	case strings.HasPrefix(strings.ToLower(context), "user name:"):
		_, user, _ := strings.Cut(context, ":")
		d.user = strings.TrimSpace(user)
	}
}

// flush passes on recipients whose answers are not in the log.
func (d *dialogue) flush(sink diagnosis.Sink) {
	for _, c := range d.pending {
		if c.verb == "RCPT" {
			d.recipient(sink, c, 0, "")
		}
	}
	d.pending = nil
}

func replyCode(s string) int {
	s = strings.TrimSpace(s)
	if len(s) < 3 || len(s) > 3 && s[3] != ' ' && s[3] != '-' {
		return 0
	}
	n, err := strconv.Atoi(s[:3])
	if err != nil || n < 200 || n > 599 {
		return 0
	}
	return n
}
