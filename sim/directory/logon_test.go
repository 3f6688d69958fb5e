package directory_test

import (
	"strings"
	"testing"
	"time"

	"shutout/sim/directory"
	"shutout/sim/profile"
)

func TestSubCodes(t *testing.T) {
	const good, bad = "Secret-1", "wrong"
	neverHours := strings.Repeat("\x00", 21)
	past := filetime(start.Add(-time.Hour))
	tests := []struct {
		name     string
		prepare  func(w *world)
		password string
		want     directory.Code
	}{
		{"good", func(w *world) {}, good, directory.OK},
		{"wrong password", func(w *world) {}, bad, directory.BadPassword},
		{"empty password", func(w *world) {}, "", directory.BadPassword},
		{"disabled", func(w *world) { w.set("dc1", "dana", "userAccountControl", "514") }, good, directory.Disabled},
		{"a wrong password hides that", func(w *world) { w.set("dc1", "dana", "userAccountControl", "514") }, bad, directory.BadPassword},
		{"expired account", func(w *world) { w.set("dc1", "dana", "accountExpires", past) }, good, directory.AccountIsExpired},
		{"accountExpires 0 is never", func(w *world) { w.set("dc1", "dana", "accountExpires", "0") }, good, directory.OK},
		{"logon hours", func(w *world) { w.set("dc1", "dana", "logonHours", neverHours) }, good, directory.InvalidHours},
		{"must change", func(w *world) { w.set("dc1", "dana", "pwdLastSet", "0") }, good, directory.PasswordMustChange},
		{"must change taken back", func(w *world) { w.set("dc1", "dana", "pwdLastSet", "0"); w.set("dc1", "dana", "pwdLastSet", "-1") }, good, directory.OK},
		{"must change, but the password never expires", func(w *world) {
			w.set("dc1", "dana", "pwdLastSet", "0")
			w.set("dc1", "dana", "userAccountControl", "66048")
		}, good, directory.OK},
		{"password expired", func(w *world) { w.MaxPasswordAge = 24 * time.Hour; w.run(24 * time.Hour) }, good, directory.PasswordIsExpired},
		{"password about to expire", func(w *world) { w.MaxPasswordAge = 24 * time.Hour; w.run(24*time.Hour - time.Second) }, good, directory.OK},
		{"password would expire, but never does", func(w *world) {
			w.MaxPasswordAge = time.Hour
			w.set("dc1", "dana", "userAccountControl", "66048")
			w.run(24 * time.Hour)
		}, good, directory.OK},
		{"locked", func(w *world) { w.lock() }, good, directory.LockedOut},
		{"locked, whatever the password", func(w *world) { w.lock() }, bad, directory.LockedOut},
		{"locked comes before disabled", func(w *world) { w.lock(); w.set("dc1", "dana", "userAccountControl", "514") }, good, directory.LockedOut},
		{"disabled before hours, expiry and must change", func(w *world) {
			w.set("dc1", "dana", "userAccountControl", "514")
			w.set("dc1", "dana", "logonHours", neverHours)
			w.set("dc1", "dana", "accountExpires", past)
			w.set("dc1", "dana", "pwdLastSet", "0")
		}, good, directory.Disabled},
		{"hours before expiry", func(w *world) {
			w.set("dc1", "dana", "logonHours", neverHours)
			w.set("dc1", "dana", "accountExpires", past)
		}, good, directory.InvalidHours},
		{"expiry before must change", func(w *world) {
			w.set("dc1", "dana", "accountExpires", past)
			w.set("dc1", "dana", "pwdLastSet", "0")
		}, good, directory.AccountIsExpired},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, func(p *profile.Params) { p.AD.LockoutThreshold = 3 })
			tt.prepare(w)
			l := w.wantCode("dc1", tt.password, tt.want)
			o, _ := w.DC("dc1").Lookup("dana")
			if l.Object != o {
				t.Error("the answer does not carry the account")
			}
		})
	}
}

// lock uses up the three tries.
func (w *world) lock() {
	w.t.Helper()
	for range 3 {
		w.wantCode("dc1", "guess", directory.BadPassword)
	}
}

func TestNames(t *testing.T) {
	w := newWorld(t, nil)
	for _, user := range []string{"dana", "DANA", `CORP\dana`, `corp\Dana`, `corp.example\dana`, "dana@corp.example", "d.leaver@CORP.example",
		"smtp:d.leaver@corp.example", "CN=Dana Leaver,CN=Users,DC=corp,DC=example", "cn=dana leaver,cn=users,dc=CORP,dc=example"} {
		if l := w.DC("dc1").Logon(w.now(), user, "Secret-1", directory.Network); l.Code != directory.OK {
			t.Errorf("%s: %v", user, l.Code)
		}
	}
	for _, user := range []string{"", "nobody", `OTHER\dana`, directory.DomainAdmins, w.Base()} {
		if l := w.DC("dc1").Logon(w.now(), user, "Secret-1", directory.Network); l.Code != directory.NoSuchUser || l.Object != nil {
			t.Errorf("%s: %v", user, l.Code)
		}
	}
}

func TestAdministratorNeedsAPasswordFirst(t *testing.T) {
	w := newWorld(t, nil)
	for _, pw := range []string{"", "Admin-1"} {
		if l := w.DC("dc2").Logon(w.now(), directory.Administrator, pw, directory.Network); l.Code != directory.BadPassword {
			t.Errorf("password %q: %v", pw, l.Code)
		}
	}
	w.SetAdministratorPassword("Admin-1")
	l := w.DC("dc5").Logon(w.now(), directory.Administrator, "Admin-1", directory.Network)
	if l.Code != directory.OK || !w.DC("dc5").IsAdministrator(l.Object) {
		t.Errorf("the administrator: %v", l.Code)
	}
	if o, _ := w.DC("dc1").Lookup("dana"); w.DC("dc1").IsAdministrator(o) {
		t.Error("dana is an administrator")
	}
}

func TestExpiryAtTheMoment(t *testing.T) {
	w := newWorld(t, nil)
	w.set("dc1", "dana", "accountExpires", filetime(start.Add(time.Hour)))
	w.run(time.Hour - time.Nanosecond*100)
	w.wantCode("dc1", "Secret-1", directory.OK)
	o, _ := w.DC("dc1").Lookup("dana")
	if !o.Enabled(w.now()) {
		t.Error("not enabled before the moment")
	}
	w.run(100 * time.Nanosecond)
	w.wantCode("dc1", "Secret-1", directory.AccountIsExpired)
	if o.Enabled(w.now()) {
		t.Error("enabled at the moment")
	}
}

func TestLogonHours(t *testing.T) {
	w := newWorld(t, nil) // Wednesday 13:00 UTC
	w.set("dc1", "dana", "logonHours", directory.LogonHours(func(day time.Weekday, hour int) bool {
		return day == time.Wednesday && hour >= 9 && hour < 17 || day == time.Saturday && hour == 23 || day == time.Sunday && hour == 0
	}))
	for _, tt := range []struct {
		at time.Time
		ok bool
	}{
		{start, true},
		{time.Date(2026, 3, 4, 16, 59, 59, 0, time.UTC), true},
		{time.Date(2026, 3, 4, 17, 0, 0, 0, time.UTC), false},
		{time.Date(2026, 3, 4, 17, 30, 0, 0, time.FixedZone("CET", 3600)), true}, // 16:30 UTC
		{time.Date(2026, 3, 5, 13, 0, 0, 0, time.UTC), false},
		{time.Date(2026, 3, 7, 23, 59, 59, 0, time.UTC), true}, // the last bit
		{time.Date(2026, 3, 8, 0, 0, 0, 0, time.UTC), true},    // the first bit
		{time.Date(2026, 3, 8, 1, 0, 0, 0, time.UTC), false},
	} {
		l := w.DC("dc1").Logon(tt.at, "dana", "Secret-1", directory.Network)
		if (l.Code == directory.OK) != tt.ok {
			t.Errorf("%v: %v", tt.at, l.Code)
		}
	}
}

func TestStaleReplicaLetsIn(t *testing.T) {
	w := newWorld(t, nil)
	w.set("dc1", "dana", "userAccountControl", "514")
	l := w.wantCode("dc2", "Secret-1", directory.OK)
	if !strings.Contains(l.Decision.Reason, "dc1 has not replicated") {
		t.Errorf("reason %q does not tell why", l.Decision.Reason)
	}
	w.run(15 * time.Second)
	w.wantCode("dc2", "Secret-1", directory.Disabled)
	w.wantCode("dc4", "Secret-1", directory.OK)
	w.run(2 * time.Hour)
	w.wantCode("dc4", "Secret-1", directory.Disabled)
}

func TestAsksThePDCEmulator(t *testing.T) {
	w := newWorld(t, nil)
	if err := w.DC("dc5").SetPassword(w.now(), "dana", "Secret-2"); err != nil {
		t.Fatal(err)
	}
	l := w.wantCode("dc4", "Secret-2", directory.OK) // dc4 has never heard of it
	if l.Decision.Server != "dc1" {
		t.Errorf("decided by %s, want the PDC emulator", l.Decision.Server)
	}
	w.wantCode("dc4", "Secret-1", directory.OK) // the old one is still in force here

	off := newWorld(t, func(p *profile.Params) { p.AD.PDCFallback = false })
	if err := off.DC("dc5").SetPassword(off.now(), "dana", "Secret-2"); err != nil {
		t.Fatal(err)
	}
	off.wantCode("dc4", "Secret-2", directory.BadPassword)
}

func TestLockout(t *testing.T) {
	three := func(p *profile.Params) { p.AD.LockoutThreshold = 3 }
	t.Run("lapses by itself", func(t *testing.T) {
		w := newWorld(t, three)
		w.lock()
		w.run(30*time.Minute - time.Second)
		w.wantCode("dc1", "Secret-1", directory.LockedOut)
		w.run(time.Second)
		w.wantCode("dc1", "Secret-1", directory.OK)
		if got := w.get("dc1", "dana", "lockoutTime"); got != "0" {
			t.Errorf("lockoutTime %s after the sign-in", got)
		}
	})
	t.Run("until unlocked", func(t *testing.T) {
		w := newWorld(t, func(p *profile.Params) { three(p); p.AD.LockoutDuration = profile.Never })
		w.lock()
		w.run(10000 * time.Hour)
		w.wantCode("dc1", "Secret-1", directory.LockedOut)
		w.set("dc1", "dana", "lockoutTime", "0")
		w.wantCode("dc1", "guess", directory.BadPassword) // the count is gone too
		w.wantCode("dc1", "Secret-1", directory.OK)
	})
	t.Run("tries fall out of the window", func(t *testing.T) {
		w := newWorld(t, three)
		for range 6 {
			w.wantCode("dc1", "guess", directory.BadPassword)
			w.run(31 * time.Minute)
		}
		w.wantCode("dc1", "Secret-1", directory.OK)
	})
	t.Run("a good sign-in starts the count anew", func(t *testing.T) {
		w := newWorld(t, three)
		for range 4 {
			w.wantCode("dc1", "guess", directory.BadPassword)
			w.wantCode("dc1", "guess", directory.BadPassword)
			w.wantCode("dc1", "Secret-1", directory.OK)
		}
	})
	t.Run("the password before does not count", func(t *testing.T) {
		w := newWorld(t, three)
		for _, pw := range []string{"Secret-2", "Secret-3"} {
			if err := w.DC("dc1").SetPassword(w.now(), "dana", pw); err != nil {
				t.Fatal(err)
			}
		}
		w.run(2 * time.Hour)
		for range 5 {
			w.wantCode("dc1", "Secret-2", directory.BadPassword)
			w.wantCode("dc1", "Secret-1", directory.BadPassword)
		}
		w.wantCode("dc1", "Secret-3", directory.OK)
	})
	t.Run("tries on many controllers add up at the PDC emulator and lock urgently", func(t *testing.T) {
		w := newWorld(t, three)
		for _, dc := range []string{"dc2", "dc3", "dc2"} {
			w.wantCode(dc, "guess", directory.BadPassword)
		}
		w.wantCode("dc1", "Secret-1", directory.LockedOut)
		w.run(0) // urgent events of this instant
		w.wantCode("dc3", "Secret-1", directory.LockedOut)
		if o, _ := w.DC("dc2").Lookup("dana"); w.DC("dc2").Values(w.now(), o, "badPwdCount")[0] != "2" {
			t.Error("dc2 did not keep its own count")
		}
	})
	t.Run("a new password that has not arrived locks nobody out", func(t *testing.T) {
		w := newWorld(t, func(p *profile.Params) { p.AD.LockoutThreshold = 1 })
		if err := w.DC("dc1").SetPassword(w.now(), "dana", "Secret-2"); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			w.wantCode("dc4", "Secret-2", directory.OK)
		}
	})
	t.Run("no threshold, no lockout", func(t *testing.T) {
		w := newWorld(t, nil)
		for range 1000 {
			w.wantCode("dc1", "guess", directory.BadPassword)
		}
		w.wantCode("dc1", "Secret-1", directory.OK)
	})
}
