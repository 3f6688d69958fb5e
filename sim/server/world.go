// Package server holds what the protocol front ends share: the world that
// they stand on, its lock, its certificates and its record of decisions. The
// front ends themselves are the sub-packages, one for each protocol.
package server

import (
	"net"
	"sync"
	"time"

	"shutout/lab"
	"shutout/sim/clientaccess"
	"shutout/sim/directory"
	"shutout/sim/network"
	"shutout/sim/profile"
	"shutout/sim/store"
	"shutout/sim/timeline"
	"shutout/sim/transport"
)

// World is the state below the front ends. Its lock guards all of Directory,
// Store, CAS and Transport: a front end locks, calls in with Now, and unlocks
// before it touches a connection. Events of the timeline fire with the lock
// held.
type World struct {
	sync.Mutex
	TL        *timeline.Timeline
	Net       *network.Network
	Params    profile.Params
	Cast      *lab.Cast
	Dir       *directory.Directory
	Store     *store.Store
	CAS       *clientaccess.ClientAccess
	Transport *transport.Transport
	CA        *Authority

	decisions decisionLog
}

// Now returns the virtual time.
func (w *World) Now() time.Time { return w.TL.Now() }

// Do runs f with the lock held.
func (w *World) Do(f func(now time.Time)) {
	w.Lock()
	defer w.Unlock()
	f(w.TL.Now())
}

// Record attaches decisions to the activity that owns the connection. Those
// of a foreign client, which acts for no activity, are not kept.
func (w *World) Record(c net.Conn, ds ...lab.Decision) {
	if c == nil {
		return
	}
	if owner := network.Owner(c); owner != "" {
		w.decisions.add(owner, ds)
	}
}

// RecordFor attaches decisions to an activity.
func (w *World) RecordFor(owner string, ds ...lab.Decision) { w.decisions.add(owner, ds) }

// Decisions returns what was recorded for owner since the previous call.
func (w *World) Decisions(owner string) []lab.Decision { return w.decisions.take(owner) }

// maxDecisions bounds what is kept for one activity between two calls; the
// newest count.
const maxDecisions = 64

type decisionLog struct {
	mu sync.Mutex
	of map[string]*[]lab.Decision
	// spare is what take handed out last time for an owner; the caller is
	// done with it by the next call.
	spare map[string]*[]lab.Decision
}

func (l *decisionLog) add(owner string, ds []lab.Decision) {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := l.of[owner]
	if list == nil {
		if l.of == nil {
			l.of, l.spare = map[string]*[]lab.Decision{}, map[string]*[]lab.Decision{}
		}
		list = new([]lab.Decision)
		l.of[owner] = list
	}
	for _, d := range ds {
		if d.Layer == "" {
			continue
		}
		if len(*list) == maxDecisions {
			copy(*list, (*list)[1:])
			*list = (*list)[:maxDecisions-1]
		}
		*list = append(*list, d)
	}
}

func (l *decisionLog) take(owner string) []lab.Decision {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := l.of[owner]
	if list == nil {
		return nil
	}
	spare := l.spare[owner]
	if spare == nil {
		spare = new([]lab.Decision)
		l.spare[owner] = spare
	}
	*spare = (*spare)[:0]
	*list, *spare = *spare, *list
	return *spare
}
