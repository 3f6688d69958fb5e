// Package exposetest opens a simulated organisation on the loopback, in real
// time, for tests that reach it as real servers are reached.
package exposetest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"testing"
	"time"

	"shutout/fixtures"
	"shutout/sim"
	"shutout/sim/expose"
	"shutout/sim/profile"
)

// World is an open organisation.
type World struct {
	*sim.Organisation
	Services []expose.Service

	end    context.CancelFunc
	played chan error
}

// Open opens an organisation of a version, with parameters set.
func Open(version string, settings ...string) (*World, error) {
	p, err := profile.Load(version, settings...)
	if err != nil {
		return nil, err
	}
	o, err := sim.New(sim.Options{Profile: p, Cast: fixtures.DefaultCast(), Seed: 1, Start: time.Now().UTC().Truncate(time.Second)})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	w := &World{Organisation: o, end: cancel, played: make(chan error, 1)}
	if w.Services, err = expose.Services(ctx, o, net.IPv4(127, 0, 0, 1), "home"); err != nil {
		cancel()
		return nil, errors.Join(err, o.Close())
	}
	go func() { w.played <- o.Play(ctx, 1) }()
	return w, nil
}

// Start is [Open] for as long as a test runs.
func Start(t *testing.T, version string, settings ...string) *World {
	t.Helper()
	w, err := Open(version, settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Errorf("the organisation stopped: %v", err)
		}
	})
	return w
}

// End shuts the ports and has time stand still.
func (w *World) End() { w.end() }

// Close ends everything. The error tells why time had stood still before.
func (w *World) Close() error {
	w.end()
	return errors.Join(<-w.played, w.Organisation.Close())
}

// Addr tells where a port of a server can be reached.
func (w *World) Addr(t *testing.T, host string, port int) string {
	t.Helper()
	i := slices.IndexFunc(w.Services, func(s expose.Service) bool { return s.Host == host && s.Port == port })
	if i < 0 {
		t.Fatal(fmt.Sprintf("port %d of %s is not open", port, host))
	}
	return w.Services[i].Addr
}
