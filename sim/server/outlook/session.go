package outlook

import (
	"net"
	"slices"
	"strings"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/mapi"
	"shutout/sim/clientaccess"
	"shutout/sim/directory"
	"shutout/sim/profile"
	"shutout/sim/store"
)

// Session is an open Outlook session.
type Session struct {
	svc      *Service
	number   uint32
	user     *directory.Object // who opened it, as the sign-in knew them
	path     lab.Path
	owner    string // whose mailbox: a sAMAccountName
	activity string

	// opened is when it was, checked when its right to be there was looked at
	// last, passwordSet what was known of the password then.
	opened, checked time.Time
	passwordSet     int64

	// mailbox is nil when the mailbox lives on another server: elsewhere.
	mailbox   *store.Session
	elsewhere string
	place     *clientaccess.Session // where a service of a client access server holds it

	ended string
	over  bool
	onEnd []func(now time.Time, reason string)

	objects map[uint32]object
	last    uint32 // the handle that was given last
	held    int    // bytes of what the client is writing
	sent    uint32 // messages

	watching    []*subscription
	news        []mapi.Notification // of which news[i] goes to newsTo[i]
	newsTo      []*subscription
	listeners   []*listener
	unsubscribe func() // from the store; nil when nobody listens
}

// begin has the session be held by the service that the profile names.
func (x *Session) begin(now time.Time, mailbox *store.Session) {
	s := x.svc
	if mailbox != nil {
		x.mailbox = mailbox
		mailbox.OnSever(func(reason string) { x.end(s.w.Now(), reason) })
	}
	user := x.user.SAM()
	switch {
	case s.cas == nil || x.inStore():
		s.held = append(s.held, x)
	case x.path == lab.MAPIHTTP:
		x.place = s.cas.Hold(now, clientaccess.PoolMAPI, user, x.end)
	default:
		x.place = s.cas.OpenSession(now, clientaccess.ServiceRPC, user, x.end)
	}
	if x.place != nil {
		x.place.Tell = x.grant
	}
}

// inStore tells whether the information store itself holds the session.
func (x *Session) inStore() bool {
	return x.path != lab.MAPIHTTP && x.svc.w.Params.RPC.SessionHolder == profile.HeldByStore
}

// Held tells why the sessions go on that somebody has in the store of this
// host, the oldest first.
func (s *Service) Held(now time.Time, sam string) (out []lab.Decision) {
	for _, x := range s.held {
		if strings.EqualFold(x.user.SAM(), sam) {
			out = append(out, x.grant(now))
		}
	}
	return out
}

// homeElsewhere is the mailbox server that the mailbox lives on, if the store
// of this host was to hold the session and has no such mailbox.
func (x *Session) homeElsewhere() string {
	if mb, ok := x.svc.w.Store.Mailbox(x.owner); ok && x.inStore() && mb.Server() != x.svc.host {
		return mb.Server()
	}
	return ""
}

// holder is the service that the session lives in.
func (x *Session) holder() string {
	switch {
	case x.path == lab.MAPIHTTP:
		return "the MAPI over HTTP service"
	case x.inStore():
		return "the information store"
	default:
		return "RPC Client Access"
	}
}

// end ends the session from the server's side.
func (x *Session) end(now time.Time, reason string) {
	if x.over {
		return
	}
	x.ended = reason
	calls := x.onEnd
	x.Close(now)
	for _, f := range calls {
		f(now, reason)
	}
}

// Close ends the session from the client's side. It may be called twice.
func (x *Session) Close(now time.Time) {
	if x.over {
		return
	}
	x.over = true
	if x.unsubscribe != nil {
		x.unsubscribe()
	}
	if x.place != nil {
		x.place.Close()
	}
	x.svc.held = slices.DeleteFunc(x.svc.held, func(other *Session) bool { return other == x })
	if x.mailbox != nil {
		x.mailbox.Close(now)
	}
	x.onEnd, x.objects, x.listeners, x.watching, x.news, x.newsTo = nil, nil, nil, nil, nil, nil
}

// Ended tells whether the session is over, and why.
func (x *Session) Ended() (reason string, ok bool) { return x.ended, x.over }

// OnEnd has f called when the session ends from the server's side.
func (x *Session) OnEnd(f func(now time.Time, reason string)) {
	if !x.over {
		x.onEnd = append(x.onEnd, f)
	}
}

// DisplayName is the name that the session's user is shown by.
func (x *Session) DisplayName() string { return x.user.Get("displayName") }

// Index is the number by which notices speak of the session (MS-OXCROPS
// 2.2.14.3.1, SessionIndex).
func (x *Session) Index() uint16 { return uint16(x.number) }

// use is the start of whatever a client does in the session: it checks whether
// the session may go on, and records why it does.
func (x *Session) use(now time.Time, conn net.Conn) mapi.ErrorCode {
	s := x.svc
	if x.over {
		s.w.Record(conn, x.refusal(now))
		return mapi.CodeEndOfSession
	}
	p := &s.w.Params.RPC
	if p.ResetSevers && x.passwordReset() {
		x.end(now, "password reset after it was opened")
		s.w.Record(conn, x.refusal(now))
		return mapi.CodeLogonFailed
	}
	if p.SessionRevalidate != profile.Never && now.Sub(x.checked) >= p.SessionRevalidate {
		if code := x.revalidate(now, conn); code != mapi.Success {
			return code
		}
	}
	s.w.Record(conn, x.grant(now))
	return mapi.Success
}

// grant is the record that the session goes on because it is open.
func (x *Session) grant(now time.Time) lab.Decision {
	d := lab.Decision{
		At: now, Layer: lab.LayerSession, Server: x.svc.host, Allowed: true,
		Reason: "Outlook session held by " + x.holder(), Rule: x.svc.rule,
		Since: x.opened, Renewed: x.checked,
	}
	if every := x.svc.w.Params.RPC.SessionRevalidate; every != profile.Never {
		d.Until = x.checked.Add(every)
	}
	return d
}

func (x *Session) refusal(now time.Time) lab.Decision {
	d := lab.Decision{
		At: now, Layer: lab.LayerSession, Server: x.svc.host,
		Reason: "Outlook session ended", Since: x.opened,
	}
	if x.ended != "" {
		d.Reason += ": " + x.ended
	}
	return d
}

// revalidate looks at account and mailbox rights again. The session ends when
// they are gone; what is away for a while decides nothing.
func (x *Session) revalidate(now time.Time, conn net.Conn) mapi.ErrorCode {
	again, no := x.svc.authorise(now, conn, x)
	switch {
	case no.code == mapi.Success:
		x.checked = now
		if again != nil {
			again.Close(now)
		}
	case !no.temporary:
		x.end(now, no.reason+", found when the session was checked again")
		return no.code
	}
	return mapi.Success
}

// passwordReset tells whether a password was set after the session was opened, as
// far as this server knows.
func (x *Session) passwordReset() bool {
	set := x.svc.passwordSet(x.user.SAM())
	return set != x.passwordSet && (set == 0 || set > directory.FileTime(x.opened))
}
