package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/authority/authoritytest"
	"shutout/lab/protocol/oauth"
)

// tokenService is a sign-in service that counts what it is asked for.
type tokenService struct {
	good          string // the password
	revoked       bool   // no refresh token is taken
	forms, grants int
	claims        string // of the last form
}

func (s *tokenService) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	switch r.URL.Path {
	case oauth.AuthorizePath:
		s.claims = r.Form.Get("claims")
		fmt.Fprintf(rw, `<form action="/sign-in" method="post"><input type="hidden" name="redirect_uri" value="%s">`+
			`<input name="login"><input name="passwd" type="password"></form>`, r.Form.Get("redirect_uri"))
	case "/sign-in":
		s.forms++
		if r.PostForm.Get("passwd") != s.good || r.PostForm.Get("login") != testUser {
			fmt.Fprint(rw, `<p role="alert">wrong password</p>`)
			return
		}
		rw.Header().Set("Location", r.PostForm.Get("redirect_uri")+"?code=c1")
		rw.WriteHeader(http.StatusFound)
	case oauth.TokenPath:
		if r.PostForm.Get("grant_type") == oauth.RefreshToken && s.revoked || r.PostForm.Get("grant_type") == oauth.AuthorizationCode && r.PostForm.Get("code") != "c1" {
			rw.WriteHeader(http.StatusBadRequest)
			rw.Write((&oauth.Error{Code: oauth.InvalidGrant, Description: "revoked"}).Encode())
			return
		}
		s.grants++
		rw.Write(oauth.Tokens{Access: fmt.Sprint("token", s.grants), Refresh: "r1", Lifetime: time.Hour}.Encode())
	}
}

// newTokens starts the service and returns a client's tokens.
func newTokens(t *testing.T, path lab.Path) (*testLab, *tokenService, *tokens) {
	t.Helper()
	service := &tokenService{good: oldPass}
	serverTLS, clientTLS := authoritytest.Configs(t, "login.corp.example")
	srv := httptest.NewUnstartedServer(service)
	srv.TLS = serverTLS
	srv.StartTLS()
	t.Cleanup(srv.Close)
	l := newTestLab(t, path)
	l.env.Endpoint.TLS = clientTLS
	l.env.Endpoint.Tokens = &lab.TokenService{Addr: "login:443", Host: "login.corp.example"}
	l.env.Dial = func(ctx context.Context, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", srv.Listener.Addr().String())
	}
	return l, service, newLine(l.env).tokens()
}

func TestTokensAreGotAndRefreshed(t *testing.T) {
	l, service, tokens := newTokens(t, lab.EWS)
	want := func(when, token string, forms int) {
		t.Helper()
		got, err := tokens.get(context.Background(), oldPass)
		if err != nil || got != token || service.forms != forms {
			t.Errorf("%s: %q, %v, after %d forms", when, got, err, service.forms)
		}
	}
	want("at first", "token1", 1)
	want("again", "token1", 1)
	if service.claims != "" {
		t.Errorf("a program claims %s", service.claims)
	}
	l.advance(time.Hour)
	want("when it has expired", "token2", 1)
	service.revoked = true
	want("before anybody notices", "token2", 1)
	tokens.refused()
	want("when the refresh token is refused", "token3", 2)
	service.good = newPass
	tokens.refused()
	_, err := tokens.get(context.Background(), oldPass)
	check(t, "when the password is refused", err, &lab.Failure{Kind: lab.Refused, Stage: stageSignIn, Text: "wrong password"})
}

func TestWhoNeverReconnectsDoesNotSignInAgain(t *testing.T) {
	l, service, tokens := newTokens(t, lab.OWA)
	l.env.Activity.Client.Reconnect = "never"
	if _, err := tokens.get(context.Background(), oldPass); err != nil {
		t.Fatal(err)
	}
	if service.claims != oauth.CapabilityCAE {
		t.Errorf("a browser claims %q", service.claims)
	}
	service.revoked = true
	tokens.refused()
	_, err := tokens.get(context.Background(), oldPass)
	check(t, "a revoked session", err, &lab.Failure{Kind: lab.Refused, Stage: stageSignIn, Text: "invalid_grant: revoked"})
	if service.forms != 1 {
		t.Errorf("the form was filled in %d times", service.forms)
	}
}

func TestShowTriesANewerToken(t *testing.T) {
	_, _, tokens := newTokens(t, lab.IMAP)
	var shown []string
	no := refused(stageSignIn, "NO")
	take := func(good string) error {
		shown = nil
		return tokens.show(context.Background(), oldPass, func(token string) error {
			shown = append(shown, token)
			if token != good {
				return no
			}
			return nil
		})
	}
	for _, step := range []struct {
		good string
		want string
		ok   bool
	}{
		{"token1", "[token1]", true},
		{"token2", "[token1 token2]", true}, // the server has heard of something
		{"none", "[token2 token3]", false},  // one that is new is not asked for again
	} {
		err := take(step.good)
		if fmt.Sprint(shown) != step.want || (err == nil) != step.ok || err != nil && !errors.Is(err, no) {
			t.Errorf("%s: %v, %v", step.good, shown, err)
		}
	}
}

func TestFormOfSomebodyElse(t *testing.T) {
	_, _, tokens := newTokens(t, lab.OWA)
	for _, page := range []string{"/", "/nothing"} { // no form to sign in with
		_, err := tokens.fillIn(context.Background(), &url.URL{Scheme: "https", Host: "login.corp.example", Path: page}, oldPass)
		check(t, page, err, &lab.Failure{Kind: lab.Refused, Stage: stageSignIn, Text: "unexpected answer: no form to sign in with"})
	}
}

func TestNoTokensWhereNobodyGivesThem(t *testing.T) {
	l := newTestLab(t, lab.EWS)
	l.env.Activity.Client.Auth = lab.AuthOAuth
	if _, err := New(l.env); !errors.Is(err, lab.ErrNotAvailable) {
		t.Errorf("%v", err)
	}
}

// A server that tells in its refusal what it was shown gives nothing away.
func TestNoReportHasAToken(t *testing.T) {
	_, _, tokens := newTokens(t, lab.IMAP)
	token, err := tokens.get(context.Background(), oldPass)
	if err != nil {
		t.Fatal(err)
	}
	tokens.refused()
	if got := tidy("NO "+token+" and r1 and "+oldPass, tokens.line.secrets()); got != "NO *** and *** and ***" {
		t.Error(got)
	}
}
