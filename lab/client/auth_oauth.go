package client

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/oauth"
)

const (
	// mailClient is the id of the program at the sign-in service.
	mailClient = "shutout-mail"
	// mailRedirect is where the service sends the program's code: to the user's
	// own computer (RFC 8252 section 7.3).
	mailRedirect = "http://localhost"
)

// followsCAE are the paths whose clients heed continuous access evaluation:
// Outlook and the browser do ("Build resilience by using continuous access
// evaluation", Entra documentation).
var followsCAE = []lab.Path{lab.MAPIHTTP, lab.OWA}

// tokens is what a program keeps of an account that signs in at a service of
// its own: the access token that it shows, and the refresh token that gets
// another one. All sessions of an activity share it.
type tokens struct {
	line    *line
	web     *webLine
	access  string // "": none
	until   time.Time
	last    string // the newest access token, also when it is refused
	refresh string // "": none, somebody has to sign in
	fresh   bool   // the access token has not been shown yet
}

// tokens returns the line's.
func (l *line) tokens() *tokens {
	if l.granted == nil {
		web := newWebLine(l)
		web.at, web.never = l.tokenService(), false // getting a token is no new session
		l.granted = &tokens{line: l, web: web}
	}
	return l.granted
}

// tokenService is where the line's tokens are had.
func (l *line) tokenService() *place {
	at := l.env.Endpoint.Tokens
	return &place{at.Addr, at.Host, lab.Implicit}
}

// usesTokens tells whether the line shows access tokens.
func (l *line) usesTokens() bool { return l.authOf(lab.AuthBasic) == lab.AuthOAuth }

// show has f show an access token. When the server refuses one that is not new,
// it is shown another: it may have heard of something meanwhile.
func (t *tokens) show(ctx context.Context, password string, f func(token string) error) error {
	for {
		token, err := t.get(ctx, password)
		if err != nil {
			return err
		}
		fresh := t.fresh
		t.fresh = false
		err = f(token)
		if err == nil || fresh {
			return err
		}
		if said := failure(err, stageSignIn); said.Kind != lab.Refused || said.Stage != stageSignIn {
			return err
		}
		t.refused()
	}
}

// refused says that a server has not taken the access token.
func (t *tokens) refused() { t.access = "" }

// get returns the access token, or another one when that has expired: for the
// refresh token, or for the password where that is refused.
func (t *tokens) get(ctx context.Context, password string) (string, error) {
	if t.access != "" && t.line.env.Now().Before(t.until) {
		return t.access, nil
	}
	defer t.web.drop() // nobody keeps a connection for once an hour
	if t.refresh != "" {
		err := t.ask(ctx, url.Values{"grant_type": {oauth.RefreshToken}, "refresh_token": {t.refresh}})
		if err == nil {
			return t.access, nil
		}
		if f := failure(err, stageSignIn); f.Kind != lab.Refused || t.line.never() {
			return "", err
		}
		t.refresh = ""
	}
	// The browser that opens for it has no business with earlier sign-ins.
	back, err := t.fillIn(ctx, t.form(), password)
	if err != nil {
		return "", err
	}
	err = t.ask(ctx, url.Values{
		"grant_type": {oauth.AuthorizationCode}, "code": {back.Query().Get("code")}, "redirect_uri": {mailRedirect},
	})
	if err != nil {
		return "", err
	}
	return t.access, nil
}

// form is the address of the sign-in form for a program on this computer.
func (t *tokens) form() *url.URL {
	q := url.Values{
		"response_type": {"code"}, "client_id": {mailClient}, "redirect_uri": {mailRedirect}, "login_hint": {t.line.env.Login.User},
	}
	if t.cae() {
		q.Set("claims", oauth.CapabilityCAE)
	}
	return &url.URL{Scheme: "https", Host: t.web.at.host, Path: oauth.AuthorizePath, RawQuery: q.Encode()}
}

func (t *tokens) cae() bool { return slices.Contains(followsCAE, t.line.env.Activity.Path) }

// ask asks the token endpoint.
func (t *tokens) ask(ctx context.Context, q url.Values) error {
	q.Set("client_id", mailClient)
	u := &url.URL{Scheme: "https", Host: t.web.at.host, Path: oauth.TokenPath}
	a, err := t.web.exchange(ctx, stageSignIn, newRequest(http.MethodPost, u, formHeader, []byte(q.Encode())))
	if err != nil {
		return err
	}
	if a.StatusCode != http.StatusOK {
		if no := oauth.ParseError(a.body); no != nil {
			return refused(stageSignIn, no.Error())
		}
		return a.verdict(stageSignIn)
	}
	got, err := oauth.ParseTokens(a.body)
	if err != nil {
		return unexpected(stageSignIn, "%v", err)
	}
	t.last = got.Access
	t.access, t.until, t.fresh = got.Access, t.line.env.Now().Add(got.Lifetime), true
	if got.Refresh != "" {
		t.refresh = got.Refresh
	}
	return nil
}

var formHeader = http.Header{
	"Content-Type": {"application/x-www-form-urlencoded"},
	"User-Agent":   {"Mozilla/5.0 (compatible; shutout)"},
}

// fillIn opens a sign-in form, fills in the user's name and a password, and
// returns the address that the service sends the browser to, with the code.
func (t *tokens) fillIn(ctx context.Context, form *url.URL, password string) (*url.URL, error) {
	a, err := t.web.exchange(ctx, stageSignIn, newRequest(http.MethodGet, form, formHeader, nil))
	if err != nil {
		return nil, err
	}
	if a.StatusCode != http.StatusOK {
		return nil, a.verdict(stageSignIn)
	}
	f, ok := loginForm(a.body)
	if !ok {
		return nil, unexpected(stageSignIn, "no form to sign in with")
	}
	f.set(t.line.env.Login.User, "login", "loginfmt")
	f.fields = append(f.fields, field{"passwd", password})
	to, err := form.Parse(f.action)
	if err != nil || to.Opaque != "" {
		return nil, unexpected(stageSignIn, "a form whose address is none")
	}
	to.Scheme, to.Host, to.User = form.Scheme, form.Host, nil // whatever the page says
	a, err = t.web.exchange(ctx, stageSignIn, newRequest(http.MethodPost, to, formHeader, f.encode()))
	if err != nil {
		return nil, err
	}
	if !redirect(a) {
		no := a.verdict(stageSignIn)
		if text := alert(a.body); a.StatusCode == http.StatusOK && text != "" {
			no.Text = text
		}
		return nil, no
	}
	back, err := url.Parse(a.Header.Get("Location"))
	if err != nil || back.Query().Get("code") == "" {
		return nil, unexpected(stageSignIn, "a redirection without a code")
	}
	return back, nil
}

// loginForm finds the form that asks for an account.
func loginForm(page []byte) (form, bool) {
	if !bytes.Contains(page, []byte(`="passwd"`)) {
		return form{}, false
	}
	for _, f := range forms(page) {
		if f.set("", "login", "loginfmt") {
			return f, true
		}
	}
	return form{}, false
}
