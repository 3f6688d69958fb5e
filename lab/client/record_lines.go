package client

import (
	"bytes"
	"net"
	"slices"
	"strconv"
	"strings"
)

// A dialect is how one of the protocols that speak in lines is written down.
type dialect int

const (
	speaksSMTP dialect = iota
	speaksPOP3
	speaksIMAP
)

// overheard writes down what is said over a connection in a dialect. It must
// see the conversation in the clear.
func (l *line) overheard(c net.Conn, d dialect) net.Conn {
	if l.record == nil {
		return c
	}
	if u, ok := c.(*upgraded); ok { // its greeting is no server's
		u.Conn = &talk{Conn: u.Conn, record: l.record, dialect: d}
		return u
	}
	return &talk{Conn: c, record: l.record, dialect: d}
}

// talk is a conversation in lines. Between its two directions the record's lock
// keeps order, and the protocols do: who asks waits for the answer.
type talk struct {
	net.Conn
	record  *record
	dialect dialect
	out, in lineReader

	secret bool   // the client's next line is part of a proof of who it is
	rest   bool   // the client's next line goes on behind a literal
	after  bool   // and so the server's
	data   int    // bytes of the message that the client is sending, and 1; 0: it sends none
	verb   string // the command that waits for its answer
	bulk   int    // bytes of an answer of several lines, and 1; 0: there is none
	// quiet is the tag of an IMAP command that is not written down, and idle
	// that of an IDLE, in which the server speaks when it likes.
	quiet, idle string
}

func (t *talk) Write(b []byte) (int, error) {
	t.out.feed(b, t.client)
	return t.Conn.Write(b)
}

func (t *talk) Read(b []byte) (int, error) {
	n, err := t.Conn.Read(b)
	t.in.feed(b[:n], t.server)
	return n, err
}

// lineReader finds the lines in what passes, and how long they are.
type lineReader struct {
	begun   []byte // of a line that has not ended yet, up to maxHeard
	size    int    // of it
	literal int    // bytes to come that are no line
}

// maxHeard is how much of a line is looked at.
const maxHeard = 512

// feed calls line for each line that ends in b, without its end. Line returns
// how many of the bytes that follow belong to no line.
func (r *lineReader) feed(b []byte, line func(text []byte, size int) (literal int)) {
	for len(b) > 0 {
		if r.literal > 0 {
			n := min(r.literal, len(b))
			r.literal -= n
			b = b[n:]
			continue
		}
		end := bytes.IndexByte(b, '\n') + 1
		part := b[:max(end, 0)]
		if end == 0 {
			part = b
		}
		b = b[len(part):]
		text := part
		if r.size > 0 || end == 0 {
			r.begun = append(r.begun, part[:min(len(part), maxHeard-len(r.begun))]...)
			text = r.begun
		}
		r.size += len(part)
		if end == 0 {
			return
		}
		r.literal = line(bytes.TrimRight(text[:min(len(text), maxHeard)], "\r\n"), r.size)
		r.begun, r.size = r.begun[:0], 0
	}
}

// withheld stands for an argument that is not written down.
const withheld = "***"

// client writes down a line of the client's.
func (t *talk) client(line []byte, size int) (literal int) {
	t.record.mu.Lock()
	defer t.record.mu.Unlock()
	switch {
	case t.secret:
		t.add(clientSays, withheld)
		return 0
	case t.rest:
		literal = literalSize(line)
		t.rest = literal > 0
		t.add(clientSays, withheld)
		return literal
	case t.data > 0:
		t.data += size
		if len(line) == 1 && line[0] == '.' {
			t.add(clientSays, "(", strconv.Itoa(t.data-1), " bytes)")
			t.data = 0
		}
		return 0
	}
	text, tag := string(line), ""
	if t.dialect == speaksIMAP {
		if text == "DONE" {
			t.add(clientSays, text)
			return 0
		}
		tag, text, _ = strings.Cut(text, " ")
		literal = literalSize(line)
		t.rest = literal > 0
	}
	verb, args, _ := strings.Cut(text, " ")
	verb = strings.ToUpper(verb)
	if !slices.Contains(verbs[t.dialect], verb) {
		t.add(clientSays, "(", strconv.Itoa(size), " bytes)")
		return literal
	}
	t.verb = verb
	switch {
	case verb == "CAPABILITY": // the library asks for it when it likes
		t.quiet = tag
		return literal
	case verb == "IDLE":
		t.idle = tag
	}
	if args != "" {
		args = " " + argument(verb, args)
	}
	t.add(clientSays, verb, args)
	return literal
}

// verbs are the commands that are known by their names.
var verbs = [...][]string{
	speaksSMTP: {"EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "QUIT", "VRFY"},
	speaksPOP3: {"CAPA", "STLS", "USER", "PASS", "AUTH", "STAT", "LIST", "UIDL", "RETR", "TOP", "DELE", "NOOP", "RSET", "QUIT"},
	speaksIMAP: {"CAPABILITY", "STARTTLS", "LOGIN", "AUTHENTICATE", "SELECT", "EXAMINE", "FETCH", "NOOP", "IDLE", "ENABLE", "CLOSE", "LOGOUT", "ID"},
}

// mechanisms are those of AUTH and AUTHENTICATE.
var mechanisms = []string{"PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER", "NTLM", "GSSAPI"}

// argument is what may be shown of a command's arguments: the envelope of a
// message, numbers, items of a message, the name of a mechanism.
func argument(verb, args string) string {
	switch verb {
	case "EHLO", "HELO": // the client's own address
		if strings.Trim(args, "0123456789.:[]abcdefABCDEFIPvlocalhost") == "" {
			return args
		}
	case "MAIL", "RCPT":
		envelope, _, whole := strings.Cut(args, ">")
		if whole && !strings.ContainsAny(envelope, " \t") {
			return envelope + ">"
		}
	case "AUTH", "AUTHENTICATE":
		mechanism, rest, _ := strings.Cut(args, " ")
		if slices.Contains(mechanisms, strings.ToUpper(mechanism)) {
			if rest == "" {
				return mechanism
			}
			return mechanism + " " + withheld
		}
	case "SELECT", "EXAMINE":
		if strings.Trim(args, `"`) == "INBOX" {
			return "INBOX"
		}
	case "RETR", "TOP", "DELE", "LIST", "UIDL", "FETCH":
		if strings.Trim(args, "0123456789:,* ()[].ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
			return args
		}
	}
	return withheld
}

// server writes down a line of the server's.
func (t *talk) server(line []byte, size int) (literal int) {
	t.record.mu.Lock()
	defer t.record.mu.Unlock()
	switch t.dialect {
	case speaksSMTP:
		t.smtpReply(string(line))
	case speaksPOP3:
		t.pop3Reply(line, size)
	default:
		literal = literalSize(line)
		if !t.after {
			t.imapReply(string(line), literal)
		}
		t.after = literal > 0
	}
	return literal
}

// smtpReply writes down the last line of a reply.
func (t *talk) smtpReply(line string) {
	if len(line) < 3 || !digits(line[:3]) || len(line) > 3 && line[3] == '-' {
		return
	}
	code, text := line[:3], strings.TrimSpace(line[3:])
	t.secret = code == "334"
	if t.verb == "DATA" && code == "354" {
		t.data, t.verb = 1, ""
	}
	if enhanced, rest, _ := strings.Cut(text, " "); enhancedCode(enhanced) {
		code, text = code+" "+enhanced, rest
	}
	t.add(serverSays, code, speech(text))
}

// enhancedCode tells whether s is one (RFC 3463 section 2).
func enhancedCode(s string) bool {
	parts := strings.Split(s, ".")
	return len(parts) == 3 && len(s) <= 9 && len(parts[0]) == 1 && !slices.ContainsFunc(parts, func(p string) bool { return p == "" || !digits(p) })
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// pop3Reply writes down a status, and how long the lines are that follow it.
func (t *talk) pop3Reply(line []byte, size int) {
	if t.bulk > 0 {
		t.bulk += size
		if len(line) == 1 && line[0] == '.' {
			t.add(serverSays, "(", strconv.Itoa(t.bulk-1), " bytes)")
			t.bulk = 0
		}
		return
	}
	status, text, _ := strings.Cut(string(line), " ")
	t.secret = status == "+"
	switch {
	case status == "+OK" && slices.Contains([]string{"RETR", "TOP", "CAPA", "LIST", "UIDL"}, t.verb):
		t.bulk, t.verb = 1, ""
	case status == "+OK" && t.verb == "STAT":
		if count, _, _ := strings.Cut(text, " "); digits(count) && len(count) < 8 {
			status, text = status+" "+count, text[len(count):]
		}
	case status != "+OK" && status != "-ERR" && status != "+":
		return
	}
	code, text := bracketed(text)
	t.add(serverSays, status, code, speech(text))
}

// replyCodes are the codes in brackets that stand before a text (RFC 2449, RFC
// 3206, RFC 3501, RFC 5530). Of any other, the text alone is written down.
var replyCodes = []string{
	"AUTH", "IN-USE", "LOGIN-DELAY", "SYS/TEMP", "SYS/PERM", "AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "UNAVAILABLE", "EXPIRED",
	"PRIVACYREQUIRED", "CONTACTADMIN", "NOPERM", "INUSE", "LIMIT", "OVERQUOTA", "SERVERBUG", "CLIENTBUG", "CANNOT", "NONEXISTENT",
	"ALERT", "TRYCREATE", "READ-ONLY", "READ-WRITE",
}

// bracketed takes a code in brackets off a text. One that is known comes back,
// with a blank before it.
func bracketed(text string) (code, rest string) {
	inner, ok := strings.CutPrefix(text, "[")
	if !ok {
		return "", text
	}
	code, rest, _ = strings.Cut(inner, "]")
	if !slices.Contains(replyCodes, code) {
		return "", rest
	}
	return " [" + code + "]", rest
}

// untagged are the words of untagged responses that are written down.
var untagged = []string{"OK", "NO", "BAD", "BYE", "PREAUTH"}

// imapReply writes down a response; literal is the size of what follows it.
func (t *talk) imapReply(line string, literal int) {
	tag, text, _ := strings.Cut(line, " ")
	word, rest, _ := strings.Cut(text, " ")
	switch {
	case tag == "+":
		t.secret = t.verb == "AUTHENTICATE"
		t.add(serverSays, "+", speech(text))
		return
	case tag != "*":
		switch tag {
		case t.quiet:
			t.quiet = ""
			return
		case t.idle:
			t.idle = ""
		}
		t.secret = false
	case t.idle != "": // when it comes is a matter of luck
		return
	case word != "" && len(word) < 10 && digits(word):
		kind, _, _ := strings.Cut(rest, " ")
		switch kind {
		case "EXISTS", "EXPUNGE":
			t.add(serverSays, "* ", word, " ", kind)
		case "FETCH":
			if literal > 0 {
				t.add(serverSays, "* ", word, " FETCH (", strconv.Itoa(literal), " bytes)")
			} else {
				t.add(serverSays, "* ", word, " FETCH")
			}
		}
		return
	}
	code, said := bracketed(rest)
	if !slices.Contains(untagged, word) || tag == "*" && word == "OK" && code == "" && said != rest {
		return // such as UIDVALIDITY
	}
	if tag == "*" {
		word = "* " + word
	}
	t.add(serverSays, word, code, speech(said))
}

// literalSize is the number at the end of a line that announces a literal.
func literalSize(line []byte) int {
	if len(line) == 0 || line[len(line)-1] != '}' {
		return 0
	}
	open := bytes.LastIndexByte(line, '{')
	if open < 0 {
		return 0
	}
	n, err := strconv.Atoi(string(bytes.TrimSuffix(line[open+1:len(line)-1], []byte("+"))))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// add adds a line. The caller holds the record's lock.
func (t *talk) add(who string, parts ...string) {
	r := t.record
	r.b = append(r.b, who...)
	for _, p := range parts {
		r.b = append(r.b, p...)
	}
	r.end()
}
