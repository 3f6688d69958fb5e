package containers

import (
	"regexp"
	"strings"
)

// mailLog is what Postfix's log tells: what became of each message, and which
// process serves whom.
type mailLog struct {
	letters []*letter // in the order in which they came
	byID    map[string]*letter
	// signedIn is who has signed in on the session that a process serves now.
	signedIn map[string]string
}

// letter is one message in Postfix's queue, or that was there.
type letter struct {
	id, messageID, subject, inReplyTo string
	fates                             []fate // of its recipients, each as it was seen last
}

// fate is what became of a message for one recipient.
type fate struct {
	to     string
	status string // sent, deferred, bounced, …
	reason string
	relay  string
}

// A line is "Nov 28 08:06:50 mx postfix/smtp[102]: 06A6B10729E: to=<…>, …".
var (
	logLine  = regexp.MustCompile(`^\w{3} [ \d]\d \d\d:\d\d:\d\d \S+ postfix[\w/-]*/(\w+)\[(\d+)\]: (.*)$`)
	logEntry = regexp.MustCompile(`^([0-9A-Za-z]{6,20}): (.*)$`)
	logFate  = regexp.MustCompile(`^to=<([^>]*)>,.* relay=([^,]+),.* status=(\w+) \((.*)\)$`)
	logUser  = regexp.MustCompile(`, sasl_username=([^,]+)`)
)

func parseMailLog(text string) *mailLog {
	l := &mailLog{byID: map[string]*letter{}, signedIn: map[string]string{}}
	for line := range strings.Lines(text) {
		m := logLine.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
		if m == nil {
			continue
		}
		program, pid, said := m[1], m[2], m[3]
		if program == "smtpd" && (strings.HasPrefix(said, "connect from ") || strings.HasPrefix(said, "disconnect from ")) {
			delete(l.signedIn, pid)
			continue
		}
		e := logEntry.FindStringSubmatch(said)
		if e == nil {
			continue
		}
		if program == "smtpd" {
			if user := logUser.FindStringSubmatch(e[2]); user != nil {
				l.signedIn[pid] = strings.ToLower(user[1])
			}
			continue
		}
		l.letter(e[1]).note(program, e[2])
	}
	return l
}

func (l *mailLog) letter(id string) *letter {
	m := l.byID[id]
	if m == nil {
		m = &letter{id: id}
		l.byID[id] = m
		l.letters = append(l.letters, m)
	}
	return m
}

// note takes in what a program says of the message.
func (m *letter) note(program, said string) {
	if program == "cleanup" {
		if id, ok := strings.CutPrefix(said, "message-id="); ok {
			m.messageID = strings.Trim(id, "<>")
		} else if header, ok := strings.CutPrefix(said, "info: header "); ok {
			m.header(header)
		}
		return
	}
	f := logFate.FindStringSubmatch(said)
	if f == nil {
		return
	}
	now := fate{to: f[1], relay: f[2], status: f[3], reason: f[4]}
	for i := range m.fates {
		if m.fates[i].to == now.to {
			m.fates[i] = now
			return
		}
	}
	m.fates = append(m.fates, now)
}

// header takes in "Subject: … from HOST; from=<…> to=<…> …".
func (m *letter) header(text string) {
	if i := strings.LastIndex(text, "; from=<"); i >= 0 {
		text = text[:i]
	}
	if i := strings.LastIndex(text, " from "); i >= 0 {
		text = text[:i]
	}
	name, value, _ := strings.Cut(text, ":")
	value = strings.TrimSpace(value)
	switch strings.ToLower(name) {
	case "subject":
		m.subject = value
	case "in-reply-to":
		m.inReplyTo = strings.Trim(value, "<>")
	}
}

// whereabouts tells where a message is, and whether it has arrived with all its
// recipients.
func (m *letter) whereabouts() (state string, arrived bool) {
	if len(m.fates) == 0 {
		return "taken by Postfix, and nothing since", false
	}
	var states []string
	arrived = true
	for _, f := range m.fates {
		arrived = arrived && f.status == "sent"
		states = append(states, f.String())
	}
	return strings.Join(states, "; "), arrived
}

func (f fate) String() string {
	_, host, _ := strings.Cut(f.to, "@")
	switch {
	case f.status == "sent" && strings.HasPrefix(f.relay, hostMail):
		return "delivered to " + f.to
	case f.status == "sent":
		return "taken by the mail server of " + host
	case f.status == "deferred":
		return "queued for " + host + ", " + why(f.reason)
	case f.status == "bounced":
		return "returned: " + why(f.reason)
	default:
		return f.status + ": " + why(f.reason)
	}
}

// why takes the bare reason out of "connect to world[172.18.0.2]:2551: Connection
// refused".
func why(reason string) string {
	if text, ok := strings.CutPrefix(reason, "connect to "); ok {
		if _, bare, ok := strings.Cut(text, "]:"); ok {
			if _, bare, ok = strings.Cut(bare, ": "); ok {
				return bare
			}
		}
	}
	return reason
}
