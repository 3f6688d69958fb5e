package rpchttp

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/rpch"
	"shutout/sim/clientaccess"
	"shutout/sim/directory"
	"shutout/sim/network"
	"shutout/sim/server/rpc"
	"shutout/sim/server/signin"
)

// setupTime is how long a proxy waits for the other channel (MS-RPCH 3.2.5.2.1),
// or for a channel's first PDU.
const setupTime = 15 * time.Minute

// channel is one of the two channels of a virtual connection. Its HTTP
// connection has been taken from the HTTP server.
type channel struct {
	p    *proxy
	q    rpch.Request
	user *directory.Object
	conn net.Conn
	body io.Reader // what the client sends behind the head
	held *clientaccess.Session
	gate *network.Gate
}

func (p *proxy) newChannel(conn net.Conn, body io.Reader, q rpch.Request, id signin.Identity) *channel {
	c := &channel{p: p, q: q, user: id.User, conn: conn, body: body, gate: p.w.Net.Gate(conn)}
	p.w.Do(func(now time.Time) {
		c.held = p.cas.Hold(now, clientaccess.PoolRPCProxy, id.User.SAM(), func(time.Time, string) { network.Abort(conn) })
	})
	return c
}

// close ends the channel, in the goroutine that serves it.
func (c *channel) close() {
	c.hangUp()
	c.gate.Done()
}

// hangUp closes the connection. It may be called twice.
func (c *channel) hangUp() {
	c.p.w.Do(func(time.Time) { c.held.Close() })
	c.conn.Close()
}

// first reads the PDU that a channel begins with, after telling the client to
// go on, as IIS does before it has seen any of the body.
func (c *channel) first() (*rpch.PDU, error) {
	if _, err := io.WriteString(c.conn, "HTTP/1.1 100 Continue\r\n\r\n"); err != nil {
		return nil, err
	}
	c.conn.SetReadDeadline(time.Now().Add(setupTime)) // on the lab's clock
	defer c.conn.SetReadDeadline(time.Time{})
	return rpch.ReadPDU(c.body)
}

// serveIn carries what the client sends to the server, which answers in this
// goroutine.
func (c *channel) serveIn() {
	pdu, err := c.first()
	if err != nil {
		return
	}
	opening, err := rpch.ParseInOpening(pdu)
	if err != nil {
		return
	}
	v := c.join(opening.Connection, func(v *virtual) bool {
		if v.in != nil {
			return false
		}
		v.in, v.b = c, opening
		return true
	})
	if v == nil || !v.wait(c, func() bool { return v.out != nil }) {
		return
	}
	defer v.out.hangUp()
	conn, err := c.p.server().Open(v.a, v.b, c.body, v.out.conn)
	if err != nil {
		return
	}
	c.p.w.Do(func(time.Time) { v.conn = conn })
	v.out.gate.Wake()
	v.target.ServeStream(rpc.Stream{ReadWriter: conn, Conn: c.conn, Path: lab.OutlookAnywhere, User: c.user})
}

// serveOut opens the way back and keeps it open.
func (c *channel) serveOut() {
	pdu, err := c.first()
	if err != nil {
		return
	}
	opening, err := rpch.ParseOutOpening(pdu)
	if err != nil {
		return
	}
	var target *rpc.Server
	c.p.w.Do(func(time.Time) { target = c.p.target(c.q) })
	if target == nil {
		// MS-RPCH 2.1.2.1.3
		fmt.Fprintf(c.conn, "HTTP/1.0 503 %s\r\nContent-Length: 0\r\n\r\n", rpch.Reason(serverUnavailable))
		return
	}
	if err := c.begin(); err != nil {
		return
	}
	v := c.join(opening.Connection, func(v *virtual) bool {
		if v.out != nil {
			return false
		}
		v.out, v.a = c, opening
		return true
	})
	if v == nil || !v.wait(c, func() bool { return v.conn != nil }) {
		return
	}
	v.ping(c)
	network.Abort(v.in.conn) // whoever serves it ends what is open
}

// serverUnavailable is RPC_S_SERVER_UNAVAILABLE (MS-ERREF 2.2).
const serverUnavailable = 0x6BA

// begin sends the head of the response and what its body begins with.
func (c *channel) begin() error {
	h := http.Header{}
	rpch.SetOutHeader(h)
	b := bufio.NewWriter(c.conn)
	b.WriteString("HTTP/1.1 200 Success\r\n")
	h.Write(b)
	b.WriteString("\r\n")
	b.Write(c.p.server().A3())
	return b.Flush()
}
