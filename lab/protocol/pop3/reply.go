package pop3

import (
	"strconv"
	"strings"
)

// The functions in this file append what a server sends to dst and return it,
// as the built-in append does, so that one answer is one write.

// AppendOK appends a positive status line (RFC 1939 section 3).
func AppendOK(dst []byte, text string) []byte {
	dst = append(dst, "+OK"...)
	return appendText(dst, text)
}

// AppendErr appends a negative status line. The code is a response code such
// as "AUTH" or "SYS/TEMP" (RFC 2449 section 8, RFC 3206), or empty.
func AppendErr(dst []byte, code, text string) []byte {
	dst = append(dst, "-ERR"...)
	if code != "" {
		dst = append(dst, " ["...)
		dst = append(dst, code...)
		dst = append(dst, ']')
	}
	return appendText(dst, text)
}

// appendText ends a status line. A line break in the text would be a reply of
// its own, so it becomes a space.
func appendText(dst []byte, text string) []byte {
	if text != "" {
		dst = append(dst, ' ')
		for i := range len(text) {
			b := text[i]
			if b == '\r' || b == '\n' {
				b = ' '
			}
			dst = append(dst, b)
		}
	}
	return append(dst, '\r', '\n')
}

// AppendStat appends the answer to STAT (RFC 1939 section 5).
func AppendStat(dst []byte, count int, size int64) []byte {
	dst = append(dst, "+OK "...)
	dst = strconv.AppendInt(dst, int64(count), 10)
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, size, 10)
	return append(dst, '\r', '\n')
}

// AppendListing appends the multi-line answer to LIST.
func AppendListing(dst []byte, listing []Listing) []byte {
	dst = AppendOK(dst, "")
	for _, l := range listing {
		dst = strconv.AppendInt(dst, int64(l.Number), 10)
		dst = append(dst, ' ')
		dst = strconv.AppendInt(dst, l.Size, 10)
		dst = append(dst, '\r', '\n')
	}
	return append(dst, end...)
}

// AppendUIDs appends the multi-line answer to UIDL (RFC 1939 section 7).
func AppendUIDs(dst []byte, uids []UID) []byte {
	dst = AppendOK(dst, "")
	for _, u := range uids {
		dst = strconv.AppendInt(dst, int64(u.Number), 10)
		dst = append(dst, ' ')
		dst = append(dst, u.ID...)
		dst = append(dst, '\r', '\n')
	}
	return append(dst, end...)
}

// AppendCapabilities appends the answer to CAPA (RFC 2449 section 5).
func AppendCapabilities(dst []byte, capabilities []Capability) []byte {
	dst = AppendOK(dst, "Capability list follows")
	for _, c := range capabilities {
		dst = append(dst, c.Name...)
		for _, p := range c.Params {
			dst = append(dst, ' ')
			dst = append(dst, p...)
		}
		dst = append(dst, '\r', '\n')
	}
	return append(dst, end...)
}

// AppendMessage appends the answer to RETR or TOP: a status line and the
// message. Lines that end with LF alone get a CRLF.
func AppendMessage(dst []byte, text string, message []byte) []byte {
	return appendStuffed(AppendOK(dst, text), message)
}

// A Capability is one line of the answer to CAPA, for example "SASL PLAIN".
type Capability struct {
	Name   string
	Params []string
}

// A Listing is a message's number and its size in octets.
type Listing struct {
	Number int
	Size   int64
}

// A UID is a message's number and its unique id, which stays the same over
// sessions.
type UID struct {
	Number int
	ID     string
}

func parseCapability(line string) (Capability, bool) {
	name, rest, more := strings.Cut(line, " ")
	if name == "" {
		return Capability{}, false
	}
	c := Capability{Name: name}
	if more {
		c.Params = strings.Fields(rest)
	}
	return c, true
}

// parsePair reads two numbers and passes over what follows behind a space,
// which servers may add (RFC 1939 section 5).
func parsePair(line string) (Listing, bool) {
	first, rest, ok := strings.Cut(line, " ")
	second, _, _ := strings.Cut(rest, " ")
	number, ok1 := parseNumber(first, 31)
	size, ok2 := parseNumber(second, 63)
	return Listing{int(number), size}, ok && ok1 && ok2
}

// parseUID reads a line of UIDL; an id has 1 to 70 printable characters
// (RFC 1939 section 7).
func parseUID(line string) (UID, bool) {
	first, id, _ := strings.Cut(line, " ")
	number, ok := parseNumber(first, 31)
	if !ok || len(id) < 1 || len(id) > 70 {
		return UID{}, false
	}
	for i := range len(id) {
		if id[i] < 0x21 || id[i] > 0x7E {
			return UID{}, false
		}
	}
	return UID{int(number), id}, true
}

func parseNumber(s string, bits int) (int64, bool) {
	if s == "" || s[0] == '+' || s[0] == '-' {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, bits)
	return int64(n), err == nil
}
