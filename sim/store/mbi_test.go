package store_test

import (
	"testing"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
	"shutout/sim/store"
)

// TestChangeIsFeltAtReload tells when the first logon is refused after a flag
// or a right was taken away, for mailboxes that are used at different paces.
func TestChangeIsFeltAtReload(t *testing.T) {
	const age, idle = 120 * time.Minute, 15 * time.Minute
	flagOff := func(w *world) { w.flag("dana", directory.IMAP, false) }
	selfGone := func(w *world) { w.do(w.st.SetPermission(w.now(), "dana", store.Self, 0)) }
	tests := []struct {
		name     string
		change   func(*world)
		changeAt time.Duration
		first    time.Duration // first logon
		every    time.Duration
		set      string
		refused  time.Duration
		reason   string
	}{
		{"flag, busy mailbox", flagOff, time.Minute, 0, 10 * time.Minute, "", age, "imap flag off"},
		{"flag, changed late", flagOff, 115 * time.Minute, 0, 10 * time.Minute, "", age, "imap flag off"},
		{"flag, just inside the idle limit", flagOff, time.Minute, 0, idle - time.Second, "", 9 * (idle - time.Second), "imap flag off"},
		{"flag, at the idle limit", flagOff, time.Minute, 0, idle, "", idle, "imap flag off"},
		{"flag, mailbox not in use before", flagOff, time.Minute, 2 * time.Minute, 10 * time.Minute, "", 2 * time.Minute, "imap flag off"},
		{"flag, tuned age", flagOff, time.Minute, 0, time.Minute, "store.mbi_age=5m", 5 * time.Minute, "imap flag off"},
		{"right, busy mailbox", selfGone, time.Minute, 0, 10 * time.Minute, "", age, "SELF has no full access"},
		{"right, at the idle limit", selfGone, time.Minute, 0, idle, "", idle, "SELF has no full access"},
		{"right, mailbox not in use before", selfGone, time.Minute, 2 * time.Minute, 10 * time.Minute, "", 2 * time.Minute, "SELF has no full access"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var set []string
			if tt.set != "" {
				set = append(set, tt.set)
			}
			w := newWorld(t, set...)
			w.tl.At(start.Add(tt.changeAt), 0, func(time.Time) { tt.change(w) })
			for at := tt.first; ; at += tt.every {
				w.to(at)
				x, d := w.try("dana")
				if at < tt.refused {
					if x == nil {
						t.Fatalf("refused at %s already: %s", at, d.Reason)
					}
					x.Close(w.now())
					continue
				}
				w.wantDecision(d, false, lab.LayerMailboxInfo, tt.reason+", just loaded")
				if x != nil || at != tt.refused || d.Server != "mbx1" || d.Since != w.now() {
					t.Errorf("session %v at %s, server %s, since %s", x, at, d.Server, d.Since)
				}
				return
			}
		})
	}
}

func TestDecisionTellsTheAgeOfWhatItUsed(t *testing.T) {
	w := newWorld(t)
	w.logon("dana")
	w.to(10 * time.Minute)
	w.flag("dana", directory.IMAP, false)
	_, d := w.try("dana")
	w.wantDecision(d, true, lab.LayerMailboxInfo, "imap flag and full access on, still cached")
	if d.Since != start || d.Until != w.now().Add(15*time.Minute) || d.Rule != "still cached, age 2h, idle 15m" {
		t.Errorf("since %s until %s rule %q", d.Since, d.Until, d.Rule)
	}
}

// TestDirectoryCacheCountsFirst: a reload is only as fresh as the directory
// cache that it goes through.
func TestDirectoryCacheCountsFirst(t *testing.T) {
	w := newWorld(t)
	w.deliver("dana", "Subject: warms the cache\n\n")
	w.to(time.Minute)
	w.flag("dana", directory.IMAP, false)
	w.to(4 * time.Minute)
	_, d := w.try("dana")
	w.wantDecision(d, true, lab.LayerMailboxInfo, "just loaded, from a directory cache entry 4m old")
	w.to(19 * time.Minute)
	_, d = w.try("dana")
	w.wantDecision(d, false, lab.LayerMailboxInfo, "imap flag off, just loaded")

	// A cache that comes with the request is used in place of the server's.
	w = newWorld(t)
	cache := directory.NewCache(w.dir.PDC(), time.Hour)
	cache.Get(w.now(), "dana")
	w.flag("dana", directory.IMAP, false)
	w.to(time.Minute)
	_, d = w.st.Logon(w.now(), store.Request{User: "dana", Protocol: directory.IMAP, Cache: cache})
	w.wantDecision(d, true, lab.LayerMailboxInfo, "directory cache entry 1m old")
}

// TestOpenSessionOutlivesTheChange: a session was authorised once, and its use
// keeps the old mailbox information alive for the next logon.
func TestOpenSessionOutlivesTheChange(t *testing.T) {
	w := newWorld(t)
	x := w.logon("dana")
	w.to(time.Minute)
	w.flag("dana", directory.IMAP, false)
	w.do(w.st.SetPermission(w.now(), "dana", store.Self, 0))
	for at := 10 * time.Minute; at < 120*time.Minute; at += 10 * time.Minute {
		w.wantDecision(x.Check(w.to(at)), true, lab.LayerSession, "imap session still open")
	}
	_, d := w.try("dana")
	w.wantDecision(d, true, lab.LayerMailboxInfo, "still cached")
	w.to(120 * time.Minute)
	_, d = w.try("dana")
	w.wantDecision(d, false, lab.LayerMailboxInfo, "imap flag off")
	w.to(24 * time.Hour)
	if _, err := x.List(w.now(), store.Inbox, 1); err != nil {
		t.Errorf("the open session is refused: %v", err)
	}
}

func TestOtherProtocolsAndGrantees(t *testing.T) {
	w := newWorld(t)
	w.flag("dana", directory.IMAP, false)
	w.do(w.st.SetPermission(w.now(), "dana", "Frank", store.FullAccess))
	w.do(w.st.SetPermission(w.now(), "dana", "erin", store.SendAs))
	tests := []struct {
		user, as, proto string
		allowed         bool
		reason          string
	}{
		{"dana", "", directory.POP3, true, "pop3 flag"},
		{"DANA", "dana", directory.POP3, true, "pop3 flag"},
		{"dana", "frank", directory.MAPI, true, "mapi flag"},
		{"dana", "erin", directory.MAPI, false, "erin has no full access"},
		{"erin", "dana", directory.MAPI, false, "dana has no full access"},
		{"dana", "", directory.IMAP, false, "imap flag off"},
		{"dana", "", "imap4", false, `unknown protocol "imap4"`},
	}
	for _, tt := range tests {
		x, d := w.st.Logon(w.now(), store.Request{User: tt.user, As: tt.as, Protocol: tt.proto})
		w.wantDecision(d, tt.allowed, lab.LayerMailboxInfo, tt.reason)
		if (x != nil) != tt.allowed {
			t.Errorf("%+v: session %v", tt, x)
		}
	}
	for as, want := range map[string]bool{"erin": true, "frank": false, "": true} {
		d := w.st.Allowed(w.now(), store.Request{User: "dana", As: as}, store.SendAs)
		if d.Allowed != want {
			t.Errorf("send as dana by %q: %v %s", as, d.Allowed, d.Reason)
		}
	}
	_, d := w.try("nobody")
	w.wantDecision(d, false, lab.LayerStore, "nobody has no mailbox")
}

func TestServerRights(t *testing.T) {
	for set, want := range map[string]bool{"store.send_needs_server_rights=true": false, "store.send_needs_server_rights=false": true} {
		w := newWorld(t, set)
		w.wantAllowed("before", w.st.MaySend(w.now(), "dana"), true)
		w.do(w.st.SetPermission(w.now(), "dana", store.TrustedSubsystem, 0))
		w.to(15 * time.Minute)
		w.wantAllowed(set, w.st.MaySend(w.now(), "dana"), want)
	}
}

func (w *world) wantAllowed(what string, d lab.Decision, want bool) {
	w.t.Helper()
	if d.Allowed != want {
		w.t.Errorf("%s at %s: allowed %v (%s), want %v", what, w.now().Sub(start), d.Allowed, d.Reason, want)
	}
}
