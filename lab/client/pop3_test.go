package client

import (
	"crypto/tls"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/authority/authoritytest"
	"shutout/lab/protocol/pop3"
)

// maildrop is a POP3 server whose password tests change.
type maildrop struct {
	mu       sync.Mutex
	password string
	subjects []string
	log      []string
}

func (m *maildrop) set(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

// take returns the commands since the last call.
func (m *maildrop) take() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	log := strings.Join(m.log, ", ")
	m.log = nil
	return log
}

func (m *maildrop) serve(c net.Conn, upgrade *tls.Config) {
	defer func() { c.Close() }()
	r := pop3.NewCommandReader(c)
	c.Write(pop3.AppendOK(nil, "ready"))
	for {
		cmd, err := r.Read()
		if err != nil {
			return
		}
		m.mu.Lock()
		m.log = append(m.log, cmd.String())
		password, subjects := m.password, m.subjects
		m.mu.Unlock()
		mail := func(arg string) []byte {
			n, _ := strconv.Atoi(arg)
			return message(lab.Task{From: "x@y", To: testUser, Subject: subjects[n-1]}, time.Unix(0, 0), "y")
		}
		var out []byte
		switch cmd.Verb {
		case "STLS":
			c.Write(pop3.AppendOK(nil, "go"))
			c = tls.Server(c, upgrade)
			r = pop3.NewCommandReader(c)
			continue
		case "PASS":
			if out = pop3.AppendOK(nil, "in"); cmd.Args[0] != password {
				out = pop3.AppendErr(nil, "AUTH", "Logon failure: unknown user name or bad password.")
			}
		case "STAT":
			out = pop3.AppendStat(nil, len(subjects), 1)
		case "RETR":
			out = pop3.AppendMessage(nil, "", mail(cmd.Args[0]))
		case "TOP":
			out = pop3.AppendMessage(nil, "", pop3.Head(mail(cmd.Args[0]), 0))
		default:
			out = pop3.AppendOK(nil, "")
		}
		c.Write(out)
		if cmd.Verb == "QUIT" {
			return
		}
	}
}

func (l *testLab) servePOP3(security lab.Security) *maildrop {
	server, roots := authoritytest.Configs(l.t, l.env.Endpoint.Host)
	m := &maildrop{password: oldPass}
	l.env.Endpoint.Security, l.env.Endpoint.TLS = security, roots
	ln := l.listen()
	if security == lab.Implicit {
		ln = tls.NewListener(ln, server)
	}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go m.serve(c, server)
		}
	}()
	return m
}

func TestPOP3(t *testing.T) {
	for _, security := range []lab.Security{lab.Plain, lab.Implicit, lab.StartTLS} {
		t.Run(string(security), func(t *testing.T) {
			l := newTestLab(t, lab.POP3)
			l.env.Login.Passwords = []string{oldPass, newPass}
			m := l.servePOP3(security)
			c := l.client()
			signIn := "USER dana@corp.example, PASS ***, "
			if security == lab.StartTLS {
				signIn = "STLS, " + signIn
			}
			failed := refused(stageSignIn, "-ERR [AUTH] Logon failure: unknown user name or bad password.")
			for i, s := range []struct {
				set  func()
				can  lab.Capability
				want *lab.Failure
				log  string
			}{
				{can: lab.SignIn, log: signIn + "QUIT"},
				{can: lab.Read, log: signIn + "STAT, QUIT"},
				{can: lab.Receive, want: missing(), log: signIn + "STAT, QUIT"},
				{set: func() { m.subjects = []string{"probe 7", "later"} }, can: lab.Read, log: signIn + "STAT, RETR 2, QUIT"},
				{can: lab.Receive, log: signIn + "STAT, TOP 2 0, TOP 1 0, QUIT"},
				{set: func() { m.password = newPass }, can: lab.Read, log: signIn + signIn + "STAT, RETR 2, QUIT"},
				{can: lab.SignIn, log: signIn + "QUIT"},
				{set: func() { m.password = "" }, can: lab.Read, want: failed, log: strings.TrimSuffix(signIn+signIn, ", ")},
			} {
				if s.set != nil {
					m.set(s.set)
				}
				check(t, fmt.Sprintf("step %d", i+1), do(c, s.can), s.want)
				if got := m.take(); got != s.log {
					t.Errorf("step %d: %s\nwant %s", i+1, got, s.log)
				}
			}
			wantConnections(t, c, 10)
		})
	}
}

func TestPOP3Stages(t *testing.T) {
	dead := func(stage string) *lab.Failure {
		return &lab.Failure{Kind: lab.Unreachable, Stage: stage, Text: closedText}
	}
	for _, tt := range []struct {
		name  string
		over  lab.Security
		serve func(net.Conn)
		want  *lab.Failure
	}{
		{"no greeting", lab.Plain, dialogue("cut"), dead(stageGreeting)},
		{"greeted with no", lab.Plain, dialogue("-ERR down"), refused(stageGreeting, "-ERR down")},
		{"garbage", lab.Plain, dialogue("hello"), unexpected(stageGreeting, "a line that is neither +OK nor -ERR")},
		{"dead at PASS", lab.Plain, dialogue("+OK", "+OK", "hang up"), dead(stageSignIn)},
		{"in use", lab.Plain, dialogue("+OK", "+OK", "-ERR [IN-USE] locked"), later(stageMailbox, "-ERR [IN-USE] locked")},
		{"refused", lab.Plain, dialogue("+OK", "+OK", "-ERR no"), refused(stageSignIn, "-ERR no")},
		{"dead at STAT", lab.Plain, dialogue("+OK", "+OK", "+OK", "hang up"), dead("read")},
		{"dead within the message", lab.Plain, dialogue("+OK", "+OK", "+OK", "+OK 1 9", "+OK\r\nSubject: x", "cut"), dead("read")},
		{"dead at QUIT", lab.Plain, dialogue("+OK", "+OK", "+OK", "+OK 0 0", "hang up"), nil},
		{"no STLS", lab.StartTLS, dialogue("+OK", "-ERR what"), refused(stageTLS, "-ERR what")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newTestLab(t, lab.POP3)
			l.env.Endpoint.Security = tt.over
			l.script(tt.serve)
			check(t, "read", do(l.client(), lab.Read), tt.want)
		})
	}
}

func FuzzSubject(f *testing.F) {
	f.Add([]byte("Subject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\r\n\r\n"))
	f.Add([]byte("Subject: a\r\n b\r\n\r\n"))
	f.Add([]byte("nonsense\r\n"))
	f.Fuzz(func(_ *testing.T, head []byte) { subjectOf(head) })
}

// A program that takes the mail off the server holds it when the server says no.
func TestPOP3TakesMailAlong(t *testing.T) {
	l := newTestLab(t, lab.POP3)
	m := l.servePOP3(lab.Plain)
	l.env.Activity.Client.Removes = true
	c := l.client()
	check(t, "nothing fetched yet", do(c, lab.ReadLocal), refused("read-local", "no mail is kept on this computer"))
	m.set(func() { m.subjects = []string{"one", "two"} })
	check(t, "read", do(c, lab.Read), nil)
	if got, want := m.take(), "USER dana@corp.example, PASS ***, STAT, RETR 1, DELE 1, RETR 2, DELE 2, QUIT"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	m.set(func() { m.password = "" })
	check(t, "refused", do(c, lab.Read), refused(stageSignIn, "-ERR [AUTH] Logon failure: unknown user name or bad password."))
	m.take()
	check(t, "read from the own store", do(c, lab.ReadLocal), nil)
	if got := m.take(); got != "" {
		t.Errorf("the server was asked: %s", got)
	}
	if k, ok := c.(lab.Keeper).Kept(); !ok || k.Messages != 2 || k.Erased {
		t.Errorf("kept %+v, %v", k, ok)
	}
}
