// Package network is the lab's network: hosts with addresses, a firewall, and
// in-memory connections whose deadlines run on virtual time. Servers and
// clients use it through net.Listener and net.Conn and cannot tell it from
// TCP; a server sees its client's real address.
//
// The network also knows when the world is at rest, which is the only time at
// which the clock may move (see [Network.WaitRest]).
package network

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"shutout/lab"
	"shutout/sim/timeline"
)

// Network connects the hosts of one lab.
type Network struct {
	tl *timeline.Timeline
	// SYNTimeout is how long a client goes on calling a host that does not
	// answer. It is set before the first Dial.
	SYNTimeout time.Duration

	mu        sync.Mutex
	hosts     map[string]*host
	listeners map[listenKey]*Listener
	firewall  []Rule
	dropped   dropLog
	ephemeral uint16
	start     time.Time
	live      map[*conn]struct{} // server ends of open connections
	buffers   [][]byte           // free receive buffers
	owners    map[string]*owner
	people    map[string]string // who is logged on, by owner
	public    netip.Addr        // what leaves for the internet has this address
	own       map[string]netip.Addr
	account   account
	taps      []tap
}

// tap has somebody listen in a zone.
type tap struct {
	zone lab.Zone
	hear func(conversation any, sent []byte)
}

// Tap has hear told what clients send that are in a zone or call a host in it,
// as a machine on that segment sees it on the wire. It is called with the
// network's lock held. Conversation tells connections apart.
func (n *Network) Tap(zone lab.Zone, hear func(conversation any, sent []byte)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.taps = append(n.taps, tap{zone, hear})
}

// overheard passes on what the client end c sends.
func (n *Network) overheard(c *conn, sent []byte) {
	for _, t := range n.taps {
		if n.hosts[c.clientHost].Zone == t.zone || n.hosts[c.serverHost].Zone == t.zone {
			t.hear(c, sent)
		}
	}
}

type host struct {
	lab.Host
}

type listenKey struct {
	host string
	port int
}

// New returns an empty network that lives in tl's time.
func New(tl *timeline.Timeline) *Network {
	n := &Network{
		tl:        tl,
		hosts:     map[string]*host{},
		listeners: map[listenKey]*Listener{},
		live:      map[*conn]struct{}{},
		owners:    map[string]*owner{},
		people:    map[string]string{},
		own:       map[string]netip.Addr{},
		ephemeral: 49151, // RFC 6335 section 6: dynamic ports begin at 49152
		start:     tl.Now(),
	}
	n.account.init(&n.mu)
	return n
}

// AddHost puts h on the network.
func (n *Network) AddHost(h lab.Host) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hosts[h.ID] = &host{h}
}

// HostAddr returns the address that a host has now. A roaming host has
// another one each day.
func (n *Network) HostAddr(id string) (netip.Addr, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	h, ok := n.hosts[id]
	if !ok {
		return netip.Addr{}, false
	}
	return n.addr(h), true
}

func (n *Network) addr(h *host) netip.Addr {
	a := h.Addr
	if h.Roaming {
		for range int(n.tl.Now().Sub(n.start) / (24 * time.Hour)) {
			a = a.Next()
		}
	}
	return a
}

// Listen opens a port on a host. The listener stays; [Network.SetService]
// takes it down and up.
func (n *Network) Listen(hostID string, port int) (*Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	h, ok := n.hosts[hostID]
	if !ok {
		return nil, fmt.Errorf("network: no host %q", hostID)
	}
	key := listenKey{hostID, port}
	if _, ok := n.listeners[key]; ok {
		return nil, &net.OpError{Op: "listen", Net: "tcp", Err: syscall.EADDRINUSE}
	}
	l := &Listener{n: n, key: key, addr: tcpAddr(n.addr(h), port), backlog: make(chan *conn, 128)}
	n.listeners[key] = l
	return l, nil
}

// Dial connects from a host to addr ("cas1:443" or "10.0.1.11:443") for the
// activity called owner. Where a firewall drops the call it takes SYNTimeout
// of virtual time to fail.
func (n *Network) Dial(ctx context.Context, ownerName, from, addr string) (net.Conn, error) {
	fail := func(err error) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: hostPort(addr), Err: err}
	}
	name, portText, err := net.SplitHostPort(addr)
	if err != nil {
		return fail(err)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return fail(fmt.Errorf("bad port %q", portText))
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	src, ok := n.hosts[from]
	if !ok {
		return fail(fmt.Errorf("no host %q to dial from", from))
	}
	dst := n.find(name)
	if dst == nil {
		return fail(&net.DNSError{Err: "no such host", Name: name, IsNotFound: true})
	}
	o := n.owner(ownerName)
	switch n.verdict(ownerName, src, dst, port) {
	case Drop:
		n.dropped.add(Dropped{n.tl.Now(), n.inside(src), n.addr(dst), port})
		if err := n.callInVain(ctx, o); err != nil {
			return fail(err)
		}
		return fail(syscall.ETIMEDOUT)
	case Reject:
		return fail(syscall.ECONNREFUSED)
	}
	l, ok := n.listeners[listenKey{dst.ID, port}]
	if !ok || l.down || l.closed {
		return fail(syscall.ECONNREFUSED)
	}
	client := n.pair(o, src, dst, port)
	select {
	case l.backlog <- client.peer:
		return client, nil
	default: // a full backlog drops calls in silence; nothing here opens that many at once
		client.peer.end()
		client.end()
		return fail(syscall.ECONNREFUSED)
	}
}

func (n *Network) find(name string) *host {
	if h, ok := n.hosts[name]; ok {
		return h
	}
	if a, err := netip.ParseAddr(name); err == nil {
		for _, h := range n.hosts {
			if n.addr(h) == a {
				return h
			}
		}
	}
	return nil
}

// callInVain waits until the caller gives up. n.mu is held on entry and exit.
func (n *Network) callInVain(ctx context.Context, o *owner) error {
	done := make(chan struct{})
	o.calling++
	e := n.tl.At(n.tl.Now().Add(n.SYNTimeout), 0, func(time.Time) {
		n.mu.Lock()
		o.calling--
		n.mu.Unlock()
		close(done)
	})
	n.changed()
	n.mu.Unlock()
	defer n.mu.Lock()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		if n.tl.Cancel(e) {
			n.mu.Lock()
			o.calling--
			n.mu.Unlock()
		}
		return ctx.Err()
	}
}

// SetService takes the ports of a host down, or up again. Down, they refuse
// new connections and reset the open ones, as a stopped service does.
func (n *Network) SetService(hostID string, up bool, ports ...int) {
	n.mu.Lock()
	for _, p := range ports {
		if l, ok := n.listeners[listenKey{hostID, p}]; ok {
			l.down = !up
		}
	}
	n.mu.Unlock()
	if !up {
		n.ResetWhere(func(c Info) bool {
			if c.Server != hostID {
				return false
			}
			for _, p := range ports {
				if c.Port == p {
					return true
				}
			}
			return false
		})
	}
}

// Info describes an open connection to somebody who decides about it.
type Info struct {
	Owner  string // the activity that dialled
	Client string // host that dialled
	Server string // host that answered
	Port   int    // port on the server
	Remote netip.Addr
	Since  time.Time // when it was made
}

// ResetWhere aborts every open connection that match picks, as RST does, and
// returns how many there were.
func (n *Network) ResetWhere(match func(Info) bool) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	count := 0
	for c := range n.live { // the order does not show: each connection ends by itself
		if match(c.info()) {
			c.abort(syscall.ECONNRESET)
			count++
		}
	}
	return count
}

// Connections lists the open connections that match picks, the oldest first.
func (n *Network) Connections(match func(Info) bool) []Info {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []Info
	for c := range n.live {
		if i := c.info(); match(i) {
			out = append(out, i)
		}
	}
	slices.SortFunc(out, func(a, b Info) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Server, b.Server), cmp.Compare(a.Port, b.Port))
	})
	return out
}

// Open counts the open connections.
func (n *Network) Open() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.live)
}

// Close ends everything: listeners, connections, whoever waits.
func (n *Network) Close() {
	n.mu.Lock()
	listeners := make([]*Listener, 0, len(n.listeners))
	for _, l := range n.listeners {
		listeners = append(listeners, l)
	}
	n.mu.Unlock()
	for _, l := range listeners { // first, so that nobody comes after
		l.Close()
	}
	n.ResetWhere(func(Info) bool { return true })
}

// Listener is an open port; it is a net.Listener.
type Listener struct {
	n       *Network
	key     listenKey
	addr    *net.TCPAddr
	backlog chan *conn
	down    bool
	closed  bool
}

// Accept waits for the next connection.
func (l *Listener) Accept() (net.Conn, error) {
	c, ok := <-l.backlog
	if !ok {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.addr, Err: net.ErrClosed}
	}
	return c, nil
}

// Close ends Accept for good.
func (l *Listener) Close() error {
	l.n.mu.Lock()
	defer l.n.mu.Unlock()
	if !l.closed {
		l.closed = true
		delete(l.n.listeners, l.key)
		close(l.backlog)
	}
	return nil
}

// Addr is the host's address and the port.
func (l *Listener) Addr() net.Addr { return l.addr }

func tcpAddr(a netip.Addr, port int) *net.TCPAddr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(a, uint16(port)))
}

type hostPort string

func (hostPort) Network() string  { return "tcp" }
func (a hostPort) String() string { return string(a) }

// Listens tells whether a host has a port open.
func (n *Network) Listens(hostID string, port int) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	l, ok := n.listeners[listenKey{hostID, port}]
	return ok && !l.down
}
