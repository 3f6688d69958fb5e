package imap_test

import (
	"context"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"

	"shutout/sim/directory"
	"shutout/sim/server/servertest"
)

func TestSignIn(t *testing.T) {
	w := newWorld(t, "ex2010")
	w.At(0, "dana", func(ctx context.Context) {
		for _, c := range []struct {
			user, password, want, reason string
		}{
			{"dana", servertest.Password, "<nil>", "mailbox-info-cache: imap flag"},
			{`CORP\dana`, servertest.Password, "<nil>", "directory: password accepted"},
			{"dana@corp.example", servertest.Password, "<nil>", "directory: password accepted"},
			{"dana", "wrong", "NO LOGIN failed.", "no directory: "},
			{"nobody", "wrong", "NO LOGIN failed.", "no directory: no such user"},
		} {
			u, err := connect(ctx, w, "dana")
			if err != nil {
				t.Error(err)
				return
			}
			if got := text(u.Login(c.user, c.password).Wait()); got != c.want {
				t.Errorf("%s: %s, want %s", c.user, got, c.want)
			}
			w.WantReason("dana", c.reason)
			u.Close()
		}
		u, _ := connect(ctx, w, "dana")
		if got := text(u.Authenticate(sasl.NewPlainClient("", "dana", "wrong"))); got != "NO AUTHENTICATE failed." {
			t.Error(got)
		}
		if err := u.Authenticate(sasl.NewPlainClient("", "dana", servertest.Password)); err != nil {
			t.Error(err)
		}
		u.Close()
	})
	w.Run(time.Hour)
}

func TestProtocolFlagOff(t *testing.T) {
	w := newWorld(t, "ex2010")
	w.Event(0, func(now time.Time) {
		o, _ := w.Dir.PDC().Lookup("dana")
		w.Modify(now, "cas1", "dana", o.ProtocolMods(directory.IMAP, false)...)
	})
	w.At(time.Minute, "dana", func(ctx context.Context) {
		u, _ := connect(ctx, w, "dana")
		if got := text(u.Login("dana", servertest.Password).Wait()); got != "BAD User is authenticated but not connected." {
			t.Error(got)
		}
		w.WantReason("dana", "no mailbox-info-cache: imap flag off")
		u.Close()
	})
	w.Run(time.Hour)
}

func TestTooManyConnections(t *testing.T) {
	w := newWorld(t, "ex2010", "popimap.connections_per_user=2")
	var b, u *imapclient.Client
	w.At(0, "dana", func(ctx context.Context) {
		a := signIn(ctx, t, w, "dana")
		b = signIn(ctx, t, w, "dana")
		u, _ = connect(ctx, w, "dana")
		if got := text(u.Login("dana", servertest.Password).Wait()); got != "NO LOGIN failed." {
			t.Error(got)
		}
		w.WantReason("dana", "no connection: too many")
		a.Logout().Wait()
	})
	// The place is free when the server has ended, not when it has said so.
	w.At(time.Second, "dana", func(context.Context) {
		if err := u.Login("dana", servertest.Password).Wait(); err != nil {
			t.Error("after another connection ended: ", err)
		}
		b.Close()
		u.Close()
	})
	w.Run(time.Minute)
}
