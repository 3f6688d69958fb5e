package imap_test

import (
	"context"
	"testing"
	"time"

	"shutout/lab/protocol/oauth"
	"shutout/sim/server/servertest"
)

func TestSignInWithAToken(t *testing.T) {
	w := newWorld(t, "exo")
	w.At(0, "dana", func(ctx context.Context) {
		u, err := connect(ctx, w, "dana")
		if err != nil {
			t.Error(err)
			return
		}
		if got := text(u.Login("dana@corp.example", servertest.Password).Wait()); got != "NO LOGIN failed." {
			t.Error(got)
		}
		w.WantReason("dana", "no connection: Basic authentication is off")
		for _, c := range []struct{ user, token, reason string }{
			{"dana@corp.example", "nonsense", "no cloud-token: access token unknown"},
			{"erin@corp.example", w.Token(false), "no cloud-token: the access token is another user's"},
		} {
			if got := text(u.Authenticate(oauth.NewXOAUTH2Client(c.user, c.token))); got != "NO AUTHENTICATE failed." {
				t.Error(got)
			}
			w.WantReason("dana", c.reason)
		}
		if err := u.Authenticate(oauth.NewXOAUTH2Client("dana@corp.example", w.Token(false))); err != nil {
			t.Error(err)
			return
		}
		w.WantReason("dana", "cloud-token: access token accepted")
		if _, err := u.Select("INBOX", nil).Wait(); err != nil {
			t.Error(err)
		}
		w.WantReason("dana", "cloud-token: signed in with an access token on this connection")
		for _, m := range []time.Duration{20, 40, 59} { // it is not silent for long
			w.At(m*time.Minute, "dana", func(context.Context) {
				if err := u.Noop().Wait(); err != nil {
					t.Errorf("after %d minutes: %v", m, err)
				}
			})
		}
		w.At(60*time.Minute, "dana", func(context.Context) {
			if err := u.Noop().Wait(); err == nil {
				t.Error("the connection outlives its token")
			}
		})
	})
	w.Run(2 * time.Hour)
	w.At(3*time.Hour, "dana", func(ctx context.Context) {
		u, err := connect(ctx, w, "dana")
		if err == nil {
			err = u.Authenticate(oauth.NewXOAUTH2Client("dana@corp.example", w.Token(false)))
		}
		if err != nil {
			t.Error(err)
		}
	})
	w.Run(4 * time.Hour)
}
