package network

import (
	"time"

	"shutout/sim/timeline"
)

// deadline maps a library's wall-clock deadline onto virtual time.
type deadline struct {
	at      time.Time // zero: none
	expired bool
	queued  time.Time // when the event is due; zero when not queued
	event   *timeline.Event
}

func (c *conn) SetDeadline(t time.Time) error {
	c.n.mu.Lock()
	defer c.n.mu.Unlock()
	c.set(&c.read, t, c.expireRead)
	c.set(&c.write, t, c.wakeWriter)
	return nil
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.n.mu.Lock()
	defer c.n.mu.Unlock()
	c.set(&c.read, t, c.expireRead)
	return nil
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	c.n.mu.Lock()
	defer c.n.mu.Unlock()
	c.set(&c.write, t, c.wakeWriter)
	return nil
}

// expireRead wakes a reader without touching a gate: the deadline belongs to
// the read alone.
func (c *conn) expireRead() {
	if c.state.reading {
		c.state.reading = false
		c.settle()
		c.readers.Broadcast()
	}
}

// set takes a deadline that a library computed from the wall clock. Its
// distance from now is what counts, rounded up to a whole second so that the
// moment does not depend on how fast this machine is. An event that is queued
// for an earlier time is left there and moves itself on when it fires: a
// keep-alive connection sets its deadline with every request.
func (c *conn) set(d *deadline, t time.Time, wake func()) {
	if c.closed {
		return
	}
	d.expired = false
	if t.IsZero() {
		d.at = time.Time{}
		return
	}
	left := time.Until(t)
	if left <= 0 {
		d.at = time.Time{}
		d.expired = true
		wake()
		return
	}
	left = (left + time.Second - 1).Truncate(time.Second)
	d.at = c.n.tl.Now().Add(left)
	if !d.queued.IsZero() && !d.queued.After(d.at) {
		return
	}
	d.queued = d.at
	if d.event != nil {
		c.n.tl.Move(d.event, d.at)
		return
	}
	d.event = c.n.tl.At(d.at, 0, func(now time.Time) {
		c.n.mu.Lock()
		defer c.n.mu.Unlock()
		d.queued = time.Time{}
		switch {
		case c.closed || d.at.IsZero():
		case d.at.After(now):
			d.queued = d.at
			c.n.tl.Move(d.event, d.at)
		default:
			d.at, d.expired = time.Time{}, true
			if d == &c.read {
				c.expireRead()
			} else {
				c.wakeWriter()
			}
		}
	})
}
