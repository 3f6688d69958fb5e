package imap

import (
	"errors"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-sasl"

	"shutout/lab/protocol/oauth"
	"shutout/sim/network"
	"shutout/sim/server"
	"shutout/sim/server/popimap"
	"shutout/sim/server/signin"
	"shutout/sim/store"
)

// session is one client's session, as go-imap calls it: one command at a time,
// and Idle beside the read that ends it.
type session struct {
	wire *wire
	lib  *imapserver.Conn
	w    *server.World
	user string
	// tickets signs in whoever shows one, where the site takes them.
	tickets *signin.Server
	view    *view // of the selected folder, nil when none is; guarded by the world's lock
}

var (
	_ imapserver.SessionMove        = (*session)(nil)
	_ imapserver.SessionNamespace   = (*session)(nil)
	_ imapserver.SessionSASL        = (*session)(nil)
	_ imapserver.SessionAppendLimit = (*session)(nil)
)

func newSession(c *imapserver.Conn, tickets *signin.Server) *session {
	w := c.NetConn().(*wire) // the handover gives nothing else
	return &session{wire: w, lib: c, w: w.Service().World, tickets: tickets}
}

// Close says goodbye when it is the server that ends the connection.
func (s *session) Close() error {
	s.w.Do(func(time.Time) { s.view.close(); s.view = nil })
	switch s.wire.Over() {
	case popimap.IdleTooLong:
		return s.lib.Bye(textIdle)
	case popimap.Severed:
		return s.lib.Bye(textSevered)
	case popimap.TokenExpired:
		return s.lib.Bye(textTokenExpired)
	}
	return nil
}

// Login is LOGIN.
func (s *session) Login(user, password string) error {
	return s.signedIn(s.wire.SignIn(user, password), textLogin)
}

// AuthenticateMechanisms and Authenticate are AUTHENTICATE.
func (s *session) AuthenticateMechanisms() []string {
	if s.w.Cloud != nil {
		return []string{oauth.XOAUTH2}
	}
	if s.w.Open != nil {
		return []string{sasl.Plain, signin.MechanismGSSAPI}
	}
	return []string{sasl.Plain}
}

func (s *session) Authenticate(mechanism string) (sasl.Server, error) {
	switch {
	case mechanism == oauth.XOAUTH2 && s.w.Cloud != nil:
		return oauth.NewXOAUTH2Server(func(user, token string) error {
			return s.signedIn(s.wire.SignInToken(user, token), textAuthenticate)
		}), nil
	case mechanism == signin.MechanismGSSAPI && s.w.Open != nil:
		return &ticket{s.tickets.GSSAPI(), s}, nil
	case mechanism != sasl.Plain:
		return nil, bad(textArgument)
	}
	return sasl.NewPlainServer(func(identity, user, password string) error {
		if identity != "" && identity != user {
			return no("", textAuthenticate)
		}
		return s.signedIn(s.wire.SignIn(user, password), textAuthenticate)
	}), nil
}

// ticket is AUTHENTICATE GSSAPI, which signs in when the exchange is over.
type ticket struct {
	*signin.GSSAPI
	s *session
}

func (t *ticket) Next(response []byte) (challenge []byte, done bool, err error) {
	challenge, done, err = t.GSSAPI.Next(response)
	if !done {
		return challenge, false, err
	}
	id := t.Identity()
	if err != nil && id.User != nil { // the ticket was good, the rest of the exchange was not
		id.User, id.Decision.Allowed, id.Decision.Reason = nil, false, err.Error()
	}
	return nil, true, t.s.signedIn(t.s.wire.SignInTicket(id.User, id.Decision), textAuthenticate)
}

// signedIn answers a sign-in.
func (s *session) signedIn(err error, text string) error {
	switch {
	case err == nil:
	case errors.Is(err, popimap.ErrMailbox):
		return bad(textNotConnected)
	default:
		return no("", text)
	}
	s.w.Do(func(now time.Time) {
		if mb, err := s.wire.Use(now); err == nil {
			s.user = mb.Mailbox().User()
		}
	})
	return nil
}

// do carries out a command of a client that has signed in: f is called with
// the world's lock held.
func (s *session) do(f func(now time.Time, mb *store.Session) error) error {
	s.w.Lock()
	defer s.w.Unlock()
	now := s.w.Now()
	mb, err := s.wire.Use(now)
	if err == nil {
		err = f(now, mb)
	}
	return s.answer(err)
}

// selected is do for a command on the selected folder.
func (s *session) selected(f func(now time.Time, mb *store.Session, v *view) error) error {
	return s.do(func(now time.Time, mb *store.Session) error {
		if s.view == nil {
			return bad(textState)
		}
		// The folder may have been renamed since.
		folder, err := mb.FolderByNumber(now, s.view.number)
		if err != nil {
			return err
		}
		s.view.folder = folder.Name
		return f(now, mb, s.view)
	})
}

// answer puts an error into the words for the client, and records why the
// store refused.
func (s *session) answer(err error) error {
	var said *imap.Error
	var refused *store.Refusal
	switch {
	case err == nil:
		return nil
	case errors.As(err, &said):
		return err
	case errors.As(err, &refused):
		s.w.Record(s.wire, refused.Decision)
		return no("", textUnavailable)
	case errors.Is(err, popimap.ErrEnded):
		return no("", textUnavailable)
	case errors.Is(err, store.ErrNoFolder):
		return no(imap.ResponseCodeNonExistent, "The requested item could not be found.")
	case errors.Is(err, store.ErrExists):
		return no(imap.ResponseCodeAlreadyExists, "Mailbox already exists.")
	default: // a reserved folder, an unusable name
		return no(imap.ResponseCodeCannot, "The requested operation could not be performed.")
	}
}

func no(code imap.ResponseCode, text string) *imap.Error {
	return &imap.Error{Type: imap.StatusResponseTypeNo, Code: code, Text: text}
}

func bad(text string) *imap.Error {
	return &imap.Error{Type: imap.StatusResponseTypeBad, Text: text}
}

// Poll reports what has changed in the selected folder, after every command.
// Its error ends the connection.
func (s *session) Poll(w *imapserver.UpdateWriter, allowExpunge bool) error {
	var list []update
	s.w.Lock()
	_, err := s.wire.Use(s.w.Now())
	if err == nil && s.view != nil {
		if list, err = s.view.news(allowExpunge); err != nil {
			s.wire.End(popimap.Severed) // RFC 3501 has no other way to say that a folder is gone
		}
	}
	s.w.Unlock()
	if err != nil {
		return err
	}
	for _, u := range list {
		if err := u.write(w); err != nil {
			return err
		}
	}
	return nil
}

// Idle reports changes as they happen, beside the goroutine that waits for the
// client's DONE.
func (s *session) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	ready := sync.OnceFunc(s.wire.idling.Done)
	defer ready()
	gate := s.w.Net.Gate(s.wire)
	defer gate.Done()
	var cancel func()
	s.w.Do(func(time.Time) {
		cancel = s.w.Store.Subscribe(s.user, func(time.Time) { gate.Wake() })
	})
	defer s.w.Do(func(time.Time) { cancel() })
	for {
		if err := s.Poll(w, true); err != nil {
			return err
		}
		ready()
		if gate.Watch(stop) != network.Woken {
			return nil
		}
	}
}
