// Package outside is the mail exchanger of a domain outside the organisation,
// for whoever on the organisation's networks speaks SMTP to the internet by
// himself. It takes mail for its domain and forgets it. What it answers is
// sim/internet's business, as it is for mail that comes through transport.
package outside

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"strings"
	"time"

	smtplib "github.com/emersion/go-smtp"

	"shutout/lab"
	"shutout/sim/internet"
	"shutout/sim/network"
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
func Serve(w *server.World, host, domain string, l net.Listener) error {
	lib := smtplib.NewServer(smtplib.BackendFunc(func(c *smtplib.Conn) (smtplib.Session, error) {
		return &session{w: w, conn: c.Conn(), host: host, domain: domain}, nil
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
	automatic    bool // the sender is empty
}

// Mail takes any sender.
func (s *session) Mail(from string, _ *smtplib.MailOptions) error {
	s.automatic = from == ""
	return nil
}

// Rcpt takes recipients of the domain.
func (s *session) Rcpt(to string, _ *smtplib.RcptOptions) error {
	_, domain, _ := strings.Cut(to, "@")
	if !strings.EqualFold(domain, s.domain) {
		return s.no(internet.Answer{Code: 550, Enhanced: [3]int{5, 7, 1}, Text: "Relaying denied"})
	}
	var a internet.Answer
	s.w.Do(func(now time.Time) { a = s.w.Transport.Internet().Recipient(now, network.ClientAddr(s.conn), s.domain) })
	if a.Outcome != internet.Taken {
		return s.no(a)
	}
	return nil
}

func (s *session) no(a internet.Answer) error {
	s.record(lab.Decision{Reason: cmp.Or(a.Why, strings.ToLower(a.Text)), Since: a.Since})
	return &smtplib.SMTPError{Code: a.Code, EnhancedCode: smtplib.EnhancedCode(a.Enhanced), Message: a.Text}
}

// Data takes a message.
func (s *session) Data(r io.Reader) error {
	if _, err := io.Copy(io.Discard, r); err != nil {
		if errors.Is(err, smtplib.ErrDataTooLarge) {
			return err
		}
		return fmt.Errorf("message cut off: %w", err)
	}
	s.w.Do(func(now time.Time) {
		s.w.Transport.Internet().Took(now, network.ClientAddr(s.conn), s.domain, s.automatic)
	})
	s.record(lab.Decision{Allowed: true, Reason: "taken by the mail server of " + s.domain})
	return nil
}

func (s *session) record(d lab.Decision) {
	s.w.Do(func(now time.Time) {
		d.At, d.Layer, d.Server = now, lab.LayerTransport, s.host
		s.w.Record(s.conn, d)
	})
}

// Reset forgets the sender and the recipients, of which nothing is kept.
func (s *session) Reset() {}

// Logout ends the session.
func (s *session) Logout() error { return nil }
