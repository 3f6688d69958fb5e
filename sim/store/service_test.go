package store_test

import (
	"strconv"
	"testing"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
	"shutout/sim/store"
)

func TestRestart(t *testing.T) {
	w := newWorld(t)
	var severed []string
	for _, user := range []string{"dana", "erin", "frank"} {
		w.logon(user).OnSever(func(reason string) { severed = append(severed, user+": "+reason) })
	}
	w.to(time.Minute)
	w.flag("dana", directory.IMAP, false)
	back, err := w.st.Restart(w.now(), "MBX1")
	w.do(err)
	const reason = ": the information store of mbx1 restarted"
	equal(t, "severed", severed, []string{"dana" + reason, "erin" + reason})
	if back != w.now().Add(w.params.Store.RestartTime) {
		t.Errorf("back at %s", back)
	}

	w.to(time.Minute + w.params.Store.RestartTime - time.Second)
	_, d := w.try("erin")
	w.wantDecision(d, false, lab.LayerService, "database DB1 is dismounted while the information store restarts")
	if d.Server != "mbx1" || d.Until != back {
		t.Errorf("decided on %s until %s", d.Server, d.Until)
	}
	del := w.deliver("erin", "Subject: wait\n\n")
	w.wantDecision(del.Decision, false, lab.LayerService, "dismounted")
	if !del.Temporary {
		t.Error("mail for a restarting store bounces")
	}
	if w.st.Mounted(w.now(), "DB1") || !w.st.Mounted(w.now(), "DB2") {
		t.Errorf("mounted: %v", w.st.Databases(w.now()))
	}

	w.to(back.Sub(start))
	_, d = w.try("dana")
	w.wantDecision(d, false, lab.LayerMailboxInfo, "imap flag off, just loaded")
	w.logon("erin")
	if _, err := w.st.Restart(w.now(), "mbx9"); err == nil {
		t.Error("an unknown server restarts")
	}
}

func TestDismount(t *testing.T) {
	w := newWorld(t)
	dana, frank := w.logon("dana"), w.logon("frank")
	w.do(w.st.Dismount(w.now(), "db1"))
	w.wantDecision(dana.Check(w.now()), false, lab.LayerSession, "session severed: database DB1 was dismounted")
	w.wantDecision(frank.Check(w.now()), true, lab.LayerSession, "open")
	_, err := w.st.Restart(w.now(), "mbx1")
	w.do(err)
	w.to(time.Hour)
	_, d := w.try("dana")
	w.wantDecision(d, false, lab.LayerService, "database DB1 is dismounted")
	w.do(w.st.Mount(w.now(), "DB1"))
	w.logon("dana")
}

func TestDisconnect(t *testing.T) {
	w := newWorld(t)
	x, erin := w.logon("dana"), w.logon("erin")
	w.deliver("dana", "Subject: kept\n\n")
	m := w.move("dana", "DB2")
	w.to(time.Minute)
	w.do(w.st.Disconnect(w.now(), "dana"))
	w.wantDecision(x.Check(w.now()), false, lab.LayerSession, "session severed: the mailbox was disconnected")
	w.wantDecision(erin.Check(w.now()), true, lab.LayerSession, "open")
	_, d := w.try("dana")
	w.wantDecision(d, false, lab.LayerStore, "mailbox disconnected")
	del := w.deliver("dana", "Subject: bounce\n\n")
	w.wantDecision(del.Decision, false, lab.LayerStore, "mailbox disconnected")
	if del.Temporary || del.Status != "5.2.1" {
		t.Errorf("delivery: %+v", del)
	}
	if m.State != store.MoveFailed {
		t.Errorf("the move is %s", m.State)
	}
	if w.st.Disconnect(w.now(), "dana") == nil || w.st.Reconnect(w.now(), "erin") == nil {
		t.Error("done twice")
	}
	w.do(w.st.Reconnect(w.now(), "dana"))
	if items, err := w.logon("dana").List(w.now(), store.Inbox, 9); err != nil || len(items) != 1 || items[0].Subject != "kept" {
		t.Errorf("after the reconnect: %v %v", items, err)
	}
}

func TestSeverOrderAndReentry(t *testing.T) {
	w := newWorld(t)
	var log []string
	first, second := w.logon("dana"), w.logon("dana")
	var again *store.Session
	first.OnSever(func(string) {
		log = append(log, "first")
		second.Close(w.now()) // its callbacks are not wanted any more
		again = w.logon("dana")
	})
	first.OnSever(func(string) { log = append(log, "first again") })
	second.OnSever(func(string) { log = append(log, "second") })
	w.logon("dana").OnSever(func(string) { log = append(log, "third") })
	if n := w.st.Sever(w.now(), "dana", "test"); n != 3 {
		t.Errorf("severed %d", n)
	}
	equal(t, "log", log, []string{"first", "first again", "third"})
	w.wantDecision(again.Check(w.now()), true, lab.LayerSession, "open")
	equal(t, "sessions", w.mailbox("dana").Sessions(), []*store.Session{again})
	again.Close(w.now())
	again.Close(w.now())
	w.wantDecision(again.Check(w.now()), false, lab.LayerSession, "session closed")
	if w.st.Sever(w.now(), "dana", "test") != 0 {
		t.Error("a closed session is severed")
	}
}

func TestQuotaIsReadAgain(t *testing.T) {
	off := []directory.Mod{directory.Set("mDBUseDefaults", "FALSE"), directory.Set("mDBOverQuotaLimit", "0")}
	tests := []struct {
		name    string
		mods    []directory.Mod
		first   time.Duration // the quota is read here
		set     string
		refused time.Duration // 0: never
	}{
		{"after the interval", off, 0, "", 2 * time.Hour},
		{"tuned interval", off, 0, "store.quota_reread=20m", 20 * time.Minute},
		{"not read before", off, 10 * time.Minute, "", 10 * time.Minute},
		{"database defaults", []directory.Mod{directory.Set("mDBOverQuotaLimit", "0")}, 0, "", 0},
		{"size below", []directory.Mod{off[0], directory.Set("mDBOverQuotaLimit", strconv.Itoa(600*5<<10+1))}, 0, "", 0},
		{"size reached", []directory.Mod{off[0], directory.Set("mDBOverQuotaLimit", strconv.Itoa(600*5<<10))}, 0, "", 2 * time.Hour},
		{"send and receive", []directory.Mod{off[0], directory.Set("mDBOverHardQuotaLimit", "0")}, 0, "", 2 * time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var set []string
			if tt.set != "" {
				set = append(set, tt.set)
			}
			w := newWorld(t, set...)
			w.tl.At(start.Add(time.Minute), 0, func(time.Time) { w.modify("dana", tt.mods...) })
			for at := tt.first; at <= 3*time.Hour; at += time.Minute {
				w.to(at)
				d := w.st.MaySend(w.now(), "dana")
				if want := tt.refused == 0 || at < tt.refused; d.Allowed != want {
					t.Fatalf("at %s: %v %s", at, d.Allowed, d.Reason)
				}
			}
		})
	}
}

func TestFullMailbox(t *testing.T) {
	w := newWorld(t)
	w.modify("dana", directory.Set("mDBUseDefaults", "FALSE"), directory.Set("mDBOverHardQuotaLimit", strconv.Itoa(600*5<<10)))
	x := w.logon("dana")
	w.wantDecision(w.deliver("dana", "Subject: full\n\n").Decision, false, lab.LayerStore, "mailbox full")
	if del := w.deliver("dana", "Subject: full\n\n"); del.Temporary || del.Status != "5.2.2" {
		t.Errorf("%+v", del)
	}
	if _, err := x.Append(w.now(), store.Drafts, store.Seen, w.now(), store.ParseMessage(nil)); err == nil {
		t.Error("a full mailbox takes a draft")
	}
	w.wantDecision(x.MaySend(w.now()), false, lab.LayerStore, "prohibit-send-and-receive quota of 3000MB")
	// A restart of the store applies a new limit at once.
	w.modify("dana", directory.Set("mDBOverHardQuotaLimit", "999999999"))
	w.wantDecision(x.MaySend(w.now()), false, lab.LayerStore, "over the")
	back, err := w.st.Restart(w.now(), "mbx1")
	w.do(err)
	w.to(back.Sub(start))
	w.wantDecision(w.st.MaySend(w.now(), "dana"), true, lab.LayerStore, "below")
}

func TestReceiveLimitFollowsTheDirectoryCache(t *testing.T) {
	w := newWorld(t)
	big := "Subject: big\n\n" + string(make([]byte, 2048))
	w.wantAllowed("before", w.deliver("dana", big).Decision, true)
	w.modify("dana", directory.Set("delivContLength", "1"))
	w.to(5*time.Minute - time.Second)
	w.wantAllowed("cached", w.deliver("dana", big).Decision, true)
	w.to(5 * time.Minute)
	del := w.deliver("dana", big)
	w.wantDecision(del.Decision, false, lab.LayerStore, "above the receive limit of 1KB")
	if del.Status != "5.2.3" {
		t.Errorf("status %s", del.Status)
	}
	w.wantAllowed("small", w.deliver("dana", "Subject: small\n\n").Decision, true)
}

func TestSubscribe(t *testing.T) {
	w := newWorld(t)
	var log []string
	note := func(name string) func(time.Time) {
		return func(now time.Time) { log = append(log, name+"@"+now.Sub(start).String()) }
	}
	w.st.Subscribe("dana", note("a"))
	var cancelB, cancelC func()
	cancelB = w.st.Subscribe("dana", func(now time.Time) {
		note("b")(now)
		cancelB()
		cancelC()
		w.st.Subscribe("dana", note("e"))
	})
	cancelC = w.st.Subscribe("DANA", note("c"))
	w.st.Subscribe("dana", note("d"))
	w.st.Subscribe("nobody", note("x"))()
	w.deliver("erin", "Subject: other\n\n")
	w.deliver("dana", "Subject: first\n\n")
	equal(t, "first", log, []string{"a@0s", "b@0s", "d@0s"})
	log = nil
	w.to(time.Second)
	x := w.logon("dana")
	_, err := x.Mark(w.now(), store.Inbox, []uint32{1}, store.Seen, 0)
	w.do(err)
	equal(t, "second", log, []string{"a@1s", "d@1s", "e@1s"})
	log = nil
	_, err = x.Mark(w.now(), store.Inbox, []uint32{1}, store.Seen, 0) // nothing changes
	w.do(err)
	_, err = x.List(w.now(), store.Inbox, 1)
	w.do(err)
	equal(t, "nothing changed", log, nil)
	cancelB()
}

// TestFailover: the sessions are over, and the other server knows nothing of
// what the first one remembered.
func TestFailover(t *testing.T) {
	w := newWorld(t)
	dana, frank := w.logon("dana"), w.logon("frank")
	w.do(w.st.Dismount(w.now(), "DB3"))
	w.to(time.Minute)
	w.flag("dana", directory.IMAP, false)
	moved, back, err := w.st.Failover(w.now(), "MBX1", "mbx2")
	w.do(err)
	equal(t, "moved", moved, []string{"DB1", "DB3"})
	if back != w.now().Add(w.params.Store.FailoverTime) {
		t.Errorf("back at %s", back)
	}
	w.wantDecision(dana.Check(w.now()), false, lab.LayerSession, "session severed: the databases of mbx1 failed over to mbx2")
	w.wantDecision(frank.Check(w.now()), true, lab.LayerSession, "open")
	_, d := w.try("erin")
	w.wantDecision(d, false, lab.LayerService, "database DB1 is coming up after a failover")
	if d.Server != "mbx2" || d.Until != back {
		t.Errorf("decided on %s until %s", d.Server, d.Until)
	}
	if del := w.deliver("erin", "Subject: wait\n\n"); del.Allowed || !del.Temporary {
		t.Errorf("mail during a failover: %+v", del)
	}
	if m, err := w.st.Move(w.now(), "erin", "DB2"); err == nil {
		t.Errorf("a mailbox that is away is moved: %+v", m)
	}

	w.to(back.Sub(start))
	_, d = w.try("dana")
	w.wantDecision(d, false, lab.LayerMailboxInfo, "imap flag off, just loaded")
	if x := w.logon("erin"); x.Server != "mbx2" || w.mailbox("erin").Server() != "mbx2" {
		t.Errorf("erin's session is on %s", x.Server)
	}
	if w.st.Mounted(w.now(), "DB3") {
		t.Error("a failover mounts what an administrator has dismounted")
	}
	if _, _, err := w.st.Failover(w.now(), "mbx1", "mbx2"); err == nil {
		t.Error("a server without databases fails over")
	}
	if _, _, err := w.st.Failover(w.now(), "mbx2", "MBX2"); err == nil {
		t.Error("a server fails over to itself")
	}
	_, err = w.st.Restart(w.now(), "mbx1")
	w.do(err)
	if _, _, err := w.st.Failover(w.now(), "mbx2", "mbx1"); err == nil {
		t.Error("a failover to a server that restarts")
	}
	for _, pair := range [][2]string{{"mbx9", "mbx1"}, {"mbx1", "mbx9"}} {
		if _, _, err := w.st.Failover(w.now(), pair[0], pair[1]); err == nil {
			t.Errorf("failover from %s to %s", pair[0], pair[1])
		}
	}
}

// TestNoExchangeAttributes: the store lets nobody in for an account that it does
// not know as a mailbox's any more, once it reads the account again.
func TestNoExchangeAttributes(t *testing.T) {
	w := newWorld(t)
	w.logon("dana")
	w.to(time.Minute)
	w.modify("dana", directory.Set("legacyExchangeDN"))
	w.logon("dana")
	w.to(20 * time.Minute)
	_, d := w.try("dana")
	w.wantDecision(d, false, lab.LayerDirectory, "the account has no Exchange attributes")
}
