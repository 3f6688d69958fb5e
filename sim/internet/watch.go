package internet

import (
	"net/netip"
	"time"

	"shutout/sim/profile"
)

// Watch is somebody who sees spam and acts against the address that it comes
// from: a block list that lists it, a provider that blocks its customer.
type Watch struct {
	after time.Duration // how long spam must have come; profile.Never: nothing is done
	life  time.Duration // how long without spam until all is forgotten; profile.Never: never
	seen  map[netip.Addr]sighting
}

type sighting struct{ first, last time.Time }

// maxWatched bounds the addresses that are known. Those of one lab are few.
const maxWatched = 1 << 16

// NewWatch returns a watch that has seen nothing yet.
func NewWatch(after, life time.Duration) *Watch {
	return &Watch{after: after, life: life, seen: map[netip.Addr]sighting{}}
}

// See tells that spam came from an address.
func (w *Watch) See(now time.Time, a netip.Addr) {
	s, known := w.seen[a]
	switch {
	case !a.IsValid() || !known && len(w.seen) >= maxWatched:
		return
	case !known || w.over(now, s):
		s.first = now
	}
	s.last = now
	w.seen[a] = s
}

func (w *Watch) over(now time.Time, s sighting) bool {
	return w.life != profile.Never && now.Sub(s.last) >= w.life
}

// Acts tells whether something is done against an address, and since when.
// An address that sent spam once, and no more, is left alone.
func (w *Watch) Acts(now time.Time, a netip.Addr) (since time.Time, acts bool) {
	s, known := w.seen[a]
	if !known || w.after == profile.Never || w.over(now, s) {
		return time.Time{}, false
	}
	since = s.first.Add(w.after)
	return since, !now.Before(since) && !s.last.Before(since)
}

// Forget takes an address off, as its owner has asked for. It tells whether
// there was something to forget. While the spam goes on it comes back.
func (w *Watch) Forget(a netip.Addr) bool {
	_, known := w.seen[a]
	delete(w.seen, a)
	return known
}
