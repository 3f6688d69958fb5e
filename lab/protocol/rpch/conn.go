package rpch

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"shutout/lab/protocol/dcerpc"
)

// ErrLifetime is what Write returns once the HTTP body that it writes into has
// no more room: the channel would have to be replaced.
var ErrLifetime = errors.New("rpch: the channel is at the end of its lifetime")

// A Conn is one end of an open virtual connection. It takes and gives RPC
// PDUs, whole ones in each Write, and keeps the RTS PDUs to itself. Reading may
// go on in one goroutine while others write; a Write that waits for window
// reads the channel itself when nobody else does, and keeps what is for Read.
// The streams below must hold an acknowledgement (56 octets) that nobody reads
// yet, as every network connection does.
type Conn struct {
	r     io.Reader  // the other end's channel
	order sync.Mutex // one Write at a time

	out     sync.Mutex // guards w and room
	w       io.Writer  // this end's channel
	room    int64      // octets that its HTTP body has left
	ackTo   Destination
	inName  Cookie // of the channel that is read
	outName Cookie

	mu        sync.Mutex
	changed   sync.Cond // something below did
	reading   bool      // someone is in r.Read
	err       error     // of reading; final
	queue     [][]byte  // RPC PDUs that Read has not given out
	used      int       // octets of queue[0] that it has
	send      SendWindow
	receive   ReceiveWindow
	recycle   bool
	keepalive ClientKeepalive
	timeout   ConnectionTimeout
}

func newConn(r io.Reader, w io.Writer, room int64) *Conn {
	c := &Conn{r: r, w: w, room: room}
	c.changed.L = &c.mu
	return c
}

// Timeout is after how long without traffic the proxy gives up; the client
// learns it from the proxy.
func (c *Conn) Timeout() ConnectionTimeout { return c.timeout }

// Keepalive is how often the client wants to be pinged, 0 for the proxy's own
// choice.
func (c *Conn) Keepalive() ClientKeepalive {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.keepalive
}

// RecycleAsked tells whether the other end has asked to replace the OUT
// channel (OUT_R1/A2 or OUT_R2/A2), which it does before its lifetime ends.
func (c *Conn) RecycleAsked() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.recycle
}

// Ping writes a Ping, so that neither the other end nor anything between takes
// the channel for dead. It may be called while another goroutine reads or writes.
func (c *Conn) Ping() error { return c.write(encode(Ping)) }

// AskKeepalive tells the proxy how often to ping from now on (MS-RPCH
// 2.2.4.46). It is for clients.
func (c *Conn) AskKeepalive(every ClientKeepalive) error { return c.write(encode(KeepAlive, every)) }

// write writes PDUs of one kind or the other.
func (c *Conn) write(b []byte) error {
	c.out.Lock()
	defer c.out.Unlock()
	if int64(len(b)) > c.room {
		return ErrLifetime
	}
	c.room -= int64(len(b))
	_, err := c.w.Write(b)
	return err
}

// Write sends RPC PDUs, of which p must have a whole number. It waits until
// each fits into the other end's window.
func (c *Conn) Write(p []byte) (int, error) {
	c.order.Lock()
	defer c.order.Unlock()
	written := 0
	for written < len(p) {
		h, err := dcerpc.ParseHeader(p[written:])
		if err != nil {
			return written, err
		}
		n := int(h.FragLength)
		if n > len(p)-written || h.Type == dcerpc.TypeRTS {
			return written, fmt.Errorf("rpch: %v of %d octets in a write of %d", h.Type, n, len(p)-written)
		}
		if err := c.reserve(n); err != nil {
			return written, err
		}
		if err := c.write(p[written : written+n]); err != nil {
			return written, err
		}
		written += n
	}
	return written, nil
}

// reserve waits until n octets fit into the window and takes them.
func (c *Conn) reserve(n int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.send.Ever(n) {
		return fmt.Errorf("rpch: a PDU of %d octets is %w that the other end's window sets", n, dcerpc.ErrTooLarge)
	}
	for !c.send.Fits(n) {
		if c.err != nil {
			return c.err
		}
		c.pump()
	}
	c.send.Sent(n)
	return nil
}

// Read gives out RPC PDUs, never parts of two at once.
func (c *Conn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c.mu.Lock()
	for len(c.queue) == 0 {
		if c.err != nil {
			defer c.mu.Unlock()
			return 0, c.err
		}
		c.pump()
	}
	pdu := c.queue[0]
	n := copy(p, pdu[c.used:])
	if c.used += n; c.used < len(pdu) {
		c.mu.Unlock()
		return n, nil
	}
	c.queue, c.used = c.queue[1:], 0
	due := c.receive.Consumed(len(pdu))
	var a FlowControlAck
	if due {
		a = c.receive.Ack(c.inName)
	}
	c.mu.Unlock()
	if due {
		// What was read is good whether or not the acknowledgement goes out; a
		// channel that is broken shows at the next use.
		_ = c.write(encode(FlowAckTo, c.ackTo, a))
	}
	return n, nil
}

// Poll reads what has come, for as long as ready says that there is something
// to read, and tells whether an RPC PDU waits for Read. So whoever has nothing
// to do but wait for calls that are held needs not wait for each ping.
func (c *Conn) Poll(ready func() bool) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.queue) == 0 {
		if c.err != nil {
			return false, c.err
		}
		if !ready() {
			return false, nil
		}
		c.pump()
	}
	return true, nil
}

// pump reads one PDU, or waits until another goroutine has read one. c.mu is
// held before and after, and not in between.
func (c *Conn) pump() {
	if c.reading {
		c.changed.Wait()
		return
	}
	c.reading = true
	c.mu.Unlock()
	b, err := dcerpc.ReadFragment(c.r)
	c.mu.Lock()
	c.reading = false
	if err == nil {
		err = c.take(b)
	}
	c.err = err
	c.changed.Broadcast()
}

// take sorts a PDU that came.
func (c *Conn) take(b []byte) error {
	if dcerpc.Type(b[2]) != dcerpc.TypeRTS {
		if err := c.receive.Received(len(b)); err != nil {
			return err
		}
		c.queue = append(c.queue, b)
		return nil
	}
	p, err := ParsePDU(b)
	if err != nil {
		return err
	}
	switch {
	case p.Is(Ping), p.Is(OutR2C1):
		return nil
	case p.Is(FlowAck), p.Is(FlowAckTo):
		a := find[FlowControlAck](p, 0)
		if a.Channel != c.outName {
			return nil // to be discarded (MS-RPCH 3.2.1.5.1)
		}
		return c.send.Acknowledged(a)
	case p.Is(KeepAlive):
		c.keepalive = find[ClientKeepalive](p, 0)
		return nil
	case p.Is(OutR1A2): // or OUT_R2/A2, which is the same
		c.recycle = true
		return nil
	}
	return fmt.Errorf("rpch: %s on an open connection", p.Name())
}
