// Package outlook is what a server keeps for Outlook: the sessions that
// EcDoConnectEx and Connect open, and the remote operations (ROPs) that work on
// the mailbox in them. RPC over TCP, RPC over HTTP and MAPI over HTTP all lead
// here.
//
// A session is authorised once, when it is opened, and then goes on until it is
// severed or its right to be there is checked again (rpc.session_revalidate).
// Everything is called with the world's lock held.
package outlook

import (
	"net"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/mapi"
	"shutout/sim/directory"
	"shutout/sim/server"
)

// Service holds the sessions of one host: the information store up to 2007,
// RPC Client Access in 2010, the MAPI over HTTP application later.
type Service struct {
	w    *server.World
	host string
}

// New returns the service of a host.
func New(w *server.World, host string) *Service { return &Service{w: w, host: host} }

// Caller is who opens a session.
type Caller struct {
	User *directory.Object
	Path lab.Path // outlook-rpc, outlook-anywhere or mapi-http
	Conn net.Conn // whose activity the decisions are recorded for; may be nil
}

// Session is an open Outlook session.
type Session struct{}

// Connect opens a session of the caller's for the mailbox with that legacy
// distinguished name.
func (s *Service) Connect(now time.Time, c Caller, mailboxDN string) (*Session, mapi.ErrorCode) {
	return nil, mapi.CodeNotImplemented
}

// Execute carries out an extended buffer of ROPs and returns the answer's,
// which has at most max octets. A code other than mapi.Success ends the
// session, save for mapi.CodeBufferTooSmall and mapi.CodeRPCFormat.
func (x *Session) Execute(now time.Time, conn net.Conn, buffer []byte, max int) ([]byte, mapi.ErrorCode) {
	return nil, mapi.CodeNotImplemented
}

// Pending tells whether notifications wait for the next Execute.
func (x *Session) Pending(now time.Time) bool { return false }

// OnNews has f called whenever something happens that may make Pending true.
// Stop ends that.
func (x *Session) OnNews(f func()) (stop func()) { return func() {} }

// OnEnd has f called when the session ends from the server's side.
func (x *Session) OnEnd(f func(now time.Time, reason string)) {}

// Ended tells whether the session is over, and why.
func (x *Session) Ended() (reason string, ok bool) { return "", false }

// Close ends the session from the client's side. It may be called twice.
func (x *Session) Close(now time.Time) {}

// DisplayName is the name that the session's user is shown by.
func (x *Session) DisplayName() string { return "" }
