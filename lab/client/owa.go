package client

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"

	"shutout/lab"
)

const (
	owaHome    = "/owa/"
	owaSignIn  = "/owa/auth.owa"
	owaCompose = "?ae=Item&t=IPM.Note&a=New"
	// owaFlags is what the logon form sends for a private computer (4) and
	// the version without scripts (1).
	owaFlags = "5"
	// owaError is the header with which Exchange tells scripts what failed.
	owaError = "X-Owa-Error"
	// statusLoginTimeout is IIS's answer to a session that has ended.
	statusLoginTimeout = 440
)

// owa is Outlook Web Access by forms sign-in, in the version without scripts.
// Its session is a cookie, which outlives the connection.
//
// To read is to list the inbox and to open the newest message, unless that is
// the one that was opened last in this session: a browser does not fetch again
// what it shows already.
type owa struct {
	line    *line
	web     *webLine
	jar     jar
	header  http.Header // of every request
	home    *url.URL
	listing *request
	read    string // the link to the newest message that was fetched
	shown   []byte // the listing of which it was the newest
}

func openOWA(l *line) func() session {
	scheme := "https"
	if l.env.Endpoint.Security == lab.Plain {
		scheme = "http"
	}
	return func() session {
		return &owa{
			line: l, web: newWebLine(l),
			jar:  jar{host: l.env.Endpoint.Host, secure: scheme == "https"},
			home: &url.URL{Scheme: scheme, Host: l.env.Endpoint.Host, Path: owaHome},
			header: http.Header{
				"User-Agent": {"Mozilla/5.0 (compatible; shutout)"},
				"Accept":     {"text/html"},
			},
		}
	}
}

func (o *owa) leave() {}

func (o *owa) drop() { o.web.drop() }

// signIn posts the logon form. The server answers with a redirection in both
// cases: to the mailbox with cookies, or back to the form with a reason.
func (o *owa) signIn(ctx context.Context, password string) error {
	if o.line.usesTokens() {
		return o.signInElsewhere(ctx, password)
	}
	// Exchange 2010 takes the form only from a browser that shows with this
	// cookie that it keeps cookies.
	o.jar.cookies = []*http.Cookie{{Name: "PBack", Value: "0", Path: "/"}}
	f := form{fields: []field{
		{"destination", o.home.String()}, {"flags", owaFlags}, {"forcedownlevel", "0"}, {"trusted", "4"},
		{"username", o.line.env.Login.User}, {"password", password}, {"isUtf8", "1"},
	}}
	a, err := o.post(ctx, stageSignIn, owaSignIn, f, false)
	if err != nil {
		return err
	}
	if f := signedOut(a, stageSignIn); f != nil {
		return f
	}
	if !redirect(a) {
		return a.verdict(stageSignIn)
	}
	if len(o.jar.cookies) < 2 {
		return unexpected(stageSignIn, "%s without a cookie", a.Status)
	}
	// The redirection leads to the inbox. Whether that may be opened is not a
	// matter of the password.
	_, err = o.list(ctx, stageMailbox)
	return err
}

// signInElsewhere follows the server to the form of a sign-in service and, with
// a code, back again. The session is a cookie all the same.
func (o *owa) signInElsewhere(ctx context.Context, password string) error {
	o.jar.cookies = nil
	a, err := o.exchange(ctx, stageSignIn, newRequest(http.MethodGet, o.home, o.header, nil))
	if err != nil {
		return err
	}
	form, err := url.Parse(a.Header.Get("Location"))
	t := o.line.tokens()
	if !redirect(a) || err != nil || form.Host != t.web.at.host {
		return unexpected(stageSignIn, "%s, not a redirection to the sign-in service", a.Status)
	}
	back, err := t.fillIn(ctx, form, password)
	t.web.drop()
	if err != nil {
		return err
	}
	home := o.get(back.String())
	if home == nil {
		return unexpected(stageSignIn, "a redirection without an address")
	}
	if a, err = o.exchange(ctx, stageSignIn, home); err != nil {
		return err
	}
	if f := signedOut(a, stageSignIn); f != nil {
		return f
	}
	if !redirect(a) || len(o.jar.cookies) < 2 {
		return a.verdict(stageSignIn)
	}
	_, err = o.list(ctx, stageMailbox)
	return err
}

func (o *owa) do(ctx context.Context, t lab.Task) error {
	stage := string(t.Capability)
	if t.Capability == lab.Send {
		return o.send(ctx, t)
	}
	page, err := o.list(ctx, stage)
	if err != nil {
		return err
	}
	if t.Capability == lab.Receive {
		if !shows(page, t.Subject) {
			return missing()
		}
		return nil
	}
	if bytes.Equal(page, o.shown) {
		return nil
	}
	listing := bytes.Clone(page)
	link := newestItem(page)
	if link != "" && link != o.read { // an empty inbox has been read as it is
		item := o.get(link)
		if item == nil {
			return unexpected(stage, "a link that is none")
		}
		if _, err := o.page(ctx, stage, item); err != nil {
			return err
		}
	}
	o.read, o.shown = link, listing
	return nil
}

func (o *owa) list(ctx context.Context, stage string) ([]byte, error) {
	if o.listing == nil {
		o.listing = newRequest(http.MethodGet, o.home, o.header, nil)
	}
	return o.page(ctx, stage, o.listing)
}

func (o *owa) send(ctx context.Context, t lab.Task) error {
	stage := string(t.Capability)
	page, err := o.page(ctx, stage, o.get(owaCompose))
	if err != nil {
		return err
	}
	f, ok := composeForm(page)
	if !ok {
		return unexpected(stage, "no form to write a message with")
	}
	f.set(t.To, "txtto", "to")
	f.set(t.Subject, "txtsbj", "subject")
	f.set(body(t.Size), "txtbdy", "body")
	f.set("snd", "hidcmdpst")
	a, err := o.post(ctx, stage, f.action, f, true)
	if err != nil {
		return err
	}
	if f := signedOut(a, stage); f != nil {
		return &lost{Failure: f, again: true}
	}
	if a.StatusCode != http.StatusOK && !redirect(a) || a.Header.Get(owaError) != "" {
		return owaVerdict(a, stage)
	}
	return nil
}

// composeForm finds the form that has a field for recipients.
func composeForm(page []byte) (form, bool) {
	for _, f := range forms(page) {
		if f.set("", "txtto", "to") {
			return f, true
		}
	}
	return form{}, false
}

// get builds the request for a link on an OWA page, nil when it is none.
func (o *owa) get(link string) *request {
	u := o.resolve(link)
	if u == nil {
		return nil
	}
	return newRequest(http.MethodGet, u, o.header, nil)
}

// resolve reads a link on an OWA page. Whatever the page says, cookies and
// connection belong to this host.
func (o *owa) resolve(link string) *url.URL {
	u, err := o.home.Parse(link)
	if err != nil || u.Opaque != "" {
		return nil
	}
	u.Scheme, u.Host, u.User = o.home.Scheme, o.home.Host, nil
	return u
}

// page fetches a page of the mailbox. That the server wants the logon form
// filled in again means that the session is gone.
func (o *owa) page(ctx context.Context, stage string, req *request) ([]byte, error) {
	a, err := o.exchange(ctx, stage, req)
	if err != nil {
		return nil, err
	}
	if a.StatusCode == http.StatusOK && o.shown != nil && bytes.Equal(a.body, o.shown) {
		return a.body, nil // a listing, as it was before
	}
	if f := signedOut(a, stage); f != nil {
		return nil, &lost{Failure: f, again: true}
	}
	if a.StatusCode != http.StatusOK {
		return nil, owaVerdict(a, stage)
	}
	return a.body, nil
}

func (o *owa) post(ctx context.Context, stage, link string, f form, once bool) (answer, error) {
	u := o.resolve(link)
	if u == nil {
		return answer{}, unexpected(stage, "a form whose address is none")
	}
	header := o.header.Clone()
	header.Set("Content-Type", "application/x-www-form-urlencoded")
	req := newRequest(http.MethodPost, u, header, f.encode())
	req.once = once
	return o.exchange(ctx, stage, req)
}

func (o *owa) exchange(ctx context.Context, stage string, req *request) (answer, error) {
	now := o.line.env.Now()
	req.cookie = o.jar.header(req.URL.Path, now)
	a, err := o.web.exchange(ctx, stage, req)
	if err == nil {
		o.jar.take(a.Response, now)
	}
	return a, err
}

// owaVerdict adds what the page says to its status.
func owaVerdict(a answer, stage string) *lab.Failure {
	f := a.verdict(stage)
	text := a.Header.Get(owaError)
	if text == "" {
		text = alert(a.body)
	}
	if text != "" {
		f.Text += ": " + text
	}
	return f
}

func redirect(a answer) bool { return a.StatusCode == http.StatusFound }

// signedOut tells whether the answer asks for the logon form.
func signedOut(a answer, stage string) *lab.Failure {
	location := ""
	if redirect(a) {
		location = a.Header.Get("Location")
	}
	switch {
	case strings.Contains(location, "/oauth2/"):
		return refused(stage, "302 to the sign-in service")
	case strings.Contains(strings.ToLower(location), "logon.aspx"):
		text := "302 logon.aspx"
		if u, err := url.Parse(location); err == nil && u.Query().Get("reason") != "" {
			text += " reason=" + u.Query().Get("reason")
		}
		return refused(stage, text)
	case a.StatusCode == statusLoginTimeout, a.StatusCode == http.StatusUnauthorized:
		return refused(stage, a.Status)
	case a.StatusCode == http.StatusOK && asksPassword(a.body):
		return refused(stage, "the logon form")
	}
	return nil
}
