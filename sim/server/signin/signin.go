// Package signin finds out who calls, for the front ends whose protocols carry
// Basic, NTLM or Negotiate: HTTP, RPC and LDAP.
//
// Each has the semantics of its layer: Basic is answered by the token cache of
// the worker process, NTLM belongs to the connection, a Kerberos ticket is
// looked at only when it is presented, and nobody asks a domain controller
// about it.
package signin

import (
	"net/http"
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

// Identity is who has signed in.
type Identity struct {
	User *directory.Object // nil: refused
	// Decision is the grant, or the refusal.
	Decision lab.Decision
	// Process is the worker process that holds the token; nil outside IIS.
	Process *clientaccess.Process
}

// Server signs in whoever calls the services of one host.
type Server struct {
	w    *server.World
	host string
}

// New returns the sign-in of a host, which may be a client access server, a
// mailbox server or a domain controller.
func New(w *server.World, host string) *Server { return &Server{w: w, host: host} }

// An Exchange is one sign-in over several tokens, on one connection.
type Exchange struct{}

// Begin starts a sign-in.
func (s *Server) Begin(m Mechanism) *Exchange { return &Exchange{} }

// Step takes the client's next token and returns the server's. Done says that
// the sign-in is over, one way or the other: [Exchange.Identity] tells which.
// The world's lock is held.
func (x *Exchange) Step(now time.Time, token []byte) (reply []byte, done bool) { return nil, true }

// Identity is the result once the sign-in is over.
func (x *Exchange) Identity() Identity { return Identity{} }

// Protector protects an RPC connection after a sign-in that succeeded.
func (x *Exchange) Protector(level dcerpc.AuthLevel) (dcerpc.Protector, error) { return nil, nil }

// Web signs in whoever calls one application pool of a client access server
// over HTTP.
type Web struct{}

// NewWeb returns the sign-in for requests to pool. Realm is what Basic shows
// to people.
func NewWeb(w *server.World, host string, pool clientaccess.Pool) *Web { return &Web{} }

// Admit tells who makes the request. When nobody has signed in yet it answers,
// with 401 and what the client needs to go on, and returns false. It records
// its decisions. The world's lock is not held.
func (a *Web) Admit(rw http.ResponseWriter, r *http.Request) (Identity, bool) {
	return Identity{}, false
}
