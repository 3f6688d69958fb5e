package store

import (
	"bytes"
	"mime"
	"strings"
	"time"
	"unicode"
)

// A Message is the content of a mail. It never changes once it is made, so any
// number of mailboxes and queues share one.
type Message struct {
	From, To, Subject string // header fields, decoded for people; cut at [maxField] bytes
	MessageID         string // without angle brackets
	Raw               []byte // the whole mail as it came (RFC 5322), not to be written to
}

// Size is the length of the mail in bytes.
func (m *Message) Size() int { return len(m.Raw) }

// An Item is one copy of a message in one folder. It is a snapshot: later
// changes of the mailbox do not show in it.
type Item struct {
	UID      uint32 // within its folder; a move gives a new one
	Flags    Flags
	Received time.Time // by the mailbox, not what a header says
	*Message
}

// Flags are the system flags of IMAP (RFC 9051 section 2.3.2).
type Flags uint8

const (
	Seen Flags = 1 << iota
	Answered
	Flagged
	Deleted
	Draft
)

// Has tells whether all of want are set.
func (f Flags) Has(want Flags) bool { return f&want == want }

// maxField bounds the bytes that are kept of one header field; a list shows
// less, and the whole field stays in Raw.
const maxField = 1024

// ParseMessage reads the fields that lists show from a mail's header. It takes
// any bytes: what it cannot make sense of stays empty or undecoded. Raw is
// kept and must not be written to afterwards.
func ParseMessage(raw []byte) *Message {
	if cap(raw) > len(raw)+len(raw)/4 {
		raw = bytes.Clone(raw) // a buffer that grew by doubling: mailboxes keep mails for long
	}
	m := &Message{Raw: raw}
	for rest := raw; len(rest) > 0; {
		var name string
		var value []byte
		name, value, rest = nextField(rest)
		var field *string
		switch name {
		case "":
			rest = nil // the end of the header
		case "from":
			field = &m.From
		case "to":
			field = &m.To
		case "subject":
			field = &m.Subject
		case "message-id":
			field = &m.MessageID
		}
		if field != nil && *field == "" {
			*field = decodeField(value)
		}
	}
	m.MessageID = strings.Trim(m.MessageID, "<>")
	return m
}

// nextField cuts the first header field off b. The name is in lower case, and
// empty at the end of the header. The value may still be folded (RFC 5322
// section 2.2.3).
func nextField(b []byte) (name string, value, rest []byte) {
	end := 0
	for {
		n := bytes.IndexByte(b[end:], '\n')
		if n < 0 {
			end = len(b)
			break
		}
		end += n + 1
		if end == len(b) || b[end] != ' ' && b[end] != '\t' {
			break
		}
	}
	key, value, found := bytes.Cut(b[:end], []byte{':'})
	if !found {
		return "", nil, nil
	}
	return strings.ToLower(string(bytes.TrimSpace(key))), value, b[end:]
}

func decodeField(value []byte) string {
	if len(value) > maxField {
		value = value[:maxField]
	}
	text := strings.Join(strings.Fields(string(value)), " ")
	var words mime.WordDecoder
	if decoded, err := words.DecodeHeader(text); err == nil {
		text = decoded
	}
	// An encoded word may hold anything; a list shows one line of text.
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}
