package server

import (
	"net"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
	"shutout/sim/network"
	"shutout/sim/transport"
)

// Submit hands to transport what somebody sends through a mailbox over c, and
// records what it decides. The sender counts as cache knows the account now: a
// limit that was set since the sign-in is felt. The world's lock is held.
func (w *World) Submit(now time.Time, c net.Conn, cache *directory.Cache, s transport.Submission) (lab.Decision, error) {
	s.User = cache.Current(now, s.User)
	s.Client = network.ClientAddr(c)
	d, err := w.Transport.Submit(now, s)
	w.Record(c, d)
	return d, err
}
