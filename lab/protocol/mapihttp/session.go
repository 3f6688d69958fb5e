package mapihttp

import (
	"net/http"
	"strings"
)

// The cookies that hold a client to its session context. To clients their names
// and values mean nothing: they send back all cookies of the last response
// (MS-OXCMAPIHTTP 3.1.5.1).
const (
	CookieContext  = "MapiContext"
	CookieSequence = "MapiSequence"
)

// Session is the cookies of a session context. Sequence changes with every
// response to Connect, Execute and Disconnect.
type Session struct {
	Context, Sequence string
}

// Cookies are what a server sets; an empty value is left out. Their path is
// good for both ways to write the endpoint's, with a slash at the end or without
// (RFC 6265 section 5.1.4).
func (s Session) Cookies() []*http.Cookie {
	var all []*http.Cookie
	for _, c := range []struct{ name, value string }{{CookieContext, s.Context}, {CookieSequence, s.Sequence}} {
		if c.value != "" {
			all = append(all, &http.Cookie{Name: c.name, Value: c.value, Path: strings.TrimSuffix(URLPath, "/"), Secure: true, HttpOnly: true})
		}
	}
	return all
}

// ParseSession reads the cookies of a request. The error is a HeaderError with
// CodeMissingCookie if there is no context, and with CodeInvalidContextCookie if
// there are two that differ. Whether a sequence is required is for the caller.
func ParseSession(cookies []*http.Cookie) (Session, error) {
	var s Session
	for _, c := range cookies {
		var to *string
		switch c.Name {
		case CookieContext:
			to = &s.Context
		case CookieSequence:
			to = &s.Sequence
		default:
			continue
		}
		if *to != "" && *to != c.Value || len(c.Value) > maxHeader {
			return Session{}, &HeaderError{CodeInvalidContextCookie, c.Name, "repeated or too long"}
		}
		*to = c.Value
	}
	if s.Context == "" {
		return Session{}, &HeaderError{CodeMissingCookie, CookieContext, "missing"}
	}
	return s, nil
}
