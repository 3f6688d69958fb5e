package network

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// window is how much one direction of a connection buffers before a writer
// waits, the 64 KiB of a TCP window without scaling (RFC 9293 section 3.1).
const window = 64 << 10

// conn is one end of an in-memory connection. All fields are guarded by the
// network's lock.
type conn struct {
	n             *Network
	peer          *conn
	server        bool // the end that was dialled
	local, remote *net.TCPAddr
	clientHost    string
	serverHost    string
	owner         *owner
	since         time.Time

	in      []byte // received and not read yet
	off     int
	eof     bool  // the peer closed; nothing follows what is in the buffer
	err     error // the connection was aborted
	closed  bool
	done    bool // CloseWrite: nothing more will be sent
	late    bool // a write after the peer's close has been swallowed already
	hole    bool // packets on this connection vanish
	lost    bool // something has vanished in the hole: the stream is broken for good
	starved bool // the attempt in flight waits for what has vanished; of a client end
	read    deadline
	write   deadline
	overdue error      // what a read past its deadline returns
	readers *sync.Cond // waits for data, end or deadline
	writers *sync.Cond // waits for room

	state endState
}

// pair makes the two ends of a connection and returns the client's.
func (n *Network) pair(o *owner, src, dst *host, port int) *conn {
	n.ephemeral++
	if n.ephemeral == 0 {
		n.ephemeral = 49152
	}
	from := tcpAddr(n.addr(src), int(n.ephemeral))
	to := tcpAddr(n.addr(dst), port)
	c := &conn{n: n, local: from, remote: to, owner: o, clientHost: src.ID, serverHost: dst.ID}
	seen := tcpAddr(n.seen(src, dst), from.Port)
	s := &conn{n: n, local: to, remote: seen, owner: o, clientHost: src.ID, serverHost: dst.ID, server: true}
	c.peer, s.peer = s, c
	c.since = n.tl.Now()
	for _, e := range []*conn{c, s} {
		e.readers = sync.NewCond(&n.mu)
		e.writers = sync.NewCond(&n.mu)
	}
	o.ends[c] = struct{}{}
	n.live[s] = struct{}{}
	s.settle() // busy from now: it waits to be accepted
	return c
}

func (c *conn) info() Info {
	client := c
	if c.server {
		client = c.peer
	}
	return Info{Owner: c.owner.name, Client: c.clientHost, Server: c.serverHost,
		Port: client.remote.Port, Remote: client.local.AddrPort().Addr(), Since: client.since}
}

// Read blocks until there is data, the connection ends or the deadline passes.
func (c *conn) Read(b []byte) (int, error) {
	c.n.mu.Lock()
	defer c.n.mu.Unlock()
	for {
		switch {
		case c.closed:
			return 0, c.opError("read", net.ErrClosed)
		case c.read.expired:
			// net/http ends the read beside each request in this way.
			if c.overdue == nil {
				c.overdue = c.opError("read", os.ErrDeadlineExceeded)
			}
			return 0, c.overdue
		case c.off < len(c.in):
			m := copy(b, c.in[c.off:])
			c.off += m
			if c.off == len(c.in) {
				c.n.release(c)
			}
			if c.peer.state.writing {
				c.peer.wakeWriter()
			}
			return m, nil
		case c.err != nil:
			c.backFromRead()
			return 0, c.opError("read", c.err)
		case c.eof:
			c.backFromRead()
			return 0, io.EOF
		case len(b) == 0:
			return 0, nil
		}
		c.state.reading, c.state.woken = true, false
		c.settle()
		c.readers.Wait()
	}
}

// Pending tells, without waiting, whether Read would return at once: there is
// data, or the connection has ended. A client learns so from its socket
// becoming readable.
func (c *conn) Pending() bool {
	c.n.mu.Lock()
	defer c.n.mu.Unlock()
	return c.off < len(c.in) || c.eof || c.err != nil || c.closed
}

// backFromRead: whoever woke the reader has taken it off the blocked ones
// already; a background reader that sees the end is done.
func (c *conn) backFromRead() {
	c.state.woken = false
	c.settle()
}

// Write hands b to the other end. It waits while the window is full.
func (c *conn) Write(b []byte) (int, error) {
	c.n.mu.Lock()
	defer c.n.mu.Unlock()
	done := 0
	for {
		switch {
		case c.closed:
			return done, c.opError("write", net.ErrClosed)
		case c.done:
			return done, c.opError("write", syscall.EPIPE)
		case c.err != nil:
			return done, c.opError("write", c.err)
		case c.write.expired:
			return done, c.opError("write", os.ErrDeadlineExceeded)
		case c.hole:
			c.vanish()
			return len(b), nil
		case c.peer.closed:
			// TCP notices the peer's close only by the answer to a packet
			// sent after it: the first write succeeds.
			if c.late {
				return done, c.opError("write", syscall.EPIPE)
			}
			c.late = true
			return len(b), nil
		}
		p := c.peer
		if room := window - (len(p.in) - p.off); room > 0 {
			part := b[done:min(len(b), done+room)]
			c.n.grow(p)
			p.in = append(p.in, part...)
			if c.n.taps != nil && !c.server {
				c.n.overheard(c, part)
			}
			done += len(part)
			p.wakeReader(true)
		}
		if done == len(b) {
			c.state.writing = false
			c.settle()
			return done, nil
		}
		c.state.writing = true
		c.settle()
		c.writers.Wait()
	}
}

// Close ends the connection in an orderly way: the peer can still read what
// was sent.
func (c *conn) Close() error {
	c.n.mu.Lock()
	defer c.n.mu.Unlock()
	if c.closed {
		return c.opError("close", net.ErrClosed)
	}
	if c.hole {
		c.vanish()
	} else {
		c.peer.eof = true
		c.peer.wakeReader(false)
	}
	c.peer.wakeWriter()
	c.end()
	return nil
}

// CloseWrite says that nothing more will be sent. What the peer sends is still
// received.
func (c *conn) CloseWrite() error {
	c.n.mu.Lock()
	defer c.n.mu.Unlock()
	if c.closed {
		return c.opError("close", net.ErrClosed)
	}
	c.done = true
	if c.hole {
		c.vanish()
	} else {
		c.peer.eof = true
		c.peer.wakeReader(false)
	}
	c.wakeWriter()
	return nil
}

// vanish notes that something sent on c has vanished in the hole.
func (c *conn) vanish() {
	c.lost, c.peer.lost = true, true
	client := c
	if c.server {
		client = c.peer
	}
	client.starved = true
	c.n.changed()
}

// abort ends both ends at once, as RST does. n.mu is held.
func (c *conn) abort(err error) {
	for _, e := range []*conn{c, c.peer} {
		if e.err == nil && !e.closed {
			e.err = err
		}
		e.wakeReader(false)
		e.wakeWriter()
	}
	server := c
	if !c.server {
		server = c.peer
	}
	delete(c.n.live, server)
}

// end makes the end closed and gives back what it holds. n.mu is held.
func (c *conn) end() {
	c.closed = true
	c.n.release(c)
	for _, d := range []*deadline{&c.read, &c.write} {
		if d.event != nil {
			c.n.tl.Cancel(d.event)
		}
	}
	c.wakeReader(false)
	c.wakeWriter()
	c.settle()
	if c.server {
		delete(c.n.live, c)
	} else {
		delete(c.owner.ends, c)
	}
}

func (c *conn) wakeReader(data bool) {
	if c.state.reading {
		c.state.reading = false
		if data && !c.server && c.owner.flights == 0 && c.owner.name != "" {
			// Somebody reads in the background (IMAP IDLE): the world is
			// not at rest until that reader is back. A foreign client, which
			// acts for no activity, may take as long as it likes.
			c.state.woken = true
		}
		c.readers.Broadcast()
	}
	if c.state.gate != nil && !data {
		c.state.gate.signal(Gone)
	}
	c.settle()
}

func (c *conn) wakeWriter() {
	if c.state.writing {
		c.state.writing = false
		c.settle()
		c.writers.Broadcast()
	}
}

func (c *conn) LocalAddr() net.Addr { return c.local }

func (c *conn) RemoteAddr() net.Addr { return c.remote }

func (c *conn) opError(op string, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Source: c.local, Addr: c.remote, Err: err}
}

// grow gives c a receive buffer when it has none; release takes it back when
// it is empty, so that ten thousand silent sessions hold no buffers.
func (n *Network) grow(c *conn) {
	if c.in == nil && len(n.buffers) > 0 {
		last := len(n.buffers) - 1
		c.in, n.buffers = n.buffers[last], n.buffers[:last]
	} else if c.off > 0 && c.off == len(c.in) {
		c.in, c.off = c.in[:0], 0
	}
}

func (n *Network) release(c *conn) {
	if c.in != nil && len(n.buffers) < 64 {
		n.buffers = append(n.buffers, c.in[:0])
	}
	c.in, c.off = nil, 0
}
