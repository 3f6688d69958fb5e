package clientaccess

import (
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
)

// An absolute lifetime ends access the same way, whatever denied the account.
func TestAbsoluteEndsAfterTTLWhicheverWayDenied(t *testing.T) {
	ways := map[string]func(*world){
		"disabled": func(w *world) { w.disable() },
		"expired":  func(w *world) { w.modify(directory.Set("accountExpires", "1")) },
		"new password": func(w *world) {
			if err := w.dir.PDC().SetPassword(w.tl.Now(), "dana", "Autumn-2026"); err != nil {
				t.Fatal(err)
			}
		},
		"logon hours": func(w *world) { w.modify(directory.Set("logonHours", strings.Repeat("\x00", 21))) },
		"locked out": func(w *world) {
			for range 3 {
				w.dir.PDC().Logon(w.tl.Now(), "dana", "a guess", directory.Cleartext)
			}
		},
	}
	for name, deny := range ways {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "ex2010", "iis.token_ttl=7m", "iis.token_ttl_mode=absolute", "ntlm.old_password_cleartext=false", "ad.lockout_threshold=3", "ad.lockout_duration=never")
			if d := w.try("cas1", password); !d.Allowed || d.Layer != lab.LayerDirectory {
				t.Fatalf("first sign-in: %+v", d)
			}
			w.run(10 * time.Second)
			deny(w)
			if got := w.poll(10*time.Second, time.Hour) + 10*time.Second; got != 7*time.Minute {
				t.Errorf("refused %v after minting, want 7m", got)
			}
		})
	}
}

func TestSlidingKeepsAChattyUser(t *testing.T) {
	w := newWorld(t, "ex2010")
	w.try("cas1", password)
	w.disable()
	if got := w.poll(10*time.Minute, 24*time.Hour); got != 24*time.Hour {
		t.Fatalf("refused after %v although the token was used every 10m", got)
	}
	d := w.try("cas1", password)
	if d.Layer != lab.LayerToken || d.Reason != "token reused" || d.Rule != "sliding 15m" ||
		!d.Since.Equal(start) || !d.Renewed.Equal(w.tl.Now()) || !d.Until.Equal(w.tl.Now().Add(15*time.Minute)) {
		t.Errorf("decision %+v", d)
	}
	w.ca.Server("cas1").RecyclePool(w.tl.Now(), PoolActiveSync)
	d = w.try("cas1", password)
	if d.Allowed || d.Layer != lab.LayerDirectory || d.Server != "dc1" || !strings.Contains(d.Reason, "account disabled (data 533)") {
		t.Errorf("after the recycle: %+v", d)
	}
}

func TestSlidingLetsAQuietUserGo(t *testing.T) {
	w := newWorld(t, "ex2010")
	w.try("cas1", password)
	w.run(15 * time.Minute)
	w.disable()
	if got := w.poll(15*time.Minute, time.Hour); got != 0 {
		t.Errorf("let in for %v although the token had lapsed", got)
	}
}

func TestTokenRules(t *testing.T) {
	for _, c := range []struct {
		name string
		set  []string
		want time.Duration // until a user who polls every second is refused; an hour means never
	}{
		{"zero never flushes", []string{"iis.token_ttl=0s", "iis.token_ttl_zero=never-flush"}, time.Hour},
		{"zero keeps nothing", []string{"iis.token_ttl=0s", "iis.token_ttl_zero=immediately"}, 0},
		{"one second", []string{"iis.token_ttl=1s", "iis.token_ttl_mode=absolute"}, time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, "ex2010", c.set...)
			w.try("cas1", password)
			w.disable()
			if got := w.poll(time.Second, time.Hour); got != c.want {
				t.Errorf("refused after %v, want %v", got, c.want)
			}
		})
	}
}

func TestOldAndNewPasswordBothWork(t *testing.T) {
	w := newWorld(t, "ex2010", "ntlm.old_password_cleartext=false")
	w.try("cas1", password)
	if err := w.dir.PDC().SetPassword(w.tl.Now(), "dana", "Autumn-2026"); err != nil {
		t.Fatal(err)
	}
	if d := w.try("cas1", password); !d.Allowed || d.Layer != lab.LayerToken {
		t.Errorf("old password: %+v", d)
	}
	if d := w.try("cas1", "Autumn-2026"); !d.Allowed || d.Layer != lab.LayerDirectory {
		t.Errorf("new password: %+v", d)
	}
	if d := w.try("cas1", "wrong"); d.Allowed {
		t.Error("a wrong password was let in")
	}
	w.run(15 * time.Minute)
	if d := w.try("cas1", password); d.Allowed {
		t.Errorf("old password after the TTL: %+v", d)
	}
}

func TestRefusalsAreNotCached(t *testing.T) {
	w := newWorld(t, "ex2010")
	w.disable()
	if d := w.try("cas1", password); d.Allowed {
		t.Fatal("a disabled account was let in")
	}
	w.modify(directory.Set("userAccountControl", "512"))
	if d := w.try("cas1", password); !d.Allowed {
		t.Errorf("still refused after the account was enabled: %+v", d)
	}
}

func TestTokensStayOnTheirServerAndPool(t *testing.T) {
	w := newWorld(t, "ex2010")
	w.try("cas1", password)
	w.disable()
	if d := w.try("cas2", password); d.Allowed {
		t.Errorf("cas2 used a token of cas1: %+v", d)
	}
	if _, d := w.ca.Server("cas1").Authenticate(w.tl.Now(), PoolEWS, dana, password); d.Allowed {
		t.Errorf("the EWS pool used a token of ActiveSync: %+v", d)
	}

	w = newWorld(t, "ex2010", "iis.token_scope=organisation")
	w.try("cas1", password)
	w.disable()
	if d := w.try("cas2", password); !d.Allowed || d.Server != "cas2" {
		t.Errorf("shared tokens: %+v", d)
	}
	w.ca.Server("cas2").Reset(w.tl.Now(), ResetOptions{})
	if d := w.try("cas2", password); !d.Allowed || d.Server != "cas1" {
		t.Errorf("after the reset of one server: %+v", d)
	}
	w.ca.Server("cas1").Reset(w.tl.Now(), ResetOptions{})
	if d := w.try("cas2", password); d.Allowed {
		t.Errorf("after the reset of all: %+v", d)
	}
}

func TestSetTokenTTL(t *testing.T) {
	short := 2 * time.Minute
	t.Run("needs a restart", func(t *testing.T) {
		w := newWorld(t, "ex2010", "iis.token_ttl_mode=absolute")
		s := w.ca.Server("cas1")
		s.SetTokenTTL(w.tl.Now(), short)
		w.try("cas1", password)
		w.run(5 * time.Minute)
		if d := w.try("cas1", password); d.Layer != lab.LayerToken || d.Rule != "absolute 15m" {
			t.Errorf("before the restart: %+v", d)
		}
		s.Reset(w.tl.Now(), ResetOptions{})
		w.run(time.Minute)
		w.try("cas1", password)
		w.run(time.Minute)
		if d := w.try("cas1", password); d.Rule != "absolute 2m" {
			t.Errorf("after the restart: %+v", d)
		}
	})
	for _, frozen := range []bool{true, false} {
		t.Run("live", func(t *testing.T) {
			set := []string{"iis.token_ttl_mode=absolute", "iis.token_ttl_live_reload=live", "iis.token_ttl_frozen=true"}
			if !frozen {
				set[2] = "iis.token_ttl_frozen=false"
			}
			w := newWorld(t, "ex2010", set...)
			w.try("cas1", password)
			w.ca.Server("cas1").SetTokenTTL(w.tl.Now(), short)
			w.run(5 * time.Minute)
			if d := w.try("cas1", password); (d.Layer == lab.LayerToken) != frozen {
				t.Errorf("frozen %v: the token of before: %+v", frozen, d)
			}
		})
	}
}

func TestNamesInAnyCaseShareAToken(t *testing.T) {
	w := newWorld(t, "ex2010")
	w.try("cas1", password)
	_, d := w.ca.Server("cas1").Authenticate(w.tl.Now(), PoolActiveSync, strings.ToUpper(dana), password)
	if d.Layer != lab.LayerToken {
		t.Errorf("upper case: %+v", d)
	}
	_, d = w.ca.Server("cas1").Authenticate(w.tl.Now(), PoolActiveSync, `CORP\dana`, password)
	if d.Layer != lab.LayerDirectory {
		t.Errorf("another form of the name: %+v", d)
	}
	if n := w.ca.Server("cas1").Tokens(w.tl.Now(), PoolActiveSync); n != 2 {
		t.Errorf("%d tokens, want 2", n)
	}
}

func TestLapsedTokensAreSwept(t *testing.T) {
	w := newWorld(t, "ex2010")
	c := w.ca.Server("cas1").Process(PoolEWS).tokens
	rule := &tokenRule{ttl: time.Minute}
	for i := range 10_000 {
		now := start.Add(time.Duration(i) * time.Second)
		c.put(now, c.key("user", string(rune(i))), &token{minted: now, rule: rule})
	}
	if n := len(c.entries); n > 3*minSweep {
		t.Errorf("%d entries are kept, of which 60 live", n)
	}
}
