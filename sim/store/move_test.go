package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
	"shutout/sim/store"
)

// dana's mailbox has 600 times what a move copies in a second, and the profile
// locks for 30 s.
const moveTime, lockTime = 10 * time.Minute, 30 * time.Second

func (w *world) move(user, database string) *store.Move {
	w.t.Helper()
	m, err := w.st.Move(w.now(), user, database)
	w.do(err)
	return m
}

func TestMoveTimeline(t *testing.T) {
	w := newWorld(t)
	var log []string
	x := w.logon("dana")
	x.OnSever(func(reason string) {
		log = append(log, reason+"; now on "+w.mailbox("dana").Server())
	})
	erin := w.logon("erin")
	m := w.move("dana", "db2")
	m.OnDone(func(now time.Time, m *store.Move) { log = append(log, "done "+string(m.State)) })
	if m.EndsAt != start.Add(moveTime) || m.LocksAt != start.Add(moveTime-lockTime) {
		t.Fatalf("locks %s, ends %s", m.LocksAt, m.EndsAt)
	}
	w.flag("dana", directory.IMAP, false) // dana's entry on mbx1 still says on

	w.to(moveTime - lockTime - time.Second)
	if m.State != store.MoveInProgress || m.Percent(w.now()) != 94 {
		t.Errorf("before the lock: %s %d%%", m.State, m.Percent(w.now()))
	}
	_, d := w.try("dana")
	w.wantDecision(d, true, lab.LayerMailboxInfo, "still cached")
	w.wantDecision(w.deliver("dana", "Subject: a\n\n").Decision, true, lab.LayerStore, "delivered")
	w.wantDecision(x.Check(w.now()), true, lab.LayerSession, "open")

	w.to(moveTime - time.Second)
	const locked = "mailbox locked by its move to DB2"
	if m.State != store.MoveCompleting {
		t.Errorf("in the lock: %s", m.State)
	}
	_, d = w.try("dana")
	w.wantDecision(d, false, lab.LayerStore, locked)
	if d.Until != m.EndsAt {
		t.Errorf("lock until %s", d.Until)
	}
	w.wantDecision(x.Check(w.now()), false, lab.LayerStore, locked)
	var refusal *store.Refusal
	if _, err := x.List(w.now(), store.Inbox, 1); !errors.As(err, &refusal) || !refusal.Temporary {
		t.Errorf("list in the lock: %v", err)
	}
	del := w.deliver("dana", "Subject: b\n\n")
	w.wantDecision(del.Decision, false, lab.LayerStore, locked)
	if !del.Temporary || del.Status != "4.3.2" {
		t.Errorf("delivery in the lock: %+v", del)
	}
	if len(log) > 0 {
		t.Errorf("too early: %q", log)
	}

	w.to(moveTime)
	equal(t, "log", log, []string{"done Completed", "the mailbox was moved to DB2 on mbx2; now on mbx2"})
	if m.State != store.MoveCompleted || m.Percent(w.now()) != 100 || m.Ended != w.now() {
		t.Errorf("at the end: %+v", m)
	}
	w.wantDecision(x.Check(w.now()), false, lab.LayerSession, "session severed: the mailbox was moved to DB2 on mbx2")
	if reason, ok := x.Severed(); !ok || !strings.Contains(reason, "moved") {
		t.Errorf("severed: %q %v", reason, ok)
	}
	// The new server knows nothing yet, so the flag is felt.
	_, d = w.try("dana")
	w.wantDecision(d, false, lab.LayerMailboxInfo, "imap flag off, just loaded")
	if d.Server != "mbx2" {
		t.Errorf("decided on %s", d.Server)
	}
	w.wantDecision(w.deliver("dana", "Subject: c\n\n").Decision, true, lab.LayerStore, "delivered")
	w.wantDecision(erin.Check(w.now()), true, lab.LayerSession, "open")
	if f := w.mailbox("dana").Folders()[0]; f.Total != 2 || f.UIDNext != 3 {
		t.Errorf("inbox after the move: %+v", f)
	}
}

func TestMoveFails(t *testing.T) {
	tests := []struct {
		name   string
		at     time.Duration
		spoil  func(*world, *store.Move)
		failed time.Duration
		detail string
	}{
		{"told to fail while copying", time.Minute, func(w *world, m *store.Move) { m.Fail(w.now(), "TooManyBadItems") }, time.Minute, "TooManyBadItems"},
		{"told to fail in the lock", moveTime - time.Second, func(w *world, m *store.Move) { m.Fail(w.now(), "removed") }, moveTime - time.Second, "removed"},
		{"target dismounted while copying", time.Minute, func(w *world, _ *store.Move) { w.do(w.st.Dismount(w.now(), "DB2")) }, moveTime - lockTime, "database DB2 is dismounted"},
		{"target dismounted in the lock", moveTime - time.Second, func(w *world, _ *store.Move) { w.do(w.st.Dismount(w.now(), "DB2")) }, moveTime, "database DB2 is dismounted"},
		{"target restarting at the lock", moveTime - lockTime - time.Second, func(w *world, _ *store.Move) { w.st.Restart(w.now(), "mbx2") }, moveTime - lockTime, "while the information store restarts"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			x := w.logon("dana")
			m := w.move("dana", "DB2")
			var done []store.MoveState
			m.OnDone(func(_ time.Time, m *store.Move) { done = append(done, m.State) })
			w.to(tt.at)
			tt.spoil(w, m)
			w.to(time.Hour)
			if m.State != store.MoveFailed || m.Ended != start.Add(tt.failed) || !strings.Contains(m.Detail, tt.detail) {
				t.Errorf("%s at %s: %s", m.State, m.Ended.Sub(start), m.Detail)
			}
			equal(t, "done", done, []store.MoveState{store.MoveFailed})
			if mb := w.mailbox("dana"); mb.Database() != "DB1" || mb.Server() != "mbx1" {
				t.Errorf("mailbox in %s on %s", mb.Database(), mb.Server())
			}
			w.wantDecision(x.Check(w.now()), true, lab.LayerSession, "open")
			if m.Fail(w.now(), "again") {
				t.Error("a failed move fails again")
			}
			w.do(w.st.Mount(w.now(), "DB2"))
			w.move("dana", "DB2")
			w.to(time.Hour + moveTime)
			if db := w.mailbox("dana").Database(); db != "DB2" {
				t.Errorf("second move left it in %s", db)
			}
		})
	}
}

func TestMoveIsRefused(t *testing.T) {
	w := newWorld(t)
	w.move("erin", "DB2")
	w.do(w.st.Disconnect(w.now(), "frank"))
	w.do(w.st.Dismount(w.now(), "DB3"))
	for _, tt := range []struct{ user, db, want string }{
		{"dana", "DB9", `no mailbox database "DB9"`},
		{"dana", "DB1", "in DB1 already"},
		{"dana", "DB3", "target: database DB3 is dismounted"},
		{"erin", "DB2", "being moved to DB2 already"},
		{"frank", "DB1", "disconnected"},
		{"nobody", "DB1", "no mailbox"},
	} {
		m, err := w.st.Move(w.now(), tt.user, tt.db)
		if m != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s to %s: %v %v", tt.user, tt.db, m, err)
		}
	}
	if n := len(w.st.Moves()); n != 1 {
		t.Errorf("%d moves listed", n)
	}
}

func TestOfflineMoveLocksAllTheTime(t *testing.T) {
	w := newWorld(t, "store.move_online=false")
	x := w.logon("dana")
	m := w.move("dana", "DB2")
	w.wantDecision(x.Check(w.now()), false, lab.LayerStore, "locked")
	if m.State != store.MoveCompleting || m.EndsAt != start.Add(moveTime) {
		t.Errorf("%+v", m)
	}
}

func TestMoveWithinOneServerSeversToo(t *testing.T) {
	w := newWorld(t)
	x := w.logon("dana")
	w.move("dana", "DB3")
	w.to(moveTime)
	w.wantDecision(x.Check(w.now()), false, lab.LayerSession, "moved to DB3 on mbx1")
}
