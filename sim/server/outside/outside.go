// Package outside is the mail exchanger of a domain outside the organisation,
// for whoever on the organisation's networks speaks SMTP to the internet by
// himself. It takes mail for its domain and forgets it.
package outside

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"strings"
	"time"

	smtplib "github.com/emersion/go-smtp"

	"shutout/lab"
	"shutout/sim/server"
)

// Bounds of what a client may say.
const (
	maxLine    = 2000     // bytes
	maxMessage = 10 << 20 // bytes
	maxRcpts   = 100      // RFC 5321 section 4.5.3.1.8
)

// errorLog takes what go-smtp says of broken connections, and of its own panics.
var errorLog smtplib.Logger = log.New(io.Discard, "", 0)

// Serve serves the mail exchanger of domain, on host, on l until l is closed.
// With refuses every recipient is unknown.
func Serve(w *server.World, host, domain string, refuses bool, l net.Listener) error {
	lib := smtplib.NewServer(smtplib.BackendFunc(func(c *smtplib.Conn) (smtplib.Session, error) {
		return &session{w: w, conn: c.Conn(), host: host, domain: domain, refuses: refuses}, nil
	}))
	lib.Domain = domain
	lib.ErrorLog = errorLog
	lib.MaxLineLength, lib.MaxMessageBytes, lib.MaxRecipients = maxLine, maxMessage, maxRcpts
	return lib.Serve(l)
}

// session takes one client's mail.
type session struct {
	w            *server.World
	conn         net.Conn
	host, domain string
	refuses      bool
}

// Mail takes any sender.
func (s *session) Mail(string, *smtplib.MailOptions) error { return nil }

// Rcpt takes recipients of the domain.
func (s *session) Rcpt(to string, _ *smtplib.RcptOptions) error {
	_, domain, _ := strings.Cut(to, "@")
	switch {
	case !strings.EqualFold(domain, s.domain):
		return s.no(smtplib.EnhancedCode{5, 7, 1}, "Relaying denied")
	case s.refuses:
		return s.no(smtplib.EnhancedCode{5, 1, 1}, "User unknown")
	}
	return nil
}

func (s *session) no(code smtplib.EnhancedCode, text string) error {
	s.record(false, strings.ToLower(text))
	return &smtplib.SMTPError{Code: 550, EnhancedCode: code, Message: text}
}

// Data takes a message.
func (s *session) Data(r io.Reader) error {
	if _, err := io.Copy(io.Discard, r); err != nil {
		if errors.Is(err, smtplib.ErrDataTooLarge) {
			return err
		}
		return fmt.Errorf("message cut off: %w", err)
	}
	s.record(true, "taken by the mail server of "+s.domain)
	return nil
}

func (s *session) record(allowed bool, reason string) {
	s.w.Do(func(now time.Time) {
		s.w.Record(s.conn, lab.Decision{At: now, Layer: lab.LayerTransport, Server: s.host, Allowed: allowed, Reason: reason})
	})
}

// Reset forgets the sender and the recipients, of which nothing is kept.
func (s *session) Reset() {}

// Logout ends the session.
func (s *session) Logout() error { return nil }
