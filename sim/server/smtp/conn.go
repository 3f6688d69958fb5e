package smtp

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"shutout/lab"
	"shutout/sim/profile"
	"shutout/sim/server"
	"shutout/sim/transport"
)

// conn is an admitted connection, below TLS. It keeps the connector's
// time-outs, whatever deadlines go-smtp sets.
type conn struct {
	net.Conn
	w      *server.World
	policy *transport.Session // guarded by the world's lock
	banner string             // written in place of go-smtp's, then empty
	opened time.Time

	signedIn time.Time     // zero: the client has not
	token    *lab.Decision // what admitted the access token that was shown; nil: a password was
	noted    time.Time
	over     atomic.Bool // the last reply was a farewell
	once     sync.Once
}

// Write replaces go-smtp's banner, the first thing that it writes.
func (c *conn) Write(b []byte) (int, error) {
	if c.banner == "" {
		return c.Conn.Write(b)
	}
	_, err := io.WriteString(c.Conn, c.banner)
	c.banner = ""
	return len(b), err
}

// Read reads what the client sends. After a farewell nothing more is read,
// which has go-smtp close the connection.
func (c *conn) Read(b []byte) (int, error) {
	if c.over.Load() {
		return 0, io.EOF
	}
	connector := c.policy.Connector()
	patience := connector.IdleTimeout
	if limit := connector.ConnectionTimeout; limit != profile.Never {
		patience = min(patience, c.opened.Add(limit).Sub(c.w.Now()))
	}
	c.Conn.SetReadDeadline(wall(patience))
	if c.over.Load() {
		return 0, io.EOF
	}
	n, err := c.Conn.Read(b)
	if c.over.Load() && n == 0 {
		err = io.EOF // and not a time-out, of which go-smtp would tell the client
	}
	return n, err
}

// end has the connection's reader see its end, without a word to the client. It
// never blocks, so that an event of the world may call it.
func (c *conn) end() {
	c.over.Store(true)
	c.Conn.SetReadDeadline(time.Unix(1, 0))
}

// SetDeadline and SetReadDeadline do nothing: the connector's time-outs hold.
func (c *conn) SetDeadline(time.Time) error     { return nil }
func (c *conn) SetReadDeadline(time.Time) error { return nil }

// Close closes the connection and tells the protocol log. It may be called
// more than once.
func (c *conn) Close() error {
	c.once.Do(func() {
		c.w.Do(func(now time.Time) { c.policy.Close(now, "") })
	})
	return c.Conn.Close()
}

// NetConn returns the connection below.
func (c *conn) NetConn() net.Conn { return c.Conn }
