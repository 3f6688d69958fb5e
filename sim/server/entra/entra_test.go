package entra

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"shutout/lab/protocol/oauth"
	"shutout/sim/server/servertest"
)

func service(tb testing.TB) http.Handler {
	return New(servertest.New(tb, "exo").World)
}

func send(h http.Handler, method, target string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}

const redirect = "http://localhost:1234/back"

func login(h http.Handler, password string) *httptest.ResponseRecorder {
	return send(h, http.MethodPost, oauth.LoginPath, url.Values{
		"client_id": {"program"}, "redirect_uri": {redirect}, "state": {"s&1"}, "login": {"dana@corp.example"}, "passwd": {password},
	})
}

func TestCodeFlow(t *testing.T) {
	h := service(t)
	q := url.Values{"response_type": {"code"}, "client_id": {`"><script>`}, "redirect_uri": {redirect}, "state": {"s&1"}}
	form := send(h, http.MethodGet, oauth.AuthorizePath+"?"+q.Encode(), nil)
	if body := form.Body.String(); form.Code != http.StatusOK || !strings.Contains(body, `name="passwd"`) || !strings.Contains(body, `value="s&amp;1"`) || strings.Contains(body, "<script>") {
		t.Errorf("%d %s", form.Code, body)
	}
	if no := login(h, "wrong"); no.Code != http.StatusOK || !strings.Contains(no.Body.String(), "AADSTS50126") {
		t.Errorf("a wrong password: %d %s", no.Code, no.Body)
	}
	yes := login(h, servertest.Password)
	to, err := url.Parse(yes.Header().Get("Location"))
	if yes.Code != http.StatusFound || err != nil || to.Host != "localhost:1234" || to.Query().Get("state") != "s&1" {
		t.Fatalf("%d %s %v", yes.Code, to, err)
	}
	redeem := url.Values{
		"grant_type": {oauth.AuthorizationCode}, "client_id": {"program"}, "redirect_uri": {redirect}, "code": {to.Query().Get("code")},
	}
	got := send(h, http.MethodPost, oauth.TokenPath, redeem)
	tokens, err := oauth.ParseTokens(got.Body.Bytes())
	if got.Code != http.StatusOK || err != nil || tokens.Refresh == "" {
		t.Fatalf("%d %v", got.Code, err)
	}
	got = send(h, http.MethodPost, oauth.TokenPath, url.Values{"grant_type": {oauth.RefreshToken}, "refresh_token": {tokens.Refresh}})
	if again, err := oauth.ParseTokens(got.Body.Bytes()); err != nil || again.Access == tokens.Access {
		t.Errorf("%v", err)
	}
	for _, no := range []url.Values{redeem, {"grant_type": {oauth.RefreshToken}, "refresh_token": {"x"}}, {"grant_type": {"password"}}, {}} {
		got := send(h, http.MethodPost, oauth.TokenPath, no)
		if e := oauth.ParseError(got.Body.Bytes()); got.Code != http.StatusBadRequest || e == nil {
			t.Errorf("%v: %d %s", no, got.Code, got.Body)
		}
	}
}

func TestCodesGoNowhereElse(t *testing.T) {
	h := service(t)
	for to, allowed := range map[string]bool{
		"http://localhost": true, "http://127.0.0.1:99/x": true, "https://cas1.corp.example/owa/auth/code": true,
		"https://evil.example": false, "http://cas1.corp.example": false, "https://corp.example.evil.example": false, "javascript:alert(1)": false,
		"": false, "https://user@cas1.corp.example": false, "//evil.example": false,
	} {
		q := url.Values{"response_type": {"code"}, "redirect_uri": {to}}
		if got := send(h, http.MethodGet, oauth.AuthorizePath+"?"+q.Encode(), nil).Code == http.StatusOK; got != allowed {
			t.Errorf("%q: the form is %v", to, got)
		}
		q = url.Values{"redirect_uri": {to}, "login": {"dana@corp.example"}, "passwd": {servertest.Password}}
		if got := send(h, http.MethodPost, oauth.LoginPath, q).Code == http.StatusFound; got != allowed {
			t.Errorf("%q: the redirection is %v", to, got)
		}
	}
}

func TestMethods(t *testing.T) {
	h := service(t)
	for target, want := range map[string]int{
		oauth.LoginPath: http.StatusMethodNotAllowed, oauth.TokenPath: http.StatusMethodNotAllowed, "/": http.StatusNotFound,
		oauth.AuthorizePath: http.StatusBadRequest, oauth.AuthorizePath + "?%zz": http.StatusBadRequest,
	} {
		if got := send(h, http.MethodGet, target, nil).Code; got != want {
			t.Errorf("GET %s: %d, want %d", target, got, want)
		}
	}
	if got := send(h, http.MethodPost, oauth.TokenPath, url.Values{"grant_type": {strings.Repeat("x", maxForm)}}).Code; got != http.StatusBadRequest {
		t.Errorf("a form without end: %d", got)
	}
}

func FuzzService(f *testing.F) {
	h := service(f)
	f.Add(oauth.AuthorizePath, "response_type=code&redirect_uri=http://localhost", false)
	f.Add(oauth.LoginPath, "redirect_uri=http://localhost&login=dana@corp.example&passwd="+servertest.Password, true)
	f.Add(oauth.TokenPath, "grant_type=refresh_token&refresh_token=x", true)
	f.Fuzz(func(t *testing.T, path, body string, post bool) {
		u := url.URL{Scheme: "https", Host: "login", Path: path}
		method := http.MethodGet
		if post {
			method = http.MethodPost
		} else {
			u.RawQuery = body
		}
		r := &http.Request{Method: method, URL: &u, Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, Body: http.NoBody}
		if post {
			r = httptest.NewRequest(method, "/", strings.NewReader(body))
			r.URL, r.Header = &u, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if to, err := url.Parse(rec.Header().Get("Location")); rec.Code == http.StatusFound && (err != nil || to.Hostname() == "evil.example") {
			t.Errorf("sent to %s", rec.Header().Get("Location"))
		}
	})
}
