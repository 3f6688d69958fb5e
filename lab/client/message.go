package client

import (
	"mime"
	"strings"
	"time"

	"shutout/lab"
)

// sentence fills message bodies.
const sentence = "This message was sent by a test of how long access to mail lasts, ok?\r\n"

// body is a text of size bytes; 0 means one sentence.
func body(size int) string {
	if size <= 0 {
		return sentence
	}
	text := strings.Repeat(sentence, size/len(sentence)+1)
	return text[:size]
}

// oneLine keeps a value inside its header field.
var oneLine = strings.NewReplacer("\r", " ", "\n", " ")

// message is the task's mail as RFC 5322 wants it.
func message(t lab.Task, now time.Time, domain string) []byte {
	from := t.From
	if from == "" { // a null return path still needs an author (RFC 5322 section 3.6.2)
		from = "MAILER-DAEMON@" + domain
	}
	var b strings.Builder
	b.Grow(512 + t.Size)
	field := func(name, value string) {
		if value != "" {
			b.WriteString(name + ": " + oneLine.Replace(value) + "\r\n")
		}
	}
	field("From", from)
	field("To", t.To)
	field("Subject", mime.QEncoding.Encode("utf-8", oneLine.Replace(t.Subject)))
	field("Date", now.Format(time.RFC1123Z))
	if t.MessageID != "" {
		field("Message-ID", "<"+t.MessageID+">")
	}
	field("MIME-Version", "1.0")
	field("Content-Type", "text/plain; charset=us-ascii")
	b.WriteString("\r\n")
	text := body(t.Size)
	b.WriteString(text)
	if !strings.HasSuffix(text, "\r\n") {
		b.WriteString("\r\n")
	}
	return []byte(b.String())
}
