// Package outlook is what a server keeps for Outlook: the sessions that
// EcDoConnectEx and Connect open, and the remote operations (ROPs) that work on
// the mailbox in them. RPC over TCP, RPC over HTTP and MAPI over HTTP all lead
// here.
//
// A session is authorised once, when it is opened, and then goes on until it is
// severed or its right to be there is checked again (rpc.session_revalidate).
// It is open on one mailbox; the ROPs that it knows are those that reading,
// writing, sending and waiting for mail need. Tables tell of no changes by
// themselves: a client that wants to hear of new mail registers for it.
//
// Everything is called with the world's lock held.
package outlook

import (
	"net"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/mapi"
	"shutout/sim/clientaccess"
	"shutout/sim/directory"
	"shutout/sim/network"
	"shutout/sim/profile"
	"shutout/sim/server"
)

// Service holds the sessions of one host: the information store up to 2007,
// RPC Client Access in 2010, the MAPI over HTTP application later.
type Service struct {
	w     *server.World
	host  string
	cas   *clientaccess.Server // nil on a mailbox server
	cache *directory.Cache     // through which this host knows accounts
	rule  string               // what governs an open session, for its decisions
	made  uint32               // sessions so far
	held  []*Session           // those that the store itself holds, the oldest first
}

// New returns the service of a host.
func New(w *server.World, host string) *Service {
	s := &Service{w: w, host: host, cas: w.CAS.Server(host), rule: sessionRule(w.Params.RPC)}
	if s.cas != nil {
		s.cache = s.cas.Directory()
	} else if s.cache = w.Store.Directory(host); s.cache == nil {
		s.cache = directory.NewCache(w.Dir.DCFor(host), w.Params.Dir.CacheTTL)
	}
	return s
}

// sessionRule says in words what rpc.session_revalidate and
// rpc.revalidation_checks_account mean for an open session.
func sessionRule(p profile.RPC) string {
	switch {
	case p.SessionRevalidate == profile.Never:
		return "never checked again"
	case p.RevalidateAccount:
		return "checked every " + lab.Duration(p.SessionRevalidate)
	default:
		return "checked every " + lab.Duration(p.SessionRevalidate) + ", but not against the account"
	}
}

// Caller is who opens a session.
type Caller struct {
	User *directory.Object
	Path lab.Path // outlook-rpc, outlook-anywhere or mapi-http
	Conn net.Conn // whose activity the decisions are recorded for; may be nil
}

// Connect opens a session of the caller's for the mailbox with that legacy
// distinguished name; without one, for the caller's own.
func (s *Service) Connect(now time.Time, c Caller, mailboxDN string) (*Session, mapi.ErrorCode) {
	if mailboxDN == "" {
		mailboxDN = c.User.DN()
	}
	owner, _, ok := s.cache.Get(now, mailboxDN)
	if !ok {
		s.w.Record(c.Conn, lab.Decision{At: now, Layer: lab.LayerStore, Server: s.host, Reason: "no mailbox has this name"})
		return nil, mapi.CodeUnknownUser
	}
	x := &Session{
		svc: s, user: c.User, path: c.Path, owner: owner.SAM(), activity: network.Owner(c.Conn),
		opened: now, checked: now,
		objects: map[uint32]object{},
	}
	x.elsewhere = x.homeElsewhere()
	x.passwordSet = s.passwordSet(c.User.SAM())
	mailbox, no := s.authorise(now, c.Conn, x)
	if no.code != mapi.Success {
		return nil, no.code
	}
	s.made++
	x.number = s.made
	x.begin(now, mailbox)
	return x, mapi.Success
}
