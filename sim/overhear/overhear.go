// Package overhear is a listener on a network segment: it reads what clients
// send and notes the passwords that come in the clear, as a password sniffer
// does. What is under TLS it cannot read.
package overhear

import (
	"bytes"
	"slices"
	"strings"
)

// Bounds keep the memory of a listener small, whatever is sent.
const (
	maxLine      = 512  // octets of a line that are looked at; POP3 and IMAP commands that sign in are shorter
	maxPasswords = 32   // of one user
	maxUsers     = 4096 // of whom passwords are kept
	maxStreams   = 4096 // conversations that are followed at a time
)

// Listener notes who signs in with what.
type Listener struct {
	streams   map[any]*stream
	passwords map[string][]string // by user as it was sent, in small letters; the newest first
}

// stream is what one client has sent so far.
type stream struct {
	line []byte
	user string // of a USER command
	deaf bool   // it has gone over to TLS
}

// New returns a listener that has heard nothing.
func New() *Listener {
	return &Listener{streams: map[any]*stream{}, passwords: map[string][]string{}}
}

// Feed hands over what a client has sent on a conversation.
func (l *Listener) Feed(conversation any, sent []byte) {
	s := l.streams[conversation]
	if s == nil {
		if len(l.streams) >= maxStreams {
			clear(l.streams)
		}
		s = &stream{}
		l.streams[conversation] = s
	}
	for len(sent) > 0 && !s.deaf {
		end := bytes.IndexByte(sent, '\n')
		part := sent
		if end >= 0 {
			part, sent = sent[:end], sent[end+1:]
		} else {
			sent = nil
		}
		s.line = append(s.line, part[:min(len(part), maxLine-min(maxLine, len(s.line)))]...)
		if end >= 0 {
			l.hear(s, strings.TrimRight(string(s.line), "\r"))
			s.line = s.line[:0]
		}
	}
}

// Passwords lists what was heard for a user, the newest first.
func (l *Listener) Passwords(user string) []string {
	return slices.Clone(l.passwords[strings.ToLower(user)])
}

// hear reads one line: USER and PASS of POP3 (RFC 1939 section 7), LOGIN of IMAP
// (RFC 3501 section 6.2.3), and where either goes over to TLS.
func (l *Listener) hear(s *stream, line string) {
	if !printable(line) {
		s.deaf = true // a conversation that began with TLS
		return
	}
	verb, rest, _ := strings.Cut(line, " ")
	switch strings.ToUpper(verb) {
	case "USER":
		s.user = rest
		return
	case "PASS":
		if s.user != "" {
			l.note(s.user, rest)
		}
		return
	case "STLS":
		s.deaf = true
		return
	}
	command, arguments, _ := strings.Cut(rest, " ")
	switch strings.ToUpper(command) {
	case "STARTTLS":
		s.deaf = true
	case "LOGIN":
		if user, more, ok := word(arguments); ok {
			if password, _, ok := word(more); ok {
				l.note(user, password)
			}
		}
	}
}

func (l *Listener) note(user, password string) {
	user = strings.ToLower(user)
	if _, known := l.passwords[user]; !known && len(l.passwords) >= maxUsers {
		return
	}
	known := slices.DeleteFunc(l.passwords[user], func(p string) bool { return p == password })
	known = slices.Insert(known, 0, password)
	l.passwords[user] = known[:min(len(known), maxPasswords)]
}

// word takes an atom or a quoted string off an IMAP command.
func word(s string) (w, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		w, rest, _ = strings.Cut(s, " ")
		return w, rest, w != ""
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), strings.TrimPrefix(s[i+1:], " "), true
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

func printable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f || r == '\uFFFD' }) < 0
}
