package store

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
	"shutout/sim/profile"
)

// A Request asks for access to a mailbox. Whoever makes it has authenticated
// the user already.
type Request struct {
	User     string // whose mailbox, a sAMAccountName
	As       string // who opens it; empty: the mailbox's own user
	Protocol string // one of directory.Protocols
	// Cache is the directory cache that missing mailbox information is loaded
	// through. Nil means the mailbox server's own, see [Store.Attach].
	Cache *directory.Cache
	Owner string // the activity that it is for; only listed
}

// Logon opens a mailbox. The session is nil when the decision is no.
func (s *Store) Logon(now time.Time, r Request) (*Session, lab.Decision) {
	mb, e, refused := s.admit(now, r)
	if refused != nil {
		return nil, refused.Decision
	}
	if r.As == "" {
		r.As = mb.user
	}
	d := e.decision(now, mb)
	if !slices.Contains(directory.Protocols, r.Protocol) {
		d.Reason = fmt.Sprintf("unknown protocol %q", r.Protocol)
		return nil, d
	}
	if bar := mb.flags(now, e, r).ProtocolBar(r.Protocol); bar != "" {
		d.Reason = bar + " flag off"
		return nil, d
	}
	if !e.rights.allow(mb.user, r.As, FullAccess) {
		d.Reason = who(mb.user, r.As) + " has no full access"
		return nil, d
	}
	d.Allowed = true
	d.Reason = r.Protocol + " flag and full access on"
	x := &Session{
		mb: mb, As: r.As, Protocol: r.Protocol, Owner: r.Owner,
		Server: mb.Server(), Since: now,
	}
	mb.sessions = append(mb.sessions, x)
	return x, d
}

// flags is the account whose protocol flags count for a request.
func (mb *Mailbox) flags(now time.Time, e *mailboxInfo, r Request) *directory.Object {
	if strings.EqualFold(r.As, mb.user) || mb.store.params.DelegateFlags != profile.FlagsOfCaller {
		return e.object
	}
	cache := r.Cache
	if cache == nil {
		cache = mb.db.server.cache
	}
	if cache != nil {
		if o, _, ok := cache.Get(now, r.As); ok {
			return o
		}
	}
	return e.object
}

// Allowed tells whether r.As holds a right on a mailbox, as far as the store
// knows; r.Protocol does not matter.
func (s *Store) Allowed(now time.Time, r Request, right Rights) lab.Decision {
	mb, e, refused := s.admit(now, r)
	if refused != nil {
		return refused.Decision
	}
	if r.As == "" {
		r.As = mb.user
	}
	d := e.decision(now, mb)
	if d.Allowed = e.rights.allow(mb.user, r.As, right); d.Allowed {
		d.Reason = "permission"
	} else {
		d.Reason = "no permission for " + who(mb.user, r.As)
	}
	return d
}

// admit finds a mailbox that can be used, with what the store knows of it.
func (s *Store) admit(now time.Time, r Request) (*Mailbox, *mailboxInfo, *Refusal) {
	mb, ok := s.Mailbox(r.User)
	if !ok {
		return nil, nil, noMailbox(now, r.User)
	}
	if refused := mb.available(now); refused != nil {
		return nil, nil, refused
	}
	e, refused := mb.info(now, r.Cache)
	return mb, e, refused
}

// allow tells whether as holds a right on the mailbox of user. The user's own
// rights come from the SELF entry.
func (p permissions) allow(user, as string, right Rights) bool {
	held := p.of(as)
	if strings.EqualFold(user, as) {
		held |= p.of(Self)
	}
	return held&right == right
}

func who(user, as string) string {
	if strings.EqualFold(user, as) {
		return "SELF"
	}
	return as
}

// A Session is an open logon to a mailbox. Rights and flags were looked at
// when it was opened and are not looked at again; it lasts until it is closed
// or severed.
type Session struct {
	mb       *Mailbox
	As       string
	Protocol string
	Owner    string
	Server   string // the mailbox server that it is open on
	Since    time.Time

	onSever   []func(reason string)
	severed   string
	severedAt time.Time
	closed    bool
	feeds     []*Feed
}

// Mailbox is what the session is open on.
func (x *Session) Mailbox() *Mailbox { return x.mb }

// OnSever has f called when the store ends the session, in the order in which
// the calls were asked for, with the world's lock held. Close does not call it.
func (x *Session) OnSever(f func(reason string)) {
	if x.severed == "" && !x.closed {
		x.onSever = append(x.onSever, f)
	}
}

// Severed tells whether the store has ended the session, and why.
func (x *Session) Severed() (reason string, ok bool) { return x.severed, x.severed != "" }

// Close ends the session from the client's side. It may be called more than
// once, and on a severed session.
func (x *Session) Close(now time.Time) {
	x.closed = true
	x.onSever = nil
	x.dropFeeds()
	x.mb.sessions = slices.DeleteFunc(x.mb.sessions, func(other *Session) bool { return other == x })
}

func (x *Session) dropFeeds() {
	for _, fd := range x.feeds {
		fd.lose()
	}
	x.feeds = nil
}

// Check tells whether the session can be used now, and counts as a use of it.
func (x *Session) Check(now time.Time) lab.Decision {
	if refused := x.use(now); refused != nil {
		return refused.Decision
	}
	return lab.Decision{
		At: now, Layer: lab.LayerSession, Server: x.Server, Allowed: true,
		Reason: x.Protocol + " session still open", Since: x.Since,
	}
}

// use is the start of every operation: a refusal when the session or its
// mailbox is gone, otherwise a use of the mailbox that keeps its information
// from idling out.
func (x *Session) use(now time.Time) *Refusal {
	if x.severed != "" || x.closed {
		d := lab.Decision{
			At: now, Layer: lab.LayerSession, Server: x.Server,
			Reason: "session severed: " + x.severed, Since: x.Since, Until: x.severedAt,
		}
		if x.severed == "" {
			d.Reason = "session closed"
		}
		return &Refusal{Decision: d}
	}
	if refused := x.mb.available(now); refused != nil {
		return refused
	}
	x.mb.touch(now)
	return nil
}
