package owa

import (
	"net/http"
	"net/url"
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
