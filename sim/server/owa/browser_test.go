package owa

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"shutout/sim/server/webtest"
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
