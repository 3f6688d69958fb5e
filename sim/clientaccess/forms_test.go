package clientaccess

import (
	"strings"
	"testing"
	"time"
)

// open opens a cookie at a server, and renews it as a browser that is active
// would have it.
func (w *world) open(host, text string) (string, bool) {
	s := w.ca.Server(host)
	c, d := s.OpenCookie(w.tl.Now(), text)
	if !d.Allowed {
		return text, false
	}
	if c.User != dana || c.Password != password {
		w.t.Fatalf("cookie holds %q, %q", c.User, c.Password)
	}
	if c.Stale {
		text = s.RenewCookie(w.tl.Now(), c)
	}
	return text, true
}

func (w *world) issue(private bool) string {
	_, text := w.ca.Server("cas1").IssueCookie(w.tl.Now(), dana, password, private)
	return text
}

func TestActiveUserNeverIdlesOut(t *testing.T) {
	for _, profile := range []string{"ex2003", "ex2010", "ex2016"} {
		w := newWorld(t, profile)
		text := w.issue(false)
		for range 12 * 24 {
			w.run(5 * time.Minute)
			var ok bool
			if text, ok = w.open("cas1", text); !ok {
				t.Fatalf("%s: refused after %s", profile, w.at())
			}
		}
	}
}

// An idle cookie lapses after 1.0 to 1.5 times the time-out, depending on how
// old its key was.
func TestIdleCookieLapses(t *testing.T) {
	for _, private := range []bool{false, true} {
		timeout := 15 * time.Minute
		if private {
			timeout = 24 * time.Hour
		}
		least, most := time.Duration(1<<62), time.Duration(0)
		for offset := time.Duration(0); offset < timeout/2; offset += timeout / 20 {
			w := newWorld(t, "ex2003")
			w.run(offset)
			text := w.issue(private)
			issued := w.tl.Now()
			for {
				w.run(timeout / 100)
				if _, d := w.ca.Server("cas1").OpenCookie(w.tl.Now(), text); !d.Allowed {
					break
				}
			}
			life := w.tl.Now().Sub(issued)
			least, most = min(least, life), max(most, life)
		}
		if least < timeout || most > 3*timeout/2+timeout/100 || most-least < timeout/3 {
			t.Errorf("private %v: cookies live %v to %v, want 1.0 to 1.5 times %v", private, least, most, timeout)
		}
	}
}

func TestActivityTimeout(t *testing.T) {
	w := newWorld(t, "ex2010", "owa.private_timeout=24h", "owa.activity_timeout=6h")
	text := w.issue(true)
	w.run(5 * time.Hour)
	if _, ok := w.open("cas1", text); !ok {
		t.Fatal("refused after 5h")
	}
	w.run(6 * time.Hour)
	c, d := w.ca.Server("cas1").OpenCookie(w.tl.Now(), text)
	if d.Allowed || d.Rule != "activity time-out 6h" || c.Password != "" {
		t.Errorf("after 6h without activity: %+v", d)
	}
}

func TestCookieScope(t *testing.T) {
	for _, c := range []struct {
		profile         string
		other, survives bool
	}{{"ex2003", false, false}, {"ex2010", false, false}, {"ex2016", true, true}} {
		w := newWorld(t, c.profile)
		text := w.issue(true)
		if _, ok := w.open("cas2", text); ok != c.other {
			t.Errorf("%s: another server opens the cookie: %v", c.profile, ok)
		}
		w.ca.Server("cas1").Reset(w.tl.Now(), ResetOptions{})
		w.run(time.Minute)
		if _, ok := w.open("cas1", text); ok != c.survives {
			t.Errorf("%s: the cookie outlives a reset: %v", c.profile, ok)
		}
	}
}

// A cookie that outlives a reset brings its credentials along, and they are
// tried again.
func TestCookieOutlivesResetButCredentialsAreTried(t *testing.T) {
	w := newWorld(t, "ex2016")
	s := w.ca.Server("cas1")
	text := w.issue(true)
	s.Authenticate(w.tl.Now(), PoolOWA, dana, password)
	w.disable()
	c, _ := s.OpenCookie(w.tl.Now(), text)
	if _, d := s.Authenticate(w.tl.Now(), PoolOWA, c.User, c.Password); !d.Allowed {
		t.Fatalf("the token did not help: %+v", d)
	}
	s.Reset(w.tl.Now(), ResetOptions{})
	w.run(time.Minute)
	c, d := s.OpenCookie(w.tl.Now(), text)
	if !d.Allowed {
		t.Fatalf("the cookie died: %+v", d)
	}
	if _, d := s.Authenticate(w.tl.Now(), PoolOWA, c.User, c.Password); d.Allowed {
		t.Error("let in without a token although the account is disabled")
	}
}

func TestCookiesHideCredentialsAndDiffer(t *testing.T) {
	w := newWorld(t, "ex2010")
	a, b := w.issue(true), w.issue(true)
	if a == b {
		t.Error("two cookies are the same")
	}
	for _, text := range []string{"", "x", a[:len(a)-2], a + "AA", "B" + a[1:], strings.Repeat("A", 5000)} {
		if c, d := w.ca.Server("cas1").OpenCookie(w.tl.Now(), text); d.Allowed || c.User != "" {
			t.Errorf("opened %.20q", text)
		}
	}
	if same := newWorld(t, "ex2010").issue(true); same != a {
		t.Error("the same seed gives another cookie")
	}
}

func TestCanary(t *testing.T) {
	w := newWorld(t, "ex2016")
	one := w.ca.Server("cas1").Canary(1)
	if !SameCanary(one, w.ca.Server("cas2").Canary(1)) || SameCanary(one, w.ca.Server("cas1").Canary(2)) || SameCanary(one, "") {
		t.Error("canaries do not tell sessions apart")
	}
}

func FuzzOpenCookie(f *testing.F) {
	w := newWorld(&testing.T{}, "ex2010")
	f.Add(w.issue(true))
	f.Add(w.issue(false))
	f.Add("AQAAAAE")
	f.Fuzz(func(t *testing.T, text string) {
		if c, d := w.ca.Server("cas1").OpenCookie(start, text); d.Allowed && c.User != dana {
			t.Errorf("a forged cookie was opened: %q", text)
		}
	})
}
