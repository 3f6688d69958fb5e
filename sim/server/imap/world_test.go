package imap_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	imaplib "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"shutout/sim/network"
	"shutout/sim/server/imap"
	"shutout/sim/server/servertest"
)

func newWorld(t testing.TB, version string, settings ...string) *servertest.World {
	w := servertest.New(t, version, settings...)
	conf := w.Certificate("cas1")
	w.Listen("cas1", 143, func(l *network.Listener) { imap.Serve(w.World, "cas1", conf, l) })
	w.Listen("cas1", 993, func(l *network.Listener) { imap.ServeTLS(w.World, "cas1", conf, l) })
	return w
}

// patient ignores the library's deadlines, which it sets by the wall clock
// while it waits for nothing.
type patient struct{ net.Conn }

func (patient) SetDeadline(time.Time) error { return nil }

func (patient) SetReadDeadline(time.Time) error { return nil }

func (patient) SetWriteDeadline(time.Time) error { return nil }

// connect is a mail program's first step.
func connect(ctx context.Context, w *servertest.World, owner string) (*imapclient.Client, error) {
	c, err := w.Dial(ctx, owner, "cas1:993")
	if err != nil {
		return nil, err
	}
	u := imapclient.New(patient{tls.Client(c, w.Trust("cas1"))}, nil)
	return u, u.WaitGreeting()
}

func signIn(ctx context.Context, t testing.TB, w *servertest.World, owner string) *imapclient.Client {
	u, err := connect(ctx, w, owner)
	if err == nil {
		err = u.Login(owner, servertest.Password).Wait()
	}
	if err == nil {
		err = u.Noop().Wait()
	}
	if err != nil {
		t.Error(err)
		return nil
	}
	u.Caps() // waits for the library to have asked, which it does beside us
	return u
}

func text(err error) string {
	var said *imaplib.Error
	if errors.As(err, &said) {
		return string(said.Type) + " " + said.Text
	}
	return fmt.Sprint(err)
}
