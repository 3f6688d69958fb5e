package mapihttp

import (
	"slices"
	"strconv"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/mapihttp"
	"shutout/sim/clientaccess"
	"shutout/sim/server/outlook"
	"shutout/sim/timeline"
)

// maxContexts bounds the session contexts of one user. It keeps the
// simulation's memory small and says nothing about Exchange.
const maxContexts = 64

// sessionContext is what the worker process keeps for the cookies that Connect
// has given out: an Outlook session (L7).
type sessionContext struct {
	id       string // the cookie MapiContext
	sequence string // the cookie MapiSequence that the next request must show
	user     string // whose it is
	session  *outlook.Session
	process  *clientaccess.Process // whose end ends the session
	used     time.Time
	lapse    *timeline.Event
	wait     *wait // the NotificationWait that hangs, nil for none
	over     bool
}

// begin keeps a session that was opened for user.
func (f *frontEnd) begin(now time.Time, user string, s *outlook.Session) *sessionContext {
	if mine := f.owned[user]; len(mine) >= maxContexts {
		f.end(now, slices.MinFunc(mine, func(a, b *sessionContext) int { return a.used.Compare(b.used) }), "too many session contexts of one user")
	}
	x := &sessionContext{id: f.token(), sequence: f.token(), user: user, session: s, used: now}
	x.process = f.cas.Process(clientaccess.PoolMAPI)
	ttl := f.w.Params.MAPIHTTP.ContextTTL
	x.lapse = f.w.TL.At(now.Add(ttl), 0, func(now time.Time) { f.end(now, x, "no request for "+lab.Duration(ttl)) })
	s.OnEnd(func(now time.Time, reason string) { f.end(now, x, reason) })
	f.contexts[x.id] = x
	f.owned[user] = append(f.owned[user], x)
	return x
}

// token is a cookie's value.
func (f *frontEnd) token() string {
	return strconv.FormatUint(f.rand.Uint64(), 36) + "-" + strconv.FormatUint(f.rand.Uint64(), 36)
}

// use says that a request came for x, which starts its time anew.
func (f *frontEnd) use(now time.Time, x *sessionContext) {
	x.used = now
	if x.wait == nil { // a request that hangs keeps the context by itself
		f.w.TL.Move(x.lapse, now.Add(f.w.Params.MAPIHTTP.ContextTTL))
	}
}

// end takes x away. It may be called twice.
func (f *frontEnd) end(now time.Time, x *sessionContext, reason string) {
	if x.over {
		return
	}
	x.over = true
	delete(f.contexts, x.id)
	rest := slices.DeleteFunc(f.owned[x.user], func(other *sessionContext) bool { return other == x })
	if f.owned[x.user] = rest; len(rest) == 0 {
		delete(f.owned, x.user)
	}
	f.gone.add(x.id, obituary{x.user, reason})
	f.w.TL.Cancel(x.lapse)
	x.session.Close(now)
	if x.wait != nil {
		x.wait.gate.Wake()
	}
}

const notYours = "the session context belongs to somebody else"

// find returns the context that the request's cookies name. The code is
// CodeSuccess, or why the caller cannot have it.
func (c *call) find(now time.Time) (*sessionContext, mapihttp.Session, mapihttp.ResponseCode) {
	shown, err := mapihttp.ParseSession(c.r.Cookies())
	if err != nil {
		return nil, shown, codeOf(err)
	}
	x := c.contexts[shown.Context]
	switch {
	case x == nil:
		why := "there is no such session context"
		if o, ok := c.gone.of[shown.Context]; ok && o.user == c.user.SAM() {
			why = "the session context is gone: " + o.reason
		}
		c.refuse(now, why)
		return nil, shown, mapihttp.CodeContextNotFound
	case x.user != c.user.SAM():
		c.refuse(now, notYours)
		return nil, shown, mapihttp.CodeNoPrivilege
	case x.process != c.cas.Process(clientaccess.PoolMAPI):
		c.refuse(now, "the session context is gone: its worker process was recycled")
		c.end(now, x, "its worker process was recycled")
		return nil, shown, mapihttp.CodeContextNotFound
	}
	return x, shown, mapihttp.CodeSuccess
}

// inTurn is find for requests that come one after another: each shows the
// sequence that the one before it was answered with.
func (c *call) inTurn(now time.Time) (*sessionContext, mapihttp.ResponseCode) {
	x, shown, code := c.find(now)
	switch {
	case code != mapihttp.CodeSuccess:
		return nil, code
	case shown.Sequence == "":
		return nil, mapihttp.CodeMissingCookie
	case shown.Sequence != x.sequence:
		c.refuse(now, "the request is out of sequence in its session context")
		return nil, mapihttp.CodeInvalidSequence
	}
	return x, mapihttp.CodeSuccess
}

func (c *call) refuse(now time.Time, reason string) {
	c.record(lab.Decision{
		At: now, Layer: lab.LayerSession, Server: c.host, Reason: reason,
		Rule: "context kept " + lab.Duration(c.w.Params.MAPIHTTP.ContextTTL),
	})
}

// maxObituaries bounds what is kept of contexts that are gone.
const maxObituaries = 1024

// obituaries tell of the contexts that went last why they are gone, for the
// record of decisions.
type obituaries struct {
	of    map[string]obituary // by cookie
	order []string
}

type obituary struct{ user, reason string }

func (o *obituaries) add(id string, why obituary) {
	if o.of == nil {
		o.of = make(map[string]obituary)
	}
	if len(o.order) == maxObituaries {
		delete(o.of, o.order[0])
		o.order = o.order[1:]
	}
	o.of[id] = why
	o.order = append(o.order, id)
}
