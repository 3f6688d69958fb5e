package client

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"shutout/lab/protocol/airsync"
	"shutout/lab/protocol/autodiscover"
	"shutout/lab/protocol/ews"
	"shutout/lab/protocol/mapihttp"
	"shutout/lab/protocol/oauth"
	"shutout/lab/protocol/rpch"
)

// knownPaths are the addresses that this package asks for. Of any other, which
// a page or a redirection has led to, nothing is written down.
var knownPaths = []string{
	owaSignIn, owaHome, airsync.URLPath, ews.URLPath, mapihttp.URLPath, autodiscover.URLPath, rpch.Path,
	oauth.AuthorizePath, oauth.TokenPath, oauth.LoginPath, pickupRoot,
}

// askedPath is what is written down of an address.
func askedPath(u *url.URL) string {
	for _, known := range knownPaths {
		if rest, ok := strings.CutPrefix(u.Path, known); ok {
			if rest != "" {
				return known + "…"
			}
			return known
		}
	}
	return "/…"
}

// asked writes a request down: its method, its path without the query, what it
// asks for, how it says who asks, and how long its body is.
func (r *record) asked(req *request) {
	if r == nil {
		return
	}
	proof := ""
	if req.name != "" {
		proof = " " + req.name
	}
	if scheme, _, ok := strings.Cut(req.authorization, " "); ok { // of our own making
		proof += ", " + scheme
	}
	if req.cookie != "" {
		proof += ", cookie"
	}
	if len(req.body) == 0 {
		r.line(clientSays, req.Method, " ", askedPath(req.URL), proof)
		return
	}
	r.line(clientSays, req.Method, " ", askedPath(req.URL), proof, " (", strconv.Itoa(len(req.body)), " bytes)")
}

// authSchemes are those that a 401 may offer.
var authSchemes = []string{"Basic", "NTLM", "Negotiate", "Bearer", "Digest"}

// answered writes an answer down: its status, the schemes that it offers, the
// response code of MAPI over HTTP, whether it sets a cookie, and how long its
// body is.
func (r *record) answered(resp *http.Response, size int) {
	if r == nil {
		return
	}
	extra := ""
	if resp.StatusCode == http.StatusUnauthorized {
		for _, scheme := range authSchemes {
			for _, offer := range resp.Header.Values("WWW-Authenticate") {
				if word, _, _ := strings.Cut(offer, " "); strings.EqualFold(word, scheme) {
					extra += ", " + scheme
					break
				}
			}
		}
	}
	if code, err := strconv.ParseUint(resp.Header.Get(mapihttp.HeaderResponseCode), 10, 16); err == nil {
		extra += ", " + mapihttp.HeaderResponseCode + " " + strconv.FormatUint(code, 10)
	}
	if len(resp.Header["Set-Cookie"]) > 0 {
		extra += ", sets a cookie"
	}
	_, reason, _ := strings.Cut(resp.Status, " ")
	if size > 0 {
		extra += " (" + strconv.Itoa(size) + " bytes)"
	}
	r.line(serverSays, statusOf(resp.StatusCode), speech(reason), extra)
}

// failed writes down that there was no answer, in words of our own.
func (r *record) failed(err error) {
	switch {
	case r == nil:
	case closed(err):
		r.line(serverSays, "(", closedText, ")")
	case late(err):
		r.line(serverSays, "(no answer)")
	default:
		r.line(serverSays, "(no answer that can be read)")
	}
}

// statusOf writes a status without allocating for those that are common.
func statusOf(code int) string {
	switch code {
	case http.StatusOK:
		return "200"
	case http.StatusUnauthorized:
		return "401"
	case http.StatusFound:
		return "302"
	}
	return strconv.Itoa(code)
}
