package signin_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"shutout/lab/protocol/oauth"
	"shutout/sim/server/signin"
	"shutout/sim/server/webtest"
)

func TestBearer(t *testing.T) {
	s := newSiteOf(t, "exo", nil, signin.SchemeNegotiate, signin.SchemeBasic)
	const address = `authorization_uri="https://login.corp.example/common/oauth2/v2.0/authorize"`
	challenge := func(authorization string) string {
		t.Helper()
		resp, _ := s.ask(authorization)
		if all := resp.Header.Values("WWW-Authenticate"); resp.StatusCode != http.StatusUnauthorized || len(all) != 1 || !strings.Contains(all[0], address) {
			t.Errorf("%s: %s %q", authorization, resp.Status, all)
		}
		return resp.Header.Get("WWW-Authenticate")
	}
	challenge("")
	challenge(basic(webtest.Dana, webtest.Password))
	s.WantReason(owner, "no connection: Basic is not offered here")
	if got := challenge(oauth.Header("nonsense")); !strings.Contains(got, `error="invalid_token"`) {
		t.Errorf("%s", got)
	}

	follows, not := s.Token(true), s.Token(false)
	s.want(oauth.Header(follows), http.StatusOK)
	s.WantReason(owner, "cloud-token: access token accepted")
	challenge("") // the connection remembers nobody
	s.Pass(time.Minute)
	s.hangUp()
	s.Event(s.Elapsed(), func(now time.Time) {
		u, _ := s.Cloud.User("dana")
		s.Cloud.Revoke(now, u)
	})
	s.Pass(14 * time.Minute)
	s.hangUp()
	s.want(oauth.Header(follows), http.StatusOK)
	s.Pass(2 * time.Minute)
	s.hangUp()
	if got := challenge(oauth.Header(follows)); !strings.Contains(got, `error="insufficient_claims", claims="`) {
		t.Errorf("%s", got)
	}
	s.WantReason(owner, "no cloud-token: access token refused: sessions revoked")
	s.want(oauth.Header(not), http.StatusOK)
	s.Pass(time.Hour)
	s.hangUp()
	s.want(oauth.Header(not), http.StatusUnauthorized)
	s.WantReason(owner, "no cloud-token: access token expired")
	s.want(oauth.Header(s.Token(false)), http.StatusOK)
}

// TestBasicAloneRemembersNobody has a site that takes no integrated sign-in not
// take one that was made elsewhere on the connection.
func TestBasicAloneRemembersNobody(t *testing.T) {
	s := newSite(t, nil, signin.SchemeBasic)
	s.want(basic(webtest.Dana, webtest.Password), http.StatusOK)
	s.want("", http.StatusUnauthorized)
}
