package rpch

import (
	"fmt"
	"io"
)

// version is the version of the protocol (MS-RPCH 2.2.3.5.7).
const version Version = 1

// DefaultWindow is the receive window that Windows announces, in octets
// (MS-RPCH 2.2.3.5.1: 8 KiB to 256 KiB are allowed).
const DefaultWindow ReceiveWindowSize = 64 << 10

const (
	minWindow ReceiveWindowSize = 8 << 10
	maxWindow ReceiveWindowSize = 256 << 10
)

// checkWindow refuses windows that nothing fits into or that nobody should
// have to hold.
func checkWindow(w ReceiveWindowSize) error {
	if w < minWindow || w > maxWindow {
		return fmt.Errorf("rpch: a receive window of %d octets, not of %d to %d", w, minWindow, maxWindow)
	}
	return nil
}

// A Client says how a client opens a virtual connection. The cookies must be
// fresh ones, different from each other. A zero Window means DefaultWindow, a
// zero Lifetime InLength.
type Client struct {
	Connection Cookie
	In, Out    Cookie // the channels
	Window     ReceiveWindowSize
	Lifetime   ChannelLifetime // what the IN channel's body claims as its length
	Keepalive  ClientKeepalive // how often to be pinged; 0 for the proxy's choice
	Group      AssociationGroupID
}

func (c Client) window() ReceiveWindowSize {
	if c.Window == 0 {
		return DefaultWindow
	}
	return c.Window
}

func (c Client) lifetime() ChannelLifetime {
	if c.Lifetime == 0 {
		return InLength
	}
	return c.Lifetime
}

// A1 is the body of the request for the OUT channel (MS-RPCH 2.2.4.2).
func (c Client) A1() []byte { return encode(ConnA1, version, c.Connection, c.Out, c.window()) }

// B1 is what the body of the IN channel begins with (MS-RPCH 2.2.4.5).
func (c Client) B1() []byte {
	return encode(ConnB1, version, c.Connection, c.In, c.lifetime(), c.Keepalive, c.Group)
}

// Open opens the connection: in takes the body of the IN channel, out gives
// the body of the response to the request for the OUT channel, whose own body
// was A1. It writes B1 and reads CONN/A3 and CONN/C2.
func (c Client) Open(in io.Writer, out io.Reader) (*Conn, error) {
	if err := checkWindow(c.window()); err != nil {
		return nil, err
	}
	conn := newConn(out, in, int64(c.lifetime()))
	conn.ackTo, conn.inName, conn.outName = ToOutProxy, c.Out, c.In
	conn.receive = NewReceiveWindow(uint32(c.window()))
	if err := conn.write(c.B1()); err != nil {
		return nil, err
	}
	if _, err := expect(out, ConnA3); err != nil { // its timeout is for the OUT channel
		return nil, err
	}
	c2, err := expect(out, ConnC2)
	if err != nil {
		return nil, err
	}
	size := find[ReceiveWindowSize](c2, 0)
	if err := checkWindow(size); err != nil {
		return nil, err
	}
	if err := checkVersion(c2); err != nil {
		return nil, err
	}
	conn.send = NewSendWindow(uint32(size))
	conn.timeout = find[ConnectionTimeout](c2, 0)
	return conn, nil
}

// expect reads the next RTS PDU, which must be of the kind. A proxy may ping
// while the client waits.
func expect(r io.Reader, k Kind) (*PDU, error) {
	for {
		p, err := ReadPDU(r)
		switch {
		case err != nil:
			return nil, fmt.Errorf("rpch: waiting for %v: %w", k, err)
		case p.Is(k):
			return p, nil
		case !p.Is(Ping):
			return nil, fmt.Errorf("rpch: %s where %v should be", p.Name(), k)
		}
	}
}

func checkVersion(p *PDU) error {
	if v := find[Version](p, 0); v < version {
		return fmt.Errorf("rpch: version %d", v)
	}
	return nil
}

// OutOpening is what a client says on an OUT channel to open a connection.
type OutOpening struct {
	Connection Cookie
	Channel    Cookie
	Window     ReceiveWindowSize
}

// ParseOutOpening reads CONN/A1, the body of the request for an OUT channel.
func ParseOutOpening(p *PDU) (OutOpening, error) {
	if !p.Is(ConnA1) {
		return OutOpening{}, fmt.Errorf("rpch: %s where %v should be", p.Name(), ConnA1)
	}
	o := OutOpening{Connection: find[Cookie](p, 0), Channel: find[Cookie](p, 1), Window: find[ReceiveWindowSize](p, 0)}
	if err := checkWindow(o.Window); err != nil {
		return OutOpening{}, err
	}
	return o, checkVersion(p)
}

// InOpening is what a client says on an IN channel to open a connection.
type InOpening struct {
	Connection Cookie
	Channel    Cookie
	Lifetime   ChannelLifetime
	Keepalive  ClientKeepalive
	Group      AssociationGroupID
}

// ParseInOpening reads CONN/B1, which the body of an IN channel begins with.
func ParseInOpening(p *PDU) (InOpening, error) {
	if !p.Is(ConnB1) {
		return InOpening{}, fmt.Errorf("rpch: %s where %v should be", p.Name(), ConnB1)
	}
	o := InOpening{Connection: find[Cookie](p, 0), Channel: find[Cookie](p, 1), Lifetime: find[ChannelLifetime](p, 0),
		Keepalive: find[ClientKeepalive](p, 0), Group: find[AssociationGroupID](p, 0)}
	return o, checkVersion(p)
}

// A Server says how a proxy and the server behind it accept virtual
// connections. A zero Window means DefaultWindow, a zero Lifetime OutLength.
type Server struct {
	Window   ReceiveWindowSize
	Lifetime int64             // what the OUT channel's response claims as its length
	Timeout  ConnectionTimeout // after how long without traffic the caller gives up
}

// A3 is what the response on an OUT channel begins with (MS-RPCH 2.2.4.4). It
// is sent as soon as CONN/A1 was read, whether or not there is an IN channel.
func (s Server) A3() []byte { return encode(ConnA3, s.Timeout) }

// Open opens the connection once both channels are there, their openings read
// and A3 sent: in gives what is left of the IN channel's body, out takes the
// response on the OUT channel and must pass on each Write at once. It writes
// CONN/C2.
func (s Server) Open(a OutOpening, b InOpening, in io.Reader, out io.Writer) (*Conn, error) {
	if s.Window == 0 {
		s.Window = DefaultWindow
	}
	if s.Lifetime == 0 {
		s.Lifetime = OutLength
	}
	if err := checkWindow(s.Window); err != nil {
		return nil, err
	}
	if a.Connection != b.Connection {
		return nil, fmt.Errorf("rpch: channels of two connections")
	}
	conn := newConn(in, out, s.Lifetime-int64(len(s.A3())))
	conn.ackTo, conn.inName, conn.outName = ToClient, b.Channel, a.Channel
	conn.receive = NewReceiveWindow(uint32(s.Window))
	conn.send = NewSendWindow(uint32(a.Window))
	conn.keepalive, conn.timeout = b.Keepalive, s.Timeout
	if err := conn.write(encode(ConnC2, version, s.Window, s.Timeout)); err != nil {
		return nil, err
	}
	return conn, nil
}

// AskRecycle asks the client to replace the OUT channel (MS-RPCH 2.2.4.35). It
// is for servers.
func (c *Conn) AskRecycle() error { return c.write(encode(OutR2A2, ToClient)) }
