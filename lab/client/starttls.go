package client

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"slices"
	"strings"

	"shutout/lab"
)

// STARTTLS is spoken here and not by the mail libraries: theirs say EHLO with
// a fixed name, or send the command before the greeting came. They take over
// on the secured connection, where they wait for a greeting that no server
// repeats; upgraded supplies it.

// upgraded is a secured connection that begins with a greeting of our own.
type upgraded struct {
	net.Conn
	greeting strings.Reader
}

func (u *upgraded) Read(b []byte) (int, error) {
	if u.greeting.Len() > 0 {
		return u.greeting.Read(b)
	}
	return u.Conn.Read(b)
}

// maxPreamble bounds what a server may send in the clear before TLS, in bytes.
const maxPreamble = 16 << 10

// startTLS has dialogue speak in the clear up to the server's consent, then
// secures the connection. It closes the connection when that fails.
func (l *line) startTLS(conn net.Conn, dialogue func(*textproto.Conn) error, greeting string) (net.Conn, error) {
	extend(conn, patience)
	r := bufio.NewReader(io.LimitReader(conn, maxPreamble))
	text := textproto.NewConn(struct {
		io.Reader
		io.Writer
		io.Closer
	}{r, conn, conn})
	if err := dialogue(text); err != nil {
		conn.Close()
		var f *lab.Failure
		if !errors.As(err, &f) {
			f = unreachable(stageGreeting, err)
		}
		return nil, f
	}
	if text.R.Buffered() > 0 || r.Buffered() > 0 {
		// What came in the clear must not count as said over TLS (RFC 3207 section 4.2).
		conn.Close()
		return nil, unexpected(stageTLS, "text after the consent to STARTTLS")
	}
	secured, err := l.secure(conn, l.env.Endpoint.Host)
	if err != nil {
		return nil, err
	}
	u := &upgraded{Conn: secured}
	u.greeting.Reset(greeting)
	return u, nil
}

var errNoStartTLS = refused(stageTLS, "the server offers no STARTTLS")

// smtpStartTLS is RFC 3207.
func smtpStartTLS(name string) func(*textproto.Conn) error {
	return func(c *textproto.Conn) error {
		ask := func(stage string, want int, command string) (string, error) {
			if command != "" {
				if err := c.PrintfLine("%s", command); err != nil {
					return "", unreachable(stage, err)
				}
			}
			_, text, err := c.ReadResponse(want)
			var said *textproto.Error
			switch {
			case errors.As(err, &said):
				return "", smtpRefusal(stage, fmt.Sprintf("%d %s", said.Code, said.Msg))
			case err != nil:
				return "", unreachable(stage, err)
			}
			return text, nil
		}
		if _, err := ask(stageGreeting, 220, ""); err != nil {
			return err
		}
		offers, err := ask(stageGreeting, 250, "EHLO "+name)
		if err != nil {
			return err
		}
		if !slices.Contains(strings.Split(strings.ToUpper(offers), "\n"), "STARTTLS") {
			return errNoStartTLS
		}
		_, err = ask(stageTLS, 220, "STARTTLS")
		return err
	}
}

// imapStartTLS is RFC 3501 section 6.2.1. A greeting that tells no
// capabilities leaves it to the command to find out.
func imapStartTLS(c *textproto.Conn) error {
	greeting, err := c.ReadLine()
	if err != nil {
		return unreachable(stageGreeting, err)
	}
	if ok, text := imapOK(greeting, "*"); !ok {
		return imapRefusal(stageGreeting, text)
	}
	if err := c.PrintfLine("S1 STARTTLS"); err != nil {
		return unreachable(stageTLS, err)
	}
	for {
		line, err := c.ReadLine()
		if err != nil {
			return unreachable(stageTLS, err)
		}
		if strings.HasPrefix(line, "* ") {
			continue
		}
		if ok, text := imapOK(line, "S1"); !ok {
			return imapRefusal(stageTLS, text)
		}
		return nil
	}
}

// imapOK tells whether a status line with this tag says OK, and what it says.
func imapOK(line, tag string) (bool, string) {
	text, ok := strings.CutPrefix(line, tag+" ")
	if !ok {
		return false, line
	}
	word, _, _ := strings.Cut(text, " ")
	return strings.EqualFold(word, "OK"), text
}
