package directory_test

import (
	"strconv"
	"testing"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
	"shutout/sim/profile"
	"shutout/sim/timeline"
)

// start is a Wednesday, two hours before a link with an interval of 180 minutes
// opens: that is at 00, 03, 06, 09, 12, 15, 18 and 21 hours UTC.
var start = time.Date(2026, 3, 4, 13, 0, 0, 0, time.UTC)

func params() profile.Params {
	var p profile.Params
	p.AD = profile.AD{
		IntrasiteFirst: 15 * time.Second, IntrasiteNext: 3 * time.Second, Intersite: 180 * time.Minute,
		PDCPush: true, PDCFallback: true, PasswordHistory: 24,
		LockoutDuration: 30 * time.Minute, LockoutWindow: 30 * time.Minute,
	}
	p.NTLM = profile.NTLM{OldPassword: time.Hour, OldPasswordHistory: 2, OldPasswordOnAdminReset: true}
	p.Kerberos = profile.Kerberos{TGT: 10 * time.Hour, TGTRenew: 7 * 24 * time.Hour, Service: 10 * time.Hour, RecheckAge: 20 * time.Minute}
	return p
}

// world is two sites: dc1 (PDC emulator), dc2 and dc3 in the first, dc4 and dc5
// in the second.
type world struct {
	*directory.Directory
	t  testing.TB
	tl *timeline.Timeline
}

func newWorld(t testing.TB, change func(*profile.Params)) *world {
	t.Helper()
	p := params()
	if change != nil {
		change(&p)
	}
	tl := timeline.New(start, 1)
	d := directory.New(tl, p, lab.Organisation{
		Domain: "corp.example", NetBIOS: "CORP",
		Sites: []lab.Site{
			{Name: "hq", DCs: []string{"dc1", "dc2", "dc3"}, CAS: []string{"cas1", "cas2"}, Stores: []string{"mbx1"}},
			{Name: "branch", DCs: []string{"dc4", "dc5"}, CAS: []string{"cas3"}},
			{Name: "empty", CAS: []string{"cas4"}},
		},
	})
	w := &world{Directory: d, t: t, tl: tl}
	for _, u := range []directory.NewUser{
		{SAM: "dana", Mail: "dana@corp.example", DisplayName: "Dana Leaver", Password: "Secret-1",
			Attrs: map[string][]string{"proxyAddresses": {"SMTP:dana@corp.example", "smtp:d.leaver@corp.example"}}},
		{SAM: "erin", Mail: "erin@corp.example", DisplayName: "Erin", Password: "Other-1"},
	} {
		if err := d.AddUser(u); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// run plays d of virtual time.
func (w *world) run(d time.Duration) {
	until := w.tl.Now().Add(d)
	for w.tl.Step(until) {
	}
}

func (w *world) now() time.Time { return w.tl.Now() }

func (w *world) modify(dc, user string, mods ...directory.Mod) {
	w.t.Helper()
	if err := w.DC(dc).Modify(w.now(), user, mods); err != nil {
		w.t.Fatalf("modify %s on %s: %v", user, dc, err)
	}
}

func (w *world) set(dc, user, attr string, values ...string) {
	w.t.Helper()
	w.modify(dc, user, directory.Set(attr, values...))
}

func (w *world) get(dc, user, attr string) string {
	w.t.Helper()
	o, ok := w.DC(dc).Lookup(user)
	if !ok {
		w.t.Fatalf("%s is not on %s", user, dc)
	}
	return o.Get(attr)
}

func (w *world) logon(dc, password string) directory.Logon {
	return w.DC(dc).Logon(w.now(), "dana", password, directory.Network)
}

func (w *world) wantCode(dc, password string, want directory.Code) directory.Logon {
	w.t.Helper()
	l := w.logon(dc, password)
	if l.Code != want {
		w.t.Fatalf("%v: logon on %s: %v, want %v", w.now().Sub(start), dc, l.Code, want)
	}
	if l.Decision.Allowed != (want == directory.OK) || l.Decision.Server == "" || l.Decision.Reason == "" || !l.Decision.At.Equal(w.now()) {
		w.t.Fatalf("decision %+v does not fit code %v", l.Decision, want)
	}
	return l
}

func filetime(t time.Time) string { return strconv.FormatInt(directory.FileTime(t), 10) }
