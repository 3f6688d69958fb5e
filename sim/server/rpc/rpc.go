// Package rpc is the DCE/RPC side of an Exchange server: the endpoint mapper,
// and the EMSMDB and AsyncEMSMDB interfaces over TCP or over whatever else
// carries a stream of PDUs.
//
// A client proves who it is in its bind, with NTLM, Kerberos or Negotiate, and
// then never again on that connection. Where something below RPC has found out
// who calls, as the proxy of RPC over HTTP does, a bind without authentication
// speaks for that user; a bind with authentication speaks for its own.
//
// Sessions belong to the connection that opened them and end with it (C706
// 5.1.6, context rundown).
package rpc

import (
	"io"
	"math/rand/v2"
	"net"

	"shutout/lab"
	"shutout/lab/protocol/dcerpc"
	"shutout/lab/protocol/emsmdb"
	"shutout/sim/directory"
	"shutout/sim/network"
	"shutout/sim/server"
	"shutout/sim/server/outlook"
	"shutout/sim/server/signin"
)

// Server serves the RPC interfaces of one host.
type Server struct {
	w        *server.World
	host     string
	sessions *outlook.Service
	signin   *signin.Server
	port     int

	// Guarded by the world's lock.
	rand   *rand.Rand // makes the handles
	open   map[*association]struct{}
	groups uint32
	down   bool
}

// New returns the RPC server of a host. Port is where it listens on TCP, which
// the endpoint mapper tells.
func New(w *server.World, host string, sessions *outlook.Service, port int) *Server {
	return &Server{
		w: w, host: host, sessions: sessions, signin: signin.New(w, host), port: port,
		rand: w.TL.Rand("rpc/" + host), open: map[*association]struct{}{},
	}
}

// SetRunning takes the service down or up. Down, it cuts every connection to
// EMSMDB, whatever carries it, and takes no new one. The world's lock is held.
func (s *Server) SetRunning(up bool) {
	s.down = !up
	if s.down {
		for a := range s.open { // the order does not show: each connection ends by itself
			network.Abort(a.Conn)
		}
	}
}

// Running tells whether the service is up. The world's lock is held.
func (s *Server) Running() bool { return !s.down }

// Serve answers on the TCP port until the listener is closed.
func (s *Server) Serve(l net.Listener) error {
	return accept(l, func(c net.Conn) {
		s.ServeStream(Stream{ReadWriter: c, Conn: c, Path: lab.OutlookRPC})
	})
}

// ServeMapper answers on the endpoint mapper's port, 135.
func (s *Server) ServeMapper(l net.Listener) error {
	return accept(l, func(c net.Conn) {
		newAssociation(s, Stream{ReadWriter: c, Conn: c}, s.mapper()).serve()
	})
}

func accept(l net.Listener, serve func(net.Conn)) error {
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			serve(c)
		}()
	}
}

// A Stream carries the PDUs of one client.
type Stream struct {
	io.ReadWriter
	// Conn is the connection, in the lab's network, that the stream is read
	// from. Decisions are recorded for its activity.
	Conn net.Conn
	Path lab.Path
	// User has signed in to what carries the stream; nil where nobody has.
	User *directory.Object
}

// ServeStream answers on a stream until it ends, and then ends the sessions
// that were opened over it. Closing the stream is the caller's.
func (s *Server) ServeStream(from Stream) {
	a := newAssociation(s, from, mailbox)
	s.w.Lock()
	up := !s.down
	if up {
		s.open[a] = struct{}{}
	}
	s.w.Unlock()
	if !up {
		return
	}
	a.serve()
	s.w.Lock()
	defer s.w.Unlock()
	delete(s.open, a)
	a.rundown(s.w.Now())
}

// newHandle makes a context handle. The world's lock is held.
func (s *Server) newHandle() (h dcerpc.ContextHandle) {
	for i := range h.UUID {
		h.UUID[i] = byte(s.rand.Uint32())
	}
	return h
}

// mailbox are the interfaces to mailboxes.
var mailbox = interfaces{
	{emsmdb.EMSMDB, map[uint16]operation{
		emsmdb.OpDisconnect:     (*association).disconnect,
		emsmdb.OpDummy:          (*association).dummy,
		emsmdb.OpConnectEx:      (*association).connectEx,
		emsmdb.OpRpcExt2:        (*association).rpcExt2,
		emsmdb.OpAsyncConnectEx: (*association).asyncConnectEx,
	}},
	{emsmdb.AsyncEMSMDB, map[uint16]operation{
		emsmdb.OpAsyncWaitEx: (*association).asyncWaitEx,
	}},
}
