package rpchttp

import (
	"io"
	"sync/atomic"
	"time"

	"shutout/lab/protocol/rpch"
	"shutout/sim/network"
	"shutout/sim/profile"
	"shutout/sim/server/rpc"
)

// Bounds that keep the simulation's memory small and say nothing about IIS.
const (
	maxHalf = 1000 // virtual connections that have one channel only
	// maxPings is how many pings a client gets that sends nothing: with TLS
	// each takes some 50 octets of what a connection holds unread, 64 KiB.
	maxPings = 500
)

// Bounds of the time-out that a proxy announces (MS-RPCH 2.2.3.5.3).
const (
	minTimeout = 2 * time.Minute
	maxTimeout = 4 * time.Hour
)

// minKeepalive is the least that a client may ask for (MS-RPCH 2.2.3.5.6).
const minKeepalive = time.Minute

// virtual is a virtual connection. The world's lock guards it until it is open.
type virtual struct {
	p      *proxy
	cookie rpch.Cookie
	target *rpc.Server
	user   string

	in, out *channel // nil: not there yet
	a       rpch.OutOpening
	b       rpch.InOpening
	conn    *rpch.Conn // once it is open

	heard atomic.Uint64 // reads of the IN channel that brought something
}

// timeout is after how long without traffic IIS gives up a connection.
func (p *proxy) timeout() time.Duration {
	idle := p.w.Params.IIS.ConnectionIdle
	if idle == profile.Never {
		return maxTimeout
	}
	return min(max(idle, minTimeout), maxTimeout)
}

func (p *proxy) server() rpch.Server {
	return rpch.Server{Timeout: rpch.ConnectionTimeout(p.timeout().Milliseconds())}
}

// join finds the virtual connection with a cookie, or begins it, and has add
// put the channel into it. It returns nil when that cannot be: there are too
// many, or the channel is there already, or it is somebody else's, or for
// another server.
func (c *channel) join(cookie rpch.Cookie, add func(*virtual) bool) *virtual {
	p := c.p
	p.w.Lock()
	defer p.w.Unlock()
	target := p.target(c.q)
	if target == nil {
		return nil
	}
	v := p.half[cookie]
	if v == nil {
		if len(p.half) >= maxHalf {
			return nil
		}
		v = &virtual{p: p, cookie: cookie, target: target, user: c.user.SAM()}
	}
	if v.user != c.user.SAM() || v.target != target || !add(v) {
		return nil
	}
	if v.in == nil || v.out == nil {
		p.half[cookie] = v
		return v
	}
	delete(p.half, cookie)
	v.in.body = &counting{v.in.body, &v.heard}
	if c == v.out {
		v.in.gate.Wake()
	}
	return v
}

// wait parks c until ready says so. It returns false when the other channel
// does not come, or c has ended meanwhile.
func (v *virtual) wait(c *channel, ready func() bool) bool {
	w := v.p.w
	until := w.Now().Add(setupTime)
	for {
		w.Lock()
		ok := ready()
		w.Unlock()
		if ok {
			c.gate.Done() // from here on c reads, or waits anew
			return true
		}
		if c.gate.Wait(until) == network.Woken {
			continue
		}
		w.Lock()
		defer w.Unlock()
		if v.p.half[v.cookie] == v {
			delete(v.p.half, v.cookie)
		}
		if other := v.other(c); other != nil {
			network.Abort(other.conn) // it came in the same moment
		}
		return false
	}
}

func (v *virtual) other(c *channel) *channel {
	if c == v.in {
		return v.out
	}
	return v.in
}

// ping pings the client on its OUT channel, as often as it asked for, until the
// channel ends.
func (v *virtual) ping(out *channel) {
	heard, sent := uint64(0), 0
	for {
		every := time.Duration(v.conn.Keepalive()) * time.Millisecond
		if every == 0 {
			every = v.p.timeout() / 2
		}
		switch out.gate.Wait(v.p.w.Now().Add(max(every, minKeepalive))) {
		case network.Gone:
			return
		case network.TimedOut:
			if n := v.heard.Load(); n != heard {
				heard, sent = n, 0
			}
			if sent++; sent > maxPings {
				continue
			}
			if err := v.conn.Ping(); err != nil {
				return
			}
		}
	}
}

// counting counts the reads that brought something.
type counting struct {
	io.Reader
	n *atomic.Uint64
}

func (c *counting) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	if n > 0 {
		c.n.Add(1)
	}
	return n, err
}
