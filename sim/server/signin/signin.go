// Package signin finds out who calls, for the front ends whose protocols carry
// Basic, NTLM or Negotiate: HTTP, RPC and LDAP.
//
// Each has the semantics of its layer: Basic is answered by the token cache of
// the worker process, NTLM belongs to the connection, a Kerberos ticket is
// looked at only when it is presented, and nobody asks a domain controller
// about it.
package signin

import (
	"errors"
	"math/rand/v2"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/dcerpc"
	"shutout/sim/clientaccess"
	"shutout/sim/directory"
	"shutout/sim/server"
)

// Mechanism is a security provider.
type Mechanism int

const (
	NTLM      Mechanism = iota + 1
	Kerberos            // a bare Kerberos token, as RPC carries it
	Negotiate           // SPNEGO, which chooses between the two
)

func (m Mechanism) String() string {
	switch m {
	case NTLM:
		return "NTLM"
	case Kerberos:
		return "Kerberos"
	default:
		return "Negotiate"
	}
}

// Identity is who has signed in.
type Identity struct {
	User *directory.Object // nil: refused
	// Code tells why in Windows' terms.
	Code directory.Code
	// Decision is the grant, or the refusal.
	Decision lab.Decision
	// Process is the worker process that serves the request; nil outside IIS.
	Process *clientaccess.Process
}

// Server signs in whoever calls the services of one host.
type Server struct {
	w    *server.World
	host string
	rand *rand.Rand // for challenges
	// tickets are those presented lately.
	tickets replays
}

// New returns the sign-in of a host, which may be a client access server, a
// mailbox server or a domain controller.
func New(w *server.World, host string) *Server { return newServer(w, host, host) }

// newServer returns the sign-in of a host for the service called name, whose
// challenges differ from those of the host's others.
func newServer(w *server.World, host, name string) *Server {
	return &Server{w: w, host: host, rand: w.TL.Rand("signin/" + name)}
}

// refuse is the decision of the server itself, which did not ask a domain
// controller.
func (s *Server) refuse(now time.Time, reason string) Identity {
	return Identity{Code: directory.BadPassword, Decision: lab.Decision{
		At: now, Layer: lab.LayerConnection, Server: s.host, Reason: reason,
	}}
}

// An acceptor is the server's side of a mechanism, for one sign-in.
type acceptor interface {
	// step takes the client's next token and returns the server's. It is not
	// called again once it has been done.
	step(now time.Time, token []byte) (reply []byte, done bool)
	// identity is the result, once it is done.
	identity() Identity
	// protector protects an RPC connection after a success.
	protector(level dcerpc.AuthLevel) (dcerpc.Protector, error)
}

// An Exchange is one sign-in over several tokens, on one connection.
type Exchange struct {
	mechanism Mechanism
	acceptor  acceptor
	done      bool
}

// Begin starts a sign-in.
func (s *Server) Begin(m Mechanism) *Exchange {
	x := &Exchange{mechanism: m}
	switch m {
	case NTLM:
		x.acceptor = newNTLM(s)
	case Kerberos:
		x.acceptor = newKerberos(s)
	default:
		x.acceptor = &negotiation{s: s}
	}
	return x
}

// Step takes the client's next token and returns the server's. Done says that
// the sign-in is over, one way or the other: [Exchange.Identity] tells which.
// The world's lock is held.
func (x *Exchange) Step(now time.Time, token []byte) (reply []byte, done bool) {
	if !x.done {
		reply, x.done = x.acceptor.step(now, token)
	}
	return reply, x.done
}

// Identity is the result once the sign-in is over.
func (x *Exchange) Identity() Identity {
	if !x.done {
		return Identity{}
	}
	return x.acceptor.identity()
}

// Protector protects an RPC connection after a sign-in that succeeded.
func (x *Exchange) Protector(level dcerpc.AuthLevel) (dcerpc.Protector, error) {
	if x.Identity().User == nil {
		return nil, errors.New("nobody has signed in")
	}
	return x.acceptor.protector(level)
}

// chosen is the mechanism that is at work.
func (x *Exchange) chosen() Mechanism {
	if n, ok := x.acceptor.(*negotiation); ok {
		return n.mechanism
	}
	return x.mechanism
}
