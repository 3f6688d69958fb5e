package owa

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"shutout/sim/clientaccess"
)

// Reasons that the logon form shows.
const (
	reasonNone    = ""
	reasonRefused = "2" // user name or password
	reasonTimeout = "3" // the session is over
)

// privateFlag is the bit of the form's flags that the box "this is a private
// computer" sets.
const privateFlag = 4

func (f *frontEnd) logonForm(rw http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	p := newPage("Outlook Web App")
	switch q.Get("reason") {
	case reasonRefused:
		p.text(`<p role="alert">The user name or password you entered isn't correct. Try entering it again.</p>`)
	case reasonTimeout:
		p.text(`<p role="alert">Your session has timed out. Sign in again.</p>`)
	}
	p.text(`<form action="` + signInPath + `" method="post"><input type="hidden" name="destination" value="`)
	p.escape(destination(q.Get("url")))
	p.text(`"><input type="hidden" name="flags" value="0">` +
		`<p><label><input type="radio" name="trusted" value="0" checked> This is a public or shared computer</label><br>` +
		`<label><input type="radio" name="trusted" value="4"> This is a private computer</label></p>` +
		`<p><label>Domain\user name <input name="username" autocomplete="username" required></label></p>` +
		`<p><label>Password <input name="password" type="password" autocomplete="current-password"></label></p>` +
		`<p><button>Sign in</button></p></form>`)
	p.send(rw, http.StatusOK)
}

// destination keeps the way back inside OWA, whatever the form says.
func destination(s string) string {
	u, err := url.Parse(s)
	if err != nil || !strings.HasPrefix(u.Path, homePath) || strings.HasPrefix(u.Path, "/owa/auth") || strings.Contains(u.Path, "..") {
		return homePath
	}
	back := url.URL{Path: u.Path, RawQuery: u.RawQuery}
	return back.RequestURI()
}

func (f *frontEnd) signIn(rw http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(rw, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		problem(rw, http.StatusBadRequest, "The form could not be read.")
		return
	}
	user, password := r.PostForm.Get("username"), r.PostForm.Get("password")
	flags, _ := strconv.Atoi(r.PostForm.Get("flags")) // as Exchange, anything else counts as 0
	private := flags&privateFlag != 0 || r.PostForm.Get("trusted") == strconv.Itoa(privateFlag)
	back := destination(r.PostForm.Get("destination"))

	f.w.Lock()
	now := f.now()
	_, d := f.cas.Authenticate(now, clientaccess.PoolOWA, user, password)
	f.record(r, d)
	var cookie, canary string
	if d.Allowed {
		var c clientaccess.Cookie
		c, cookie = f.cas.IssueCookie(now, user, password, private)
		canary = f.cas.Canary(c.Session)
	}
	f.w.Unlock()

	if !d.Allowed {
		f.toForm(rw, back, reasonRefused)
		return
	}
	setCookie(rw, r, credentials, cookie)
	setCookie(rw, r, canaryCookie, canary)
	redirect(rw, back)
}

func (f *frontEnd) logoff(rw http.ResponseWriter, r *http.Request) {
	if text := cookieOf(r); text != "" {
		f.w.Lock()
		now := f.now()
		if c, d := f.cas.OpenCookie(now, text); d.Allowed {
			f.drop(now, c.Session)
		}
		f.w.Unlock()
	}
	// The server keeps no list of cookies: one that was copied before goes on
	// working (TechNet bb123719).
	for _, name := range []string{credentials, canaryCookie} {
		setCookie(rw, r, name, "")
	}
	p := newPage("Signed out")
	p.text(`<p>You are signed out of Outlook Web App. Close the browser to end the session on this computer.</p><p><a href="` + logonPath + `">Sign in</a></p>`)
	p.send(rw, http.StatusOK)
}

// toForm sends a browser to the logon form, or to the cloud's.
func (f *frontEnd) toForm(rw http.ResponseWriter, back, reason string) {
	if f.w.Cloud != nil {
		f.toCloud(rw, back)
		return
	}
	to := logonPath + "?url=" + url.QueryEscape(back)
	if reason != reasonNone {
		to += "&reason=" + reason
	}
	redirect(rw, to)
}

// signInAgain answers a request without a good cookie.
func (f *frontEnd) signInAgain(rw http.ResponseWriter, r *http.Request, reason string) {
	if r.Header.Get("X-Requested-With") == "XMLHttpRequest" {
		http.Error(rw, "Login Timeout", statusLoginTimeout)
		return
	}
	back := homePath
	if r.Method == http.MethodGet {
		back = destination(r.URL.RequestURI())
	}
	f.toForm(rw, back, reason)
}

// setCookie gives the browser a cookie; an empty value takes it away. A cookie
// that was given over TLS never leaves it.
func setCookie(rw http.ResponseWriter, r *http.Request, name, value string) {
	text := name + "=" + value + "; path=/; HttpOnly"
	if r.TLS != nil {
		text += "; secure"
	}
	if value == "" {
		text += "; expires=Thu, 01 Jan 1970 00:00:00 GMT"
	}
	rw.Header().Add("Set-Cookie", text)
}

// cookieOf returns the credentials cookie's text, "" when there is none.
func cookieOf(r *http.Request) string {
	for _, line := range r.Header["Cookie"] {
		for line != "" {
			var part string
			part, line, _ = strings.Cut(line, ";")
			if name, value, ok := strings.Cut(strings.TrimSpace(part), "="); ok && name == credentials {
				return value
			}
		}
	}
	return ""
}
