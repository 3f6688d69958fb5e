// Package server holds what the protocol front ends share: the world that
// they stand on, its lock, its certificates and its record of decisions. The
// front ends themselves are the sub-packages, one for each protocol.
package server

import (
	"cmp"
	"net"
	"slices"
	"sync"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/oauth"
	"shutout/sim/clientaccess"
	"shutout/sim/cloud"
	"shutout/sim/directory"
	"shutout/sim/network"
	"shutout/sim/opensite"
	"shutout/sim/profile"
	"shutout/sim/store"
	"shutout/sim/timeline"
	"shutout/sim/transport"
)

// World is the state below the front ends. Its lock guards all of Directory,
// Cloud, Store, CAS and Transport: a front end locks, calls in with Now, and unlocks
// before it touches a connection. Events of the timeline fire with the lock
// held.
type World struct {
	sync.Mutex
	TL        *timeline.Timeline
	Net       *network.Network
	Params    profile.Params
	Cast      *lab.Cast
	Dir       *directory.Directory
	Cloud     *cloud.Tenant  // nil: people sign in at the servers themselves
	Open      *opensite.Site // nil: the servers are Exchange
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

// OpenSite has the servers of an open site sign people in as they do, where the
// profile is of one. Transport is there by then.
func (w *World) OpenSite() {
	if w.Params.Server.Family != profile.Open {
		return
	}
	w.Open = opensite.New(w.TL, w.Params, w.Dir)
	w.Transport.Logon = w.Open.Logon
	w.Transport.Known = func(now time.Time, server, user string) bool {
		_, ok := w.Open.Lookup(now, server, user)
		return ok
	}
}

// Logon checks a password that a mail server on host was given in the clear: at
// the domain controller that the host uses, or as an open site does.
func (w *World) Logon(now time.Time, host, user, password string) directory.Logon {
	if w.Open != nil {
		return w.Open.Logon(now, host, user, password)
	}
	return w.Dir.DCFor(host).Logon(now, user, password, directory.Cleartext)
}

// SignInURL is the address of the cloud's sign-in form.
func (w *World) SignInURL() string {
	return "https://" + w.Cloud.Host() + "." + w.Cast.Organisation.Domain + oauth.AuthorizePath
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

// Decisions returns what was recorded for owner since the previous call, once
// the servers have decided about all that owner asked. The list is valid until
// the next call.
func (w *World) Decisions(owner string) []lab.Decision {
	w.Net.WaitQuiet(owner)
	return w.decisions.take(owner)
}

// maxDecisions bounds what is kept for one activity between two calls; the
// newest count.
const maxDecisions = 64

type decisionLog struct {
	mu sync.Mutex
	of map[string]*record // by owner
}

// record holds one owner's decisions.
type record struct {
	list []lab.Decision // since the last take
	// spare is what take handed out last time; the caller is done with it by
	// the next call.
	spare []lab.Decision
}

func (l *decisionLog) add(owner string, ds []lab.Decision) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.of[owner]
	if r == nil {
		if l.of == nil {
			l.of = map[string]*record{}
		}
		r = new(record)
		l.of[owner] = r
	}
	for _, d := range ds {
		if d.Layer == "" {
			continue
		}
		if len(r.list) == maxDecisions {
			copy(r.list, r.list[1:])
			r.list = r.list[:maxDecisions-1]
		}
		r.list = append(r.list, d)
	}
}

// beside is 1 for the decisions of requests that are held open.
func beside(d lab.Decision) int {
	if d.Layer == lab.LayerHanging {
		return 1
	}
	return 0
}

func (l *decisionLog) take(owner string) []lab.Decision {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.of[owner]
	if r == nil {
		return nil
	}
	r.list, r.spare = r.spare[:0], r.list
	// A request that was held open is decided beside what the client asks
	// meanwhile, so which of the two came first means nothing.
	slices.SortStableFunc(r.spare, func(a, b lab.Decision) int { return cmp.Compare(beside(b), beside(a)) })
	return r.spare
}
