package client

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"

	"shutout/lab"
	"shutout/lab/protocol/ntlm"
	"shutout/lab/protocol/oauth"
)

// webAuth proves over HTTP who the user is: with Basic or an
// access token in each request, with NTLM once for each connection, with a Kerberos ticket in each request unless
// the server says that the connection will do.
type webAuth struct {
	line     *line
	auth     lab.Auth
	password string
	host     string    // whose tickets are good
	tickets  mechanism // Kerberos; nil until it is first needed
	fresh    bool      // the access token that is shown is new
}

func newWebAuth(l *line, auth lab.Auth, password string) *webAuth {
	return &webAuth{line: l, auth: auth, password: password, host: l.env.Endpoint.Host}
}

// exchange is [webLine.exchange], signed in. A 401 never comes back as an
// answer: at sign-in it is a refusal of the credentials, later the session is
// lost.
func (a *webAuth) exchange(ctx context.Context, web *webLine, stage string, req *request) (answer, error) {
	if web.signedIn == a && web.conn != nil {
		req.authorization = ""
		got, err := web.exchange(ctx, stage, req)
		if err != nil || got.StatusCode != http.StatusUnauthorized {
			return got, err
		}
		// The connection was made anew meanwhile, or the server wants to be
		// shown each time.
	}
	for again := true; ; again = false {
		got, err := a.prove(ctx, web, stage, req)
		if err != nil {
			return answer{}, outlived(err, stage)
		}
		if got != nil {
			return *got, nil
		}
		made := a.line.made
		last, err := web.exchange(ctx, stage, req)
		switch {
		case err != nil:
			return answer{}, err
		case last.StatusCode != http.StatusUnauthorized:
			if a.persists(last) {
				web.signedIn = a
			}
			return last, nil
		case again && a.auth == lab.AuthNTLM && a.line.made != made:
			// The connection that the challenge came on had died.
		case a.auth == lab.AuthOAuth && !a.fresh:
			a.line.tokens().refused() // the server wants a newer one
		default:
			return answer{}, judge(last, stage)
		}
	}
}

// persists tells from the answer to a sign-in whether it is good for the whole
// connection (MS-N2HT 3.2.5).
func (a *webAuth) persists(got answer) bool {
	switch hint := got.Header.Get("Persistent-Auth"); {
	case a.auth == lab.AuthBasic, a.auth == lab.AuthOAuth:
		return false
	case strings.EqualFold(hint, "true"):
		return true
	case strings.EqualFold(hint, "false"):
		return false
	}
	return a.auth == lab.AuthNTLM
}

// leave is [webLine.leave], signed in. When the answer comes it may be a 401.
func (a *webAuth) leave(ctx context.Context, web *webLine, req *request) error {
	if web.signedIn == a && web.conn != nil {
		req.authorization = ""
		return web.leave(ctx, req)
	}
	got, err := a.prove(ctx, web, string(lab.Receive), req)
	if err != nil {
		return err
	}
	if got != nil {
		return got.verdict(string(lab.Receive))
	}
	if err := web.leave(ctx, req); err != nil {
		return err
	}
	if a.auth == lab.AuthNTLM {
		web.signedIn = a
	}
	return nil
}

// prove does all of the sign-in that comes before the request itself, and
// gives the request its Authorization. Where the server answers something else
// than a challenge, prove returns that.
func (a *webAuth) prove(ctx context.Context, web *webLine, stage string, req *request) (*answer, error) {
	value, got, err := a.begin().run(ctx, func(value string) (answer, error) {
		// The body waits until the server has agreed to talk, as with curl.
		bare := &request{Request: req.Request, head: req.head, cookie: req.cookie, authorization: value, name: req.name}
		return web.exchange(ctx, stage, bare)
	})
	req.authorization = value
	return got, err
}

// outlived tells what a refusal to prove the user means: at sign-in another
// password may help, later the session is gone.
func outlived(err error, stage string) error {
	if f, ok := err.(*lab.Failure); ok && stage != stageSignIn && f.Kind == lab.Refused && f.Stage == stageSignIn {
		return &lost{Failure: f, again: true}
	}
	return err
}

// webHandshake makes the Authorization fields of one sign-in, on one
// connection, for whoever writes the requests.
type webHandshake struct {
	auth      *webAuth
	mechanism mechanism
}

func (a *webAuth) begin() *webHandshake { return &webHandshake{auth: a} }

// run returns the Authorization of the request itself. Before that, ask sends
// one without a body for each token that the server has to answer. Where the
// answer is something else than a challenge, run returns it.
func (h *webHandshake) run(ctx context.Context, ask func(value string) (answer, error)) (value string, other *answer, err error) {
	value, more, err := h.header(ctx, nil)
	for more && err == nil {
		var got answer
		if got, err = ask(value); err != nil {
			break
		}
		switch {
		case got.StatusCode == http.StatusUnauthorized:
			value, more, err = h.header(ctx, got.Header.Values("WWW-Authenticate"))
		case got.StatusCode < 300: // it lets in anybody
			return "", nil, nil
		default:
			return "", &got, nil
		}
	}
	return value, nil, err
}

// header returns the next request's Authorization. Challenge is the
// WWW-Authenticate fields of the 401 that answered the one before, nil at
// first. More says that such an answer is needed to go on: the request is then
// best sent without a body. Errors are *lab.Failure, of stage "sign-in" where
// the server refuses.
func (h *webHandshake) header(ctx context.Context, challenge []string) (value string, more bool, err error) {
	a := h.auth
	if a.auth == lab.AuthOAuth {
		return a.bearer(ctx)
	}
	if a.auth == lab.AuthBasic {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(a.line.env.Login.User+":"+a.password)), false, nil
	}
	scheme := ntlm.SchemeNTLM
	if a.auth == lab.AuthKerberos {
		scheme = ntlm.SchemeNegotiate
	}
	var token []byte
	if challenge != nil {
		if token = challengeOf(challenge, scheme); token == nil || h.mechanism == nil {
			return "", false, refused(stageSignIn, "401 Unauthorized")
		}
	} else if h.mechanism, err = a.mechanism(); err != nil {
		return "", false, failure(err, stageSignIn)
	}
	token, more, err = h.mechanism.next(ctx, token)
	if err != nil {
		return "", false, err
	}
	return scheme.Header(token), more, nil
}

// bearer is header for an access token.
func (a *webAuth) bearer(ctx context.Context) (value string, more bool, err error) {
	t := a.line.tokens()
	token, err := t.get(ctx, a.password)
	if err != nil {
		return "", false, err
	}
	a.fresh, t.fresh = t.fresh, false
	return oauth.Header(token), false, nil
}

// mechanism starts one for a handshake. Kerberos has tickets that serve many.
func (a *webAuth) mechanism() (mechanism, error) {
	if a.tickets != nil {
		return a.tickets, nil
	}
	m, err := a.line.newMechanism(a.auth, a.password, "HTTP", a.host)
	if err == nil && a.auth == lab.AuthKerberos {
		a.tickets = m
	}
	return m, err
}

// challengeOf finds the token for a scheme among WWW-Authenticate fields; nil
// when there is none.
func challengeOf(fields []string, scheme ntlm.Scheme) []byte {
	for _, f := range fields {
		if s, token, err := ntlm.ParseHeader(f); err == nil && s == scheme && token != nil {
			return token
		}
	}
	return nil
}
