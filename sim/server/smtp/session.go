package smtp

import (
	"crypto/tls"
	"io"
	"net"
	"sync/atomic"
	"time"

	smtplib "github.com/emersion/go-smtp"

	"shutout/lab"
	"shutout/sim/server"
	"shutout/sim/transport"
)

// session passes go-smtp's calls on to transport's policy. There is one from
// each first EHLO to STARTTLS or the end; the policy lasts as long as the
// connection.
type session struct {
	c *conn
	w *server.World
	// done is set when a message has been taken or refused: go-smtp calls
	// Reset next. Reading is set while a message comes in. BDAT has Data run
	// in a goroutine of its own.
	done, reading atomic.Bool
}

var _ smtplib.AuthSession = (*session)(nil)

func newSession(lib *smtplib.Conn) (smtplib.Session, error) {
	raw := lib.Conn()
	secured, isTLS := raw.(*tls.Conn)
	if isTLS {
		raw = secured.NetConn()
	}
	c, ok := raw.(*conn)
	if !ok {
		return nil, net.ErrClosed // the gate gives nothing else
	}
	s := &session{c: c, w: c.w}
	s.w.Do(func(now time.Time) {
		if isTLS {
			c.policy.StartedTLS(now)
		}
		c.policy.Hello(now, lib.Hostname())
	})
	return s, nil
}

// do calls the policy, records what it decided, and puts its refusal into the
// reply for the client. It waits where the client is made to wait.
func (s *session) do(f func(now time.Time) (lab.Decision, *transport.SMTPError)) error {
	if s.c.over.Load() {
		return closing // commands that were on their way already
	}
	var refused *transport.SMTPError
	s.w.Do(func(now time.Time) {
		var d lab.Decision
		d, refused = f(now)
		s.w.Record(s.c, d)
	})
	if refused == nil {
		return nil
	}
	if refused.Delay > 0 {
		s.w.Net.Park(s.c, s.w.Now().Add(refused.Delay))
	}
	if refused.Close {
		s.c.over.Store(true)
	}
	code := smtplib.EnhancedCode(refused.Enhanced)
	if refused.Enhanced == [3]int{} {
		code = smtplib.NoEnhancedCode
	}
	return &smtplib.SMTPError{Code: refused.Code, EnhancedCode: code, Message: refused.Text}
}

var closing = &smtplib.SMTPError{Code: 421, EnhancedCode: smtplib.EnhancedCode{4, 7, 0}, Message: "Closing transmission channel"}

// Mail takes MAIL FROM. A client that has signed in is not asked again: its
// connection vouches for it.
func (s *session) Mail(from string, o *smtplib.MailOptions) error {
	return s.do(func(now time.Time) (lab.Decision, *transport.SMTPError) {
		if c := s.c; !c.signedIn.IsZero() && !c.noted.Equal(now) {
			c.noted = now
			d := lab.Decision{
				At: now, Layer: lab.LayerConnection, Server: c.policy.Connector().Server, Allowed: true,
				Reason: "signed in once on this connection, never asked again", Since: c.signedIn,
			}
			if c.token != nil {
				d.Layer, d.Reason = lab.LayerCloudToken, "signed in with an access token on this connection, never asked again"
				d.Rule, d.Since, d.Renewed = c.token.Rule, c.token.Since, c.token.Renewed
			}
			s.w.Record(c, d)
		}
		return s.c.policy.Mail(now, from, o.Size)
	})
}

// Rcpt takes RCPT TO.
func (s *session) Rcpt(to string, _ *smtplib.RcptOptions) error {
	return s.do(func(now time.Time) (lab.Decision, *transport.SMTPError) { return s.c.policy.Rcpt(now, to) })
}

// maxMessage bounds a message where the connector does not, in bytes.
const maxMessage = 100 << 20

// Data takes the message, over DATA or BDAT.
func (s *session) Data(r io.Reader) error {
	limit := s.c.policy.Connector().MaxMessageSize
	if limit <= 0 || limit > maxMessage {
		limit = maxMessage
	}
	s.reading.Store(true)
	raw, err := io.ReadAll(io.LimitReader(r, limit+1)) // one byte more for the policy to see
	if err != nil {
		s.c.over.Store(true) // see abandon
	}
	s.reading.Store(false)
	if err != nil {
		return err // the client is gone, or has given up
	}
	s.done.Store(true)
	var taken transport.Receipt
	err = s.do(func(now time.Time) (d lab.Decision, refused *transport.SMTPError) {
		taken, d, refused = s.c.policy.Data(now, raw)
		return d, refused
	})
	if err != nil {
		return err
	}
	return &smtplib.SMTPError{Code: 250, EnhancedCode: smtplib.NoEnhancedCode, Message: taken.Text}
}

// Reset takes RSET. Go-smtp calls it after every message, too.
func (s *session) Reset() {
	if !s.done.Swap(false) {
		s.w.Do(s.c.policy.Reset)
	}
	s.abandon()
}

// Logout is the end of the session; what there is to do then the connection
// does.
func (s *session) Logout() error {
	s.abandon()
	return nil
}

// abandon hangs up on a client that breaks a message off between two chunks:
// go-smtp v0.25.1 could hand the next message the result of this one.
func (s *session) abandon() {
	if s.reading.Load() {
		s.c.over.Store(true)
	}
}
