package transport

import (
	"bytes"
	"encoding/hex"
	"mime"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"shutout/lab"
	"shutout/sim/store"
)

const (
	// maxHeaderSize is MaxHeaderSize of Set-ReceiveConnector, in bytes
	// (128 KB from 2013 on; earlier servers have 64 KB, general knowledge).
	maxHeaderSize = 128 << 10
	// maxHops is MaxHopCount of Set-ReceiveConnector.
	maxHops = 60
	// maxField bounds what is kept of one header field, in bytes.
	maxField = 998 // a line of RFC 5322 section 2.1.1
)

// message is a mail on its way. It is shared by all queues that hold it and
// does not change once it is accepted.
type message struct {
	id       uint64
	arrived  time.Time
	from     Address
	to       []Address
	sender   string // DN of the signed-in user, "" for anonymous clients
	internal bool   // AuthAs Internal: from a signed-in user or made by the server
	client   netip.Addr
	kind     messageKind
	reply    *reply   // set when kind is automaticReply
	passed   []string // the users whose inbox rules have sent it on
	header
	raw     []byte
	content *store.Message // of raw, made at the first delivery
}

type messageKind uint8

const (
	ordinary messageKind = iota
	automaticReply
	bounce
	delayNotice
	autoForward // made by an inbox rule
)

// header is what transport reads from a message's header.
type header struct {
	messageID     string // without angle brackets
	headerFrom    string // the From field, decoded
	headerTo      string
	subject       string
	autoSubmitted string // lower case, without parameters
	precedence    string // lower case
	suppress      string // X-Auto-Response-Suppress
	hasDate       bool
	hops          int // Received fields
	end           int // length of the header with the empty line
	missingID     bool
}

// readHeader reads the header of a mail. It takes any bytes; a line that is no
// field is passed over. It is false when the header is longer than max bytes.
func readHeader(raw []byte, max int) (header, bool) {
	var h header
	pos := 0
	for pos < len(raw) {
		field, next := nextField(raw, pos)
		if next > max {
			return h, false
		}
		pos = next
		if len(field) == 0 {
			break
		}
		name, value, ok := bytes.Cut(field, []byte{':'})
		if !ok {
			continue
		}
		switch name = bytes.TrimRight(name, " \t"); len(name) {
		case len("To"):
			if is(name, "To") && h.headerTo == "" {
				h.headerTo = decode(value)
			}
		case len("From"): // also Date
			if is(name, "From") && h.headerFrom == "" {
				h.headerFrom = decode(value)
			}
			h.hasDate = h.hasDate || is(name, "Date")
		case len("Subject"):
			if is(name, "Subject") && h.subject == "" {
				h.subject = decode(value)
			}
		case len("Received"):
			if is(name, "Received") {
				h.hops++
			}
		case len("Message-ID"): // also Precedence
			if is(name, "Message-ID") && h.messageID == "" {
				h.messageID = strings.Trim(text(value), "<>")
			} else if is(name, "Precedence") {
				h.precedence = strings.ToLower(text(value))
			}
		case len("Auto-Submitted"):
			if is(name, "Auto-Submitted") {
				word, _, _ := strings.Cut(strings.ToLower(text(value)), ";")
				h.autoSubmitted = strings.TrimSpace(word)
			}
		case len("X-Auto-Response-Suppress"):
			if is(name, "X-Auto-Response-Suppress") {
				h.suppress = text(value)
			}
		}
	}
	h.end, h.missingID = pos, h.messageID == ""
	return h, true
}

// nextField cuts the field that starts at pos, folded lines included. It
// returns the field without its line end, empty for the line that ends the
// header, and where the next one starts.
func nextField(raw []byte, pos int) (field []byte, next int) {
	for next = pos; ; {
		n := bytes.IndexByte(raw[next:], '\n')
		if n < 0 {
			next = len(raw)
			break
		}
		next += n + 1
		empty := len(bytes.TrimRight(raw[pos:next], "\r\n")) == 0
		if empty || next == len(raw) || raw[next] != ' ' && raw[next] != '\t' {
			break
		}
	}
	return bytes.TrimRight(raw[pos:next], "\r\n"), next
}

func is(name []byte, want string) bool {
	return len(name) == len(want) && strings.EqualFold(string(name), want)
}

// text unfolds a field's value and takes out what must not be written into a
// header, a log or a terminal.
func text(value []byte) string {
	if len(value) > maxField {
		value = value[:maxField]
	}
	return clean(string(bytes.TrimSpace(value)))
}

// decode is text with encoded words (RFC 2047) made readable.
func decode(value []byte) string {
	s := text(value)
	if !strings.Contains(s, "=?") {
		return s
	}
	var words mime.WordDecoder
	if d, err := words.DecodeHeader(s); err == nil {
		s = clean(d)
	}
	return s
}

// clean replaces control characters by spaces, and bytes that are not UTF-8 by
// question marks. A line end with the white space around it becomes one space.
func clean(s string) string {
	plain := true
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	if strings.ContainsAny(s, "\r\n\t") {
		s = strings.Join(strings.Fields(s), " ")
	}
	s = strings.ToValidUTF8(s, "?")
	return strings.Map(func(r rune) rune {
		// C0, DEL and C1 controls, line separators and bidi overrides.
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' || r >= '\u202a' && r <= '\u202e' {
			return ' '
		}
		return r
	}, s)
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func (t *Transport) newID() uint64 {
	t.nextID++
	return t.nextID
}

// complete gives m a Message-ID when its sender did not (RFC 5321 section 6.4).
func (t *Transport) complete(m *message, h *host) {
	if m.messageID == "" {
		var b [16]byte
		for i := range b {
			b[i] = byte(t.ids.Uint32())
		}
		m.messageID = hex.EncodeToString(b[:]) + "@" + h.fqdn
	}
}

// encode writes text so that it can stand in a header field (RFC 2047).
func encode(s string) string { return mime.QEncoding.Encode("utf-8", clean(s)) }

// body brings the line ends of a text into the form of a mail.
func body(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r", "\n"), "\n", "\r\n")
}

// headerPart is the header of raw, cut after the last whole field within max
// bytes.
func headerPart(raw []byte, max int) []byte {
	pos := 0
	for pos < len(raw) {
		field, next := nextField(raw, pos)
		if len(field) == 0 || next > max {
			break
		}
		pos = next
	}
	return raw[:pos]
}

// firewalled are the fields that only Exchange itself may set; from anybody
// else they are removed (Header firewall, Exchange 2013 help).
const firewalled = "X-MS-Exchange-Organization-"

// keeps tells whether a field goes on as it came. What starts with white space
// at the very beginning would continue the field in front of it; an empty
// Message-ID makes room for a new one.
func (m *message) keeps(field []byte) bool {
	return field[0] != ' ' && field[0] != '\t' && !startsFold(field, firewalled) &&
		!(m.missingID && startsFold(field, "Message-ID")) &&
		!(m.sender != "" && startsFold(field, "Bcc:"))
}

func startsFold(field []byte, name string) bool {
	return len(field) >= len(name) && strings.EqualFold(string(field[:len(name)]), name)
}

// stamp puts trace and organisation fields in front of raw, takes out
// organisation fields and, for a signed-in sender, Bcc (RFC 5322 section 3.6.3),
// and adds what is missing.
func (t *Transport) stamp(now time.Time, h *host, m *message, raw []byte, received string) []byte {
	out := make([]byte, 0, len(raw)+len(received)+400)
	out = append(out, "Return-Path: <"...)
	out = append(out, m.from.String()...)
	out = append(out, ">\r\n"...)
	out = append(out, received...)
	if t.params.SMTP.StampsAuthAs {
		out = append(out, "X-MS-Exchange-Organization-AuthSource: "...)
		out = append(out, h.fqdn...)
		out = append(out, "\r\nX-MS-Exchange-Organization-AuthAs: "...)
		if m.internal {
			out = append(out, "Internal\r\n"...)
		} else {
			out = append(out, "Anonymous\r\n"...)
		}
	}
	missing := func() {
		if m.missingID {
			out = append(out, "Message-ID: <"+m.messageID+">\r\n"...)
		}
		if !m.hasDate {
			out = append(out, "Date: "+now.Format(time.RFC1123Z)+"\r\n"...)
		}
	}
	ended := false
	for pos := 0; pos < m.end; {
		field, next := nextField(raw, pos)
		switch {
		case len(field) == 0:
			missing()
			out = append(out, "\r\n"...)
			ended = true
		case m.keeps(field):
			out = append(out, raw[pos:next]...)
			if raw[next-1] != '\n' {
				out = append(out, "\r\n"...)
			}
		}
		pos = next
	}
	if !ended {
		missing()
		out = append(out, "\r\n"...)
	}
	return append(out, raw[m.end:]...)
}

// received is the trace field of a message that came by SMTP; it names the
// client's address as the server saw it (RFC 5321 section 4.4).
func (s *Session) received(now time.Time) string {
	var b strings.Builder
	b.WriteString("Received: from " + s.helo)
	if s.t.gen == gen2003 {
		b.WriteString(" ([" + s.remote.String() + "]) by " + s.h.fqdn + " with Microsoft SMTPSVC(6.0.3790.4675);\r\n\t ")
	} else {
		b.WriteString(" (" + s.remote.String() + ") by " + s.h.fqdn)
		if s.h.addr.IsValid() {
			b.WriteString(" (" + s.h.addr.String() + ")")
		}
		b.WriteString(" with Microsoft SMTP Server id " + string(s.t.params.Server.Version) + ";\r\n ")
	}
	b.WriteString(now.Format(time.RFC1123Z) + "\r\n")
	return b.String()
}

// acceptedText is the reply to DATA.
func (t *Transport) acceptedText(h *host, m *message) string {
	s := "2.6.0 <" + m.messageID + "> "
	if t.gen != gen2003 {
		s += "[InternalId=" + strconv.FormatUint(m.id, 10)
		if t.gen >= gen2013 {
			s += ", Hostname=" + h.fqdn
		}
		s += "] "
	}
	return s + "Queued mail for delivery"
}

// accepted tells whether the address lies in the organisation's domain.
func (t *Transport) accepted(a Address) bool { return a.Domain == t.domain }

// local makes a decision record of the transport layer.
func (h *host) decision(now time.Time, allowed bool, reason, rule string) lab.Decision {
	return lab.Decision{At: now, Layer: lab.LayerTransport, Server: h.name, Allowed: allowed, Reason: reason, Rule: rule}
}
