package ntlm

import (
	"encoding/base64"
	"strings"
)

// A Scheme is an HTTP authentication scheme that carries NTLM messages
// (RFC 4559 section 4 for Negotiate; MS-NTHT for NTLM).
type Scheme string

const (
	SchemeNTLM      Scheme = "NTLM"
	SchemeNegotiate Scheme = "Negotiate"
)

// Header is the value of an Authorization or WWW-Authenticate header. Without a
// token it only names the scheme, as a server's first 401 does.
func (s Scheme) Header(token []byte) string {
	if len(token) == 0 {
		return string(s)
	}
	return string(s) + " " + base64.StdEncoding.EncodeToString(token)
}

// ParseHeader reads one value of an Authorization or WWW-Authenticate header.
// Scheme is "" for a scheme other than these two, which is no error; token is
// nil where the scheme stands alone.
func ParseHeader(value string) (s Scheme, token []byte, err error) {
	name, rest, _ := strings.Cut(strings.TrimSpace(value), " ")
	switch {
	case strings.EqualFold(name, string(SchemeNTLM)):
		s = SchemeNTLM
	case strings.EqualFold(name, string(SchemeNegotiate)):
		s = SchemeNegotiate
	default:
		return "", nil, nil
	}
	rest = strings.TrimSpace(rest)
	if rest == "" {
		return s, nil, nil
	}
	if base64.StdEncoding.DecodedLen(len(rest)) > MaxMessage {
		return "", nil, malformed("a token of %d characters", len(rest))
	}
	token, err = base64.StdEncoding.Strict().DecodeString(rest)
	if err != nil {
		return "", nil, malformed("a token that is not base64")
	}
	return s, token, nil
}
