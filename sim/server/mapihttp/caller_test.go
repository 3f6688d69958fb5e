package mapihttp_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	ntlmssp "github.com/Azure/go-ntlmssp"

	"shutout/lab/protocol/mapi"
	"shutout/lab/protocol/mapihttp"
	"shutout/sim/server/outlook"
	"shutout/sim/server/webtest"

	server "shutout/sim/server/mapihttp"
)

const owner = "dana-outlook"

func newWorld(t testing.TB, settings ...string) *webtest.World {
	t.Helper()
	w := webtest.New(t, "ex2016", settings...)
	w.Serve(server.New(w.World.World, "cas1", outlook.New(w.World.World, "cas1")))
	return w
}

// caller is a client with one user's cookies.
type caller struct {
	t       testing.TB
	w       *webtest.World
	client  *http.Client
	user    string
	cookies []*http.Cookie
	asked   int
	edit    func(r *http.Request) // of the next request
}

// newCaller calls with Basic, as an activity of that name.
func newCaller(t testing.TB, w *webtest.World, name, user string) *caller {
	return &caller{t: t, w: w, client: w.Client(name), user: user}
}

// withNTLM has it sign in with NTLM, once for each connection.
func (c *caller) withNTLM() *caller {
	c.client.Transport = ntlmssp.Negotiator{RoundTripper: c.client.Transport}
	return c
}

// hangUp has the next request come on a new connection.
func (c *caller) hangUp() { c.client.CloseIdleConnections() }

// send makes a request and returns its answer with the body unread.
func (c *caller) send(kind mapihttp.RequestType, body []byte) (*http.Response, error) {
	c.asked++
	r, err := http.NewRequest(http.MethodPost, "http://cas1/mapi/emsmdb/?MailboxId=x", bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.SetBasicAuth(c.user, webtest.Password)
	mapihttp.RequestHead{Type: kind, RequestID: fmt.Sprintf("{1}:%d", c.asked), ClientInfo: "info"}.Set(r.Header)
	for _, cookie := range c.cookies {
		r.AddCookie(cookie)
	}
	if c.edit != nil {
		c.edit(r)
		c.edit = nil
	}
	return c.client.Do(r)
}

// call makes a request. The code is that of the answer's end.
func (c *caller) call(kind mapihttp.RequestType, body []byte) (mapihttp.ResponseCode, []byte) {
	c.t.Helper()
	resp, err := c.send(kind, body)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		c.t.Fatalf("%s: %s", kind, resp.Status)
	}
	head, err := mapihttp.ParseResponseHead(resp.Header)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, cookie := range resp.Cookies() {
		c.keep(cookie)
	}
	if head.Code != mapihttp.CodeSuccess {
		io.Copy(io.Discard, resp.Body)
		return head.Code, nil
	}
	final, err := mapihttp.ReadFinal(resp.Body, mapihttp.Limits{})
	if err != nil {
		c.t.Fatal(err)
	}
	return final.Code, final.Body
}

func (c *caller) keep(cookie *http.Cookie) {
	for i, old := range c.cookies {
		if old.Name == cookie.Name {
			c.cookies[i] = cookie
			return
		}
	}
	c.cookies = append(c.cookies, cookie)
}

func must(t testing.TB, body []byte, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// connect opens a session context.
func (c *caller) connect() mapi.ErrorCode {
	c.t.Helper()
	var dn string
	c.w.Do(func(time.Time) { o, _ := c.w.Dir.PDC().Lookup(c.user); dn = o.Get("legacyExchangeDN") })
	body, err := mapihttp.ConnectRequest{UserDN: dn}.Encode()
	code, out := c.call(mapihttp.Connect, must(c.t, body, err))
	if code != mapihttp.CodeSuccess {
		c.t.Fatalf("Connect: %v", code)
	}
	r, err := mapihttp.ParseConnectResponse(out)
	if err != nil {
		c.t.Fatal(err)
	}
	return r.Code
}

func (c *caller) mustConnect() {
	c.t.Helper()
	if code := c.connect(); code != mapi.Success {
		c.t.Fatalf("Connect: %v", code)
	}
}

// logon is an Execute that opens the mailbox and asks to be told of new mail.
func logon(t testing.TB) []byte {
	t.Helper()
	payload, err := mapi.RequestBuffer{
		Rops: []mapi.Request{
			&mapi.LogonRequest{Flags: mapi.LogonPrivate},
			&mapi.RegisterNotificationRequest{Output: 1, Types: mapi.NotifyNewMail, WholeStore: true},
		},
		Handles: []uint32{mapi.NoHandle, mapi.NoHandle},
	}.Encode()
	return execute(t, must(t, payload, err))
}

func execute(t testing.TB, payload []byte) []byte {
	t.Helper()
	buffer, err := mapi.AppendPayload(nil, payload, mapi.FlagLast)
	body, err := mapihttp.ExecuteRequest{RopBuffer: must(t, buffer, err), MaxRopOut: 0x10000}.Encode()
	return must(t, body, err)
}

// nothing is an Execute without ROPs, which fetches notifications.
func nothing(t testing.TB) []byte {
	t.Helper()
	payload, err := mapi.RequestBuffer{}.Encode()
	return execute(t, must(t, payload, err))
}

// execute passes ROPs; the error is what stands in the way.
func (c *caller) execute(body []byte) error {
	c.t.Helper()
	code, out := c.call(mapihttp.Execute, body)
	if code != mapihttp.CodeSuccess {
		return code
	}
	r, err := mapihttp.ParseExecuteResponse(out)
	if err != nil {
		c.t.Fatal(err)
	}
	if r.Code != mapi.Success {
		return r.Code
	}
	return nil
}

func (c *caller) want(what string, got, want error) {
	c.t.Helper()
	if !errors.Is(got, want) {
		c.t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// heard is what came of a NotificationWait, and when.
type heard struct {
	lines []string // "PENDING 15s"
	code  mapihttp.ResponseCode
	news  bool
	err   error
	at    time.Duration
}

// wait leaves a NotificationWait outstanding and notes what is heard.
func (c *caller) wait() (*heard, <-chan struct{}) {
	h := new(heard)
	began := c.w.Elapsed()
	return h, c.w.Go(owner, func() {
		defer func() { h.at = c.w.Elapsed() - began }()
		body, err := mapihttp.NotificationWaitRequest{}.Encode()
		if err != nil {
			h.err = err
			return
		}
		resp, err := c.send(mapihttp.NotificationWait, body)
		if err != nil {
			h.err = err
			return
		}
		defer resp.Body.Close()
		head, err := mapihttp.ParseResponseHead(resp.Header)
		if h.code = head.Code; err != nil || h.code != mapihttp.CodeSuccess {
			h.err = err
			return
		}
		reader := mapihttp.NewReader(bufio.NewReader(resp.Body), mapihttp.Limits{})
		for {
			tag, err := reader.Next()
			if err != nil {
				h.err = err
				return
			}
			h.lines = append(h.lines, fmt.Sprint(tag, " ", c.w.Elapsed()-began))
			if tag == mapihttp.Done {
				break
			}
		}
		final, err := reader.Final()
		if h.code, h.err = final.Code, err; err != nil || h.code != mapihttp.CodeSuccess {
			return
		}
		r, err := mapihttp.ParseNotificationWaitResponse(final.Body)
		h.news, h.err = r.EventPending != 0, err
	})
}
