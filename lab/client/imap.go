package client

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"shutout/lab"
	"shutout/lab/protocol/oauth"
)

// recent is how many of the newest messages a client looks through for one
// that has just arrived.
const recent = 25

// imapSession reads mail over IMAP4. Between attempts that wait for mail it
// holds an IDLE (RFC 2177).
type imapSession struct {
	line   *line
	conn   *patientConn
	client *imapclient.Client
	idle   *imapclient.IdleCommand // held, or nil
	// count is the number of messages in the inbox, and known how many of
	// them, from the oldest on, look has passed. The library's reader changes
	// them before the answer arrives that the session waits for.
	count, known atomic.Uint32
	seen         []string // subjects of what came last
	selected     bool
}

func openIMAP(l *line) func() session {
	return func() session { return &imapSession{line: l} }
}

// patient gives what follows its time; the result takes it back, so that the
// library's reader may wait without end between attempts.
func (s *imapSession) patient() (done func()) {
	conn := s.conn.Conn
	extend(conn, patience)
	s.conn.room.Store(maxExchange)
	return func() { conn.SetDeadline(time.Time{}) }
}

// signIn connects anew for each password, since servers hang up on failures.
func (s *imapSession) signIn(ctx context.Context, password string) error {
	if s.line.authOf(lab.AuthBasic) == lab.AuthKerberos {
		return s.open(ctx, func(c *imapclient.Client) error { return s.present(ctx, c, password) })
	}
	if !s.line.usesTokens() {
		return s.open(ctx, func(c *imapclient.Client) error { return s.login(c, password) })
	}
	return s.line.tokens().show(ctx, password, func(token string) error {
		return s.open(ctx, func(c *imapclient.Client) error {
			if err := c.Authenticate(oauth.NewXOAUTH2Client(s.line.env.Login.User, token)); err != nil {
				return s.failed(stageSignIn, err)
			}
			return nil
		})
	})
}

// open connects and has prove sign in.
func (s *imapSession) open(ctx context.Context, prove func(*imapclient.Client) error) error {
	s.drop()
	conn, err := s.line.dial(ctx)
	if err != nil {
		return err
	}
	if s.line.env.Endpoint.Security == lab.StartTLS {
		if conn, err = s.line.startTLS(conn, imapStartTLS, "* OK secured\r\n"); err != nil {
			return err
		}
	}
	s.conn = &patientConn{Conn: s.line.overheard(conn, speaksIMAP)}
	defer s.patient()()
	s.client = imapclient.New(s.conn, &imapclient.Options{
		UnilateralDataHandler: &imapclient.UnilateralDataHandler{
			Mailbox: func(d *imapclient.UnilateralDataMailbox) {
				if d.NumMessages != nil {
					s.count.Store(*d.NumMessages)
				}
			},
			Expunge: func(uint32) {
				if n := s.count.Load(); n > 0 {
					s.count.Store(n - 1)
				}
				s.known.Store(0) // the numbers have moved
			},
		},
	})
	if err := s.client.WaitGreeting(); err != nil {
		return s.failed(stageGreeting, err)
	}
	if err := prove(s.client); err != nil {
		return err
	}
	return s.settle(stageSignIn)
}

// login proves with LOGIN who the user is.
func (s *imapSession) login(c *imapclient.Client, password string) error {
	if c.Caps().Has(imap.CapLoginDisabled) {
		return refused("auth", "the server does not offer LOGIN")
	}
	if err := c.Login(s.line.env.Login.User, password).Wait(); err != nil {
		return s.failed(stageSignIn, err)
	}
	return nil
}

// present proves with a Kerberos ticket who the user is.
func (s *imapSession) present(ctx context.Context, c *imapclient.Client, password string) error {
	if !c.Caps().Has(imap.AuthCap(mechanismGSSAPI)) {
		return refused("auth", "the server does not offer GSSAPI")
	}
	proof, err := newGSSAPI(ctx, s.line, password, "imap")
	if err != nil {
		return err
	}
	if err := c.Authenticate(proof); err != nil {
		return s.failed(stageSignIn, err)
	}
	return nil
}

// settle waits until the library is quiet. When LOGIN's answer names no
// capabilities it asks for them in a goroutine of its own; that has been
// decided once a later command is answered, and Caps waits for its end.
func (s *imapSession) settle(stage string) error {
	if err := s.client.Noop().Wait(); err != nil {
		return s.failed(stage, err)
	}
	s.client.Caps()
	return nil
}

func (s *imapSession) do(_ context.Context, t lab.Task) error {
	stage := string(t.Capability)
	defer s.patient()()
	if err := s.refresh(); err != nil {
		return s.lost(stage, err, true)
	}
	if t.Capability == lab.Read {
		return s.lost(stage, s.read(stage), false)
	}
	found, err := s.look(t.Subject)
	if err != nil {
		return s.lost(stage, err, false)
	}
	// What the wait for new mail comes to is for the next attempt to find out.
	if s.client.Caps().Has(imap.CapIdle) {
		s.idle, _ = s.client.Idle()
	}
	if !found {
		return missing()
	}
	return nil
}

// refresh learns what the inbox holds: it ends the IDLE, or opens the inbox,
// or asks for news.
func (s *imapSession) refresh() error {
	if idle := s.idle; idle != nil {
		s.idle = nil
		if err := idle.Close(); err != nil {
			return err
		}
		return idle.Wait()
	}
	if s.selected {
		return s.client.Noop().Wait()
	}
	inbox, err := s.client.Select("INBOX", nil).Wait()
	if err != nil {
		return err
	}
	s.count.Store(inbox.NumMessages)
	s.known.Store(0)
	s.seen, s.selected = nil, true
	return nil
}

// read fetches the newest message, if there is one, without marking it.
func (s *imapSession) read(stage string) error {
	n := s.count.Load()
	if n == 0 {
		return nil
	}
	whole := &imap.FetchItemBodySection{Peek: true}
	cmd := s.client.Fetch(imap.SeqSetNum(n), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{whole}})
	got := false
	for m := cmd.Next(); m != nil; m = cmd.Next() {
		for item := m.Next(); item != nil; item = m.Next() {
			if body, ok := item.(imapclient.FetchItemDataBodySection); ok && body.Literal != nil {
				n, err := io.Copy(io.Discard, body.Literal)
				if err != nil || n < body.Literal.Size() {
					// The connection ended within the message. From here on
					// it is the library's reader's again, and the command
					// must not be touched beside it.
					return io.ErrUnexpectedEOF
				}
				got = true
			}
		}
	}
	if err := cmd.Close(); err != nil {
		return err
	}
	if !got {
		return unexpected(stage, "FETCH without the message")
	}
	return nil
}

// look fetches the subjects of what is new, at most of the newest messages,
// and tells whether subject is among the last ones.
func (s *imapSession) look(subject string) (bool, error) {
	n := s.count.Load()
	if from := max(s.known.Load(), max(n, recent)-recent) + 1; from <= n {
		var set imap.SeqSet
		set.AddRange(from, n)
		messages, err := s.client.Fetch(set, &imap.FetchOptions{Envelope: true}).Collect()
		if err != nil {
			return false, err
		}
		for _, m := range messages {
			if m.Envelope != nil {
				s.seen = append(s.seen, m.Envelope.Subject)
			}
		}
		s.seen = s.seen[max(len(s.seen), recent)-recent:]
		s.known.Store(n)
	}
	return slices.Contains(s.seen, subject), nil
}

// lost is failed for an open session, which is gone unless the server has
// answered in words. Again is whether the attempt may be repeated.
func (s *imapSession) lost(stage string, err error, again bool) error {
	if err == nil {
		return nil
	}
	var said *imap.Error
	var f *lab.Failure
	if errors.As(err, &f) || errors.As(err, &said) && said.Type != imap.StatusResponseTypeBye {
		return s.failed(stage, err)
	}
	return &lost{Failure: failure(s.failed(stage, err), stage), again: again}
}

// failed turns the library's errors into failures.
func (s *imapSession) failed(stage string, err error) error {
	var f *lab.Failure
	if errors.As(err, &f) {
		return f
	}
	var said *imap.Error
	if errors.As(err, &said) {
		text := string(said.Type)
		if said.Code != "" {
			text += " [" + string(said.Code) + "]"
		}
		return imapRefusal(stage, text+" "+said.Text)
	}
	// The command may fail on its write before the reader has seen the end.
	s.client.Close()
	<-s.client.Closed()
	s.line.record.unanswered()
	if ended := s.conn.ended; ended != nil {
		err = ended
	}
	return unreachable(stage, err)
}

func (s *imapSession) leave() {
	defer s.patient()()
	s.client.Logout().Wait()
}

// drop closes the connection and waits for the library's reader to notice.
func (s *imapSession) drop() {
	if s.client == nil {
		return
	}
	s.client.Close()
	if s.idle != nil {
		s.idle.Close()
	}
	s.client, s.idle, s.selected = nil, nil, false
}
