package opensite

import (
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
	"shutout/sim/profile"
	"shutout/sim/timeline"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

const (
	dana     = "dana@corp.example"
	password = "Spring-2026"
)

// newSite is a site that has looked dana up at its start.
func newSite(t *testing.T, set ...string) *Site {
	t.Helper()
	p, err := profile.Load("dovecot-postfix-samba", set...)
	if err != nil {
		t.Fatal(err)
	}
	tl := timeline.New(start, 1)
	dir := directory.New(tl, p.Params(), lab.Organisation{
		Domain: "corp.example", NetBIOS: "CORP", Sites: []lab.Site{{Name: "main", DCs: []string{"dc1"}, CAS: []string{"cas1"}}},
	})
	for _, id := range []string{"dana", "erin"} {
		if err := dir.AddUser(directory.NewUser{SAM: id, UPN: id + "@corp.example", Mail: id + "@corp.example", Password: password}); err != nil {
			t.Fatal(err)
		}
	}
	return New(tl, p.Params(), dir)
}

func disable(t *testing.T, s *Site, now time.Time) {
	t.Helper()
	if err := s.DC().Modify(now, "dana", []directory.Mod{directory.Set("userAccountControl", "514")}); err != nil {
		t.Fatal(err)
	}
}

// want signs in after d and holds the decision against what it should be:
// "yes auth-cache", "no directory".
func want(t *testing.T, s *Site, d time.Duration, user, pw, decision string) {
	t.Helper()
	l := s.Logon(start.Add(d), "cas1", user, pw)
	got := map[bool]string{true: "yes ", false: "no "}[l.Decision.Allowed] + string(l.Decision.Layer)
	if got != decision {
		t.Errorf("at %s: %s (%s), want %s", d, got, l.Decision.Reason, decision)
	}
	if l.Decision.Allowed != (l.Code == directory.OK) {
		t.Errorf("at %s: allowed %t with code %d", d, l.Decision.Allowed, l.Code)
	}
}

func TestCacheIsDatedFromTheFirstLook(t *testing.T) {
	s := newSite(t)
	want(t, s, 0, dana, password, "yes directory")
	disable(t, s, start.Add(time.Second))
	for _, d := range []time.Duration{2, 10, 20, 29, 30} { // use renews nothing
		want(t, s, d*time.Second, "DANA", password, "yes auth-cache")
	}
	want(t, s, 30*time.Second+700*time.Millisecond, dana, password, "yes auth-cache") // it counts whole seconds
	want(t, s, 31*time.Second, dana, password, "no directory")
	want(t, s, 32*time.Second, dana, password, "no directory") // a refusal is not remembered
	if err := s.DC().Modify(start.Add(33*time.Second), "dana", []directory.Mod{directory.Set("userAccountControl", "512")}); err != nil {
		t.Fatal(err)
	}
	want(t, s, 34*time.Second, dana, password, "yes directory")
}

func TestWithoutACache(t *testing.T) {
	s := newSite(t, "dovecot.auth_cache_ttl=0s")
	want(t, s, 0, dana, password, "yes directory")
	disable(t, s, start)
	want(t, s, 0, dana, password, "no directory")
}

func TestWrongPasswordsAreLookedUp(t *testing.T) {
	s := newSite(t)
	want(t, s, 0, dana, password, "yes directory")
	want(t, s, time.Second, dana, "guess", "no directory") // the user was right before
	want(t, s, 2*time.Second, dana, "guess", "no auth-cache")
	want(t, s, 3*time.Second, dana, password, "yes auth-cache") // and is again
	want(t, s, 4*time.Second, dana, "guess", "no directory")
	want(t, s, 6*time.Second, dana, "guess", "no directory") // five seconds after the first look
	want(t, s, 0, "nobody@corp.example", password, "no directory")
}

func TestANewPasswordTakesTheEntry(t *testing.T) {
	s := newSite(t, "ntlm.old_password=0s")
	want(t, s, 0, dana, password, "yes directory")
	if err := s.DC().SetPassword(start.Add(10*time.Second), "dana", "Summer-2026"); err != nil {
		t.Fatal(err)
	}
	want(t, s, 11*time.Second, dana, password, "yes auth-cache")
	want(t, s, 12*time.Second, dana, "Summer-2026", "yes directory")
	want(t, s, 13*time.Second, dana, password, "no directory")
	want(t, s, 42*time.Second, dana, "Summer-2026", "yes auth-cache")
}

func TestFlush(t *testing.T) {
	s := newSite(t)
	want(t, s, 0, dana, password, "yes directory")
	want(t, s, 0, "erin@corp.example", password, "yes directory")
	if n := s.Flush("dana"); n != 1 {
		t.Errorf("%d users were forgotten", n)
	}
	want(t, s, 1*time.Second, dana, password, "yes directory")
	want(t, s, 1*time.Second, "erin@corp.example", password, "yes auth-cache")
	if n := s.Flush(""); n != 2 {
		t.Errorf("%d users were forgotten", n)
	}
	want(t, s, 2*time.Second, "erin@corp.example", password, "yes directory")
}

// While the directory is away an entry serves that has had its time.
func TestDirectoryAway(t *testing.T) {
	s := newSite(t)
	want(t, s, 0, dana, password, "yes directory")
	s.Away(start.Add(2 * time.Minute))
	want(t, s, time.Minute, dana, password, "yes auth-cache")
	want(t, s, time.Minute, dana, "guess", "no service")
	want(t, s, time.Minute, "erin@corp.example", password, "no service")
	want(t, s, 2*time.Minute, "erin@corp.example", password, "yes directory")
}

func TestFilter(t *testing.T) {
	s := newSite(t)
	lookup := func(d time.Duration, found bool) {
		t.Helper()
		if decision, ok := s.Lookup(start.Add(d), "cas1", "dana"); ok != found || decision.Allowed != found {
			t.Errorf("at %s: found %t, %+v", d, ok, decision)
		}
	}
	disable(t, s, start)
	lookup(0, true)
	s.FilterDisabled()
	lookup(0, false)
	s.DC().Modify(start, "dana", []directory.Mod{directory.Set("userAccountControl", "512")})
	lookup(5*time.Second, false) // that nobody was found is remembered for five seconds
	lookup(6*time.Second, true)
	disable(t, s, start.Add(7*time.Second))
	lookup(36*time.Second, true) // and that somebody was for thirty
	lookup(37*time.Second, false)

	// A password that the cache has does not help whom the lookup does not find.
	s = newSite(t, "dovecot.reload_flushes=false")
	want(t, s, 0, dana, password, "yes directory")
	disable(t, s, start)
	s.FilterDisabled()
	want(t, s, 30*time.Second, dana, password, "yes auth-cache")
	delete(s.users, "dana")
	want(t, s, 30*time.Second, dana, password, "no directory")
}

// SOGo asks Dovecot beside its own memory, so the shorter one counts.
func TestSOGo(t *testing.T) {
	for _, tt := range []struct {
		set  string
		last time.Duration
	}{{"sogo.cache_ttl=60s", 30 * time.Second}, {"sogo.cache_ttl=10s", 9 * time.Second}} {
		s := newSite(t, tt.set)
		in := func(d time.Duration) bool { return s.LogonSOGo(start.Add(d), "cas1", dana, password).Decision.Allowed }
		if !in(0) {
			t.Fatal("refused at first")
		}
		disable(t, s, start)
		if !in(tt.last) || in(tt.last+time.Second) {
			t.Errorf("%s: the phone is not let in until %s", tt.set, tt.last)
		}
	}
	s := newSite(t)
	s.Away(start.Add(time.Minute))
	if l := s.LogonSOGo(start, "cas1", dana, password); l.Decision.Allowed || !strings.Contains(l.Decision.Reason, "does not answer") {
		t.Errorf("%+v", l.Decision)
	}
}
