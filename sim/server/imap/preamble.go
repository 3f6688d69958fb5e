package imap

import (
	"bufio"
	"fmt"
	"strings"

	"shutout/sim/server/popimap"
)

// maxLine bounds a command before TLS, in bytes.
const maxLine = 1024

// preamble speaks IMAP4 in the clear: the few commands that need no sign-in,
// up to STARTTLS. Where a password may come in the clear it stops at the first
// other command. It returns the connection for what follows, nil when there is
// nothing to follow.
func preamble(c *popimap.Conn) *wire {
	in := bufio.NewReaderSize(c, maxLine)
	say := func(format string, a ...any) bool {
		_, err := fmt.Fprintf(c, format+"\r\n", a...)
		return err == nil
	}
	for ok := say("* OK %s", textReady); ok; {
		raw, err := in.ReadSlice('\n')
		if err != nil {
			if c.Over() == popimap.IdleTooLong {
				say("* BYE %s", textIdle)
			}
			return nil // the client left, was silent for too long, or sent a line without end
		}
		tag, verb, bare := parse(string(raw))
		switch {
		case tag == "":
			ok = say("* BAD %s", textArgument)
		case verb == "CAPABILITY" && bare:
			ok = say("* CAPABILITY %s", offer(c)) && say("%s OK CAPABILITY completed.", tag)
		case verb == "NOOP" && bare:
			ok = say("%s OK NOOP completed.", tag)
		case verb == "LOGOUT" && bare:
			_ = say("* BYE %s", textBye) && say("%s OK LOGOUT completed.", tag)
			return nil
		case verb == "STARTTLS" && bare:
			if in.Buffered() > 0 {
				// Commands in the clear behind STARTTLS must not count as said
				// over TLS: whoever sends them is no client.
				say("%s BAD %s", tag, textArgument)
				return nil
			}
			if !say("%s OK Begin TLS negotiation now.", tag) || c.StartTLS() != nil {
				return nil
			}
			return &wire{Conn: c}
		case c.Service().PlainLogin():
			head := append([]byte(nil), raw...)
			rest, _ := in.Peek(in.Buffered())
			return &wire{Conn: c, head: append(head, rest...)}
		default:
			if verb == "LOGIN" || verb == "AUTHENTICATE" {
				c.RefuseClear()
			}
			ok = say("%s BAD %s", tag, textState)
		}
	}
	return nil
}

// offer is what CAPABILITY names before TLS.
func offer(c *popimap.Conn) string {
	if c.Service().PlainLogin() {
		return "IMAP4 IMAP4rev1 AUTH=PLAIN STARTTLS IDLE NAMESPACE"
	}
	return "IMAP4 IMAP4rev1 LOGINDISABLED STARTTLS UIDPLUS MOVE CHILDREN IDLE NAMESPACE"
}

// parse cuts a line into its tag and command; bare tells that nothing follows.
// The tag is empty when the line is no command (RFC 3501 section 9).
func parse(line string) (tag, verb string, bare bool) {
	line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	tag, rest, ok := strings.Cut(line, " ")
	if !ok || tag == "" || strings.ContainsFunc(tag, notTag) {
		return "", "", false
	}
	verb, _, more := strings.Cut(rest, " ")
	return tag, strings.ToUpper(verb), !more
}

// notTag tells what a tag may not have in it.
func notTag(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`(){%*"\+]`, r) }
