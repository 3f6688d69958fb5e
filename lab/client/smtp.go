package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"shutout/lab"
	"shutout/lab/protocol/oauth"
)

// submissionPatience is how long a client waits for the answer to a whole
// message: a server may scan it first (RFC 5321 section 4.5.3.2.6 wants ten
// minutes; a client that people watch gives up earlier).
const submissionPatience = 2 * time.Minute

// smtpSession submits or relays mail. With a login it signs in and keeps the
// session between messages.
type smtpSession struct {
	line   *line
	login  bool
	conn   net.Conn
	client *smtp.Client
	begun  bool // a transaction was refused on its way and must be reset
	words  *wordlist
}

func openSubmission(l *line) func() session {
	words := newWordlist(l)
	return func() session { return &smtpSession{line: l, login: true, words: words} }
}

func openAnonymous(l *line) func() session {
	return func() session { return &smtpSession{line: l} }
}

// signIn connects anew for each password, since servers hang up on failures.
func (s *smtpSession) signIn(ctx context.Context, password string) error {
	if s.login && s.line.usesTokens() {
		return s.line.tokens().show(ctx, password, func(token string) error {
			if err := s.reopen(ctx); err != nil {
				return err
			}
			return smtpFailure(stageSignIn, s.client.Auth(oauth.NewXOAUTH2Client(s.line.env.Login.User, token)))
		})
	}
	s.drop()
	if err := s.words.guess(ctx, password); err != nil {
		return err
	}
	if err := s.reopen(ctx); err != nil || !s.login {
		return err
	}
	user := s.line.env.Login.User
	var mechanism sasl.Client
	_, offered := s.client.Extension("AUTH")
	switch list := strings.Fields(strings.ToUpper(offered)); {
	case slices.Contains(list, sasl.Plain):
		mechanism = sasl.NewPlainClient("", user, password)
	case slices.Contains(list, sasl.Login):
		mechanism = sasl.NewLoginClient(user, password)
	default:
		return refused("auth", "the server offers no sign-in with a password")
	}
	return smtpFailure(stageSignIn, s.client.Auth(mechanism))
}

// reopen connects anew.
func (s *smtpSession) reopen(ctx context.Context) error {
	s.drop()
	err := s.connect(ctx)
	if err != nil {
		s.drop()
	}
	return err
}

func (s *smtpSession) connect(ctx context.Context) error {
	conn, err := s.line.dial(ctx)
	if err != nil {
		return err
	}
	name := localName(conn)
	if s.line.env.Endpoint.Security == lab.StartTLS {
		if conn, err = s.line.startTLS(conn, smtpStartTLS(name), "220 secured\r\n"); err != nil {
			return err
		}
	}
	s.conn = s.line.overheard(conn, speaksSMTP)
	s.client = smtp.NewClient(s.conn)
	s.client.CommandTimeout, s.client.SubmissionTimeout = patience, submissionPatience
	return smtpFailure(stageGreeting, s.client.Hello(name))
}

// localName is the client's own address as EHLO wants it from a host without a
// name (RFC 5321 section 4.1.3).
func localName(c net.Conn) string {
	addr, ok := c.LocalAddr().(*net.TCPAddr)
	switch {
	case !ok || addr.IP == nil:
		return "localhost"
	case addr.IP.To4() == nil:
		return "[IPv6:" + addr.IP.String() + "]"
	default:
		return "[" + addr.IP.String() + "]"
	}
}

func (s *smtpSession) do(_ context.Context, t lab.Task) error {
	stage := string(t.Capability)
	if t.Capability == lab.Harvest {
		return s.harvest(t)
	}
	mail := message(t, s.line.env.Now(), s.line.env.Domain)
	if s.begun {
		if err := s.client.Reset(); err != nil {
			return s.broken(stage, err, true)
		}
	}
	s.begun = true
	// Until the message itself is on its way nothing is handed over, so the
	// first command may find out that the session is gone.
	if err := s.client.Mail(t.From, &smtp.MailOptions{Size: int64(len(mail))}); err != nil {
		return s.broken(stage, err, true)
	}
	if err := s.client.Rcpt(t.To, nil); err != nil {
		return s.broken(stage, err, false)
	}
	data, err := s.client.Data()
	if err != nil {
		return s.broken(stage, err, false)
	}
	extend(s.conn, submissionPatience)
	if _, err := data.Write(mail); err != nil {
		// Without the final dot there is no message (RFC 5321 section 4.1.1.4).
		return s.broken(stage, err, false)
	}
	if err := data.Close(); err != nil {
		broken := s.broken(stage, err, false)
		if _, said := errors.AsType[*smtp.SMTPError](err); !said {
			failure(broken, stage).Kind = lab.Unknown // the dot may have arrived
		}
		return broken
	}
	s.begun = false
	return nil
}

// broken judges an error within a session: a refusal leaves the session
// as it is, except for 421, which announces its end.
func (s *smtpSession) broken(stage string, err error, again bool) error {
	f := failure(smtpFailure(stage, err), stage)
	var said *smtp.SMTPError
	if errors.As(err, &said) && said.Code != 421 {
		return f
	}
	return &lost{Failure: f, again: again}
}

// smtpFailure turns the library's errors into failures.
func smtpFailure(stage string, err error) error {
	if err == nil {
		return nil
	}
	var said *smtp.SMTPError
	if !errors.As(err, &said) {
		return unreachable(stage, err)
	}
	text := fmt.Sprintf("%d %s", said.Code, said.Message)
	if said.EnhancedCode[0] > 0 {
		text = fmt.Sprintf("%d %d.%d.%d %s", said.Code, said.EnhancedCode[0], said.EnhancedCode[1], said.EnhancedCode[2], said.Message)
	}
	return smtpRefusal(stage, text)
}

func (s *smtpSession) leave() {
	if s.client != nil {
		s.client.Quit()
	}
}

func (s *smtpSession) drop() {
	if s.client != nil {
		s.client.Close()
		s.client, s.begun = nil, false
	}
}
