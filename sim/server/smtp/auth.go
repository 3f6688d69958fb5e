package smtp

import (
	"errors"
	"slices"
	"time"

	"github.com/emersion/go-sasl"
	smtplib "github.com/emersion/go-smtp"

	"shutout/lab"
	"shutout/lab/protocol/oauth"
	"shutout/sim/directory"
	"shutout/sim/transport"
)

// AuthMechanisms lists what EHLO offers: LOGIN, where the connector takes
// passwords, or XOAUTH2 in its place where there are access tokens. NTLM, which it offers besides, is not spoken here.
func (s *session) AuthMechanisms() []string {
	var list []string
	s.w.Do(func(time.Time) { list = s.c.policy.Mechanisms() })
	list = slices.DeleteFunc(list, func(m string) bool { return m != sasl.Login })
	if s.w.Cloud != nil && len(list) > 0 {
		list = []string{oauth.XOAUTH2}
	}
	return list
}

// Auth takes AUTH LOGIN and, without having offered it, AUTH PLAIN.
func (s *session) Auth(mechanism string) (sasl.Server, error) {
	if len(s.AuthMechanisms()) == 0 {
		// The policy says so in its own words before a password is sent.
		err := s.do(func(now time.Time) (lab.Decision, *transport.SMTPError) { return s.c.policy.Auth(now, "", "") })
		if err == nil {
			err = smtplib.ErrAuthUnsupported
		}
		return nil, err
	}
	switch {
	case s.w.Cloud != nil && mechanism == oauth.XOAUTH2:
		return s.counting(oauth.NewXOAUTH2Server(s.signInToken)), nil
	case s.w.Cloud != nil:
		return nil, smtplib.ErrAuthUnknownMechanism
	case mechanism == sasl.Login:
		return s.counting(&login{signIn: s.signIn}), nil
	case mechanism == sasl.Plain:
		return s.counting(sasl.NewPlainServer(func(identity, user, password string) error {
			if identity != "" && identity != user {
				return errOther
			}
			return s.signIn(user, password)
		})), nil
	default:
		return nil, smtplib.ErrAuthUnknownMechanism
	}
}

var errOther = errors.New("acting for somebody else")

func (s *session) signIn(user, password string) error {
	return s.do(func(now time.Time) (lab.Decision, *transport.SMTPError) {
		d, refused := s.c.policy.Auth(now, user, password)
		if refused == nil {
			s.c.signedIn = now
		}
		return d, refused
	})
}

// signInToken signs in with an access token.
func (s *session) signInToken(user, token string) error {
	return s.do(func(now time.Time) (lab.Decision, *transport.SMTPError) {
		server := s.c.policy.Connector().Server
		r := s.w.Cloud.CheckFor(now, server, user, token)
		logon := directory.Logon{Code: directory.BadPassword, Decision: r.Decision}
		if r.User != nil {
			var known bool
			if logon.Object, known = s.w.Dir.DCFor(server).Lookup(r.User.SAM); known {
				logon.Code = directory.OK
			} else {
				logon.Code = directory.NoSuchUser
				logon.Decision.Allowed, logon.Decision.Reason = false, logon.Code.String()
			}
		}
		d, refused := s.c.policy.AuthToken(now, logon)
		if refused == nil {
			s.c.signedIn, s.c.token = now, &d
		}
		return d, refused
	})
}

// counting has a malformed exchange count as a failed logon.
func (s *session) counting(m sasl.Server) sasl.Server { return &counted{m, s} }

type counted struct {
	sasl.Server
	s *session
}

func (c *counted) Next(response []byte) (challenge []byte, done bool, err error) {
	challenge, done, err = c.Server.Next(response)
	var said *smtplib.SMTPError
	if err != nil && !errors.As(err, &said) {
		reason := err.Error()
		err = c.s.do(func(now time.Time) (lab.Decision, *transport.SMTPError) {
			d := lab.Decision{
				At: now, Layer: lab.LayerPermission, Server: c.s.c.policy.Connector().Server,
				Reason: "sign-in refused: " + reason,
			}
			return d, c.s.c.policy.AuthFailed(now)
		})
	}
	return challenge, done, err
}

// login is the server's side of the mechanism LOGIN, which no RFC describes:
// it asks for the name and then for the password (draft-murchison-sasl-login,
// the prompts as there).
type login struct {
	step   int
	user   string
	signIn func(user, password string) error
}

func (l *login) Next(response []byte) (challenge []byte, done bool, err error) {
	if l.step == 0 && response != nil {
		l.step = 1 // the name came with the command
	}
	l.step++
	switch l.step {
	case 1:
		return []byte("Username:"), false, nil
	case 2:
		l.user = string(response)
		return []byte("Password:"), false, nil
	case 3:
		return nil, true, l.signIn(l.user, string(response))
	default:
		return nil, false, sasl.ErrUnexpectedClientResponse
	}
}
