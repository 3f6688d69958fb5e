package mapihttp

import (
	"net/http"
	"strconv"
	"time"

	"shutout/lab/protocol/mapihttp"
)

// application is how Exchange 2016 names itself (MS-OXCMAPIHTTP 2.2.3.3.6).
const application = "Exchange/15.01.0225.042"

// reply carries a request out, with the world's lock, and answers it.
func (c *call) reply(f func(now time.Time) result) {
	c.w.Lock()
	now := c.w.Now()
	r := f(now)
	c.w.Unlock()
	if r.code != mapihttp.CodeSuccess {
		c.fail(r.code)
		return
	}
	for _, cookie := range r.cookies.Cookies() {
		cookie.Secure = c.r.TLS != nil
		http.SetCookie(c.rw, cookie)
	}
	c.headers(mapihttp.CodeSuccess)
	final := mapihttp.Final{Start: now, Body: r.body}
	if r.chunked {
		c.say(mapihttp.Processing.Append(nil))
		c.rw.Write(final.Append(nil))
		return
	}
	text := final.Append(mapihttp.Processing.Append(nil))
	c.rw.Header().Set("Content-Length", strconv.Itoa(len(text)))
	c.rw.Write(text)
}

// headers writes the headers of an answer.
func (c *call) headers(code mapihttp.ResponseCode) {
	p := &c.w.Params.MAPIHTTP
	mapihttp.ResponseHead{
		Type: c.head.Type, RequestID: c.head.RequestID, ClientInfo: c.head.ClientInfo, ServerApplication: application,
		Code: code, PendingPeriod: p.PendingInterval, Expiration: p.ContextTTL,
	}.Set(c.rw.Header())
	c.rw.Header().Set("Cache-Control", "private")
}

// say sends one chunk at once.
func (c *call) say(chunk []byte) {
	c.rw.Write(chunk)
	http.NewResponseController(c.rw).Flush() // its error shows at the next write, or at the gate
}

// fail refuses a request as such. That is an answer like others, with the
// status 200; the body is for people (MS-OXCMAPIHTTP 2.2.2.2).
func (c *call) fail(code mapihttp.ResponseCode) {
	c.headers(code)
	text := "The request failed: " + code.String() + "\n"
	h := c.rw.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	c.rw.WriteHeader(http.StatusOK)
	c.rw.Write([]byte(text))
}
