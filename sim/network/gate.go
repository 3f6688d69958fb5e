package network

import (
	"crypto/tls"
	"net"
	"net/netip"
	"time"

	"shutout/sim/timeline"
)

// Wake tells why a wait at a gate ended.
type Wake int

const (
	Woken    Wake = iota + 1 // Gate.Wake was called
	TimedOut                 // the virtual time came
	Gone                     // the connection ended
)

// Gate is where a server waits for virtual time or for a world event, so that
// the clock may move meanwhile. A gate belongs to one goroutine, which calls
// Wait or Watch and at the end Done; anybody may call Wake, at any time.
type Gate struct {
	n       *Network
	c       *conn
	ch      chan Wake // holds one signal
	pending bool      // ch holds a signal, or the goroutine has taken it and is at work
	event   *timeline.Event
}

// Gate makes a gate for the server side of connection c.
func (n *Network) Gate(c net.Conn) *Gate {
	return &Gate{n: n, c: unwrap(c), ch: make(chan Wake, 1)}
}

// Wait parks the goroutine that serves the connection until the gate is
// woken, the clock reaches until (zero: no limit), or the connection ends.
func (g *Gate) Wait(until time.Time) Wake {
	g.n.mu.Lock()
	if w, ok := g.rest(); ok {
		g.n.mu.Unlock()
		return w
	}
	if g.c.closed || g.c.eof || g.c.err != nil {
		g.n.mu.Unlock()
		return Gone
	}
	g.c.state.gate = g
	if !until.IsZero() {
		g.event = g.n.tl.At(until, 0, func(time.Time) {
			g.n.mu.Lock()
			g.signal(TimedOut)
			g.n.mu.Unlock()
		})
	}
	g.c.settle()
	g.n.mu.Unlock()
	return <-g.ch
}

// Watch waits beside the goroutine that serves the connection, which reads
// on (IMAP IDLE). It returns Woken, or Gone when stop is closed.
func (g *Gate) Watch(stop <-chan struct{}) Wake {
	g.n.mu.Lock()
	if w, ok := g.rest(); ok {
		g.n.mu.Unlock()
		return w
	}
	g.n.mu.Unlock()
	select {
	case w := <-g.ch:
		return w
	case <-stop:
		return Gone
	}
}

// rest ends the goroutine's work since the last signal. When another signal
// came meanwhile it takes that one and stays at work.
func (g *Gate) rest() (Wake, bool) {
	select {
	case w := <-g.ch:
		return w, true
	default:
	}
	if g.pending {
		g.pending = false
		g.c.state.held--
		g.c.settle()
	}
	return 0, false
}

// Wake ends a wait, or the next one. It never blocks.
func (g *Gate) Wake() {
	g.n.mu.Lock()
	defer g.n.mu.Unlock()
	g.signal(Woken)
}

// signal counts the goroutine as at work before it runs. n.mu is held.
func (g *Gate) signal(w Wake) {
	if g.c.state.gate == g {
		g.c.state.gate = nil
	}
	if g.event != nil {
		g.n.tl.Cancel(g.event)
		g.event = nil
	}
	if !g.pending {
		g.pending = true
		g.c.state.held++
	}
	g.c.settle()
	select {
	case g.ch <- w:
	default:
	}
}

// Done says that the goroutine needs the gate no more.
func (g *Gate) Done() {
	g.n.mu.Lock()
	defer g.n.mu.Unlock()
	for {
		if _, ok := g.rest(); !ok {
			return
		}
	}
}

// Park holds the goroutine that serves c until the clock reaches until, as a
// tarpit does. It tells whether the connection is still there.
func (n *Network) Park(c net.Conn, until time.Time) bool {
	g := n.Gate(c)
	defer g.Done()
	return g.Wait(until) == TimedOut
}

// unwrap finds the network's own end below TLS.
func unwrap(c net.Conn) *conn {
	for {
		switch t := c.(type) {
		case *conn:
			return t
		case *tls.Conn:
			c = t.NetConn()
		case interface{ NetConn() net.Conn }:
			c = t.NetConn()
		default:
			return nil
		}
	}
}

// Owner returns the activity that dialled c, "" if c is not a connection of
// this package.
func Owner(c net.Conn) string {
	if e := unwrap(c); e != nil {
		return e.owner.name
	}
	return ""
}

// ClientAddr is the address that c comes from; zero if that is not known.
func ClientAddr(c net.Conn) netip.Addr {
	if c == nil {
		return netip.Addr{}
	}
	t, ok := c.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return t.AddrPort().Addr().Unmap()
}

// Abort ends c as RST does.
func Abort(c net.Conn) {
	if e := unwrap(c); e != nil {
		e.n.mu.Lock()
		defer e.n.mu.Unlock()
		e.abort(net.ErrClosed)
	}
}
