package client

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"hash/fnv"
	"mime"
	"net"
	"net/textproto"
	"strings"

	"shutout/lab"
	"shutout/lab/protocol/oauth"
	"shutout/lab/protocol/pop3"
)

// pop3Session polls a mailbox: it connects for every poll, as POP3 clients do,
// and leaves the mail on the server.
type pop3Session struct {
	line   *line
	client *pop3.Client
}

func openPOP3(l *line) func() session {
	l.keeps()
	return func() session { return &pop3Session{line: l} }
}

// signIn connects anew for each password, since servers hang up on failures.
func (s *pop3Session) signIn(ctx context.Context, password string) error {
	user := s.line.env.Login.User
	if s.line.usesTokens() {
		return s.line.tokens().show(ctx, password, func(token string) error {
			return s.open(ctx, func() error { return s.client.Auth(oauth.NewXOAUTH2Client(user, token)) })
		})
	}
	return s.open(ctx, func() error {
		if err := s.client.User(user); err != nil {
			return err
		}
		return s.client.Pass(password)
	})
}

// open connects and has prove sign in.
func (s *pop3Session) open(ctx context.Context, prove func() error) error {
	s.drop()
	conn, err := s.line.dial(ctx)
	if err != nil {
		return err
	}
	if s.line.env.Endpoint.Security != lab.StartTLS {
		conn = s.line.overheard(conn, speaksPOP3)
	}
	s.client = pop3.NewClient(conn)
	s.client.Timeout = patience
	s.client.Secured = func(c net.Conn) net.Conn { return s.line.overheard(c, speaksPOP3) }
	if _, err := s.client.Greeting(); err != nil {
		return pop3Failure(stageGreeting, err)
	}
	if s.line.env.Endpoint.Security == lab.StartTLS {
		if err := s.client.StartTLS(s.line.tls); err != nil {
			return pop3Failure(stageTLS, err)
		}
	}
	return pop3Failure(stageSignIn, prove())
}

func (s *pop3Session) do(_ context.Context, t lab.Task) error {
	stage := string(t.Capability)
	count, _, err := s.client.Stat()
	if err != nil {
		return pop3Failure(stage, err)
	}
	if t.Capability == lab.Read {
		if count == 0 {
			return nil
		}
		if s.line.env.Activity.Client.Removes {
			return s.fetchAll(count, stage)
		}
		return pop3Failure(stage, s.fetch(count))
	}
	for n := count; n > 0 && n > count-recent; n-- {
		head, err := s.client.Top(n, 0)
		if err != nil {
			return pop3Failure(stage, err)
		}
		if subjectOf(head) == t.Subject {
			return nil
		}
	}
	return missing()
}

// fetch fetches a message and stores it.
func (s *pop3Session) fetch(n int) error {
	raw, err := s.client.Retr(n)
	if err == nil {
		h := fnv.New64a()
		h.Write(raw)
		s.line.store(string(h.Sum(nil)))
	}
	return err
}

// fetchAll fetches every message and has it removed from the server, which
// happens when the session is left (RFC 1939 section 6).
func (s *pop3Session) fetchAll(count int, stage string) error {
	for n := 1; n <= count; n++ {
		if err := s.fetch(n); err != nil {
			return pop3Failure(stage, err)
		}
		if err := s.client.Dele(n); err != nil {
			return pop3Failure(stage, err)
		}
	}
	return nil
}

// subjectOf reads the subject in a message's header; one that cannot be read
// is no subject.
func subjectOf(head []byte) string {
	fields, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(head))).ReadMIMEHeader()
	if err != nil && len(fields) == 0 {
		return ""
	}
	subject := fields.Get("Subject")
	if decoded, err := new(mime.WordDecoder).DecodeHeader(subject); err == nil {
		return decoded
	}
	return subject
}

// pop3Failure turns the package's errors into failures. Codes that speak of
// the mailbox or the server (RFC 2449 section 8.1, RFC 3206) say nothing about
// the password.
func pop3Failure(stage string, err error) error {
	if err == nil {
		return nil
	}
	var said *pop3.Error
	var garbled *pop3.ProtocolError
	switch {
	case errors.As(err, &said):
		code := said.Code()
		if stage == stageSignIn && code != "" && code != "AUTH" {
			stage = stageMailbox
		}
		return pop3Refusal(stage, strings.TrimSpace("-ERR "+said.Text), code)
	case errors.As(err, &garbled):
		return unexpected(stage, "%s", garbled.Reason)
	}
	return unreachable(stage, err)
}

func (s *pop3Session) leave() { s.client.Quit() }

func (s *pop3Session) drop() {
	if s.client != nil {
		s.client.Close()
		s.client = nil
	}
}
