package client

import (
	"context"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/authority/authoritytest"
)

// webmail is as much of Outlook Web Access as the client needs.
type webmail struct {
	mu       sync.Mutex
	password string
	session  string // the cookie that counts; "" refuses all
	subjects []string
	status   int    // answers every mailbox page with it when set
	sendFail string // X-OWA-Error to a send
	timeout  bool   // 440 instead of the way to the form
	boxes    bool   // a listing like the basic version's, with boxes
	asks     []string
	sent     []url.Values
}

func (w *webmail) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asks = append(w.asks, r.Method+" "+r.URL.RequestURI())
	if r.URL.Path == "/owa/auth.owa" {
		if pback, _ := r.Cookie("PBack"); pback == nil || r.FormValue("username") != testUser || r.FormValue("password") != w.password {
			http.Redirect(rw, r, "/owa/auth/logon.aspx?url=%2fowa%2f&reason=2", http.StatusFound)
			return
		}
		w.session += "x"
		http.SetCookie(rw, &http.Cookie{Name: "cadata", Value: w.session, Path: "/"})
		http.Redirect(rw, r, r.FormValue("destination"), http.StatusFound)
		return
	}
	if c, _ := r.Cookie("cadata"); c == nil || c.Value != w.session || w.session == "" {
		if w.timeout {
			rw.WriteHeader(statusLoginTimeout)
			return
		}
		http.Redirect(rw, r, "/owa/auth/logon.aspx?url=%2fowa%2f&reason=3", http.StatusFound)
		return
	}
	q := r.URL.Query()
	switch {
	case w.status != 0:
		rw.WriteHeader(w.status)
		io.WriteString(rw, `<p role="alert">It isn&#39;t here.</p>`)
	case r.Method == http.MethodPost:
		r.ParseForm()
		if q.Get("a") != "Send" || r.PostForm.Get("hidcanary") != "c&n" {
			rw.WriteHeader(statusLoginTimeout)
			return
		}
		if w.sendFail != "" {
			rw.Header().Set("X-OWA-Error", w.sendFail)
			rw.WriteHeader(http.StatusForbidden)
			return
		}
		w.sent = append(w.sent, r.PostForm)
		http.Redirect(rw, r, "/owa/", http.StatusFound)
	case q.Get("a") == "New":
		io.WriteString(rw, `<form action=search><input name=q></form><!-- <form> -->
<FORM METHOD=post ACTION='?ae=PreFormAction&amp;t=IPM.Note&amp;a=Send'><INPUT TYPE="hidden" NAME="hidcanary" VALUE="c&amp;n">
<input type=hidden name=hidcmdpst><input name="txtto" value=""><input name="txtsbj" value="a>b"><input type=checkbox name=x><textarea name=txtbdy></textarea></FORM>`)
	case q.Get("ae") == "Item":
		io.WriteString(rw, `<h1>message `+q.Get("id")+`</h1>`)
	default:
		io.WriteString(rw, `<a href="/owa/?ae=Item&amp;t=IPM.Note&amp;a=New">New</a>`)
		for i := len(w.subjects) - 1; i >= 0; i-- {
			if w.boxes {
				fmt.Fprintf(rw, `<input type="checkbox" name="chkmsg" value="Rg/%d="> %s`, i, html.EscapeString(w.subjects[i]))
			} else {
				fmt.Fprintf(rw, `<a href="?ae=Item&amp;t=IPM.Note&amp;id=9.%d">%s</a>`, i, html.EscapeString(w.subjects[i]))
			}
		}
	}
}

// take returns what was asked since the last call.
func (w *webmail) take() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	asks := strings.Join(w.asks, ", ")
	w.asks = nil
	return asks
}

func (w *webmail) set(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

// serveHTTP puts handler behind the lab's endpoint.
func (l *testLab) serveHTTP(handler http.Handler) *httptest.Server {
	s := httptest.NewServer(handler)
	l.t.Cleanup(s.Close)
	l.addr = s.Listener.Addr().String()
	return s
}

const (
	owaLogin = "POST /owa/auth.owa, GET /owa/"
	owaRead  = "GET /owa/, GET /owa/?ae=Item&t=IPM.Note&id=9.1"
)

func TestOWA(t *testing.T) {
	signedOut := func(text string) *lab.Failure { return refused(stageSignIn, text) }
	type step struct {
		set  func(*webmail)
		can  lab.Capability
		want *lab.Failure
		asks string
	}
	tests := []struct {
		name  string
		knows []string
		steps []step
	}{
		{"reads, receives and sends in one session", []string{oldPass}, []step{
			{can: lab.Read, asks: owaLogin + ", " + owaRead},
			{can: lab.Read, asks: "GET /owa/"},
			{can: lab.Receive, want: missing(), asks: "GET /owa/"},
			{set: func(w *webmail) { w.subjects = append(w.subjects, "probe 7") }, can: lab.Receive, asks: "GET /owa/"},
			{can: lab.Read, asks: "GET /owa/, GET /owa/?ae=Item&t=IPM.Note&id=9.2"},
			{can: lab.Read, asks: "GET /owa/"},
			{set: func(w *webmail) { w.subjects = nil }, can: lab.Read, asks: "GET /owa/"},
			{can: lab.Read, asks: "GET /owa/"},
			{can: lab.Send, asks: "GET /owa/?ae=Item&t=IPM.Note&a=New, POST /owa/?ae=PreFormAction&t=IPM.Note&a=Send"},
			{can: lab.SignIn, asks: owaLogin},
		}},
		{"reads an empty inbox", []string{oldPass}, []step{
			{set: func(w *webmail) { w.subjects = nil }, can: lab.Read, asks: owaLogin + ", GET /owa/"},
		}},
		{"reads the basic version's listing", []string{oldPass}, []step{
			{set: func(w *webmail) { w.boxes = true }, can: lab.Read, asks: owaLogin + ", GET /owa/, GET /owa/?ae=Item&t=IPM.Note&id=Rg%2F1%3D"},
		}},
		{"wrong password", []string{oldPass}, []step{
			{set: func(w *webmail) { w.password = newPass }, can: lab.SignIn, want: signedOut("302 logon.aspx reason=2"), asks: "POST /owa/auth.owa"},
			{can: lab.Read, want: signedOut("302 logon.aspx reason=2"), asks: "POST /owa/auth.owa"},
		}},
		{"knows the new password", []string{oldPass, newPass}, []step{
			{set: func(w *webmail) { w.password = newPass }, can: lab.SignIn, asks: "POST /owa/auth.owa, " + owaLogin},
			{can: lab.Read, asks: owaLogin + ", " + owaRead},
		}},
		{"a live cookie outlasts the password", []string{oldPass}, []step{
			{can: lab.Read, asks: owaLogin + ", " + owaRead},
			{set: func(w *webmail) { w.password = newPass }, can: lab.Read, asks: "GET /owa/"},
			{set: func(w *webmail) { w.session += "y" }, can: lab.Read, want: signedOut("302 logon.aspx reason=2"), asks: "GET /owa/, POST /owa/auth.owa"},
		}},
		{"signed out", []string{oldPass}, []step{
			{can: lab.Read, asks: owaLogin + ", " + owaRead},
			{set: func(w *webmail) { w.session += "y" }, can: lab.Read, asks: "GET /owa/, " + owaLogin + ", " + owaRead},
			{set: func(w *webmail) { w.session += "y"; w.timeout = true }, can: lab.Send,
				asks: "GET /owa/?ae=Item&t=IPM.Note&a=New, " + owaLogin + ", GET /owa/?ae=Item&t=IPM.Note&a=New, POST /owa/?ae=PreFormAction&t=IPM.Note&a=Send"},
		}},
		{"mailbox refused", []string{oldPass, newPass}, []step{
			{set: func(w *webmail) { w.status = 403 }, can: lab.SignIn, want: refused(stageMailbox, "403 Forbidden: It isn't here."), asks: owaLogin},
			{set: func(w *webmail) { w.status = 0 }, can: lab.Read, asks: owaLogin + ", " + owaRead},
			{set: func(w *webmail) { w.status = 403 }, can: lab.Read, want: refused("read", "403 Forbidden: It isn't here."), asks: "GET /owa/"},
			{set: func(w *webmail) { w.status = 503 }, can: lab.Read,
				want: &lab.Failure{Kind: lab.Unreachable, Stage: "read", Text: "503 Service Unavailable: It isn't here."}, asks: "GET /owa/"},
			{set: func(w *webmail) { w.status = 0; w.sendFail = "too large" }, can: lab.Send, want: refused("send", "403 Forbidden: too large"),
				asks: "GET /owa/?ae=Item&t=IPM.Note&a=New, POST /owa/?ae=PreFormAction&t=IPM.Note&a=Send"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newTestLab(t, lab.OWA)
			l.env.Login.Passwords = tt.knows
			w := &webmail{password: oldPass, subjects: []string{"first", "a < b"}}
			l.serveHTTP(w)
			c := l.client()
			for i, s := range tt.steps {
				if s.set != nil {
					w.set(func() { s.set(w) })
				}
				check(t, fmt.Sprintf("step %d", i+1), do(c, s.can), s.want)
				if got := w.take(); got != s.asks {
					t.Errorf("step %d asked %s\nwant %s", i+1, got, s.asks)
				}
			}
			for _, f := range w.sent {
				if f.Get("txtto") != "erin@corp.example" || f.Get("txtsbj") != "probe 7" || f.Get("txtbdy") != sentence || f.Get("hidcmdpst") != "snd" || f.Has("x") {
					t.Errorf("sent %v", f)
				}
			}
		})
	}
}

// The cookie is the session: a connection that the server drops is made anew
// without signing in.
func TestOWAKeepsCookieOverConnections(t *testing.T) {
	l := newTestLab(t, lab.OWA)
	w := &webmail{password: oldPass, subjects: []string{"first", "second"}}
	s := l.serveHTTP(w)
	c := l.client()
	check(t, "read", do(c, lab.Read), nil)
	w.take()
	s.CloseClientConnections()
	check(t, "read after the drop", do(c, lab.Read), nil)
	if got := w.take(); got != "GET /owa/" {
		t.Errorf("asked %s, want one page", got)
	}
	wantConnections(t, c, 2)
	s.Close()
	if f := failure(do(c, lab.Read), ""); f.Kind != lab.Unreachable || f.Stage != stageDial {
		t.Errorf("read with the server down: %+v", f)
	}
}

func TestOWAOverTLS(t *testing.T) {
	server, roots := authoritytest.Configs(t, "cas1.corp.example")
	l := newTestLab(t, lab.OWA)
	l.env.Endpoint.Security, l.env.Endpoint.TLS = lab.Implicit, roots
	w := &webmail{password: oldPass, subjects: []string{"first", "second"}}
	s := httptest.NewUnstartedServer(w)
	s.TLS = server
	s.StartTLS()
	defer s.Close()
	l.addr = s.Listener.Addr().String()
	c := l.client()
	check(t, "read", do(c, lab.Read), nil)
	check(t, "send", do(c, lab.Send), nil)
	wantConnections(t, c, 1)

	l.env.Endpoint.Host = "other.corp.example"
	f := failure(do(l.client(), lab.Read), "")
	if f.Kind != lab.Unreachable || f.Stage != stageTLS || !strings.Contains(f.Text, "certificate") {
		t.Errorf("with another name: %+v", f)
	}
	if roots.ServerName != "" {
		t.Error("the lab's TLS configuration was changed")
	}
}

func TestNewestItem(t *testing.T) {
	for _, tt := range []struct{ page, want string }{
		{``, ""},
		{`<a href="/owa/?ae=Item&amp;t=IPM.Note&amp;a=New">`, ""},
		{`<a href="/owa/?ae=Item&amp;t=IPM.Note&amp;a=New"><a href='/owa/?ae=Item&t=IPM.Note&id=9.3'><a href="/owa/?ae=Item&id=9.2">`, "?ae=Item&t=IPM.Note&id=9.3"},
		{`<a href=?ae=Item&id=A%2b>x`, "?ae=Item&id=A%2b"},
		{`?ae=Item&id=unfinished`, "?ae=Item&id=unfinished"},
		{`<input value='R&#43;g/=' name=chkmsg>`, "?ae=Item&t=IPM.Note&id=R%2Bg%2F%3D"},
		{`<input name=chkmsg`, ""},
	} {
		if got := newestItem([]byte(tt.page)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.page, got, tt.want)
		}
	}
}

func FuzzOWAPage(f *testing.F) {
	f.Add([]byte(`<form action="?a=Send"><input type=hidden name='hidcanary' value="x&amp;y"><input name=txtto><textarea name=txtbdy></textarea></form>`))
	f.Add([]byte(`<a href="/owa/?ae=Item&amp;t=IPM.Note&amp;id=9.3">x</a><input name=chkmsg value=Rg>`))
	f.Add([]byte(`<!-- <form> --><p role="alert">no</p><input type="password" / name = x`))
	f.Add([]byte(`<a href="?ae=Item&amp;&id=%zz"><`))
	f.Fuzz(func(t *testing.T, page []byte) {
		o := openOWA(newLine(newTestLab(t, lab.OWA).env))().(*owa)
		if link := newestItem(page); link != "" {
			if !strings.Contains(link, "id=") || strings.ContainsAny(link, "\"'<> \t\r\n") && !strings.Contains(string(page), "&") {
				t.Errorf("link %q", link)
			}
			if req := o.get(link); req != nil && (req.URL.Host != "cas1.corp.example" || strings.ContainsAny(req.URL.RequestURI(), " \r\n")) {
				t.Errorf("request for %q", req.URL)
			}
		}
		for _, form := range forms(page) {
			values, err := url.ParseQuery(string(form.encode()))
			if err != nil || len(form.fields) > maxFields {
				t.Errorf("form %v: %v", form, err)
			}
			for _, field := range form.fields {
				if !values.Has(field.name) {
					t.Errorf("field %q is lost", field.name)
				}
			}
		}
		shows(page, "x")
		alert(page)
		asksPassword(page)
	})
}

// canned is a connection to a server that always answers the same.
type canned struct {
	net.Conn
	answers []byte
	pending []byte
}

func (c *canned) Read(b []byte) (int, error) {
	if len(c.pending) == 0 {
		return 0, io.EOF
	}
	n := copy(b, c.pending)
	c.pending = c.pending[n:]
	return n, nil
}
func (c *canned) Write(b []byte) (int, error) { c.pending = c.answers; return len(b), nil }
func (c *canned) Close() error                { return nil }
func (c *canned) SetDeadline(time.Time) error { return nil }

func BenchmarkOWARead(b *testing.B) {
	w := &webmail{password: oldPass, session: "s"}
	for i := range 25 {
		w.subjects = append(w.subjects, fmt.Sprintf("subject number %d", i))
	}
	rec := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/owa/", nil)
	r.AddCookie(&http.Cookie{Name: "cadata", Value: "s"})
	w.ServeHTTP(rec, r)
	page := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nCache-Control: no-cache\r\nDate: Mon, 02 Mar 2026 09:00:00 GMT\r\nContent-Length: %d\r\n\r\n%s", rec.Body.Len(), rec.Body)

	l := newTestLab(nil, lab.OWA)
	conn := &canned{answers: []byte(page)}
	l.env.Dial = func(context.Context, string) (net.Conn, error) { return conn, nil }
	o := openOWA(newLine(l.env))().(*owa)
	o.jar.cookies = []*http.Cookie{{Name: "cadata", Value: strings.Repeat("x", 150), Path: "/"}}
	task := lab.Task{Capability: lab.Read}
	b.ReportAllocs()
	for b.Loop() {
		if err := o.do(context.Background(), task); err != nil {
			b.Fatal(err)
		}
	}
}
