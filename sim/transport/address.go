package transport

import (
	"errors"
	"net/netip"
	"strings"
)

// Lengths of RFC 5321 section 4.5.3.1, in bytes.
const (
	maxLocal  = 64
	maxDomain = 255
)

// ErrAddress says that a mail address is malformed.
var ErrAddress = errors.New("malformed mail address")

// Address is an envelope address. The zero Address is the null sender "<>".
type Address struct {
	Local  string // as written
	Domain string // in lower case; an address literal keeps its brackets
}

// ParseAddress reads an envelope address, with or without angle brackets; ""
// and "<>" are the null sender. It takes only what can be written back into a
// header or a command unchanged: no line ends, no other control characters,
// no source routes, no comments (RFC 5321 section 4.1.2).
func ParseAddress(s string) (Address, error) {
	if inner, ok := strings.CutPrefix(s, "<"); ok {
		if inner, ok = strings.CutSuffix(inner, ">"); !ok {
			return Address{}, ErrAddress
		}
		s = inner
	}
	if s == "" {
		return Address{}, nil
	}
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at > maxLocal || len(s)-at-1 > maxDomain {
		return Address{}, ErrAddress
	}
	local, domain := s[:at], s[at+1:]
	if !validLocal(local) || !validDomain(domain) {
		return Address{}, ErrAddress
	}
	return Address{Local: local, Domain: strings.ToLower(domain)}, nil
}

// Null tells whether a is the null sender.
func (a Address) Null() bool { return a.Domain == "" }

// String writes the address without angle brackets; the null sender is "".
func (a Address) String() string {
	if a.Null() {
		return ""
	}
	return a.Local + "@" + a.Domain
}

// key is the address in the form in which it is compared. Exchange compares
// the local part without regard to case.
func (a Address) key() string { return strings.ToLower(a.String()) }

// display is what queue viewer and tracking log show: "<>" for the null sender.
func (a Address) display() string {
	if a.Null() {
		return "<>"
	}
	return a.String()
}

// validLocal accepts a dot-string or a quoted string of printable ASCII.
func validLocal(s string) bool {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		for i := 1; i < len(s)-1; i++ {
			switch c := s[i]; {
			case c < ' ' || c > '~' || c == '"':
				return false
			case c == '\\':
				if i++; i == len(s)-1 || s[i] < ' ' || s[i] > '~' {
					return false
				}
			}
		}
		return true
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" {
			return false
		}
		for i := range len(label) {
			if !atext(label[i]) {
				return false
			}
		}
	}
	return true
}

// validDomain accepts host names (with underscores, as Exchange does) and
// address literals.
func validDomain(s string) bool {
	if inner, ok := strings.CutPrefix(s, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		if !ok {
			return false
		}
		// The tag's letter case does not matter (RFC 5321 section 4.1.3).
		if len(inner) > 5 && strings.EqualFold(inner[:5], "IPv6:") {
			addr, err := netip.ParseAddr(inner[5:])
			return err == nil && addr.Is6() && addr.Zone() == ""
		}
		addr, err := netip.ParseAddr(inner)
		return err == nil && addr.Is4()
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i]; !alphanumeric(c) && c != '-' && c != '_' {
				return false
			}
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// atext is RFC 5322 section 3.2.3.
func atext(c byte) bool {
	return alphanumeric(c) || strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}
