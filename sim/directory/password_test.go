package directory_test

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
	"shutout/sim/profile"
	"shutout/sim/timeline"
)

func TestOldPasswordWindow(t *testing.T) {
	const min = time.Minute
	tests := []struct {
		name   string
		params func(*profile.Params)
		byUser bool
		kind   directory.LogonKind
		after  time.Duration
		want   directory.Code
	}{
		{"inside", nil, true, directory.Network, 59 * min, directory.OK},
		{"at its end", nil, true, directory.Network, 60 * min, directory.BadPassword},
		{"five minutes", func(p *profile.Params) { p.NTLM.OldPassword = 5 * min }, true, directory.Network, 5 * min, directory.BadPassword},
		{"off", func(p *profile.Params) { p.NTLM.OldPassword = 0 }, true, directory.Network, 0, directory.BadPassword},
		{"clear text", nil, true, directory.Cleartext, 0, directory.BadPassword},
		{"clear text if the parameter says so", func(p *profile.Params) { p.NTLM.OldPasswordCleartext = true }, true, directory.Cleartext, min, directory.OK},
		{"after a reset", nil, false, directory.Network, min, directory.OK},
		{"after a reset if only a change counts", func(p *profile.Params) { p.NTLM.OldPasswordOnAdminReset = false }, false, directory.Network, min, directory.BadPassword},
		{"after a change if only a change counts", func(p *profile.Params) { p.NTLM.OldPasswordOnAdminReset = false }, true, directory.Network, min, directory.OK},
		{"history too short", func(p *profile.Params) { p.AD.PasswordHistory = 1 }, true, directory.Network, 0, directory.BadPassword},
		{"no history", func(p *profile.Params) { p.AD.PasswordHistory = 0 }, true, directory.Network, 0, directory.BadPassword},
		{"for ever", func(p *profile.Params) { p.NTLM.OldPassword = profile.Never }, true, directory.Network, 1000 * time.Hour, directory.OK},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.params)
			var err error
			if tt.byUser {
				err = w.DC("dc1").ChangePassword(w.now(), "dana", "Secret-1", "Secret-2")
			} else {
				err = w.DC("dc1").SetPassword(w.now(), "dana", "Secret-2")
			}
			if err != nil {
				t.Fatal(err)
			}
			w.run(tt.after)
			l := w.DC("dc1").Logon(w.now(), "dana", "Secret-1", tt.kind)
			if l.Code != tt.want {
				t.Fatalf("old password: %v, want %v", l.Code, tt.want)
			}
			if l.Code == directory.OK && (l.Decision.Layer != lab.LayerOldPassword || !l.Decision.Since.Equal(start)) {
				t.Errorf("decision %+v does not name the window", l.Decision)
			}
			if l := w.DC("dc1").Logon(w.now(), "dana", "Secret-2", tt.kind); l.Code != directory.OK || l.Decision.Layer != lab.LayerDirectory {
				t.Errorf("new password: %v by %s", l.Code, l.Decision.Layer)
			}
		})
	}
}

func TestResetTwiceClosesTheWindow(t *testing.T) {
	w := newWorld(t, nil)
	for _, pw := range []string{"Secret-2", "Secret-3"} {
		if err := w.DC("dc1").SetPassword(w.now(), "dana", pw); err != nil {
			t.Fatal(err)
		}
	}
	w.wantCode("dc1", "Secret-1", directory.BadPassword)
	w.wantCode("dc1", "Secret-2", directory.OK)
}

func TestOldPasswordDoesNotLiftRestrictions(t *testing.T) {
	w := newWorld(t, nil)
	if err := w.DC("dc1").SetPassword(w.now(), "dana", "Secret-2"); err != nil {
		t.Fatal(err)
	}
	w.set("dc1", "dana", "userAccountControl", "514")
	w.wantCode("dc1", "Secret-1", directory.Disabled)
}

func TestChangePassword(t *testing.T) {
	w := newWorld(t, func(p *profile.Params) { p.AD.PasswordHistory = 2; p.AD.LockoutThreshold = 2 })
	dc := w.DC("dc1")
	refused := func(old, new string) {
		t.Helper()
		var e *directory.Error
		if err := dc.ChangePassword(w.now(), "dana", old, new); !errors.As(err, &e) || e.Result != directory.ConstraintViolation {
			t.Errorf("change %s to %s: %v", old, new, err)
		} else if strings.Contains(err.Error(), "Secret") {
			t.Errorf("the error shows a password: %v", err)
		}
	}
	refused("wrong", "Secret-2")
	refused("Secret-1", "Secret-1")
	refused("Secret-1", "")
	refused("Secret-1", strings.Repeat("x", 257))
	for _, c := range [][2]string{{"Secret-1", "Secret-2"}, {"Secret-2", "Secret-3"}, {"Secret-3", "Secret-1"}} {
		if err := dc.ChangePassword(w.now(), "dana", c[0], c[1]); err != nil {
			t.Fatalf("%v: %v", c, err)
		}
	}
	refused("Secret-1", "Secret-3")
	refused("wrong", "x") // the second wrong one locks
	w.wantCode("dc1", "Secret-1", directory.LockedOut)
}

func TestSecretsAreNeverShown(t *testing.T) {
	w := newWorld(t, nil)
	o, _ := w.DC("dc1").Lookup("dana")
	for _, n := range []string{"unicodePwd", "UNICODEPWD", "ntPwdHistory"} {
		if o.Get(n) != "" || o.All(n) != nil || w.DC("dc1").Values(w.now(), o, n) != nil {
			t.Errorf("%s can be read", n)
		}
	}
	for _, n := range w.DC("dc1").Names(w.now(), o) {
		if strings.Contains(strings.ToLower(n), "pwdhistory") || n == "unicodePwd" {
			t.Errorf("%s is listed", n)
		}
	}
	if err := w.DC("dc1").Modify(w.now(), "dana", []directory.Mod{directory.Set("unicodePwd", "x")}); err == nil {
		t.Error("unicodePwd can be written past SetPassword")
	}
}

// The exchange and the keys of MS-NLMP 4.2.4: user "User", password "Password",
// domain "Domain".
func TestNTLMv2(t *testing.T) {
	d := directory.New(timeline.New(start, 1), params(), lab.Organisation{Domain: "corp.example", NetBIOS: "Domain"})
	if err := d.AddUser(directory.NewUser{SAM: "User", Password: "Password"}); err != nil {
		t.Fatal(err)
	}
	challenge := [8]byte{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}
	good, _ := hex.DecodeString("68cd0ab851e51c96aabc927bebef6a1c01010000000000000000000000000000aaaaaaaaaaaaaaaa00000000" +
		"02000c0044006f006d00610069006e0001000c005300650072007600650072000000000000000000")
	bad := append([]byte{good[0] ^ 1}, good[1:]...)
	for _, tt := range []struct {
		name string
		m    directory.NTLMv2
		want directory.Code
	}{
		{"good", directory.NTLMv2{User: "User", Domain: "Domain", Challenge: challenge, Response: good}, directory.OK},
		{"the name's case does not matter, as NTLM has it", directory.NTLMv2{User: "uSER", Domain: "Domain", Challenge: challenge, Response: good}, directory.OK},
		{"the domain's case does", directory.NTLMv2{User: "User", Domain: "DOMAIN", Challenge: challenge, Response: good}, directory.BadPassword},
		{"another challenge", directory.NTLMv2{User: "User", Domain: "Domain", Response: good}, directory.BadPassword},
		{"another proof", directory.NTLMv2{User: "User", Domain: "Domain", Challenge: challenge, Response: bad}, directory.BadPassword},
		{"no response", directory.NTLMv2{User: "User", Domain: "Domain", Challenge: challenge}, directory.BadPassword},
		{"a response of version 1", directory.NTLMv2{User: "User", Domain: "Domain", Challenge: challenge, Response: good[:24]}, directory.BadPassword},
		{"a foreign domain", directory.NTLMv2{User: "User", Domain: "Other", Challenge: challenge, Response: good}, directory.NoSuchUser},
		{"an account without a password", directory.NTLMv2{User: directory.Administrator, Challenge: challenge, Response: good}, directory.BadPassword},
	} {
		l := d.PDC().LogonNTLM(start, tt.m)
		if l.Code != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, l.Code, tt.want)
		}
		key := strings.Repeat("0", 32)
		if tt.want == directory.OK {
			key = "8de40ccadbc14a82f15cb0ad0de95ca3" // 4.2.4.1.2
		}
		if got := hex.EncodeToString(l.SessionKey[:]); got != key {
			t.Errorf("%s: session key %s, want %s", tt.name, got, key)
		}
	}

	// In the old-password window the key is the old password's.
	if err := d.PDC().ChangePassword(start, "User", "Password", "Another-1"); err != nil {
		t.Fatal(err)
	}
	l := d.PDC().LogonNTLM(start, directory.NTLMv2{User: "User", Domain: "Domain", Challenge: challenge, Response: good})
	if l.Decision.Layer != lab.LayerOldPassword || hex.EncodeToString(l.SessionKey[:]) != "8de40ccadbc14a82f15cb0ad0de95ca3" {
		t.Errorf("with the old password: %+v, session key %x", l.Decision, l.SessionKey)
	}
}
