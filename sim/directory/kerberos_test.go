package directory_test

import (
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/kerberos"
	"shutout/sim/directory"
	"shutout/sim/profile"
	"shutout/sim/timeline"
)

func TestServiceHost(t *testing.T) {
	org := lab.Organisation{Domain: "corp.example", NetBIOS: "CORP",
		Sites: []lab.Site{{Name: "HQ", DCs: []string{"dc1"}, CAS: []string{"cas1"}, Stores: []string{"mbx1"}}}}
	d := directory.New(timeline.New(start, 1), params(), org)
	for _, tt := range []struct {
		want string
		name []string
	}{
		{"cas1", []string{"HTTP", "cas1.corp.example"}},
		{"cas1", []string{"http", "CAS1"}},
		{"mbx1", []string{"exchangeMDB", "mbx1.Corp.Example"}},
		{"mbx1", []string{"exchangeRFR", "mbx1"}},
		{"dc1", []string{"ldap", "dc1"}},
		{"", []string{"HTTP", "cas2"}},
		{"", []string{"HTTP", "cas1.other.example"}},
		{"", []string{"ftp", "cas1"}},
		{"", []string{"HTTP", "cas1", "corp.example"}},
		{"", nil},
	} {
		if got, ok := d.ServiceHost(tt.name); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%q: %q, %t; want %q", tt.name, got, ok, tt.want)
		}
	}
	if d.ServiceKey("cas1") == d.ServiceKey("mbx1") || d.ServiceKey("cas1") == d.TGSKey() {
		t.Error("two accounts have one key")
	}
	if d.ServiceKey("cas1") == directory.New(timeline.New(start, 2), params(), org).ServiceKey("cas1") {
		t.Error("the key does not depend on the seed")
	}
}

// kdc is a domain with dana, whose password is "Secret-1".
func kdc(t *testing.T, p profile.Params) *directory.DC {
	t.Helper()
	d := directory.New(timeline.New(start, 1), p, lab.Organisation{Domain: "corp.example", NetBIOS: "CORP"})
	if err := d.AddUser(directory.NewUser{SAM: "dana", UPN: "dana.reyes@mail.example", Mail: "d@corp.example", Password: "Secret-1"}); err != nil {
		t.Fatal(err)
	}
	return d.PDC()
}

func knows(password string) func(kerberos.Key) bool {
	return func(k kerberos.Key) bool { return k == kerberos.PasswordKey(password) }
}

func TestTGT(t *testing.T) {
	const disabled, normal = "514", "512"
	dc := kdc(t, params())
	set := func(attr, v string) {
		t.Helper()
		if err := dc.Modify(start, "dana", []directory.Mod{directory.Set(attr, v)}); err != nil {
			t.Fatal(err)
		}
	}
	want := func(name, password string, code directory.Code) directory.Logon {
		t.Helper()
		l, life := dc.GrantTGT(start, name, knows(password))
		if l.Code != code || l.Decision.Allowed != (code == directory.OK) {
			t.Errorf("%s: %v, want %v: %+v", name, l.Code, code, l.Decision)
		}
		if code != directory.OK && life != (directory.TicketLife{}) {
			t.Errorf("%s: refused, with a ticket for %+v", name, life)
		}
		return l
	}
	for _, name := range []string{"dana", "DANA", "dana@corp.example", "dana.reyes@mail.example"} {
		l := want(name, "Secret-1", directory.OK)
		if got := l.Decision.Reason; got != "password accepted, ticket-granting ticket issued" || !l.Decision.Until.Equal(start.Add(10*time.Hour)) {
			t.Errorf("%+v", l.Decision)
		}
	}
	for _, name := range []string{"d@corp.example", "Domain Users", "nobody", ""} {
		want(name, "Secret-1", directory.NoSuchUser)
	}
	want("dana", "wrong", directory.BadPassword)

	set("userAccountControl", disabled)
	want("dana", "Secret-1", directory.Disabled)
	want("dana", "wrong", directory.Disabled)
	if l := dc.AskForTGT(start, "dana"); l.Code != directory.Disabled {
		t.Errorf("asked without a proof: %v", l.Code)
	}
	set("userAccountControl", normal)
	set("pwdLastSet", "0")
	want("dana", "Secret-1", directory.PasswordMustChange)
	if l := dc.AskForTGT(start, "dana"); l.Code != directory.OK {
		t.Errorf("the password's age before it is proved: %v", l.Code)
	}
}

// The password before the last one is for NTLM alone.
func TestTGTWithOldPassword(t *testing.T) {
	p := params()
	p.NTLM.OldPasswordCleartext = true
	dc := kdc(t, p)
	if err := dc.ChangePassword(start, "dana", "Secret-1", "Another-1"); err != nil {
		t.Fatal(err)
	}
	if l, _ := dc.GrantTGT(start, "dana", knows("Secret-1")); l.Code != directory.BadPassword {
		t.Error(l.Code)
	}
	if l := dc.Logon(start, "dana", "Secret-1", directory.Network); l.Code != directory.OK {
		t.Error("the window is closed")
	}
}

func TestTicketRecheck(t *testing.T) {
	for _, tt := range []struct {
		recheck, age time.Duration
		want         directory.Code
	}{
		{20 * time.Minute, 20*time.Minute - time.Second, directory.OK},
		{20 * time.Minute, 20 * time.Minute, directory.Disabled},
		{0, 0, directory.Disabled},
		{profile.Never, 9 * time.Hour, directory.OK},
	} {
		p := params()
		p.Kerberos.RecheckAge = tt.recheck
		dc := kdc(t, p)
		_, tgt := dc.GrantTGT(start, "dana", knows("Secret-1"))
		now := start.Add(tt.age)
		if d, code, life := dc.GrantTicket(now, "dana", tgt, false); code != directory.OK || life.End.After(tgt.End) || !d.Allowed {
			t.Errorf("before: %+v, %+v", d, life)
		}
		if err := dc.Modify(start, "dana", []directory.Mod{directory.Set("userAccountControl", "514")}); err != nil {
			t.Fatal(err)
		}
		for _, renew := range []bool{false, true} {
			d, code, life := dc.GrantTicket(now, "dana", tgt, renew)
			if code != tt.want || d.Allowed != (code == directory.OK) {
				t.Errorf("recheck %s, age %s: %v: %+v", tt.recheck, tt.age, code, d)
			}
			if code == directory.OK && (d.Layer != lab.LayerTicket || !d.Until.Equal(life.End) || life.RenewTill.IsZero() == renew) {
				t.Errorf("%+v, %+v", d, life)
			}
			if code != directory.OK && (d.Layer != lab.LayerDirectory || d.Reason != "account disabled (data 533)") {
				t.Errorf("%+v", d)
			}
		}
	}
}

func TestTicketsWithoutEnd(t *testing.T) {
	p := params()
	p.Kerberos.TGT, p.Kerberos.Service = profile.Never, profile.Never
	dc := kdc(t, p)
	_, tgt := dc.GrantTGT(start, "dana", knows("Secret-1"))
	_, _, life := dc.GrantTicket(start, "dana", tgt, false)
	if !tgt.End.Equal(kerberos.Forever) || !life.End.Equal(kerberos.Forever) {
		t.Errorf("%s, %s", tgt.End, life.End)
	}
}
