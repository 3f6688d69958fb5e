package outlook

import (
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/mapi"
	"shutout/sim/directory"
	"shutout/sim/store"
)

// disable is an administrator who disables dana's account everywhere.
func (b *bench) disable() { b.Do(func(now time.Time) { b.Disable(now, "dana") }) }

func (b *bench) change(mods ...directory.Mod) {
	b.Do(func(now time.Time) {
		for _, dc := range b.Dir.DCs() {
			if err := dc.Modify(now, "dana", mods); err != nil {
				b.TB.Error(err)
			}
		}
	})
}

func (b *bench) switchOff(protocol string) {
	o, _ := b.Dir.PDC().Lookup("dana")
	b.change(o.ProtocolMods(protocol, false)...)
}

// want fails the test unless the client is answered with that code.
func (b *bench) want(what string, x *Session, code mapi.ErrorCode) {
	b.TB.Helper()
	if got := b.ping(x); got != code {
		b.TB.Errorf("%s at %s: %v, want %v", what, lab.Duration(b.Elapsed()), got, code)
	}
}

// until uses the session every minute for d.
func (b *bench) until(x *Session, d time.Duration) {
	b.TB.Helper()
	for b.Elapsed() < d-time.Minute {
		b.pass(time.Minute)
		if code := b.ping(x); code != mapi.Success {
			b.TB.Fatalf("at %s: %v", lab.Duration(b.Elapsed()), code)
		}
	}
	b.pass(d - b.Elapsed())
}

func TestSessionOutlivesTheAccount(t *testing.T) {
	b := newBench(t, "ex2010", "cas1")
	x := b.mustConnect(lab.OutlookAnywhere)
	in := b.openInbox(x)
	b.pass(30 * time.Minute)
	b.disable()
	b.pass(time.Hour)
	if code := b.send(x, in, "erin@corp.example", "still here", "x"); code != mapi.Success {
		t.Errorf("an hour later: %v", code)
	}
	if _, code := b.connect(lab.OutlookAnywhere, "dana"); code != mapi.CodeAccountDisabled {
		t.Errorf("a new session: %v", code)
	}
	b.WantReason(owner, "no directory: account disabled (data 533)")
	b.pass(2*time.Hour - time.Second - b.Elapsed())
	b.want("a second before the check", x, mapi.Success)
	ds := b.Decisions(owner)
	if len(ds) != 1 {
		t.Fatalf("decisions %+v", ds)
	}
	const want = "Outlook session held by RPC Client Access on cas1, checked every 2h, made T-30m, until T+1h30m"
	if got := ds[0].Describe(b.Now().Add(-90*time.Minute + time.Second)); got != want {
		t.Errorf("kept by %q\nwant    %q", got, want)
	}
	b.pass(time.Second)
	b.want("at the check", x, mapi.CodeAccountDisabled)
	b.WantReason(owner, "no directory: account disabled (data 533)")
	if reason, over := x.Ended(); !over || reason != "account disabled (data 533), found when the session was checked again" {
		t.Errorf("ended %v: %s", over, reason)
	}
	b.want("after it", x, mapi.CodeEndOfSession)
	b.WantReason(owner, "no protocol-session: Outlook session ended: account disabled")
	b.WantIdleSessions()
}

// WantIdleSessions fails the test if a service still holds a session.
func (b *bench) WantIdleSessions() {
	b.TB.Helper()
	if n := len(b.CAS.Server("cas1").Sessions()); n != 0 {
		b.TB.Errorf("%d sessions left on cas1", n)
	}
	for _, mb := range b.Store.Mailboxes() {
		if n := len(mb.Sessions()); n != 0 {
			b.TB.Errorf("%d logons left on the mailbox of %s", n, mb.User())
		}
	}
}

func TestRevalidation(t *testing.T) {
	for name, c := range map[string]struct {
		version, host string
		settings      []string
		lasts         time.Duration // 0: longer than a day
		rule          string
	}{
		"2010":         {"ex2010", "cas1", nil, 2 * time.Hour, "checked every 2h"},
		"2003":         {"ex2003", "mbx1", nil, 2 * time.Hour, "checked every 2h"},
		"never":        {"ex2010", "cas1", []string{"rpc.session_revalidate=never"}, 0, "never checked again"},
		"often":        {"ex2010", "cas1", []string{"rpc.session_revalidate=10m"}, 20 * time.Minute, "checked every 10m"},
		"rights alone": {"ex2010", "cas1", []string{"rpc.revalidation_checks_account=false"}, 0, "checked every 2h, but not against the account"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, c.version, c.host, c.settings...)
			x := b.mustConnect(lab.OutlookRPC)
			b.until(x, 15*time.Minute)
			b.disable()
			b.Decisions(owner)
			b.want("disabled", x, mapi.Success)
			for _, d := range b.Decisions(owner) {
				if d.Layer == lab.LayerSession && d.Rule != c.rule {
					t.Errorf("rule %q", d.Rule)
				}
			}
			if c.lasts == 0 {
				b.pass(24 * time.Hour)
				b.want("a day later", x, mapi.Success)
				return
			}
			b.pass(c.lasts - time.Second - b.Elapsed())
			b.want("a second before", x, mapi.Success)
			b.pass(time.Second)
			b.want("at the check", x, mapi.CodeAccountDisabled)
		})
	}
}

func TestCheckRenews(t *testing.T) {
	b := newBench(t, "ex2010", "cas1")
	x := b.mustConnect(lab.OutlookRPC)
	b.pass(3 * time.Hour) // nobody used it meanwhile; the check comes with the next use
	b.want("checked late", x, mapi.Success)
	b.pass(10 * time.Minute)
	b.disable()
	b.pass(110*time.Minute - time.Second)
	b.want("a second before", x, mapi.Success)
	b.pass(time.Second)
	b.want("at the next check", x, mapi.CodeAccountDisabled)
}

func TestOtherRestrictions(t *testing.T) {
	for name, c := range map[string]struct {
		mod  directory.Mod
		code mapi.ErrorCode
	}{
		"expired": {directory.Set("accountExpires", "1"), mapi.CodeAccountDisabled},
		"hours":   {directory.Set("logonHours", strings.Repeat("\x00", 21)), mapi.CodeLoginPermission},
		// The password's age is a matter of signing in.
		"must change the password": {directory.Set("pwdLastSet", "0"), mapi.Success},
	} {
		b := newBench(t, "ex2010", "cas1")
		x := b.mustConnect(lab.OutlookRPC)
		b.change(c.mod)
		b.want(name, x, mapi.Success)
		b.pass(2 * time.Hour)
		b.want(name, x, c.code)
	}
}

func TestDirectoryCacheDecides(t *testing.T) {
	b := newBench(t, "ex2010", "cas1")
	x := b.mustConnect(lab.OutlookRPC)
	b.pass(2*time.Hour - 4*time.Minute)
	other := b.mustConnect(lab.OutlookRPC) // reads the account into the server's cache
	b.pass(time.Minute)
	b.disable()
	b.pass(3 * time.Minute)
	b.Decisions(owner)
	b.want("checked with an account four minutes old", x, mapi.Success)
	b.WantReason(owner, "directory-cache: account neither disabled nor expired when it was read")
	if _, code := b.connect(lab.OutlookRPC, "dana"); code != mapi.Success {
		t.Errorf("a new session within the cache's age: %v", code)
	}
	b.pass(time.Minute)
	if _, code := b.connect(lab.OutlookRPC, "dana"); code != mapi.CodeAccountDisabled {
		t.Errorf("a new session when the cache has forgotten: %v", code)
	}
	b.want("the other session", other, mapi.Success)
}

func TestPasswordReset(t *testing.T) {
	for _, severs := range []bool{false, true} {
		setting := "rpc.reset_severs=false"
		if severs {
			setting = "rpc.reset_severs=true"
		}
		b := newBench(t, "ex2010", "cas1", setting)
		x := b.mustConnect(lab.OutlookRPC)
		b.pass(10 * time.Minute)
		b.Do(func(now time.Time) {
			if err := b.Dir.DCFor("cas1").SetPassword(now, "dana", "Another-Secret-2"); err != nil {
				t.Fatal(err)
			}
		})
		want := mapi.Success
		if severs {
			want = mapi.CodeLogonFailed
		}
		b.want(setting, x, want)
		if severs {
			b.WantReason(owner, "no protocol-session: Outlook session ended: password reset after it was opened")
			fresh := b.mustConnect(lab.OutlookRPC)
			b.want("opened after the reset", fresh, mapi.Success)
		}
	}
}

func TestProtocolFlags(t *testing.T) {
	for name, c := range map[string]struct {
		path     lab.Path
		protocol string
		settings []string
		lasts    time.Duration
		code     mapi.ErrorCode
	}{
		"MAPI":                       {lab.OutlookRPC, directory.MAPI, nil, 2 * time.Hour, mapi.CodeProtocolDisabled},
		"Outlook Anywhere":           {lab.OutlookAnywhere, directory.OutlookAnywhere, nil, 2 * time.Hour, mapi.CodeRPCHTTPDisallowed},
		"MAPI/HTTP":                  {lab.MAPIHTTP, directory.MAPIHTTP, nil, 2 * time.Hour, mapi.CodeProtocolDisabled},
		"MAPI for MAPI/HTTP":         {lab.MAPIHTTP, directory.MAPI, nil, 2 * time.Hour, mapi.CodeProtocolDisabled},
		"not this way":               {lab.OutlookRPC, directory.OutlookAnywhere, nil, 0, 0},
		"the store remembers longer": {lab.OutlookRPC, directory.MAPI, []string{"store.mbi_age=3h"}, 4 * time.Hour, mapi.CodeProtocolDisabled},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, "ex2016", "cas1", c.settings...)
			x := b.mustConnect(c.path)
			b.until(x, 5*time.Minute)
			b.switchOff(c.protocol)
			if c.lasts == 0 {
				b.until(x, 5*time.Hour)
				return
			}
			b.until(x, c.lasts)
			b.Decisions(owner)
			b.want("at the check", x, c.code)
			b.WantReason(owner, "no mailbox-info-cache: ")
			if _, code := b.connect(c.path, "dana"); code != c.code {
				t.Errorf("a new session: %v", code)
			}
		})
	}
}

func TestDelegate(t *testing.T) {
	b := newBench(t, "ex2010", "cas1")
	if _, code := b.connect(lab.OutlookRPC, "erin"); code != mapi.CodeLoginPermission {
		t.Errorf("without rights: %v", code)
	}
	b.WantReason(owner, "no mailbox-info-cache: erin has no full access")
	b.Do(func(now time.Time) {
		b.Store.SetPermission(now, "dana", "erin", store.FullAccess)
		b.Store.Restart(now, "mbx1") // have the store forget
	})
	b.pass(10 * time.Minute)
	x, code := b.connect(lab.OutlookRPC, "erin")
	if code != mapi.Success {
		t.Fatal(code)
	}
	in := b.openInbox(x)
	if code := b.send(x, in, "dana@corp.example", "x", "x"); code != mapi.CodeSendAsDenied {
		t.Errorf("send as dana without the right: %v", code)
	}
	b.disable() // dana's account, not erin's
	b.pass(3 * time.Hour)
	b.want("the delegate's session", x, mapi.Success)
	if x.DisplayName() != "Erin Cole" {
		t.Errorf("shown as %s", x.DisplayName())
	}
}

func TestUnknownMailbox(t *testing.T) {
	b := newBench(t, "ex2010", "cas1")
	b.dn = b.Dir.LegacyDN("nobody")
	if _, code := b.connect(lab.OutlookRPC, "dana"); code != mapi.CodeUnknownUser {
		t.Errorf("no such name: %v", code)
	}
	b.dn = ""
	x := b.mustConnect(lab.OutlookRPC)
	if x.DisplayName() != "Dana Reyes" || x.owner != "dana" {
		t.Errorf("without a name: %s's session on the mailbox of %s", x.DisplayName(), x.owner)
	}
	b.Do(func(now time.Time) { b.Store.Disconnect(now, "dana") })
	if _, code := b.connect(lab.OutlookRPC, "dana"); code != mapi.CodeMailboxDisabled {
		t.Errorf("Disable-Mailbox: %v", code)
	}
}
