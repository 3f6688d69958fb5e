package imap_test

import (
	"context"
	"testing"
	"time"

	imaplib "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"shutout/sim/server/servertest"
)

func TestSessionOutlivesDisable(t *testing.T) {
	w := newWorld(t, "ex2010")
	var u *imapclient.Client
	w.At(0, "dana", func(ctx context.Context) { u = signIn(ctx, t, w, "dana") })
	w.Event(time.Minute, func(now time.Time) { w.Disable(now, "dana") })
	for i := 2; i < 300; i += 20 {
		w.At(time.Duration(i)*time.Minute, "dana", func(ctx context.Context) {
			w.Decisions("dana")
			if _, err := u.Select("INBOX", nil).Wait(); err != nil {
				t.Errorf("after %s: %v", w.Elapsed(), err)
			}
			w.WantReason("dana", "connection: signed in once on this connection, never asked again")
		})
	}
	w.At(5*time.Hour, "dana", func(ctx context.Context) {
		again, _ := connect(ctx, w, "dana")
		if got := text(again.Login("dana", servertest.Password).Wait()); got != "NO LOGIN failed." {
			t.Error(got)
		}
		w.WantReason("dana", "no directory: account disabled")
		again.Close()
	})
	w.Run(6 * time.Hour)
}

func TestSessionIsCheckedAgainWhereTheProfileSaysSo(t *testing.T) {
	w := newWorld(t, "ex2010", "popimap.session_revalidate=1h")
	var u *imapclient.Client
	w.At(0, "dana", func(ctx context.Context) { u = signIn(ctx, t, w, "dana") })
	w.Event(time.Minute, func(now time.Time) { w.Disable(now, "dana") })
	for _, at := range []time.Duration{25 * time.Minute, 50 * time.Minute, 75 * time.Minute} {
		w.At(at, "dana", func(context.Context) {
			err := u.Noop().Wait()
			if (err == nil) != (at < time.Hour) {
				t.Errorf("after %s: %v", at, err)
			}
		})
	}
	w.Run(2 * time.Hour)
	w.WantReason("dana", "no directory: account disabled")
}

func TestMailboxLockedByAMove(t *testing.T) {
	w := newWorld(t, "ex2010", "store.move_online=false", "store.move_lock=2m")
	var u *imapclient.Client
	w.At(0, "dana", func(ctx context.Context) {
		u = signIn(ctx, t, w, "dana")
		u.Select("INBOX", nil).Wait()
	})
	w.Event(time.Minute, func(now time.Time) { w.Store.Move(now, "dana", "db2") })
	w.At(90*time.Second, "dana", func(context.Context) {
		w.Decisions("dana")
		if got := text(u.Store(imaplib.SeqSetNum(1), &imaplib.StoreFlags{Op: imaplib.StoreFlagsAdd}, nil).Close()); got != "NO Server Unavailable. 15" {
			t.Error(got)
		}
		w.WantReason("dana", "no store: mailbox locked")
	})
	w.Run(time.Hour)
}
