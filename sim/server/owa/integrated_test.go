package owa

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"shutout/lab/protocol/ntlm"
	"shutout/sim/server/webtest"
	"shutout/sim/store"
)

// show asks for the inbox with that Authorization.
func (b *browser) show(authorization string) (*http.Response, string) {
	b.t.Helper()
	r, _ := http.NewRequest(http.MethodGet, "http://"+b.host+"/owa/", nil)
	r.Header.Set("Authorization", authorization)
	return b.do(r)
}

// signInNTLM signs dana in on the browser's connection.
func (b *browser) signInNTLM() {
	b.t.Helper()
	c := ntlm.Client{User: webtest.Dana, Password: webtest.Password}
	hello, _ := c.Negotiate()
	resp, _ := b.show(ntlm.SchemeNTLM.Header(hello))
	_, challenge, err := ntlm.ParseHeader(resp.Header.Get("WWW-Authenticate"))
	if err != nil || challenge == nil {
		b.t.Fatalf("no challenge: %s %v", resp.Status, err)
	}
	proof, _, err := c.Authenticate(challenge, 0)
	if err != nil {
		b.t.Fatal(err)
	}
	if resp, body := b.show(ntlm.SchemeNTLM.Header(proof)); resp.StatusCode != http.StatusOK || !strings.Contains(body, "<h1>Inbox</h1>") {
		b.t.Fatalf("not signed in: %s", resp.Status)
	}
}

// A client that signs in without the form lives as long as its connection, and
// needs no cookie.
func TestWithoutTheForm(t *testing.T) {
	w := newWorld(t, "ex2010", "owa.integrated=true")
	b := newBrowser(t, w)
	b.signInNTLM()
	if got := b.reads(); got != "ok" || len(b.cookies) != 0 {
		t.Errorf("%s with cookies %v", got, b.cookies)
	}
	if resp := b.send(webtest.Erin, "no form", "hello"); resp.StatusCode != http.StatusFound || resp.Header.Get("Location") != "/owa/" {
		t.Errorf("send: %s to %s", resp.Status, resp.Header.Get("Location"))
	}
	form := url.Values{"txtto": {webtest.Erin}, "txtsbj": {"forged"}, "hidcanary": {"x"}}
	if resp, _ := b.post("/owa/?ae=PreFormAction&t=IPM.Note&a=Send", form); resp.StatusCode != statusLoginTimeout {
		t.Errorf("with a forged canary: %s", resp.Status)
	}
	w.DisableAccount()
	w.Pass(time.Minute)
	if got := w.Subjects("erin", store.Inbox); len(got) != 1 || got[0] != "no form" {
		t.Errorf("erin got %q", got)
	}
	w.Reasons("dana-owa")
	if got := b.reads(); got != "ok" {
		t.Errorf("on the old connection: %s", got)
	}
	w.WantReason("dana-owa", "connection: signed in with NTLM")
	b.client.CloseIdleConnections()
	if got := b.reads(); got != "302 /owa/auth/logon.aspx reason " {
		t.Errorf("on a new one: %s", got)
	}
}

// The session of a browser with the form is another one.
func TestFormBesideIntegrated(t *testing.T) {
	w := newWorld(t, "ex2010", "owa.integrated=true")
	form, direct := newBrowser(t, w), newBrowser(t, w)
	form.signIn(webtest.Password)
	direct.signInNTLM()
	canary := url.Values{"txtto": {webtest.Erin}, "txtsbj": {"mixed"}, "hidcanary": {form.cookies[canaryCookie]}}
	const send = "/owa/?ae=PreFormAction&t=IPM.Note&a=Send"
	if resp, _ := direct.post(send, canary); resp.StatusCode != statusLoginTimeout {
		t.Errorf("a form's canary without the form: %s", resp.Status)
	}
	if resp, _ := form.post(send, canary); resp.StatusCode != http.StatusFound {
		t.Errorf("a form's canary with the form: %s", resp.Status)
	}
	for range 2 {
		if a, b := form.reads(), direct.reads(); a != "ok" || b != "ok" {
			t.Errorf("%s and %s", a, b)
		}
	}
}

func TestIntegratedSwitchedOff(t *testing.T) {
	b := newBrowser(t, newWorld(t, "ex2010"))
	r := &http.Request{Header: http.Header{}}
	r.SetBasicAuth(webtest.Dana, webtest.Password)
	if resp, _ := b.show(r.Header.Get("Authorization")); resp.StatusCode != http.StatusFound {
		t.Errorf("Basic: %s", resp.Status)
	}
	hello, _ := (&ntlm.Client{}).Negotiate()
	if resp, _ := b.show(ntlm.SchemeNTLM.Header(hello)); resp.StatusCode != http.StatusFound {
		t.Errorf("NTLM: %s", resp.Status)
	}
}
