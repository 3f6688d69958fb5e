package client

import (
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"shutout/lab"
	"shutout/lab/authority/authoritytest"
)

// mailbox is an IMAP server whose password tests change.
type mailbox struct {
	t    *testing.T
	user *imapmemserver.User

	mu       sync.Mutex
	password string
	logins   int
	conns    []net.Conn
}

type mailboxSession struct {
	*imapmemserver.UserSession
	m *mailbox
}

func (s *mailboxSession) Login(user, password string) error {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	s.m.logins++
	if user != testUser || password != s.m.password {
		return imapserver.ErrAuthFailed
	}
	s.UserSession = imapmemserver.NewUserSession(s.m.user)
	return nil
}

func (s *mailboxSession) Close() error {
	if s.UserSession == nil {
		return nil
	}
	return s.UserSession.Close()
}

func (m *mailbox) set(password string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.password = password
}

// kick closes what is open.
func (m *mailbox) kick() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.conns {
		c.Close()
	}
	m.conns = nil
}

func (m *mailbox) deliver(subject string) {
	m.t.Helper()
	r := strings.NewReader(string(message(lab.Task{From: "x@y", To: testUser, Subject: subject}, time.Unix(0, 0), "y")))
	if _, err := m.user.Append("INBOX", r, &imap.AppendOptions{}); err != nil {
		m.t.Fatal(err)
	}
}

func (l *testLab) serveIMAP(security lab.Security, caps ...imap.Cap) *mailbox {
	server, roots := authoritytest.Configs(l.t, l.env.Endpoint.Host)
	m := &mailbox{t: l.t, user: imapmemserver.NewUser(testUser, ""), password: oldPass}
	if err := m.user.Create("INBOX", nil); err != nil {
		l.t.Fatal(err)
	}
	o := &imapserver.Options{
		InsecureAuth: security == lab.Plain,
		Caps:         imap.CapSet{imap.CapIMAP4rev1: {}},
		NewSession: func(c *imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.conns = append(m.conns, c.NetConn())
			return &mailboxSession{m: m}, nil, nil
		},
	}
	for _, c := range caps {
		o.Caps[c] = struct{}{}
	}
	ln := l.listen()
	switch l.env.Endpoint.Security, l.env.Endpoint.TLS = security, roots; security {
	case lab.Implicit:
		ln = tls.NewListener(ln, server)
	case lab.StartTLS:
		o.TLSConfig = server
	}
	s := imapserver.New(o)
	go s.Serve(ln)
	l.t.Cleanup(func() { s.Close() })
	return m
}

func TestIMAP(t *testing.T) {
	for _, security := range []lab.Security{lab.Plain, lab.Implicit, lab.StartTLS} {
		for _, caps := range [][]imap.Cap{nil, {imap.CapIdle}} {
			t.Run(fmt.Sprint(security, caps), func(t *testing.T) {
				l := newTestLab(t, lab.IMAP)
				m := l.serveIMAP(security, caps...)
				c := l.client()
				no := refused(stageSignIn, "NO [AUTHENTICATIONFAILED] Authentication failed")

				check(t, "read an empty inbox", do(c, lab.Read), nil)
				check(t, "receive nothing", do(c, lab.Receive), missing())
				m.deliver("other")
				check(t, "receive something else", do(c, lab.Receive), missing())
				m.deliver("probe 7")
				check(t, "receive", do(c, lab.Receive), nil)
				check(t, "read", do(c, lab.Read), nil)
				check(t, "read again", do(c, lab.Read), nil)
				wantConnections(t, c, 1)
				check(t, "sign in", do(c, lab.SignIn), nil)
				wantConnections(t, c, 2)

				m.set(newPass)
				check(t, "open session", do(c, lab.Receive), nil)
				check(t, "sign in with the old password", do(c, lab.SignIn), no)
				m.kick()
				check(t, "receive after the kick", do(c, lab.Receive), no)
				wantConnections(t, c, 4)

				l.env.Login.Passwords = []string{oldPass, newPass}
				c = l.client()
				check(t, "told the new password", do(c, lab.Receive), nil)
				m.kick()
				check(t, "the new one first", do(c, lab.Receive), nil)
				check(t, "sign in", do(c, lab.SignIn), nil)
				wantConnections(t, c, 4)
			})
		}
	}
}

func TestIMAPManyMessages(t *testing.T) {
	l := newTestLab(t, lab.IMAP)
	m := l.serveIMAP(lab.Plain)
	m.deliver("probe 7")
	for range recent {
		m.deliver("later")
	}
	check(t, "too far back", do(l.client(), lab.Receive), missing())
}

// A whole attempt ends with the tagged answer, so nothing is left for the
// library's reader: what the server pushes later does not disturb.
func TestIMAPStages(t *testing.T) {
	dead := func(stage string) *lab.Failure {
		return &lab.Failure{Kind: lab.Unreachable, Stage: stage, Text: closedText}
	}
	const caps = "* OK [CAPABILITY IMAP4rev1] ready"
	login := []string{caps, "T1 OK [CAPABILITY IMAP4rev1] in", "T2 OK noop", "* 1 EXISTS\r\nT3 OK selected"}
	with := func(lines ...string) func(net.Conn) { return dialogue(append(login[:4:4], lines...)...) }
	tests := []struct {
		name  string
		over  lab.Security
		serve func(net.Conn)
		want  *lab.Failure
	}{
		{"no greeting", lab.Plain, dialogue("hang up"), dead(stageGreeting)},
		{"greeted with BYE", lab.Plain, dialogue("* BYE too busy"), refused(stageGreeting, "BYE too busy")},
		{"no LOGIN", lab.Plain, dialogue("* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hi"), refused("auth", "the server does not offer LOGIN")},
		{"dead at LOGIN", lab.Plain, dialogue(caps, "hang up"), dead(stageSignIn)},
		{"LOGIN refused", lab.Plain, dialogue(caps, "T1 NO [UNAVAILABLE] later"), later(stageSignIn, "NO [UNAVAILABLE] later")},
		{"dead at SELECT", lab.Plain, dialogue(append(login[:3:3], "hang up")...), dead("read")},
		{"SELECT refused", lab.Plain, dialogue(append(login[:3:3], "T3 NO no mailbox")...), refused("read", "NO no mailbox")},
		{"dead at FETCH", lab.Plain, with("hang up"), dead("read")},
		{"dead within the message", lab.Plain, with("* 1 FETCH (BODY[] {20}\r\nhello", "cut"), dead("read")},
		{"FETCH refused", lab.Plain, with("T4 NO [SERVERBUG] oops"), later("read", "NO [SERVERBUG] oops")},
		{"FETCH without a message", lab.Plain, with("T4 OK done"), unexpected("read", "FETCH without the message")},
		{"FETCH", lab.Plain, with("* 1 FETCH (BODY[] {5}\r\nhello)\r\nT4 OK done"), nil},
		{"STARTTLS: no greeting", lab.StartTLS, dialogue("hang up"), dead(stageGreeting)},
		{"STARTTLS: greeted with BYE", lab.StartTLS, dialogue("* BYE too busy"), refused(stageGreeting, "BYE too busy")},
		{"STARTTLS: refused", lab.StartTLS, dialogue("* OK hi", "* OK wait\r\nS1 NO [UNAVAILABLE] not now"), later(stageTLS, "NO [UNAVAILABLE] not now")},
		{"STARTTLS: dead", lab.StartTLS, dialogue("* OK hi", "hang up"), dead(stageTLS)},
		{"STARTTLS: injected", lab.StartTLS, dialogue("* OK hi", "S1 OK go\r\n* OK injected"), unexpected(stageTLS, "text after the consent to STARTTLS")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newTestLab(t, lab.IMAP)
			l.env.Endpoint.Security = tt.over
			l.script(tt.serve)
			check(t, "read", do(l.client(), lab.Read), tt.want)
		})
	}
}
