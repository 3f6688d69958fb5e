package popimap

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// End is why the server ends a connection.
type End int

const (
	Open         End = iota // it does not
	IdleTooLong             // silent for longer than its time-out
	Severed                 // the mailbox or the service took the session away
	TokenExpired            // the access token that it was opened with is over
)

// Conn is a connection of a client. It keeps its own deadlines: whoever reads
// waits as long as an unauthenticated or an authenticated connection may be
// silent (PreAuthenticatedConnectionTimeout, AuthenticatedConnectionTimeout).
// When the server ends the connection the reader sees io.EOF and may still
// write a farewell; Over tells what it was.
type Conn struct {
	net.Conn // the network's end, or TLS above it
	s        *Service
	session  // guarded by the world's lock

	mu     sync.Mutex
	secure bool
	member bool // has signed in
	over   End
}

// StartTLS has the client shake hands; what is read and written afterwards is
// protected.
func (c *Conn) StartTLS() error {
	t := tls.Server(c.Conn, c.s.TLS)
	t.SetDeadline(wall(c.s.World.Params.PopImap.Preauth))
	if err := t.Handshake(); err != nil {
		return err
	}
	t.SetDeadline(time.Time{})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Conn, c.secure = t, true
	return nil
}

// Secure tells whether the connection is protected by TLS.
func (c *Conn) Secure() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.secure
}

// Read reads what the client sends. It returns io.EOF when either side has
// ended the connection.
func (c *Conn) Read(b []byte) (int, error) {
	c.mu.Lock()
	if c.over != Open {
		c.mu.Unlock()
		return 0, io.EOF
	}
	patience := c.s.World.Params.PopImap.Preauth
	if c.member {
		patience = c.s.World.Params.PopImap.Idle
	}
	c.Conn.SetReadDeadline(wall(patience))
	c.mu.Unlock()

	n, err := c.Conn.Read(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.over == Open {
			c.over = IdleTooLong
		}
		return n, io.EOF
	}
	return n, err
}

// SetDeadline and SetReadDeadline do nothing: a library's fixed time-outs are
// not those of the server that it stands for.
func (c *Conn) SetDeadline(time.Time) error     { return nil }
func (c *Conn) SetReadDeadline(time.Time) error { return nil }

// End has the connection's reader see its end. It never blocks, so that an
// event of the world may call it.
func (c *Conn) End(why End) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over == Open {
		c.over = why
	}
	c.Conn.SetReadDeadline(time.Unix(1, 0))
}

// Over tells why the server ends the connection, Open if it does not.
func (c *Conn) Over() End {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.over
}

// Close gives up what the client has signed in to and closes the connection.
// It may be called more than once.
func (c *Conn) Close() error {
	c.s.World.Do(func(now time.Time) {
		c.session.leave(now)
		c.s.World.TL.Cancel(c.lapse)
		c.lapse = nil
	})
	return c.Conn.Close()
}

// NetConn returns the connection below.
func (c *Conn) NetConn() net.Conn { return c.Conn }

// Service returns the service that the connection belongs to.
func (c *Conn) Service() *Service { return c.s }
