package client

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"shutout/lab"
)

// A server that says "not now" has not said no: the client is to try again (RFC
// 5321 section 4.2.1), and whether it would be let in nobody knows. Where the
// service itself is said to be away, it is as if nothing had answered.

// smtpPutOff is a reply of class 4 with the class, subject and detail of its
// enhanced code, if it has one (RFC 3463).
var smtpPutOff = regexp.MustCompile(`^(4\d\d)(?: ([45])\.(\d{1,3}\.\d{1,3})\b)?`)

// smtpRefusal judges a reply that says no: code, enhanced code, text.
func smtpRefusal(stage, text string) *lab.Failure {
	f := refused(stage, text)
	m := smtpPutOff.FindStringSubmatch(text)
	switch {
	case m == nil:
	case m[2] == "5":
		// The enhanced code tells more, and says that it is for good: Exchange
		// answers so to who has not signed in (454 5.7.3, 451 5.7.3).
	case m[3] == "5.3":
		// Too many recipients (RFC 3463 section 3.6): the rest is to be sent anew. A
		// message that has one will have too many each time.
	case m[1] == "421" && m[3] == "3.2":
		// The system takes nothing from the network (RFC 3463 section 3.4). Exchange
		// greets so whoever none of its connectors is for.
		f.Kind = lab.Unreachable
	default:
		f.Kind = lab.Unknown
	}
	return f
}

// imapCode finds the code of a response (RFC 3501 section 7.1).
var imapCode = regexp.MustCompile(`^[A-Za-z]+ \[([^\] ]+)`)

// imapTemporary are the codes that speak of the server's state and not of who
// asks (RFC 5530 section 3).
var imapTemporary = []string{"UNAVAILABLE", "INUSE", "SERVERBUG", "LIMIT"}

// imapRefusal judges a response that says no.
func imapRefusal(stage, text string) *lab.Failure {
	f := refused(stage, text)
	if m := imapCode.FindStringSubmatch(text); m != nil && slices.Contains(imapTemporary, strings.ToUpper(m[1])) {
		f.Kind = lab.Unknown
	}
	return f
}

// pop3Temporary are the codes that ask for patience (RFC 2449 section 8.1, RFC
// 3206 section 4).
var pop3Temporary = []string{"SYS/TEMP", "IN-USE", "LOGIN-DELAY"}

// pop3Refusal judges a response that says no. Codes are hierarchical (RFC 2449
// section 8).
func pop3Refusal(stage, text, code string) *lab.Failure {
	f := refused(stage, text)
	if slices.ContainsFunc(pop3Temporary, func(t string) bool { return code == t || strings.HasPrefix(code, t+"/") }) {
		f.Kind = lab.Unknown
	}
	return f
}

// httpRefusal judges an answer that is not what was asked for. An overloaded or
// missing back end is nothing that says no (RFC 9110 section 15.6), and whoever
// is told to come back later is only slowed down (RFC 6585 section 4, RFC 9110
// section 10.2.3).
func httpRefusal(stage string, a *http.Response) *lab.Failure {
	f := refused(stage, a.Status)
	switch a.StatusCode {
	case http.StatusTooManyRequests:
		f.Kind = lab.Unknown
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		f.Kind = lab.Unreachable
	case http.StatusServiceUnavailable:
		f.Kind = lab.Unreachable
		if a.Header.Get("Retry-After") != "" {
			f.Kind = lab.Unknown
		}
	}
	return f
}
