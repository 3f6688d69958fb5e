package owa

import (
	"net/http"
	"time"

	"shutout/lab"
	"shutout/sim/clientaccess"
	"shutout/sim/directory"
	"shutout/sim/network"
	"shutout/sim/server/signin"
	"shutout/sim/store"
)

// minSweep keeps a small table from being searched for idle contexts.
const minSweep = 64

// userContext is what the worker process keeps of a forms session: the open
// mailbox (L7). It leans on the mailbox information that admitted it; when
// that lapses, the mailbox is opened anew and the store looks at flags and
// rights again.
type userContext struct {
	session  *store.Session
	process  *clientaccess.Process
	held     *clientaccess.Session
	admitted lab.Decision
	used     time.Time
	shown    listing // the latest listing, for when nothing has changed since
}

// visit is a request of somebody who is signed in.
type visit struct {
	now    time.Time
	cookie clientaccess.Cookie
	user   *directory.Object
	ctx    *userContext
	renew  string // a new credentials cookie, "" when the old one is fresh
}

// refusal is why a visit does not take place: the visitor must sign in, for
// the reason that the logon form shows, or d says what is wrong with the
// mailbox.
type refusal struct {
	signIn bool
	reason string
	d      lab.Decision
}

// withoutForm marks the session of a user who signs in without the form. It is
// always the same one: no cookie tells two of them apart, and the canary needs
// to be nothing but the user's own.
const withoutForm = 1 << 63

// admit signs in a client that offers to do it without the form; nobody is no
// such client. When that takes another request, admit answers and returns false.
func (f *frontEnd) admit(rw http.ResponseWriter, r *http.Request) (id signin.Identity, ok bool) {
	if f.direct == nil || !f.direct.Concerns(r) {
		return signin.Identity{}, true
	}
	return f.direct.Admit(rw, r)
}

// enter checks that the visitor has signed in, with the request's cookie and the
// credentials in it unless admit knows already, and opens the mailbox. The
// world's lock is held.
func (f *frontEnd) enter(r *http.Request, id signin.Identity) (*visit, *refusal) {
	now := f.now()
	if id.User != nil {
		session := withoutForm | uint64(id.User.ID())
		v := &visit{now: now, cookie: clientaccess.Cookie{Session: session}, user: id.User}
		return f.open(r, v, clientaccess.Grant{User: id.User, Process: id.Process})
	}
	text := cookieOf(r)
	if text == "" {
		return nil, &refusal{signIn: true, reason: reasonNone}
	}
	c, d := f.cas.OpenCookie(now, text)
	f.record(r, d)
	if !d.Allowed {
		return nil, &refusal{signIn: true, reason: reasonTimeout}
	}
	var g clientaccess.Grant
	if f.w.Cloud != nil {
		g, d = f.token(r, now, c.Password)
	} else {
		g, d = f.cas.Authenticate(now, clientaccess.PoolOWA, c.User, c.Password)
		f.record(r, d)
	}
	if !d.Allowed {
		f.drop(now, c.Session)
		return nil, &refusal{signIn: true, reason: reasonRefused}
	}
	v := &visit{now: now, cookie: c, user: g.User}
	if c.Stale {
		v.renew = f.cas.RenewCookie(now, c)
	}
	return f.open(r, v, g)
}

// open opens the visitor's mailbox.
func (f *frontEnd) open(r *http.Request, v *visit, g clientaccess.Grant) (*visit, *refusal) {
	var d lab.Decision
	if v.ctx, d = f.context(r, v.now, v.cookie.Session, g); !d.Allowed {
		return nil, &refusal{d: d}
	}
	return v, nil
}

// context returns the user context of a forms session with its mailbox open.
func (f *frontEnd) context(r *http.Request, now time.Time, session uint64, g clientaccess.Grant) (*userContext, lab.Decision) {
	u := f.contexts[session]
	if u != nil && u.process == g.Process && f.admits(now, u) {
		if d := u.session.Check(now); d.Allowed {
			f.record(r, d)
			u.used = now
			return u, d
		}
	}
	f.drop(now, session)
	s, d := f.w.Store.Logon(now, store.Request{
		User: g.User.SAM(), Protocol: "owa", Cache: f.cas.Directory(),
		Owner: network.Owner(network.RequestConn(r)),
	})
	f.record(r, d)
	if !d.Allowed {
		return nil, d
	}
	f.sweep(now)
	u = &userContext{session: s, process: g.Process, admitted: d, used: now}
	u.held = f.cas.Hold(now, clientaccess.PoolOWA, g.User.SAM(), func(now time.Time, _ string) { f.drop(now, session) })
	u.held.Tell = func(time.Time) lab.Decision {
		return lab.Decision{Layer: lab.LayerSession, Server: f.cas.Host(), Reason: "mailbox open for the browser", Since: u.session.Since}
	}
	f.contexts[session] = u
	return u, d
}

// admits tells whether the mailbox information that let u in is still in the
// store's cache.
func (f *frontEnd) admits(now time.Time, u *userContext) bool {
	p := &f.w.Params.Store
	return now.Before(u.admitted.Since.Add(p.MBIAge)) && now.Before(u.used.Add(p.MBIIdle))
}

// drop ends a user context.
func (f *frontEnd) drop(now time.Time, session uint64) {
	u := f.contexts[session]
	if u == nil {
		return
	}
	delete(f.contexts, session)
	u.held.Close()
	u.session.Close(now)
}

// sweep ends the contexts that nobody has used for so long that their cookie
// has lapsed too.
func (f *frontEnd) sweep(now time.Time) {
	if len(f.contexts) < f.sweepAt {
		return
	}
	idle := 3 * f.w.Params.OWA.PrivateTimeout / 2
	for id, u := range f.contexts {
		if now.Sub(u.used) >= idle {
			f.drop(now, id)
		}
	}
	f.sweepAt = max(minSweep, 2*len(f.contexts))
}

// refuse answers a request that enter has refused.
func (f *frontEnd) refuse(rw http.ResponseWriter, r *http.Request, why *refusal) {
	d := why.d
	switch {
	case why.signIn:
		f.signInAgain(rw, r, why.reason)
	case d.Layer == lab.LayerMailboxInfo:
		problem(rw, http.StatusForbidden, "Outlook Web App isn't available. Access to this mailbox is switched off.")
	case d.Layer == lab.LayerService, !d.Until.IsZero(): // it comes back by itself
		problem(rw, http.StatusServiceUnavailable, "Your mailbox appears to be unavailable. Try again later.")
	default:
		problem(rw, http.StatusForbidden, "There is no mailbox for this user.")
	}
}
