package mapihttp

import (
	"errors"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/mapi"
	"shutout/lab/protocol/mapihttp"
	"shutout/sim/server/outlook"
)

// maxRopOut bounds the answer's ROPs, whatever the client has room for
// (MS-OXCRPC 2.2.1, BIG_RANGE_ULONG).
const maxRopOut = 256 << 10

// How a client is told to come back when the server is busy (MS-OXCRPC 4.1,
// pcmsPollsMax, pcRetry and pcmsRetryDelay of the example).
const (
	pollsMax   = time.Minute
	retryCount = 6
	retryDelay = 10 * time.Second
)

// result is an answer that is sent when the world's lock is free again.
type result struct {
	code    mapihttp.ResponseCode
	cookies mapihttp.Session // those that change
	chunked bool
	body    []byte
}

// encoded is a result with a body.
func encoded(body []byte, err error) result {
	if err != nil { // a field that the protocol has no room for
		return result{code: mapihttp.CodeUnknownFailure}
	}
	return result{body: body}
}

// connect opens a session context (MS-OXCMAPIHTTP 3.2.5.1). One that the
// client shows is over then, whether it was still there or not, and its
// sequence does not matter (3.2.5.6, 4.4).
func (c *call) connect(now time.Time) result {
	q, err := mapihttp.ParseConnectRequest(c.body)
	if err != nil {
		return result{code: mapihttp.CodeInvalidRequestBody}
	}
	shown, err := mapihttp.ParseSession(c.r.Cookies())
	if err != nil && !errors.Is(err, mapihttp.CodeMissingCookie) {
		return result{code: codeOf(err)}
	}
	if old := c.contexts[shown.Context]; old != nil {
		if old.user != c.user.SAM() {
			c.refuse(now, notYours)
			return result{code: mapihttp.CodeNoPrivilege}
		}
		c.end(now, old, "the client connected anew")
	}
	s, refused := c.sessions.Connect(now, outlook.Caller{User: c.user, Path: lab.MAPIHTTP, Conn: c.conn}, q.UserDN)
	if refused != mapi.Success {
		return encoded(mapihttp.ConnectResponse{Code: refused}.Encode())
	}
	r := encoded(mapihttp.ConnectResponse{
		PollsMax: pollsMax, RetryCount: retryCount, RetryDelay: retryDelay,
		DNPrefix: c.w.Dir.LegacyDN(""), DisplayName: s.DisplayName(),
	}.Encode())
	if r.code != mapihttp.CodeSuccess {
		s.Close(now)
		return r
	}
	x := c.begin(now, c.user.SAM(), s)
	r.cookies = mapihttp.Session{Context: x.id, Sequence: x.sequence}
	return r
}

// execute passes ROPs to the session (MS-OXCMAPIHTTP 3.2.5.2).
func (c *call) execute(now time.Time) result {
	x, code := c.inTurn(now)
	if code != mapihttp.CodeSuccess {
		return result{code: code}
	}
	q, err := mapihttp.ParseExecuteRequest(c.body)
	if err != nil {
		return result{code: mapihttp.CodeInvalidRequestBody}
	}
	c.use(now, x)
	out, failed := x.session.Execute(now, c.conn, q.RopBuffer, int(min(q.MaxRopOut, maxRopOut)))
	if why, ended := x.session.Ended(); ended {
		c.end(now, x, why)
	}
	x.sequence = c.token()
	r := encoded(mapihttp.ExecuteResponse{Code: failed, RopBuffer: out}.Encode())
	r.cookies, r.chunked = mapihttp.Session{Context: x.id, Sequence: x.sequence}, true
	return r
}

// disconnect ends the session context. Its cookies are in the answer although
// they are worth nothing any more (MS-OXCMAPIHTTP 3.2.5.4).
func (c *call) disconnect(now time.Time) result {
	x, code := c.inTurn(now)
	if code != mapihttp.CodeSuccess {
		return result{code: code}
	}
	if _, err := mapihttp.ParseDisconnectRequest(c.body); err != nil {
		return result{code: mapihttp.CodeInvalidRequestBody}
	}
	c.end(now, x, "the client disconnected")
	r := encoded(mapihttp.DisconnectResponse{}.Encode())
	r.cookies = mapihttp.Session{Context: x.id, Sequence: x.sequence}
	return r
}

// ping is a sign of life. With cookies it is one of the session context, too
// (MS-OXCMAPIHTTP 2.2.6 and 3.1.5.6).
func (c *call) ping(now time.Time) result {
	if _, err := mapihttp.ParseSession(c.r.Cookies()); errors.Is(err, mapihttp.CodeMissingCookie) {
		return result{}
	}
	x, _, code := c.find(now)
	if code == mapihttp.CodeSuccess {
		c.use(now, x)
	}
	return result{code: code}
}
