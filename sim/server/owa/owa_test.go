package owa

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/sim/clientaccess"
	"shutout/sim/directory"
	"shutout/sim/server/webtest"
	"shutout/sim/store"
)

// browser is a person at a browser. It keeps the cookies of cas1.
type browser struct {
	t       *testing.T
	w       *webtest.World
	client  *http.Client
	host    string
	cookies map[string]string
}

func newWorld(t *testing.T, profile string, set ...string) *webtest.World {
	w := webtest.New(t, profile, set...)
	w.Serve(New(w.World.World, "cas1"))
	return w
}

func newBrowser(t *testing.T, w *webtest.World) *browser {
	return &browser{t: t, w: w, client: w.Client("dana-owa"), host: "cas1", cookies: map[string]string{}}
}

func (b *browser) do(r *http.Request) (*http.Response, string) {
	b.t.Helper()
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	resp, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range resp.Cookies() {
		if c.Value == "" {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	return resp, string(body)
}

func (b *browser) get(path string) (*http.Response, string) {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodGet, "http://"+b.host+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(r)
}

func (b *browser) post(path string, form url.Values) (*http.Response, string) {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodPost, "http://"+b.host+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r)
}

func (b *browser) signIn(password string) *http.Response {
	b.t.Helper()
	resp, _ := b.post("/owa/auth.owa", url.Values{
		"destination": {"https://cas1/owa/"}, "flags": {"4"}, "username": {webtest.Dana}, "password": {password},
	})
	return resp
}

// reads tells what became of a look at the inbox: "ok", or how it was refused.
func (b *browser) reads() string {
	b.t.Helper()
	resp, body := b.get("/owa/")
	switch {
	case resp.StatusCode == http.StatusOK && strings.Contains(body, "<h1>Inbox</h1>"):
		return "ok"
	case resp.StatusCode == http.StatusFound:
		u, _ := url.Parse(resp.Header.Get("Location"))
		return "302 " + u.Path + " reason " + u.Query().Get("reason")
	default:
		return resp.Status
	}
}

func (b *browser) send(to, subject, body string) *http.Response {
	b.t.Helper()
	_, page := b.get("/owa/?ae=Item&t=IPM.Note&a=New")
	canary := regexp.MustCompile(`name="hidcanary" value="([^"]+)"`).FindStringSubmatch(page)
	if canary == nil {
		b.t.Fatalf("no canary in %.300s", page)
	}
	resp, _ := b.post("/owa/?ae=PreFormAction&t=IPM.Note&a=Send", url.Values{
		"hidcanary": {canary[1]}, "txtto": {to}, "txtsbj": {subject}, "txtbdy": {body},
	})
	return resp
}

func TestSignInReadSendLeave(t *testing.T) {
	w := newWorld(t, "ex2010")
	w.Deliver("first <b>")
	w.Deliver("second")
	b := newBrowser(t, w)

	if resp, _ := b.get("/"); resp.StatusCode != 302 || resp.Header.Get("Location") != "/owa/" {
		t.Errorf("/ leads to %s %s", resp.Status, resp.Header.Get("Location"))
	}
	if got := b.reads(); got != "302 /owa/auth/logon.aspx reason " {
		t.Errorf("without a cookie: %s", got)
	}
	if resp, body := b.get("/owa/auth/logon.aspx?url=%2Fowa%2F&reason=2"); resp.StatusCode != 200 || !strings.Contains(body, `name="password"`) || !strings.Contains(body, "isn't correct") {
		t.Errorf("logon form: %s %s", resp.Status, body)
	}
	if resp := b.signIn("wrong"); resp.StatusCode != 302 || !strings.Contains(resp.Header.Get("Location"), "reason=2") || len(b.cookies) > 0 {
		t.Errorf("wrong password: %s %s", resp.Status, resp.Header.Get("Location"))
	}
	if resp := b.signIn(webtest.Password); resp.StatusCode != 302 || resp.Header.Get("Location") != "/owa/" || len(b.cookies) != 2 {
		t.Fatalf("sign-in: %s %s, cookies %v", resp.Status, resp.Header.Get("Location"), b.cookies)
	}

	_, inbox := b.get("/owa/")
	if strings.Contains(inbox, "<b>") || !strings.Contains(inbox, "first &lt;b&gt;") || strings.Index(inbox, ">second<") > strings.Index(inbox, ">first") {
		t.Errorf("inbox: %s", inbox)
	}
	link := regexp.MustCompile(`href="(/owa/\?ae=Item[^"]*id=[^"]*)"`).FindStringSubmatch(inbox)
	if link == nil {
		t.Fatalf("no link to a message in %s", inbox)
	}
	if resp, item := b.get(strings.ReplaceAll(link[1], "&amp;", "&")); resp.StatusCode != 200 || !strings.Contains(item, "Hello.") {
		t.Errorf("item: %s %s", resp.Status, item)
	}
	if _, inbox = b.get("/owa/"); !strings.Contains(inbox, "2 messages, 1 unread") {
		t.Errorf("after reading: %.700s", inbox)
	}

	if resp := b.send("Erin <"+webtest.Erin+">; someone@partner.example", "hello\r\nBcc: x@y.example", "text"); resp.StatusCode != 302 {
		t.Errorf("send: %s", resp.Status)
	}
	w.Pass(time.Minute)
	if got := w.Subjects("erin", store.Inbox); len(got) != 1 || !strings.HasPrefix(got[0], "hello") {
		t.Errorf("erin got %q", got)
	}
	if got := w.Subjects("dana", store.SentItems); len(got) != 1 {
		t.Errorf("sent items %q", got)
	}

	if resp, _ := b.get("/owa/logoff.owa"); resp.StatusCode != 200 || len(b.cookies) != 0 {
		t.Errorf("logoff: %s, cookies %v", resp.Status, b.cookies)
	}
	if got := b.reads(); got != "302 /owa/auth/logon.aspx reason " {
		t.Errorf("after logoff: %s", got)
	}
}

func TestDecisionsAreRecorded(t *testing.T) {
	w := newWorld(t, "ex2010")
	b := newBrowser(t, w)
	b.signIn(webtest.Password)
	b.reads()
	w.Decisions("dana-owa")
	b.reads()
	var layers []lab.Layer
	for _, d := range w.Decisions("dana-owa") {
		layers = append(layers, d.Layer)
		if !d.Allowed {
			t.Errorf("a refusal: %+v", d)
		}
	}
	want := []lab.Layer{lab.LayerCookie, lab.LayerToken, lab.LayerSession}
	if len(layers) != len(want) || layers[0] != want[0] || layers[1] != want[1] || layers[2] != want[2] {
		t.Errorf("layers %v, want %v", layers, want)
	}
}

func TestDisabledAccount(t *testing.T) {
	w := newWorld(t, "ex2010")
	b := newBrowser(t, w)
	b.signIn(webtest.Password)
	b.reads()
	w.DisableAccount()
	for range 6 {
		w.Pass(10 * time.Minute)
		if got := b.reads(); got != "ok" {
			t.Fatalf("a chatty user was refused: %s", got)
		}
	}
	w.Do(func(now time.Time) { w.CAS.Server("cas1").RecyclePool(now, clientaccess.PoolOWA) })
	if got := b.reads(); got != "302 /owa/auth/logon.aspx reason 2" {
		t.Errorf("after the recycle: %s", got)
	}
}

func TestResetKillsServerKeyCookies(t *testing.T) {
	for _, c := range []struct{ profile, want string }{
		{"ex2010", "302 /owa/auth/logon.aspx reason 3"},
		{"ex2016", "ok"}, // the cookie outlives it and its credentials are good
	} {
		w := newWorld(t, c.profile)
		b := newBrowser(t, w)
		b.signIn(webtest.Password)
		w.Do(func(now time.Time) { w.CAS.Server("cas1").Reset(now, clientaccess.ResetOptions{}) })
		if _, err := b.client.Get("http://cas1/owa/"); err == nil {
			t.Errorf("%s: IIS answers while it restarts", c.profile)
		}
		w.Pass(time.Minute)
		if got := b.reads(); got != c.want {
			t.Errorf("%s: after the reset: %s, want %s", c.profile, got, c.want)
		}
	}
}

// The protocol flag is felt when the mailbox information that let the user in
// lapses, and then at once on the same connection and cookie.
func TestFlagIsFeltThroughMailboxInformation(t *testing.T) {
	w := newWorld(t, "ex2010")
	b := newBrowser(t, w)
	b.signIn(webtest.Password)
	b.reads()
	w.Pass(time.Minute)
	w.SwitchOff("owa")
	began := w.Now()
	for b.reads() == "ok" {
		w.Pass(5 * time.Minute)
		if w.Now().Sub(began) > 24*time.Hour {
			t.Fatal("the flag is never felt")
		}
	}
	if got := w.Now().Sub(began); got != 120*time.Minute {
		t.Errorf("felt after %v, want the next poll after 119m", got)
	}
	if got := b.reads(); got != "403 Forbidden" {
		t.Errorf("refused with %s", got)
	}
}

func TestMoveSeversTheContextAndItReopens(t *testing.T) {
	w := newWorld(t, "ex2010")
	b := newBrowser(t, w)
	b.signIn(webtest.Password)
	b.reads()
	w.Do(func(now time.Time) { w.Store.Sever(now, "dana", "test") })
	w.Decisions("dana-owa")
	if got := b.reads(); got != "ok" {
		t.Errorf("after the move: %s", got)
	}
	ds := w.Decisions("dana-owa")
	if last := ds[len(ds)-1]; last.Layer != lab.LayerMailboxInfo {
		t.Errorf("last decision %+v", last)
	}
}

func TestDisconnectedMailbox(t *testing.T) {
	w := newWorld(t, "ex2010")
	b := newBrowser(t, w)
	b.signIn(webtest.Password)
	w.Do(func(now time.Time) {
		if err := w.Store.Disconnect(now, "dana"); err != nil {
			t.Fatal(err)
		}
	})
	if got := b.reads(); got != "403 Forbidden" {
		t.Errorf("no mailbox: %s", got)
	}
}

func TestSendRefusals(t *testing.T) {
	w := newWorld(t, "ex2010")
	b := newBrowser(t, w)
	b.signIn(webtest.Password)
	b.reads()
	if resp := b.send("not an address", "s", ""); resp.StatusCode != 403 || resp.Header.Get("X-OWA-Error") == "" {
		t.Errorf("bad recipient: %s", resp.Status)
	}
	resp, _ := b.post("/owa/?ae=PreFormAction&t=IPM.Note&a=Send", url.Values{"hidcanary": {"forged"}, "txtto": {webtest.Erin}})
	if resp.StatusCode != 440 {
		t.Errorf("forged canary: %s", resp.Status)
	}
	w.Change(directory.Set("submissionContLength", "1"))
	w.Pass(10 * time.Minute) // directory caches
	if resp := b.send(webtest.Erin, "big", strings.Repeat("x\r\n", 2000)); resp.StatusCode != 403 {
		t.Errorf("over the size limit: %s", resp.Status)
	}
	if got := b.reads(); got != "ok" {
		t.Errorf("reading after a refused send: %s", got)
	}
	w.Pass(time.Minute)
	if got := w.Subjects("erin", store.Inbox); len(got) != 0 {
		t.Errorf("erin got %q", got)
	}
}

func TestScriptsGet440(t *testing.T) {
	w := newWorld(t, "ex2010")
	r, _ := http.NewRequest(http.MethodGet, "http://cas1/owa/", nil)
	r.Header.Set("X-Requested-With", "XMLHttpRequest")
	resp, err := w.Client("x").Do(r)
	if err != nil || resp.StatusCode != 440 {
		t.Errorf("%v %v", resp, err)
	}
	resp.Body.Close()
}

func TestDestinationStaysInside(t *testing.T) {
	for in, want := range map[string]string{
		"": "/owa/", "https://evil.example/": "/owa/", "//evil.example/owa/": "/owa/", "/owa/?ae=Item&id=1.2": "/owa/?ae=Item&id=1.2",
		"https://cas1/owa/": "/owa/", "/owa/auth/logon.aspx": "/owa/", "/owa/../x": "/owa/", "/owa/\r\nSet-Cookie: a=b": "/owa/", "javascript:alert(1)": "/owa/",
	} {
		if got := destination(in); got != want {
			t.Errorf("destination(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestIdleContextsAreSwept(t *testing.T) {
	w := newWorld(t, "ex2010")
	for range 3 * minSweep {
		b := newBrowser(t, w)
		b.signIn(webtest.Password)
		b.reads()
		w.Pass(time.Hour)
	}
	mb, _ := w.Store.Mailbox("dana")
	if n := len(mb.Sessions()); n > 2*minSweep {
		t.Errorf("%d sessions are open, of which at most 12 have a living cookie", n)
	}
}

// TestCurl has curl use OWA over loopback as a person would.
func TestCurl(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("curl is not installed")
	}
	w := newWorld(t, "ex2010")
	w.Deliver("greetings")
	srv := httptest.NewServer(New(w.World.World, "cas1"))
	defer srv.Close()
	jar := t.TempDir() + "/jar"
	run := func(args ...string) string {
		out, err := exec.Command(curl, append([]string{"-sS", "-i", "-b", jar, "-c", jar}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("curl %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	out := run("-d", "destination=/owa/&flags=0", "--data-urlencode", "username=CORP\\dana", "--data-urlencode", "password="+webtest.Password, srv.URL+"/owa/auth.owa")
	canary := regexp.MustCompile(`X-OWA-CANARY=([^;]+)`).FindStringSubmatch(out)
	if canary == nil {
		t.Fatalf("sign-in: %s", out)
	}
	if out := run(srv.URL + "/owa/"); !strings.Contains(out, "greetings") {
		t.Errorf("inbox: %s", out)
	}
	out = run("-H", "X-OWA-CANARY: "+canary[1], "--data-urlencode", "txtto="+webtest.Erin, "-d", "txtsbj=hi&txtbdy=there",
		srv.URL+"/owa/?ae=PreFormAction&t=IPM.Note&a=Send")
	if !strings.HasPrefix(out, "HTTP/1.1 302") {
		t.Errorf("send: %s", out)
	}
	w.Pass(time.Minute)
	if got := w.Subjects("erin", store.Inbox); len(got) != 1 || got[0] != "hi" {
		t.Errorf("erin got %q", got)
	}
}

func FuzzRequests(f *testing.F) {
	f.Add("/owa/?ae=Item&id=1.1", "cadata=x", "a=b")
	f.Add("/owa/auth.owa", "", "username=dana&password=x")
	f.Add("/owa/?ae=PreFormAction&a=Send", "cadata=", "txtto=%zz")
	f.Fuzz(func(t *testing.T, path, cookie, body string) {
		u, err := url.ParseRequestURI(path)
		if err != nil {
			t.Skip()
		}
		w := newWorld(&testing.T{}, "ex2010")
		var c clientaccess.Cookie
		c, text := w.CAS.Server("cas1").IssueCookie(w.Now(), webtest.Dana, webtest.Password, true)
		for _, value := range []string{cookie, "cadata=" + text} {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				r := &http.Request{Method: method, URL: u, Header: http.Header{"Cookie": {value}, "Content-Type": {"application/x-www-form-urlencoded"}},
					Body: io.NopCloser(strings.NewReader(body)), RemoteAddr: "192.0.2.1:1234"}
				r.Header.Set(canaryCookie, w.CAS.Server("cas1").Canary(c.Session))
				rec := httptest.NewRecorder()
				New(w.World.World, "cas1").ServeHTTP(rec, r)
				if rec.Code >= 500 {
					t.Errorf("%s %q: %d", method, path, rec.Code)
				}
			}
		}
		w.Net.Close()
	})
}

func BenchmarkInbox(b *testing.B) {
	w := webtest.New(b, "ex2010")
	for range 30 {
		w.Deliver("a message with a subject of the usual length")
	}
	h := New(w.World.World, "cas1")
	_, text := w.CAS.Server("cas1").IssueCookie(w.Now(), webtest.Dana, webtest.Password, true)
	r := httptest.NewRequest(http.MethodGet, "/owa/", nil)
	r.Header.Set("Cookie", "cadata="+text)
	b.ReportAllocs()
	for b.Loop() {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if rec.Code != 200 {
			b.Fatal(rec.Code)
		}
	}
}
