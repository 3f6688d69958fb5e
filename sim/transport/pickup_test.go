package transport

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

const goodFile = "From: <app@corp.example>\r\nTo: <dana@corp.example>\r\nSubject: log\r\n\r\nText.\r\n"

// drop writes a file as dana and fails the test when that is refused.
func (w *world) drop(name, raw string) {
	w.t.Helper()
	if d, r := w.tr.WritePickup(w.now(), "mbx1", w.user("dana"), name, []byte(raw)); r != PickupWritten || !d.Allowed {
		w.t.Fatalf("%s: %d, %s", name, r, d.Reason)
	}
}

func newPickupWorld(t testing.TB, set ...string) *world {
	w := newWorld(t, params(t, "ex2013", set...))
	if !w.tr.SharePickup("mbx1", []string{"dana"}) || w.tr.SharePickup("cas1", nil) {
		t.Fatal("shared what there is not, or not what there is")
	}
	return w
}

func TestPickupIsTakenAtTheNextLook(t *testing.T) {
	w := newPickupWorld(t, "pickup.poll=5s")
	w.until(7 * time.Second)
	w.drop("a.eml", goodFile)
	w.until(10*time.Second - 1)
	equal(t, "just before", w.tr.PickupFile("mbx1", "A.EML"), PickupThere)
	equal(t, "mail just before", len(w.inbox("dana")), 0)
	w.until(10 * time.Second)
	equal(t, "then", w.tr.PickupFile("mbx1", "a.eml"), PickupGone)
	items := w.items("dana")
	equal(t, "mail then", len(items), 1)
	raw := string(items[0].Raw)
	if !strings.Contains(raw, "Received: from localhost by Pickup") || strings.Contains(raw, "10.") {
		t.Errorf("%q", raw)
	}
	w.drop("notes.txt", goodFile)
	w.until(time.Hour)
	equal(t, "what is no message file", w.tr.PickupFile("mbx1", "notes.txt"), PickupThere)
}

func TestPickupRate(t *testing.T) {
	w := newPickupWorld(t, "pickup.poll=5s", "pickup.rate=10")
	for i := range 25 {
		w.drop(fmt.Sprintf("%d.eml", i), goodFile)
	}
	w.until(59 * time.Second)
	equal(t, "in the first minute", len(w.inbox("dana")), 10)
	w.until(119 * time.Second)
	equal(t, "in the second", len(w.inbox("dana")), 20)
	w.until(3 * time.Minute)
	equal(t, "in the third", len(w.inbox("dana")), 25)
}

func TestPickupPermissions(t *testing.T) {
	w := newPickupWorld(t)
	for _, tt := range []struct {
		server, user, name string
		want               PickupRefusal
	}{
		{"mbx1", "dana", "a.eml", PickupWritten}, {"mbx1", "dana", "A.eml", PickupExists}, {"mbx1", "erin", "b.eml", PickupDenied},
		{"mbx2", "dana", "b.eml", PickupDenied}, {"nowhere", "dana", "b.eml", PickupDenied}, {"mbx1", "dana", "../b.eml", PickupBadName},
		{"mbx1", "dana", "", PickupBadName}, {"mbx1", "dana", strings.Repeat("x", 300), PickupBadName},
	} {
		if d, got := w.tr.WritePickup(w.now(), tt.server, w.user(tt.user), tt.name, nil); got != tt.want || d.Allowed != (got == PickupWritten) {
			t.Errorf("%s to %s: %d (%s), want %d", tt.user, tt.server, got, d.Reason, tt.want)
		}
	}
	w.tr.SharePickup("mbx1", []string{"erin"})
	if _, got := w.tr.WritePickup(w.now(), "mbx1", w.user("dana"), "c.eml", nil); got != PickupDenied {
		t.Error("the accounts of before are still let in")
	}
	equal(t, "without a share", w.tr.PickupFile("mbx2", "c.eml"), PickupNoShare)
}

func TestPickupWaitsForTheService(t *testing.T) {
	w := newPickupWorld(t)
	w.tr.SetService(w.now(), "mbx1", false)
	w.drop("a.eml", goodFile)
	w.until(time.Minute)
	equal(t, "while it is down", w.tr.PickupFile("mbx1", "a.eml"), PickupThere)
	w.tr.SetService(w.now(), "mbx1", true)
	w.until(2 * time.Minute)
	equal(t, "mail", len(w.inbox("dana")), 1)
}

func TestBadPickupFiles(t *testing.T) {
	many := func(n int) string { return strings.TrimSuffix(strings.Repeat("<x@good.example>, ", n), ", ") }
	for _, tt := range []struct{ file, why string }{
		{goodFile, ""},
		{"Sender: a@corp.example\r\nFrom: b@corp.example, c@corp.example\r\nBcc: dana@corp.example\r\n\r\n", ""},
		{"From: b@corp.example\nCc: dana@corp.example\n\n", ""},
		{"From: b@corp.example\r\nTo: " + many(100) + "\r\n\r\n", ""},
		{"From: b@corp.example\r\nTo: " + many(101) + "\r\n\r\n", "too many recipients"},
		{"From: b@corp.example, c@corp.example\r\nTo: dana@corp.example\r\n\r\n", "no sender, or more than one"},
		{"To: dana@corp.example\r\n\r\n", "no sender, or more than one"},
		{"From: b@corp.example\r\nSubject: x\r\n\r\n", "no recipient"},
		{"From: b@corp.example\r\nTo: dana@corp.example\r\n", "no empty line between header and body"},
		{"", "no empty line between header and body"},
		{"From: not an address\r\nTo: dana@corp.example\r\n\r\n", "malformed address in From"},
		{"X: " + strings.Repeat("x", 64<<10) + "\r\n" + goodFile, "header is larger than allowed"},
	} {
		w := newPickupWorld(t)
		w.drop("a.eml", tt.file)
		w.until(time.Minute)
		bad := PickupGone
		if tt.why != "" {
			bad = PickupThere
		}
		if got := w.tr.PickupFile("mbx1", "a.bad"); got != bad {
			t.Errorf("%.60q: a .bad file: %d, want %d", tt.file, got, bad)
		}
		if _, _, _, why := parsePickup([]byte(tt.file), 64<<10, 100); why != tt.why {
			t.Errorf("%.60q: %q, want %q", tt.file, why, tt.why)
		}
	}
	_, _, rest, _ := parsePickup([]byte("Received: x\r\n y\r\nResent-From: z\r\nBCC: dana@corp.example\r\n"+goodFile), 64<<10, 100)
	equal(t, "what goes on", string(rest), goodFile)
}

// FuzzPickup has any bytes in a file.
func FuzzPickup(f *testing.F) {
	for _, s := range []string{goodFile, "From: a@b\n\n", "To: (c", "From: =?utf-8?q?x?= <a@b.example>\r\n\tfolded\r\n\r\n", "\r\n", "Bcc: x"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		before := bytes.Clone(raw)
		from, to, rest, why := parsePickup(raw, 64<<10, 100)
		if !bytes.Equal(before, raw) {
			t.Fatal("the file was written to")
		}
		if why != "" {
			return
		}
		if from.Null() || len(to) == 0 || len(to) > 100 || len(rest) > len(raw) {
			t.Fatalf("%q: from %q to %q", raw, from, to)
		}
	})
}
