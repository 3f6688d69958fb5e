// Package entra is the sign-in service of Entra ID: the authorisation endpoint
// with its sign-in form, and the token endpoint (RFC 6749).
//
//	GET  /common/oauth2/v2.0/authorize   the form; response_type=code, client_id, redirect_uri, state, claims
//	POST /common/login                   login, passwd, and what the form was asked for; 302 to redirect_uri with a code
//	POST /common/oauth2/v2.0/token       grant_type=authorization_code or refresh_token
//
// Codes go to programs on the user's own computer and to the organisation's
// web servers, and to nobody else.
package entra

import (
	"html"
	"net"
	"net/http"
	"net/url"
	"strings"

	"shutout/lab"
	"shutout/lab/protocol/oauth"
	"shutout/sim/cloud"
	"shutout/sim/network"
	"shutout/sim/server"
)

// maxForm bounds a form. It keeps the simulation's memory small and says
// nothing about Entra ID.
const maxForm = 64 << 10

type frontEnd struct{ w *server.World }

// New returns the service of the world's tenant.
func New(w *server.World) http.Handler { return &frontEnd{w} }

func (f *frontEnd) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Cache-Control", "no-store")
	r.Body = http.MaxBytesReader(rw, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		http.Error(rw, "the request could not be read", http.StatusBadRequest)
		return
	}
	post := r.Method == http.MethodPost
	switch r.URL.Path {
	case oauth.AuthorizePath:
		f.authorize(rw, r)
	case oauth.LoginPath:
		if !post {
			http.Error(rw, "this page takes POST", http.StatusMethodNotAllowed)
			return
		}
		f.login(rw, r)
	case oauth.TokenPath:
		if !post {
			http.Error(rw, "this endpoint takes POST", http.StatusMethodNotAllowed)
			return
		}
		f.token(rw, r)
	default:
		http.NotFound(rw, r)
	}
}

// asked are the parameters of a request for a code, which the form carries on.
var asked = []string{"client_id", "redirect_uri", "state", "claims"}

// authorize shows the form.
func (f *frontEnd) authorize(rw http.ResponseWriter, r *http.Request) {
	switch {
	case r.Form.Get("response_type") != "code":
		http.Error(rw, "response_type must be code", http.StatusBadRequest)
	case !f.mayReturn(r.Form.Get("redirect_uri")):
		http.Error(rw, "redirect_uri is not one of a program on this computer or of this organisation's web servers", http.StatusBadRequest)
	default:
		f.form(rw, r, r.Form.Get("login_hint"), "")
	}
}

// mayReturn tells whether a code may be sent to an address (RFC 6749 section
// 3.1.2.3): a program's own on the loopback (RFC 8252 section 7.3), or a web
// server of the organisation.
func (f *frontEnd) mayReturn(redirect string) bool {
	u, err := url.Parse(redirect)
	if err != nil || u.User != nil || u.Opaque != "" {
		return false
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	if host == "localhost" || ip != nil && ip.IsLoopback() {
		return u.Scheme == "http" || u.Scheme == "https"
	}
	return u.Scheme == "https" && strings.HasSuffix(host, "."+f.w.Cast.Organisation.Domain)
}

func (f *frontEnd) form(rw http.ResponseWriter, r *http.Request, name, problem string) {
	var b strings.Builder
	b.WriteString(`<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Sign in to your account</title></head><body><h1>Sign in</h1>`)
	if problem != "" {
		b.WriteString(`<p role="alert">` + html.EscapeString(problem) + `</p>`)
	}
	b.WriteString(`<form action="` + oauth.LoginPath + `" method="post">`)
	for _, key := range asked {
		b.WriteString(`<input type="hidden" name="` + key + `" value="` + html.EscapeString(r.Form.Get(key)) + `">`)
	}
	b.WriteString(`<p><label>Account <input name="login" autocomplete="username" value="` + html.EscapeString(name) + `" required></label></p>` +
		`<p><label>Password <input name="passwd" type="password" autocomplete="current-password"></label></p>` +
		`<p><button>Sign in</button></p></form></body></html>`)
	h := rw.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	rw.Write([]byte(b.String()))
}

// login takes the form. Who is refused sees it again, with the reason.
func (f *frontEnd) login(rw http.ResponseWriter, r *http.Request) {
	redirect := r.PostForm.Get("redirect_uri")
	if !f.mayReturn(redirect) {
		http.Error(rw, "redirect_uri is not allowed", http.StatusBadRequest)
		return
	}
	name := r.PostForm.Get("login")
	f.w.Lock()
	now := f.w.Now()
	user, d, problem := f.w.Cloud.SignIn(now, name, r.PostForm.Get("passwd"))
	code := ""
	if problem == nil {
		code = f.w.Cloud.Code(now, user, cloud.Client{
			ID: r.PostForm.Get("client_id"), Redirect: redirect, CAE: oauth.FollowsCAE(r.PostForm.Get("claims")),
		})
	}
	f.w.Unlock()
	f.record(r, d)
	if problem != nil {
		f.form(rw, r, name, problem.Error())
		return
	}
	back, err := url.Parse(redirect)
	if err != nil {
		http.Error(rw, "redirect_uri is not allowed", http.StatusBadRequest)
		return
	}
	q := back.Query()
	q.Set("code", code)
	if state := r.PostForm.Get("state"); state != "" {
		q.Set("state", state)
	}
	back.RawQuery = q.Encode()
	rw.Header().Set("Location", back.String())
	rw.WriteHeader(http.StatusFound)
}

// token is the token endpoint.
func (f *frontEnd) token(rw http.ResponseWriter, r *http.Request) {
	q := r.PostForm
	var tokens cloud.Tokens
	var d lab.Decision
	var problem *cloud.Problem
	f.w.Lock()
	now := f.w.Now()
	switch q.Get("grant_type") {
	case oauth.AuthorizationCode:
		tokens, d, problem = f.w.Cloud.Redeem(now, q.Get("code"), cloud.Client{
			ID: q.Get("client_id"), Redirect: q.Get("redirect_uri"), CAE: oauth.FollowsCAE(q.Get("claims")),
		})
	case oauth.RefreshToken:
		tokens, d, problem = f.w.Cloud.Refresh(now, q.Get("refresh_token"))
	default:
		f.w.Unlock()
		f.answer(rw, http.StatusBadRequest, (&oauth.Error{Code: oauth.UnsupportedGrantType, Description: "authorization_code or refresh_token"}).Encode())
		return
	}
	f.w.Unlock()
	f.record(r, d)
	if problem != nil {
		f.answer(rw, http.StatusBadRequest, (&oauth.Error{Code: oauth.InvalidGrant, Description: problem.Error()}).Encode())
		return
	}
	f.answer(rw, http.StatusOK, oauth.Tokens{Access: tokens.Access, Refresh: tokens.Refresh, Lifetime: tokens.Lifetime}.Encode())
}

func (f *frontEnd) answer(rw http.ResponseWriter, status int, body []byte) {
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	rw.Write(body)
}

func (f *frontEnd) record(r *http.Request, d lab.Decision) { f.w.Record(network.RequestConn(r), d) }
