package directory_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"shutout/sim/directory"
	"shutout/sim/profile"
)

// arrivals plays until every domain controller shows want, and tells how long
// each took.
func (w *world) arrivals(user, attr, want string) map[string]time.Duration {
	w.t.Helper()
	from, got := w.now(), map[string]time.Duration{}
	for {
		for _, dc := range w.DCs() {
			if _, seen := got[dc.Host()]; !seen && w.get(dc.Host(), user, attr) == want {
				got[dc.Host()] = w.now().Sub(from)
			}
		}
		if len(got) == len(w.DCs()) {
			return got
		}
		next, ok := w.tl.Next()
		if !ok {
			w.t.Fatalf("%s never reached everybody: %v", attr, got)
		}
		w.tl.Step(next)
	}
}

func TestReplicationTimes(t *testing.T) {
	const s, m = time.Second, time.Minute
	urgent := func(p *profile.Params) { p.AD.DisableIsUrgent = true }
	notify := func(p *profile.Params) { p.AD.IntersiteNotify = true }
	both := func(p *profile.Params) { urgent(p); notify(p) }
	tests := []struct {
		name   string
		params func(*profile.Params)
		on     string
		attr   string
		value  string
		want   map[string]time.Duration
	}{
		{"first partner 15 s, next 3 s later; the link opens at 15:00, then on inside that site", nil, "dc1", "title", "x",
			map[string]time.Duration{"dc1": 0, "dc2": 15 * s, "dc3": 18 * s, "dc4": 120 * m, "dc5": 120*m + 15*s}},
		{"from a controller that is no bridgehead", nil, "dc2", "title", "x",
			map[string]time.Duration{"dc2": 0, "dc3": 15 * s, "dc1": 18 * s, "dc4": 120 * m, "dc5": 120*m + 15*s}},
		{"from the other site", nil, "dc5", "title", "x",
			map[string]time.Duration{"dc5": 0, "dc4": 15 * s, "dc1": 120 * m, "dc2": 120*m + 15*s, "dc3": 120*m + 18*s}},
		{"another interval", func(p *profile.Params) { p.AD.Intersite = 15 * m }, "dc1", "title", "x",
			map[string]time.Duration{"dc1": 0, "dc2": 15 * s, "dc3": 18 * s, "dc4": 15 * m, "dc5": 15*m + 15*s}},
		{"disable is not urgent by default", nil, "dc1", "userAccountControl", "514",
			map[string]time.Duration{"dc1": 0, "dc2": 15 * s, "dc3": 18 * s, "dc4": 120 * m, "dc5": 120*m + 15*s}},
		{"urgent disable: at once in the site, never over the border", urgent, "dc1", "userAccountControl", "514",
			map[string]time.Duration{"dc1": 0, "dc2": 0, "dc3": 0, "dc4": 120 * m, "dc5": 120 * m}},
		{"urgent is for account attributes only", urgent, "dc1", "title", "x",
			map[string]time.Duration{"dc1": 0, "dc2": 15 * s, "dc3": 18 * s, "dc4": 120 * m, "dc5": 120*m + 15*s}},
		{"notification over the link: the third partner of dc1", notify, "dc1", "title", "x",
			map[string]time.Duration{"dc1": 0, "dc2": 15 * s, "dc3": 18 * s, "dc4": 21 * s, "dc5": 36 * s}},
		{"urgent with notification crosses the border", both, "dc1", "userAccountControl", "514",
			map[string]time.Duration{"dc1": 0, "dc2": 0, "dc3": 0, "dc4": 0, "dc5": 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.params)
			w.set(tt.on, "dana", tt.attr, tt.value)
			got := w.arrivals("dana", tt.attr, tt.value)
			for dc, d := range tt.want {
				if got[dc] != d {
					t.Errorf("%s after %v, want %v", dc, got[dc], d)
				}
			}
		})
	}
}

func TestChangeTravelsWithAWaitingNotification(t *testing.T) {
	w := newWorld(t, nil)
	w.set("dc1", "dana", "title", "a")
	w.run(14 * time.Second)
	w.set("dc1", "dana", "title", "b") // 1 s before dc2 pulls
	w.run(time.Second)
	if got := w.get("dc2", "dana", "title"); got != "b" {
		t.Errorf("dc2 has %q at 15 s, want b: a pull takes all there is", got)
	}
}

func TestQuietOnceReplicated(t *testing.T) {
	w := newWorld(t, nil)
	w.set("dc1", "dana", "title", "a")
	w.run(24 * time.Hour)
	if at, ok := w.tl.Next(); ok {
		t.Errorf("an event is still queued for %v though nothing changes", at)
	}
	usn := w.DC("dc1").USN()
	w.set("dc1", "dana", "title", "a")
	if w.DC("dc1").USN() != usn {
		t.Error("writing the value that is there already counts as a change")
	}
}

func TestLastWriterWins(t *testing.T) {
	tests := []struct {
		name  string
		write func(w *world)
		want  string
	}{
		{"the later time wins at equal versions", func(w *world) {
			w.set("dc5", "dana", "title", "early")
			w.run(2 * time.Second)
			w.set("dc1", "dana", "title", "late")
		}, "late"},
		{"a higher version beats a later time", func(w *world) {
			w.set("dc5", "dana", "title", "a")
			w.set("dc5", "dana", "title", "twice")
			w.run(time.Minute)
			w.set("dc1", "dana", "title", "late")
		}, "twice"},
		{"the controller decides within one second", func(w *world) {
			w.set("dc4", "dana", "title", "four")
			w.run(400 * time.Millisecond)
			w.set("dc1", "dana", "title", "one")
		}, "four"},
		{"a deletion is a write too", func(w *world) {
			w.set("dc4", "dana", "title", "x")
			w.run(2 * time.Second)
			w.set("dc1", "dana", "title", "y")
			w.set("dc1", "dana", "title")
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, nil)
			tt.write(w)
			w.run(24 * time.Hour)
			for _, dc := range w.DCs() {
				if got := w.get(dc.Host(), "dana", "title"); got != tt.want {
					t.Errorf("%s has %q, want %q", dc.Host(), got, tt.want)
				}
			}
		})
	}
}

func TestConflictIsPerAttribute(t *testing.T) {
	w := newWorld(t, nil)
	w.set("dc1", "dana", "title", "boss")
	w.set("dc5", "dana", "department", "sales")
	w.run(24 * time.Hour)
	for _, dc := range w.DCs() {
		if w.get(dc.Host(), "dana", "title") != "boss" || w.get(dc.Host(), "dana", "department") != "sales" {
			t.Errorf("%s lost one of two writes to different attributes", dc.Host())
		}
	}
}

func TestPasswordGoesToThePDCEmulatorAtOnce(t *testing.T) {
	for _, push := range []bool{true, false} {
		w := newWorld(t, func(p *profile.Params) { p.AD.PDCPush = push; p.AD.PDCFallback = false; p.NTLM.OldPassword = 0 })
		if err := w.DC("dc5").SetPassword(w.now(), "dana", "Secret-2"); err != nil {
			t.Fatal(err)
		}
		want := directory.BadPassword
		if push {
			want = directory.OK
		}
		w.wantCode("dc1", "Secret-2", want)
		w.wantCode("dc2", "Secret-2", directory.BadPassword)
		w.run(15 * time.Second)
		w.wantCode("dc2", "Secret-2", want) // the PDC emulator's own partners follow
	}
}

func TestIndexFollowsReplication(t *testing.T) {
	w := newWorld(t, nil)
	w.set("dc1", "dana", "proxyAddresses", "SMTP:new@corp.example")
	w.set("dc1", "dana", "userPrincipalName", "dl@corp.example")
	for _, key := range []string{"new@corp.example", "DL@corp.example"} {
		if _, ok := w.DC("dc1").Lookup(key); !ok {
			t.Errorf("dc1 does not know %s", key)
		}
		if _, ok := w.DC("dc2").Lookup(key); ok {
			t.Errorf("dc2 knows %s before replication", key)
		}
	}
	w.run(time.Minute)
	for key, want := range map[string]bool{
		"new@corp.example": true, "dl@corp.example": true, "dana": true,
		"d.leaver@corp.example": false, "dana@corp.example": false,
	} {
		if _, ok := w.DC("dc2").Lookup(key); ok != want {
			t.Errorf("dc2 knows %s: %v, want %v", key, ok, want)
		}
	}
}

func TestSharedAddressBelongsToTheOlderObject(t *testing.T) {
	w := newWorld(t, nil)
	w.set("dc1", "erin", "proxyAddresses", "SMTP:erin@corp.example", "smtp:d.leaver@corp.example")
	if o, _ := w.DC("dc1").Lookup("d.leaver@corp.example"); o.SAM() != "dana" {
		t.Errorf("the address leads to %s", o.SAM())
	}
	w.set("dc1", "dana", "proxyAddresses")
	if o, _ := w.DC("dc1").Lookup("d.leaver@corp.example"); o.SAM() != "erin" {
		t.Errorf("the address leads to %s after dana gave it up", o.SAM())
	}
}

// Whatever is written where and when, all replicas end up alike.
func TestReplicasConverge(t *testing.T) {
	attrs := []string{"title", "department", "userAccountControl", "proxyAddresses", "userPrincipalName", "lockoutTime", "password"}
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t, func(p *profile.Params) {
			p.AD.DisableIsUrgent = rapid.Bool().Draw(r, "urgent")
			p.AD.IntersiteNotify = rapid.Bool().Draw(r, "notify")
			p.AD.LockoutThreshold = rapid.IntRange(0, 2).Draw(r, "threshold")
		})
		for range rapid.IntRange(1, 30).Draw(r, "steps") {
			dc := w.DCs()[rapid.IntRange(0, len(w.DCs())-1).Draw(r, "dc")]
			user := rapid.SampledFrom([]string{"dana", "erin"}).Draw(r, "user")
			o, _ := dc.Lookup("CN=Erin,CN=Users," + w.Base())
			if user == "dana" {
				o, _ = dc.Lookup("CN=Dana Leaver,CN=Users," + w.Base())
			}
			attr := rapid.SampledFrom(attrs).Draw(r, "attr")
			n := rapid.IntRange(0, 3).Draw(r, "n")
			var err error
			switch attr {
			case "password":
				err = dc.SetPassword(w.now(), o.DN(), fmt.Sprintf("Secret-%d", n))
			case "lockoutTime":
				dc.Logon(w.now(), o.DN(), "wrong", directory.Network)
				if n == 0 {
					err = dc.Modify(w.now(), o.DN(), []directory.Mod{directory.Set(attr, "0")})
				}
			case "userAccountControl":
				err = dc.Modify(w.now(), o.DN(), []directory.Mod{directory.Set(attr, fmt.Sprint(512+2*(n%2)))})
			case "proxyAddresses":
				err = dc.Modify(w.now(), o.DN(), []directory.Mod{directory.Set(attr, fmt.Sprintf("smtp:a%d@corp.example", n))})
			default:
				err = dc.Modify(w.now(), o.DN(), []directory.Mod{directory.Set(attr, []string{"", "x", "y", "z"}[n:][:1]...)})
				var refused *directory.Error
				if n == 0 && errors.As(err, &refused) {
					err = nil // an empty value is refused
				}
			}
			if err != nil {
				r.Fatal(err)
			}
			w.run(time.Duration(rapid.IntRange(0, 100).Draw(r, "wait")) * 300 * time.Millisecond)
		}
		w.run(48 * time.Hour)
		if _, ok := w.tl.Next(); ok {
			r.Fatal("replication does not come to rest")
		}
		first := w.DCs()[0]
		for _, dc := range w.DCs()[1:] {
			for i, o := range dc.Objects() {
				want := first.Objects()[i]
				if !slices.Equal(o.Names(), want.Names()) {
					r.Fatalf("%s on %s has %v, on dc1 %v", o.DN(), dc.Host(), o.Names(), want.Names())
				}
				for _, n := range o.Names() {
					if !slices.Equal(o.All(n), want.All(n)) {
						r.Fatalf("%s of %s: %q on %s, %q on dc1", n, o.DN(), o.All(n), dc.Host(), want.All(n))
					}
				}
				if directory.Secrets(o) != directory.Secrets(want) {
					r.Fatalf("the passwords of %s differ on %s", o.DN(), dc.Host())
				}
			}
			for n := range 4 {
				key := fmt.Sprintf("a%d@corp.example", n)
				a, okA := dc.Lookup(key)
				b, okB := first.Lookup(key)
				if okA != okB || okA && a.DN() != b.DN() {
					r.Fatalf("%s leads elsewhere on %s", key, dc.Host())
				}
			}
		}
	})
}
