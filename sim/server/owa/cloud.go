package owa

import (
	"net/http"
	"net/url"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/oauth"
	"shutout/sim/clientaccess"
	"shutout/sim/cloud"
	"shutout/sim/directory"
)

// Where people sign in at the cloud, OWA has no form of its own: it sends the
// browser there and gets a code back, for which it has tokens. The cookie then
// holds its refresh token in the place of a password.

const (
	codePath  = "/owa/auth/code"
	webClient = "shutout-owa" // the id of OWA at the sign-in service
)

// codeURL is where the sign-in service sends the code.
func (f *frontEnd) codeURL() string {
	return "https://" + f.host + "." + f.w.Cast.Organisation.Domain + codePath
}

// toCloud sends a browser to the sign-in form, from where it comes back.
func (f *frontEnd) toCloud(rw http.ResponseWriter, back string) {
	q := url.Values{
		"response_type": {"code"}, "client_id": {webClient}, "redirect_uri": {f.codeURL()}, "state": {back}, "claims": {oauth.CapabilityCAE},
	}
	redirect(rw, f.w.SignInURL()+"?"+q.Encode())
}

// code takes the code that a browser brings back.
func (f *frontEnd) code(rw http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	back := destination(q.Get("state"))
	f.w.Lock()
	now := f.now()
	tokens, d, problem := f.w.Cloud.Redeem(now, q.Get("code"), cloud.Client{ID: webClient, Redirect: f.codeURL(), Browser: true, CAE: true})
	f.record(r, d)
	var cookie, canary string
	if problem == nil {
		var c clientaccess.Cookie
		c, cookie = f.cas.IssueCookie(now, "", tokens.Refresh, true)
		canary = f.cas.Canary(c.Session)
	}
	f.w.Unlock()
	if problem != nil {
		f.toCloud(rw, back)
		return
	}
	setCookie(rw, r, credentials, cookie)
	setCookie(rw, r, canaryCookie, canary)
	redirect(rw, back)
}

// token tells whose the tokens are that a cookie names, and whether they are
// still good. The world's lock is held.
func (f *frontEnd) token(r *http.Request, now time.Time, refresh string) (clientaccess.Grant, lab.Decision) {
	a, decisions := f.w.Cloud.Session(now, f.host, refresh)
	for _, d := range decisions {
		f.record(r, d)
	}
	if a.User == nil {
		return clientaccess.Grant{}, a.Decision
	}
	o, ok := f.cas.DC().Lookup(a.User.SAM)
	if !ok {
		a.Decision.Allowed, a.Decision.Reason = false, directory.NoSuchUser.String()
	}
	return clientaccess.Grant{User: o, Process: f.cas.Process(clientaccess.PoolOWA)}, a.Decision
}
