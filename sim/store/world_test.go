package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
	"shutout/sim/profile"
	"shutout/sim/store"
	"shutout/sim/timeline"
)

var start = time.Date(2012, 6, 27, 9, 0, 0, 0, time.UTC)

// world is two mailbox servers with a database each, and the mailboxes of dana
// and erin on DB1 and of frank on DB2.
type world struct {
	t      testing.TB
	tl     *timeline.Timeline
	dir    *directory.Directory
	st     *store.Store
	params profile.Params
}

func newWorld(t testing.TB, set ...string) *world {
	t.Helper()
	p, err := profile.Load("ex2010", set...)
	if err != nil {
		t.Fatal(err)
	}
	org := lab.Organisation{
		Domain: "corp.example", NetBIOS: "CORP",
		Sites:    []lab.Site{{Name: "one", DCs: []string{"dc1"}, Stores: []string{"mbx1", "mbx2"}}},
		Database: []lab.DB{{Name: "DB1", Server: "mbx1"}, {Name: "DB2", Server: "mbx2"}, {Name: "DB3", Server: "mbx1"}},
	}
	w := &world{t: t, tl: timeline.New(start, 1), params: p.Params()}
	w.dir = directory.New(w.tl, w.params, org)
	w.st = store.New(w.tl, w.params, org)
	w.st.Attach(w.dir)
	for _, u := range []struct{ sam, db string }{{"dana", "DB1"}, {"erin", "DB1"}, {"frank", "DB2"}} {
		mail := u.sam + "@corp.example"
		if err := w.dir.AddUser(directory.NewUser{SAM: u.sam, Mail: mail}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.st.CreateMailbox(start, u.sam, mail, u.db, 600*5<<20); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// to plays the world until offset after the start and returns that time.
func (w *world) to(offset time.Duration) time.Time {
	at := start.Add(offset)
	for w.tl.Step(at) {
	}
	return at
}

func (w *world) now() time.Time { return w.tl.Now() }

func (w *world) do(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) modify(user string, mods ...directory.Mod) {
	w.t.Helper()
	w.do(w.dir.PDC().Modify(w.now(), user, mods))
}

func (w *world) flag(user, proto string, on bool) {
	w.t.Helper()
	o, _ := w.dir.PDC().Lookup(user)
	w.modify(user, o.ProtocolMods(proto, on)...)
}

func (w *world) mailbox(user string) *store.Mailbox {
	w.t.Helper()
	mb, ok := w.st.Mailbox(user)
	if !ok {
		w.t.Fatalf("no mailbox for %s", user)
	}
	return mb
}

func (w *world) try(user string) (*store.Session, lab.Decision) {
	return w.st.Logon(w.now(), store.Request{User: user, Protocol: directory.IMAP})
}

func (w *world) logon(user string) *store.Session {
	w.t.Helper()
	x, d := w.try(user)
	if x == nil {
		w.t.Fatalf("logon of %s refused: %s", user, d.Reason)
	}
	return x
}

func (w *world) deliver(user string, raw string) store.Delivery {
	return w.st.Deliver(w.now(), user, store.Inbox, store.ParseMessage([]byte(raw)))
}

func (w *world) wantDecision(d lab.Decision, allowed bool, layer lab.Layer, reason string) {
	w.t.Helper()
	if d.Allowed != allowed || d.Layer != layer || !strings.Contains(d.Reason+", "+d.Rule, reason) {
		w.t.Errorf("at %s: decision %v %s %q, %q; want %v %s %q",
			w.now().Sub(start), d.Allowed, d.Layer, d.Reason, d.Rule, allowed, layer, reason)
	}
	if d.At != w.now() {
		w.t.Errorf("decision made at %s, now is %s", d.At, w.now())
	}
}

func uidsOf(items []store.Item) []uint32 {
	var uids []uint32
	for _, it := range items {
		uids = append(uids, it.UID)
	}
	return uids
}

func equal[T comparable](t testing.TB, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
