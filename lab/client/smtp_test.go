package client

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"shutout/lab"
	"shutout/lab/authority/authoritytest"
)

// relay is a go-smtp back end with a password that tests change.
type relay struct {
	mu       sync.Mutex
	password string
	auths    int
	mails    []string // "from to size"
	rcptErr  error
	conns    []*smtp.Conn
}

func (r *relay) NewSession(c *smtp.Conn) (smtp.Session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns = append(r.conns, c)
	return &relaySession{r: r}, nil
}

// kick closes what is open.
func (r *relay) kick() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		c.Conn().Close()
	}
	r.conns = nil
}

type relaySession struct {
	r        *relay
	from, to string
	signedIn bool
}

func (s *relaySession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *relaySession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		s.r.mu.Lock()
		defer s.r.mu.Unlock()
		s.r.auths++
		if user != testUser || password != s.r.password {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 3}, Message: "Authentication unsuccessful"}
		}
		s.signedIn = true
		return nil
	}), nil
}

func (s *relaySession) Mail(from string, o *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *relaySession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	s.to = to
	return s.r.rcptErr
}

func (s *relaySession) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := mail.ReadMessage(bytes.NewReader(b))
	if err != nil {
		return err
	}
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	s.r.mails = append(s.r.mails, s.from+" "+s.to+" "+m.Header.Get("Subject")+" "+m.Header.Get("Message-ID"))
	return nil
}

func (s *relaySession) Reset()        {}
func (s *relaySession) Logout() error { return nil }

func (l *testLab) serveSMTP(r *relay, security lab.Security) {
	server, roots := authoritytest.Configs(l.t, l.env.Endpoint.Host)
	s := smtp.NewServer(r)
	s.Domain = "cas1"
	s.AllowInsecureAuth = security == lab.Plain
	ln := l.listen()
	switch l.env.Endpoint.Security, l.env.Endpoint.TLS = security, roots; security {
	case lab.Implicit:
		ln = tls.NewListener(ln, server)
	case lab.StartTLS:
		s.TLSConfig = server
	}
	go s.Serve(ln)
	l.t.Cleanup(func() { s.Close() })
}

func TestSubmission(t *testing.T) {
	for _, security := range []lab.Security{lab.Plain, lab.Implicit, lab.StartTLS} {
		t.Run(string(security), func(t *testing.T) {
			l := newTestLab(t, lab.SMTPSubmission)
			r := &relay{password: oldPass}
			l.serveSMTP(r, security)
			c := l.client()
			no := refused(stageSignIn, "535 5.7.3 Authentication unsuccessful")

			check(t, "send", do(c, lab.Send), nil)
			check(t, "send again", do(c, lab.Send), nil)
			wantConnections(t, c, 1)
			r.rcptErr = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "Unable to relay"}
			check(t, "refused recipient", do(c, lab.Send), refused("send", "550 5.7.1 Unable to relay"))
			r.rcptErr = nil
			check(t, "after the refusal", do(c, lab.Reply), nil)
			wantConnections(t, c, 1)

			r.mu.Lock()
			r.password = newPass
			r.mu.Unlock()
			check(t, "open session", do(c, lab.Send), nil)
			check(t, "sign-in with the old password", do(c, lab.SignIn), no)
			r.kick()
			check(t, "send after the kick", do(c, lab.Send), no)
			wantConnections(t, c, 3)

			l.env.Login.Passwords = []string{oldPass, newPass}
			c = l.client()
			check(t, "told the new password", do(c, lab.Send), nil)
			r.kick()
			check(t, "the new one first", do(c, lab.Send), nil)
			wantConnections(t, c, 3)

			want := "dana@corp.example erin@corp.example probe 7 <m7@corp.example>"
			if len(r.mails) != 6 || r.mails[0] != want || r.mails[5] != want {
				t.Errorf("%d mails: %q", len(r.mails), r.mails)
			}
		})
	}
}

func TestAnonymous(t *testing.T) {
	l := newTestLab(t, lab.SMTPAnonymous)
	l.env.Login = lab.Login{}
	r := &relay{}
	l.serveSMTP(r, lab.Plain)
	c := l.client()
	check(t, "send", do(c, lab.Send), nil)
	check(t, "reply", do(c, lab.Reply), nil)
	wantConnections(t, c, 2)
	if r.auths != 0 || len(r.mails) != 2 {
		t.Errorf("%d sign-ins, mails %q", r.auths, r.mails)
	}
}

// dialogue is an SMTP server from a script: it says the first line, then after
// each line from the client the next one. After 354 it reads to the final dot
// first. At the end, and at "hang up", it closes at the client's next line; at
// "cut" it closes at once.
func dialogue(lines ...string) func(net.Conn) {
	return func(c net.Conn) {
		r := bufio.NewReader(c)
		for i, line := range lines {
			end := "\n"
			if i > 0 && strings.HasPrefix(lines[i-1], "354") {
				end = "\n.\r\n"
			}
			if line == "cut" || i > 0 && !readTo(r, end) || line == "hang up" {
				return
			}
			io.WriteString(c, line+"\r\n")
		}
		readTo(r, "\n")
	}
}

func readTo(r *bufio.Reader, end string) bool {
	var got []byte
	for !bytes.HasSuffix(got, []byte(end)) {
		b, err := r.ReadByte()
		if err != nil {
			return false
		}
		got = append(got, b)
	}
	return true
}

func TestSMTPStages(t *testing.T) {
	dead := func(stage string) *lab.Failure {
		return &lab.Failure{Kind: lab.Unreachable, Stage: stage, Text: closedText}
	}
	hello := []string{"220 mx ESMTP", "250-mx\r\n250 SIZE 1000"}
	with := func(lines ...string) func(net.Conn) { return dialogue(append(hello[:2:2], lines...)...) }
	tests := []struct {
		name  string
		path  lab.Path
		over  lab.Security
		serve func(net.Conn)
		want  *lab.Failure
	}{
		{"no greeting", lab.SMTPAnonymous, lab.Plain, dialogue("hang up"), dead(stageGreeting)},
		{"greeted with no", lab.SMTPAnonymous, lab.Plain, dialogue("554 5.7.1 go away"), refused(stageGreeting, "554 5.7.1 go away")},
		{"busy", lab.SMTPAnonymous, lab.Plain, dialogue("421 4.3.2 Service not available"), &lab.Failure{Kind: lab.Unreachable, Stage: stageGreeting, Text: "421 4.3.2 Service not available"}},
		{"garbage", lab.SMTPAnonymous, lab.Plain, dialogue("HTTP/1.1 400 Bad Request"),
			&lab.Failure{Kind: lab.Unreachable, Stage: stageGreeting, Text: `short response: "HTTP/1.1 400 Bad Request"`}},
		{"hello refused", lab.SMTPAnonymous, lab.Plain, dialogue("220 mx", "550 no"), refused(stageGreeting, "550 no")},
		{"dead at MAIL", lab.SMTPAnonymous, lab.Plain, with("hang up"), dead("send")},
		{"sender refused", lab.SMTPAnonymous, lab.Plain, with("530 5.7.57 Client was not authenticated"), refused("send", "530 5.7.57 Client was not authenticated")},
		{"too large", lab.SMTPAnonymous, lab.Plain, with("552 5.3.4 Message size exceeds fixed maximum"), refused("send", "552 5.3.4 Message size exceeds fixed maximum")},
		{"recipient refused", lab.SMTPAnonymous, lab.Plain, with("250 ok", "550 5.1.1 User unknown"), refused("send", "550 5.1.1 User unknown")},
		{"dead at DATA", lab.SMTPAnonymous, lab.Plain, with("250 ok", "250 ok", "hang up"), dead("send")},
		{"dead after the dot", lab.SMTPAnonymous, lab.Plain, with("250 ok", "250 ok", "354 go", "hang up"),
			&lab.Failure{Kind: lab.Unknown, Stage: "send", Text: closedText}},
		{"refused after the dot", lab.SMTPAnonymous, lab.Plain, with("250 ok", "250 ok", "354 go", "550 5.7.1 spam"), refused("send", "550 5.7.1 spam")},
		{"taken", lab.SMTPAnonymous, lab.Plain, with("250 ok", "250 ok", "354 go", "250 queued", "221 bye"), nil},
		{"taken, dead at QUIT", lab.SMTPAnonymous, lab.Plain, with("250 ok", "250 ok", "354 go", "250 queued", "hang up"), nil},
		{"no AUTH", lab.SMTPSubmission, lab.Plain, with(), refused("auth", "the server offers no sign-in with a password")},
		{"dead at AUTH", lab.SMTPSubmission, lab.Plain, dialogue("220 mx", "250-mx\r\n250 AUTH PLAIN", "hang up"), dead(stageSignIn)},
		{"locked out", lab.SMTPSubmission, lab.Plain, dialogue("220 mx", "250-mx\r\n250 AUTH PLAIN", "535 5.7.3 no", "501 what"), refused(stageSignIn, "535 5.7.3 no")},
		{"directory down", lab.SMTPSubmission, lab.Plain, dialogue("220 mx", "250-mx\r\n250 AUTH PLAIN", "454 4.7.0 later", "501 what"), later(stageSignIn, "454 4.7.0 later")},
		{"LOGIN only", lab.SMTPSubmission, lab.Plain, dialogue("220 mx", "250-mx\r\n250 AUTH NTLM LOGIN",
			"334 UGFzc3dvcmQ6", "235 2.7.0 welcome", "250 ok", "250 ok", "354 go", "250 queued"), nil},
		{"STARTTLS: no greeting", lab.SMTPSubmission, lab.StartTLS, dialogue("hang up"), dead(stageGreeting)},
		{"STARTTLS: not offered", lab.SMTPSubmission, lab.StartTLS, with(), errNoStartTLS},
		{"STARTTLS: refused", lab.SMTPSubmission, lab.StartTLS, dialogue("220 mx", "250-mx\r\n250 STARTTLS", "454 4.7.0 TLS not available"),
			later(stageTLS, "454 4.7.0 TLS not available")},
		{"STARTTLS: injected", lab.SMTPSubmission, lab.StartTLS, dialogue("220 mx", "250-mx\r\n250 STARTTLS", "220 go\r\n250 injected"),
			unexpected(stageTLS, "text after the consent to STARTTLS")},
		{"STARTTLS: dead in the handshake", lab.SMTPSubmission, lab.StartTLS, dialogue("220 mx", "250-mx\r\n250 STARTTLS", "220 go", "hang up"), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newTestLab(t, tt.path)
			l.env.Endpoint.Security = tt.over
			l.script(tt.serve)
			err := do(l.client(), lab.Send)
			if strings.Contains(tt.name, "handshake") {
				if f := failure(err, ""); f.Kind != lab.Unreachable || f.Stage != stageTLS {
					t.Errorf("%+v, want unreachable in TLS", f)
				}
				return
			}
			check(t, "send", err, tt.want)
		})
	}
}

// A kept session that the server ended, with or without a word, is made anew.
func TestSubmissionReconnects(t *testing.T) {
	signIn := []string{"220 mx", "250-mx\r\n250 AUTH PLAIN", "235 2.7.0 ok", "250 ok", "250 ok", "354 go", "250 queued"}
	for name, end := range map[string][]string{
		"hang up": {"hang up"},
		"421":     {"421 4.4.1 Connection timed out", "hang up"},
	} {
		l := newTestLab(t, lab.SMTPSubmission)
		l.script(dialogue(append(signIn[:len(signIn):len(signIn)], end...)...), dialogue(signIn...))
		c := l.client()
		check(t, name+": first", do(c, lab.Send), nil)
		check(t, name+": second", do(c, lab.Send), nil)
		wantConnections(t, c, 2)
	}
}

func TestMessage(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.FixedZone("", 3600))
	b := message(lab.Task{From: "a@x", To: "b@y", Subject: "grüße\r\nBcc: c@z", MessageID: "1@x", Size: 5000}, now, "corp.example")
	m, err := mail.ReadMessage(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if m.Header.Get("Bcc") != "" || m.Header.Get("Message-Id") != "<1@x>" || m.Header.Get("Date") != "Mon, 02 Mar 2026 09:00:00 +0100" {
		t.Errorf("%v", m.Header)
	}
	if got := subjectOf(b); got != "grüße  Bcc: c@z" {
		t.Errorf("subject %q", got)
	}
	text, _ := io.ReadAll(m.Body)
	if n := len(strings.TrimSuffix(string(text), "\r\n")); n < 4998 || n > 5000 {
		t.Errorf("%d bytes of text", len(text))
	}
	for _, line := range strings.Split(string(b), "\r\n") {
		if len(line) > 78 || strings.ContainsAny(line, "\r\n") {
			t.Errorf("line %q", line)
		}
	}
	if b := message(lab.Task{To: "b@y"}, now, "corp.example"); !bytes.HasPrefix(b, []byte("From: MAILER-DAEMON@corp.example\r\n")) {
		t.Errorf("%q", b)
	}
}
