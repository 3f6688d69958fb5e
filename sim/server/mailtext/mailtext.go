// Package mailtext turns mails into text for people and typed text into mails,
// for the front ends that show and compose messages themselves.
package mailtext

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"
)

// maxDepth bounds how deep multiparts may stand in one another.
const maxDepth = 8

// Plain returns the first text/plain part of a mail as UTF-8, at most max
// bytes of it. Of a mail that it cannot take apart it returns what follows the
// header, as it stands.
func Plain(raw []byte, max int) string {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return clean(raw, max)
	}
	text, err := part(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body, max, 0)
	if err != nil {
		_, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
		return clean(body, max)
	}
	return text
}

var errNoText = errors.New("no text part")

func part(contentType, encoding string, body io.Reader, max, depth int) (string, error) {
	kind, params, err := mime.ParseMediaType(contentType)
	if contentType == "" {
		kind, err = "text/plain", nil
	}
	if err != nil || depth > maxDepth {
		return "", errNoText
	}
	if strings.HasPrefix(kind, "multipart/") {
		r := multipart.NewReader(body, params["boundary"])
		for {
			p, err := r.NextRawPart()
			if err != nil {
				return "", errNoText
			}
			if text, err := part(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p, max, depth+1); err == nil {
				return text, nil
			}
		}
	}
	if kind != "text/plain" {
		return "", errNoText
	}
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	// A part that is cut short or badly encoded still shows its beginning.
	b, _ := io.ReadAll(io.LimitReader(body, int64(max)))
	return clean(b, max), nil
}

// clean makes b valid UTF-8 of at most max bytes.
func clean(b []byte, max int) string {
	if len(b) > max {
		b = b[:max]
		for len(b) > 0 && !utf8.RuneStart(b[len(b)-1]) {
			b = b[:len(b)-1]
		}
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}

// Draft is a mail of one text to be made.
type Draft struct {
	From      mail.Address
	To, Cc    []*mail.Address
	Subject   string
	Date      time.Time
	MessageID string   // without angle brackets
	Extra     []string // further header fields, "Name: value"
	Body      string
	HTML      bool // Body is HTML
}

// Encode returns the mail (RFC 5322, MIME). Line ends in the fields are
// dropped, so that nothing typed can add a header field.
func (d Draft) Encode() []byte {
	var b bytes.Buffer
	b.Grow(512 + len(d.Body) + len(d.Body)/64)
	field(&b, "From", d.From.String())
	addresses(&b, "To", d.To)
	addresses(&b, "Cc", d.Cc)
	field(&b, "Subject", mime.QEncoding.Encode("utf-8", oneLine(d.Subject)))
	field(&b, "Date", d.Date.Format(time.RFC1123Z))
	field(&b, "Message-ID", "<"+d.MessageID+">")
	for _, f := range d.Extra {
		b.WriteString(oneLine(f) + "\r\n")
	}
	field(&b, "MIME-Version", "1.0")
	kind := "text/plain"
	if d.HTML {
		kind = "text/html"
	}
	field(&b, "Content-Type", kind+"; charset=utf-8")
	body := crlf(d.Body)
	if plainLines(body) {
		field(&b, "Content-Transfer-Encoding", "8bit")
		b.WriteString("\r\n" + body + "\r\n")
		return b.Bytes()
	}
	field(&b, "Content-Transfer-Encoding", "quoted-printable")
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	io.WriteString(w, body)
	w.Close() // a bytes.Buffer does not fail
	b.WriteString("\r\n")
	return b.Bytes()
}

func field(b *bytes.Buffer, name, value string) {
	b.WriteString(name)
	b.WriteString(": ")
	b.WriteString(oneLine(value))
	b.WriteString("\r\n")
}

// addresses writes one address a line, so that no line is too long.
func addresses(b *bytes.Buffer, name string, list []*mail.Address) {
	if len(list) == 0 {
		return
	}
	b.WriteString(name)
	b.WriteString(": ")
	for i, a := range list {
		if i > 0 {
			b.WriteString(",\r\n ")
		}
		b.WriteString(oneLine(a.String()))
	}
	b.WriteString("\r\n")
}

func oneLine(s string) string {
	if strings.ContainsAny(s, "\r\n\x00") {
		s = strings.Map(func(r rune) rune {
			if r == '\r' || r == '\n' || r == 0 {
				return ' '
			}
			return r
		}, s)
	}
	return s
}

// crlf ends every line with CR LF.
func crlf(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r", "\n")
	return strings.ReplaceAll(s, "\n", "\r\n")
}

// plainLines tells whether s can be sent as it is: no line is longer than 998
// bytes (RFC 5322 section 2.1.1) and no byte is zero.
func plainLines(s string) bool {
	for line := range strings.SplitSeq(s, "\r\n") {
		if len(line) > 998 || strings.IndexByte(line, 0) >= 0 {
			return false
		}
	}
	return utf8.ValidString(s)
}
