package mapihttp

import (
	"net/http"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/mapihttp"
	"shutout/sim/clientaccess"
	"shutout/sim/network"
)

// wait is a NotificationWait that hangs.
type wait struct{ gate *network.Gate }

// notificationWait answers when the session has news, or after a while
// (MS-OXCMAPIHTTP 2.2.4.4). It comes beside the other requests of the context,
// so it has no place in their sequence. It is not signed in again meanwhile
// (L10).
func (c *call) notificationWait() {
	c.w.Lock()
	began := c.w.Now()
	x, _, code := c.find(began)
	c.w.Unlock()
	if code == mapihttp.CodeSuccess {
		if _, err := mapihttp.ParseNotificationWaitRequest(c.body); err != nil {
			code = mapihttp.CodeInvalidRequestBody
		}
	}
	if code != mapihttp.CodeSuccess {
		c.fail(code)
		return
	}
	c.headers(mapihttp.CodeSuccess)
	c.say(mapihttp.Processing.Append(nil))
	code, news, ok := c.hang(x, began)
	if !ok {
		panic(http.ErrAbortHandler) // nobody is there to answer
	}
	c.w.Lock()
	final := mapihttp.Final{Code: code, Start: began, Elapsed: c.w.Now().Sub(began)}
	c.w.Unlock()
	if code == mapihttp.CodeSuccess {
		body := mapihttp.NotificationWaitResponse{}
		if news {
			body.EventPending = mapihttp.EventPending
		}
		var err error
		if final.Body, err = body.Encode(); err != nil {
			final.Code = mapihttp.CodeUnknownFailure
		}
	}
	c.rw.Write(final.Append(nil))
}

// hang holds the request open until the session has news, its context is gone,
// a newer NotificationWait takes its place or the time is over. Meanwhile it
// tells the client, again and again, that it is still there.
func (c *call) hang(x *sessionContext, began time.Time) (code mapihttp.ResponseCode, news, ok bool) {
	c.w.Lock()
	defer c.w.Unlock()
	if c.conn == nil || x.over { // without the lab's network there is nothing to wait at
		return c.state(x), false, true
	}
	p := &c.w.Params.MAPIHTTP
	until, pending := began.Add(p.NotificationWait), began.Add(p.PendingInterval)

	g := c.w.Net.Gate(c.conn)
	defer g.Done()
	if x.wait != nil {
		x.wait.gate.Wake()
	}
	me := &wait{gate: g}
	x.wait = me
	c.w.TL.Cancel(x.lapse)
	defer func() {
		if x.wait == me && !x.over {
			x.wait = nil
			c.use(c.w.Now(), x)
		}
	}()
	defer x.session.OnNews(g.Wake)()
	held := c.cas.Hold(began, clientaccess.PoolMAPI, x.user, func(time.Time, string) { network.Abort(c.conn) })
	defer held.Close()
	for {
		now := c.w.Now()
		switch {
		case x.over:
			return c.state(x), false, true
		case x.session.Pending(now):
			c.record(lab.Decision{
				At: now, Layer: lab.LayerHanging, Server: c.host, Allowed: true,
				Reason: "request held open, not signed in again", Rule: "wait " + lab.Duration(p.NotificationWait),
				Since: began, Until: until,
			})
			return mapihttp.CodeSuccess, true, true
		case x.wait != me || !now.Before(until):
			return mapihttp.CodeSuccess, false, true
		}
		next := until
		if pending.Before(until) {
			next = pending
		}
		c.w.Unlock()
		why := g.Wait(next)
		c.w.Lock()
		if why == network.Gone {
			return 0, false, false
		}
		if now := c.w.Now(); !now.Before(pending) && now.Before(until) {
			c.w.Unlock()
			c.say(mapihttp.Pending.Append(nil))
			c.w.Lock()
			pending = now.Add(p.PendingInterval)
		}
	}
}

// state is the code for a context that may have ended meanwhile.
func (c *call) state(x *sessionContext) mapihttp.ResponseCode {
	if x.over {
		return mapihttp.CodeContextNotFound
	}
	return mapihttp.CodeSuccess
}
