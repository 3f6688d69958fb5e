package mapihttp_test

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/lab/protocol/mapi"
	"shutout/lab/protocol/mapihttp"
	"shutout/sim/clientaccess"
	"shutout/sim/server/webtest"
)

// What is wrong with a request is told by a code, in an answer with the status
// 200.
func TestResponseCodes(t *testing.T) {
	w := newWorld(t)
	dana, erin := newCaller(t, w, owner, webtest.Dana), newCaller(t, w, "erin", webtest.Erin)
	dana.mustConnect()
	erin.mustConnect()
	rops := nothing(t)
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	shows := func(s mapihttp.Session) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Del("Cookie")
			for _, c := range s.Cookies() {
				r.AddCookie(c)
			}
		}
	}
	mine, err := mapihttp.ParseSession(dana.cookies)
	hers, err2 := mapihttp.ParseSession(erin.cookies)
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	for _, c := range []struct {
		name string
		kind mapihttp.RequestType
		body []byte
		edit func(*http.Request)
		want mapihttp.ResponseCode
	}{
		{"verb", mapihttp.Ping, nil, func(r *http.Request) { r.Method = http.MethodPut }, mapihttp.CodeInvalidVerb},
		{"path", mapihttp.Ping, nil, func(r *http.Request) { r.URL.Path += "x" }, mapihttp.CodeInvalidPath},
		{"path in capitals", mapihttp.Ping, nil, func(r *http.Request) { r.URL.Path = "/MAPI/EmsMdb" }, mapihttp.CodeSuccess},
		{"content type", mapihttp.Ping, nil, header("Content-Type", "text/plain"), mapihttp.CodeInvalidHeader},
		{"no identifier", mapihttp.Ping, nil, func(r *http.Request) { r.Header.Del(mapihttp.HeaderRequestID) }, mapihttp.CodeMissingHeader},
		{"type", "Bind", nil, nil, mapihttp.CodeInvalidRequestType},
		{"size", mapihttp.Execute, make([]byte, 513<<10), nil, mapihttp.CodeTooLarge},
		{"Connect's body", mapihttp.Connect, []byte("x"), nil, mapihttp.CodeInvalidRequestBody},
		{"Execute's body", mapihttp.Execute, []byte("x"), nil, mapihttp.CodeInvalidRequestBody},
		{"Disconnect's body", mapihttp.Disconnect, []byte("x"), nil, mapihttp.CodeInvalidRequestBody},
		{"NotificationWait's body", mapihttp.NotificationWait, []byte("x"), nil, mapihttp.CodeInvalidRequestBody},
		{"no cookie", mapihttp.Execute, rops, shows(mapihttp.Session{}), mapihttp.CodeMissingCookie},
		{"no cookie to PING with", mapihttp.Ping, nil, shows(mapihttp.Session{}), mapihttp.CodeSuccess},
		{"no sequence", mapihttp.Execute, rops, shows(mapihttp.Session{Context: mine.Context}), mapihttp.CodeMissingCookie},
		{"no sequence to PING with", mapihttp.Ping, nil, shows(mapihttp.Session{Context: mine.Context}), mapihttp.CodeSuccess},
		{"sequence", mapihttp.Execute, rops, shows(mapihttp.Session{Context: mine.Context, Sequence: hers.Sequence}), mapihttp.CodeInvalidSequence},
		{"two contexts", mapihttp.Execute, rops, func(r *http.Request) { r.AddCookie(hers.Cookies()[0]) }, mapihttp.CodeInvalidContextCookie},
		{"two contexts for Connect", mapihttp.Connect, connectBody(t), func(r *http.Request) { r.AddCookie(hers.Cookies()[0]) }, mapihttp.CodeInvalidContextCookie},
		{"nobody's context", mapihttp.Execute, rops, shows(mapihttp.Session{Context: "x", Sequence: "y"}), mapihttp.CodeContextNotFound},
		{"somebody else's context", mapihttp.Execute, rops, shows(hers), mapihttp.CodeNoPrivilege},
		{"somebody else's context to PING with", mapihttp.Ping, nil, shows(hers), mapihttp.CodeNoPrivilege},
		{"somebody else's context to replace", mapihttp.Connect, connectBody(t), shows(hers), mapihttp.CodeNoPrivilege},
		{"all is well", mapihttp.Execute, rops, nil, mapihttp.CodeSuccess},
	} {
		dana.edit = c.edit
		if got, _ := dana.call(c.kind, c.body); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	w.WantReason(owner, "no protocol-session: the session context belongs to somebody else")
	dana.cookies[1] = &http.Cookie{Name: mapihttp.CookieSequence, Value: mine.Sequence}
	erin.want("a sequence that was used before", dana.execute(rops), mapihttp.CodeInvalidSequence)
	w.WantReason(owner, "no protocol-session: the request is out of sequence in its session context")
	erin.want("what others tried does no harm", erin.execute(rops), nil)
}

func connectBody(t testing.TB) []byte {
	body, err := mapihttp.ConnectRequest{UserDN: "/o=CORP/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=dana"}.Encode()
	return must(t, body, err)
}

func TestHeaders(t *testing.T) {
	w := newWorld(t)
	c := newCaller(t, w, owner, webtest.Dana)
	c.edit = func(r *http.Request) { r.Header.Del("Authorization") }
	resp, err := c.send(mapihttp.Ping, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized || !slices.Contains(resp.Header.Values("WWW-Authenticate"), "NTLM") {
		t.Errorf("without credentials: %s %v", resp.Status, resp.Header)
	}
	c.mustConnect()
	for kind, body := range map[mapihttp.RequestType][]byte{mapihttp.Execute: nothing(t), mapihttp.Ping: nil, "Bind": nil} {
		resp, err := c.send(kind, body)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		head, err := mapihttp.ParseResponseHead(resp.Header)
		if err != nil || head.Type != kind || head.RequestID != resp.Request.Header.Get(mapihttp.HeaderRequestID) ||
			head.PendingPeriod != 15*time.Second || head.Expiration != 15*time.Minute {
			t.Errorf("%s: %+v, %v", kind, head, err)
		}
		chunked := slices.Equal(resp.TransferEncoding, []string{"chunked"})
		if chunked != (kind == mapihttp.Execute) {
			t.Errorf("%s is chunked: %v", kind, chunked)
		}
		if kind != "Bind" && (head.ClientInfo != "info" || !bytes.HasPrefix(text, []byte("PROCESSING\r\nDONE\r\nX-ElapsedTime: 0\r\n"))) {
			t.Errorf("%s: %q", kind, text)
		}
	}
}

// A session context outlives connections and addresses, until the client
// leaves it.
func TestContextOutlivesItsConnection(t *testing.T) {
	w := newWorld(t)
	c := newCaller(t, w, owner, webtest.Dana)
	c.mustConnect()
	c.want("log on", c.execute(logon(t)), nil)
	for range 2 {
		c.hangUp()
		c.want("on another connection", c.execute(nothing(t)), nil)
	}
	body, err := mapihttp.DisconnectRequest{}.Encode()
	if code, _ := c.call(mapihttp.Disconnect, must(t, body, err)); code != mapihttp.CodeSuccess {
		t.Errorf("Disconnect: %v", code)
	}
	c.want("afterwards", c.execute(nothing(t)), mapihttp.CodeContextNotFound)
	w.WantReason(owner, "no protocol-session: the session context is gone: the client disconnected")
	c.hangUp()
	w.Pass(time.Second)
	w.WantIdle()
}

// What nobody uses lapses; Connect with what is left of it begins anew.
func TestContextLapses(t *testing.T) {
	w := newWorld(t)
	c := newCaller(t, w, owner, webtest.Dana)
	c.mustConnect()
	for range 3 {
		w.Pass(14 * time.Minute)
		c.hangUp() // IIS has let go of it, too
		c.want("used now and then", c.execute(nothing(t)), nil)
	}
	w.Pass(14 * time.Minute)
	c.hangUp()
	if code, _ := c.call(mapihttp.Ping, nil); code != mapihttp.CodeSuccess {
		t.Errorf("PING: %v", code)
	}
	w.Pass(14 * time.Minute)
	c.hangUp()
	c.want("kept by PING", c.execute(nothing(t)), nil)
	w.Decisions(owner)

	w.Pass(15 * time.Minute)
	c.hangUp()
	if n := len(w.CAS.Server("cas1").Sessions()); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
	c.want("not used for 15m", c.execute(nothing(t)), mapihttp.CodeContextNotFound)
	w.WantReason(owner, "no protocol-session: the session context is gone: no request for 15m")
	if code, _ := c.call(mapihttp.Ping, nil); code != mapihttp.CodeContextNotFound {
		t.Errorf("PING: %v", code)
	}
	c.mustConnect()
	c.want("connected anew", c.execute(nothing(t)), nil)

	// As long as it is still there, it is replaced.
	old := slices.Clone(c.cookies)
	c.mustConnect()
	if n := len(w.CAS.Server("cas1").Sessions()); n != 1 {
		t.Errorf("%d sessions after connecting anew", n)
	}
	c.want("the new one", c.execute(nothing(t)), nil)
	c.cookies = old
	c.want("the old one", c.execute(nothing(t)), mapihttp.CodeContextNotFound)
}

func TestContextsOfOneUserAreBounded(t *testing.T) {
	w := newWorld(t)
	first := newCaller(t, w, owner, webtest.Dana)
	first.mustConnect()
	other := newCaller(t, w, "erin", webtest.Erin)
	other.mustConnect()
	w.Pass(time.Second)
	for range 64 {
		newCaller(t, w, owner, webtest.Dana).mustConnect()
	}
	first.want("the one that was used least lately", first.execute(nothing(t)), mapihttp.CodeContextNotFound)
	other.want("somebody else's", other.execute(nothing(t)), nil)
}

// The disabled user goes on: NTLM is not asked again on its connection, and the
// session not before its time. A new connection is refused.
func TestDisabledAccount(t *testing.T) {
	w := newWorld(t)
	c := newCaller(t, w, owner, webtest.Dana).withNTLM()
	c.mustConnect()
	c.want("log on", c.execute(logon(t)), nil)
	w.DisableAccount()
	for range 119 {
		w.Pass(time.Minute) // IIS lets go of silent connections after two
		c.want("before the session is checked again", c.execute(nothing(t)), nil)
	}
	if got := w.Reasons(owner); !slices.ContainsFunc(got, func(r string) bool { return strings.HasPrefix(r, "connection: signed in with NTLM") }) {
		t.Errorf("%q", got)
	}
	w.Pass(time.Minute)
	if err := c.execute(nothing(t)); err == nil {
		t.Error("the session was not checked after two hours")
	}
	c.want("the context afterwards", c.execute(nothing(t)), mapihttp.CodeContextNotFound)

	other := newCaller(t, w, owner, webtest.Dana).withNTLM()
	resp, err := other.send(mapihttp.Ping, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a new connection: %s", resp.Status)
	}
}

// With Basic every request is answered by the token cache, and the context
// needs both.
func TestDisabledAccountWithBasic(t *testing.T) {
	w := newWorld(t)
	c := newCaller(t, w, owner, webtest.Dana)
	c.mustConnect()
	w.DisableAccount()
	w.Pass(10 * time.Minute)
	c.hangUp()
	c.want("within the token's life", c.execute(nothing(t)), nil)
	w.Pass(14 * time.Minute)
	c.hangUp()
	if code, _ := c.call(mapihttp.Ping, nil); code != mapihttp.CodeSuccess {
		t.Errorf("the token slides: %v", code)
	}
	w.Pass(20 * time.Minute)
	c.hangUp()
	resp, err := c.send(mapihttp.Ping, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("after the token's life: %s", resp.Status)
	}
}

// What ends a context from outside.
func TestContextIsSevered(t *testing.T) {
	for _, c := range []struct {
		name string
		cut  func(w *webtest.World, now time.Time)
		want string
		now  bool // at once, not ten minutes later
	}{
		{"reset", func(w *webtest.World, now time.Time) {
			w.CAS.Server("cas1").Reset(now, clientaccess.ResetOptions{})
		}, "W3SVC stopped", false},
		{"recycle", func(w *webtest.World, now time.Time) {
			w.CAS.Server("cas1").RecyclePool(now, clientaccess.PoolMAPI)
		}, "its worker process was recycled", true},
		{"move", func(w *webtest.World, now time.Time) {
			if _, err := w.Store.Move(now, "dana", "db2"); err != nil {
				t.Error(err)
			}
		}, "mailbox", false},
		{"store", func(w *webtest.World, now time.Time) { w.Store.Sever(now, "dana", "test") }, "test", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			dana, erin := newCaller(t, w, owner, webtest.Dana), newCaller(t, w, "erin", webtest.Erin)
			dana.mustConnect()
			dana.want("log on", dana.execute(logon(t)), nil)
			erin.mustConnect()
			w.Do(func(now time.Time) { c.cut(w, now) })
			if !c.now {
				w.Pass(10 * time.Minute)
				dana.hangUp()
			}
			dana.want("afterwards", dana.execute(nothing(t)), mapihttp.CodeContextNotFound)
			got := w.Reasons(owner)
			if !slices.ContainsFunc(got, func(r string) bool {
				return strings.HasPrefix(r, "no protocol-session: the session context is gone: ") && strings.Contains(r, c.want)
			}) {
				t.Errorf("reasons %q, want %q among them", got, c.want)
			}
			if code := dana.connect(); code != mapi.Success {
				t.Errorf("the way in is open: %v", code)
			}
		})
	}
}
