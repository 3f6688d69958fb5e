package ldap_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"shutout/lab"
	"shutout/sim/network"
	"shutout/sim/server/ldap"
	"shutout/sim/server/servertest"
	"shutout/sim/server/signin"
)

// domain is an organisation whose dc1 takes NTLM over LDAP.
type domain struct{ *servertest.World }

func newDomain(t *testing.T, settings ...string) domain {
	t.Helper()
	w := domain{servertest.New(t, "ex2010", settings...)}
	s := &ldap.Server{World: w.World.World, DC: w.Dir.DC("dc1"), SignIn: signin.New(w.World.World, "dc1")}
	w.Listen("dc1", 389, func(l *network.Listener) { s.Serve(l) })
	return w
}

func (w domain) dial() *goldap.Conn {
	w.TB.Helper()
	conn, err := w.Dial(context.Background(), "dana-ldap", "dc1:389")
	if err != nil {
		w.TB.Fatal(err)
	}
	c := goldap.NewConn(conn, false)
	c.SetTimeout(20 * time.Second)
	c.Start()
	w.TB.Cleanup(func() { c.Close() })
	return c
}

// wantData fails the test unless err is a refusal with that sub-code; "" wants
// none.
func wantData(t *testing.T, what string, err error, data string) {
	t.Helper()
	var e *goldap.Error
	switch {
	case data == "" && err == nil:
	case data != "" && errors.As(err, &e) && e.ResultCode == goldap.LDAPResultInvalidCredentials && strings.Contains(e.Error(), "data "+data+","):
	default:
		t.Errorf("%s: %v, want data %q", what, err, data)
	}
}

// TestNTLMBind has a client that nobody here wrote bind with NTLM.
func TestNTLMBind(t *testing.T) {
	w := newDomain(t)
	c := w.dial()
	wantData(t, "a wrong password", c.NTLMBind("CORP", "dana", "Secret-2"), "52e")
	w.WantReason("dana-ldap", "no directory: wrong password (data 52e)")
	wantData(t, "a wrong name", c.NTLMBind("CORP", "nobody", "Secret-1"), "525")
	for _, login := range [][2]string{{"CORP", "dana"}, {"corp.example", "dana"}, {"", "dana@corp.example"}} {
		wantData(t, login[0]+" "+login[1], c.NTLMBind(login[0], login[1], "Secret-1"), "")
		if who, err := c.WhoAmI(nil); err != nil || who.AuthzID != `u:CORP\dana` {
			t.Errorf("%v, %v", who, err)
		}
	}
	w.WantReason("dana-ldap", "directory: password accepted")

	// A bind is checked once.
	w.Do(func(now time.Time) { w.Disable(now, "dana") })
	if who, err := c.WhoAmI(nil); err != nil || who.AuthzID != `u:CORP\dana` {
		t.Errorf("%v, %v", who, err)
	}
	wantData(t, "a disabled account", c.NTLMBind("CORP", "dana", "Secret-1"), "533")
	if who, err := c.WhoAmI(nil); err != nil || who.AuthzID != "" {
		t.Errorf("after a refusal: %v, %v", who, err)
	}
}

// A bind with NTLM is a network logon, for which the password before the last
// one is good for a while.
func TestNTLMBindInTheOldPasswordWindow(t *testing.T) {
	w := newDomain(t, "ntlm.old_password=60m")
	w.Do(func(now time.Time) {
		if err := w.Dir.DC("dc1").ChangePassword(now, "dana", "Secret-1", "Secret-2"); err != nil {
			t.Error(err)
		}
	})
	w.Run(59 * time.Minute)
	wantData(t, "within the window", w.dial().NTLMBind("CORP", "dana", "Secret-1"), "")
	if d := w.Decisions("dana-ldap"); len(d) != 1 || d[0].Layer != lab.LayerOldPassword {
		t.Errorf("%+v", d)
	}
	w.Run(61 * time.Minute)
	wantData(t, "after it", w.dial().NTLMBind("CORP", "dana", "Secret-1"), "52e")
	wantData(t, "with the new one", w.dial().NTLMBind("CORP", "dana", "Secret-2"), "")
}

// What Sicily has besides go-ldap's two steps.
func TestSicily(t *testing.T) {
	w := newWorld(t)
	ask := func(s *ldap.Session, msg []byte) string {
		t.Helper()
		answer, open := s.Handle(msg)
		if !open {
			t.Error("hangs up")
		}
		return string(answer)
	}
	plain := ldap.NewSession(&ldap.Server{World: w, DC: w.dir.DC("dc1")}, "", false)
	if got := ask(plain, sicily(9, "")); !strings.Contains(got, "Invalid Authentication method") {
		t.Errorf("without NTLM: %q", got)
	}
	s := ldap.NewSession(&ldap.Server{World: w, DC: w.dir.DC("dc1"), SignIn: signIn(w)}, "", false)
	if got := ask(s, sicily(9, "")); !strings.Contains(got, "\x04\x04NTLM") {
		t.Errorf("packages: %q", got)
	}
	if got := ask(s, sicily(11, authenticate)); !strings.Contains(got, "a response without a challenge") {
		t.Errorf("too early: %q", got)
	}
	if got := ask(s, sicily(10, negotiate)); !strings.Contains(got, "NTLMSSP\x00\x02") {
		t.Errorf("challenge: %q", got)
	}
	ask(s, sicily(9, "")) // any other bind ends the one under way
	if got := ask(s, sicily(11, authenticate)); !strings.Contains(got, "a response without a challenge") {
		t.Errorf("after another bind: %q", got)
	}
}
