// Package webtest is servertest's organisation for the front ends that speak
// HTTP: it runs handlers on cas1 and gives clients to call them with.
package webtest

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"

	"shutout/sim/clientaccess"
	"shutout/sim/directory"
	"shutout/sim/network"
	"shutout/sim/server/servertest"
	"shutout/sim/store"
)

// The users and their password.
const (
	Dana     = "dana@corp.example"
	Erin     = "erin@corp.example"
	Password = servertest.Password
)

// World is the organisation. Its changes act on dana's account or mailbox.
type World struct{ *servertest.World }

// New builds it; see [servertest.New].
func New(tb testing.TB, version string, settings ...string) *World {
	w := &World{servertest.New(tb, version, settings...)}
	w.CAS.OnServiceState = func(host, service string, up bool) {
		if service == clientaccess.ServiceIIS {
			w.Net.SetService(host, up, 80)
		}
	}
	return w
}

// Serve runs a handler on port 80 of cas1.
func (w *World) Serve(h http.Handler) {
	w.TB.Helper()
	w.Listen("cas1", 80, func(l *network.Listener) {
		network.ServeHTTP(l, nil, w.Params.IIS.ConnectionIdle, h)
	})
}

// Client returns an HTTP client at home that acts for owner. It follows no
// redirection.
func (w *World) Client(owner string) *http.Client {
	tr := &http.Transport{
		DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
			return w.Dial(ctx, owner, addr)
		},
		DisableCompression: true,
	}
	w.TB.Cleanup(tr.CloseIdleConnections)
	return &http.Client{
		Transport:     tr,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Go runs f as an attempt of owner, which may wait for virtual time. The
// channel closes when f is done.
func (w *World) Go(owner string, f func()) <-chan struct{} {
	done := make(chan struct{})
	w.Net.Begin(owner)
	go func() {
		defer close(done)
		defer w.Net.End(owner)
		f()
	}()
	return done
}

// Pass lets d of virtual time pass.
func (w *World) Pass(d time.Duration) {
	w.TB.Helper()
	w.Run(w.Elapsed() + d)
}

// Deliver puts a message into the inbox.
func (w *World) Deliver(subject string) {
	w.TB.Helper()
	w.Do(func(now time.Time) { w.Mail(now, "dana", subject) })
}

// Change changes the account on every domain controller.
func (w *World) Change(mods ...directory.Mod) {
	w.TB.Helper()
	w.Do(func(now time.Time) {
		for _, dc := range w.Dir.DCs() {
			if err := dc.Modify(now, "dana", mods); err != nil {
				w.TB.Error(err)
			}
		}
	})
}

// DisableAccount disables the account on every domain controller.
func (w *World) DisableAccount() { w.Change(directory.Set("userAccountControl", "514")) }

// SwitchOff takes a protocol from the mailbox (Set-CASMailbox).
func (w *World) SwitchOff(protocol string) {
	w.TB.Helper()
	o, _ := w.Dir.PDC().Lookup("dana")
	w.Change(o.ProtocolMods(protocol, false)...)
}

// Subjects lists a folder of a user, oldest first.
func (w *World) Subjects(user, folder string) (list []string) {
	w.TB.Helper()
	w.Do(func(now time.Time) {
		s, d := w.Store.Logon(now, store.Request{User: user, Protocol: "mapi"})
		if !d.Allowed {
			w.TB.Error(d.Reason)
			return
		}
		defer s.Close(now)
		items, err := s.Range(now, folder, 0, 1<<32-1)
		if err != nil {
			w.TB.Error(err)
		}
		for _, it := range items {
			list = append(list, it.Subject)
		}
	})
	return list
}
