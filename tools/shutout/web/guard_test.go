package web

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shutout/lab"
	"shutout/lab/report"
)

func TestOtherNamesAndSitesAreRefused(t *testing.T) {
	o, _ := options(t)
	s := newSite(t, o)
	form := func(token string) *http.Request {
		r := httptest.NewRequest("POST", "http://"+address+"/play", strings.NewReader("case=only-cas-down&profile=ex2010&speed=max&token="+token))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return r
	}
	for _, c := range []struct {
		name   string
		want   int
		change func(*http.Request)
		r      *http.Request
	}{
		{"itself", 200, func(*http.Request) {}, httptest.NewRequest("GET", "http://"+address+"/", nil)},
		{"localhost", 200, func(r *http.Request) { r.Host = "localhost:8025" }, httptest.NewRequest("GET", "http://"+address+"/", nil)},
		{"a rebound name", 421, func(r *http.Request) { r.Host = "evil.example:8025" }, httptest.NewRequest("GET", "http://"+address+"/", nil)},
		{"another port", 421, func(r *http.Request) { r.Host = "127.0.0.1:80" }, httptest.NewRequest("GET", "http://"+address+"/", nil)},
		{"no name", 421, func(r *http.Request) { r.Host = "" }, httptest.NewRequest("GET", "http://"+address+"/", nil)},
		{"no token", 403, func(*http.Request) {}, form("")},
		{"a wrong token", 403, func(*http.Request) {}, form("AAAA")},
		{"another site", 403, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, form(s.token)},
		{"another origin", 403, func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") }, form(s.token)},
		{"a sandbox", 403, func(r *http.Request) { r.Header.Set("Origin", "null") }, form(s.token)},
		{"no form", 403, func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, form(s.token)},
		{"a large form", 413, func(*http.Request) {}, form(s.token + "&x=" + strings.Repeat("x", maxBody))},
		{"get for post", 404, func(*http.Request) {}, httptest.NewRequest("GET", "http://"+address+"/play?case=only-cas-down&token="+s.token, nil)},
		{"delete", 403, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, httptest.NewRequest("DELETE", "http://"+address+"/", nil)},
	} {
		c.change(c.r)
		if status, body := s.ask(c.r); status != c.want {
			t.Errorf("%s: %d, want %d\n%s", c.name, status, c.want, body)
		}
	}
	if s.current() != nil {
		t.Error("a case is being played")
	}
}

// The folder of runs is all that can be read, by whatever name.
func TestNothingElseCanBeRead(t *testing.T) {
	o, _ := options(t)
	outside := t.TempDir()
	if err := write(filepath.Join(outside, "secret"), documentOf(&lab.RunResult{Scenario: "canary-outside"})); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(outside, "secret"), filepath.Join(o.Runs, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(o.Runs, report.ResultFile), []byte("canary-outside"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newSite(t, o)
	up := strings.Repeat("..%2f", 12)
	for _, path := range []string{
		"/runs/link", "/runs/..", "/runs/.", "/runs/", "/runs/%2e%2e", "/runs/..%2fsecret", "/runs/" + up + "etc%2fpasswd", "/runs/" + up + strings.ReplaceAll(outside[1:], "/", "%2f") + "%2fsecret",
		"/runs/..%5csecret", "/runs/link%00", "/runs/nowhere", "/assets/..%2fweb.go", "/assets/start.tmpl", "/runs/" + strings.Repeat("a", 5000),
	} {
		status, body := s.get(path)
		if status < 300 || strings.Contains(body, "canary-outside") || strings.Contains(body, "root:") {
			t.Errorf("%s: %d\n%.300s", path, status, body)
		}
	}
	if _, body := s.get("/"); strings.Contains(body, "canary") {
		t.Errorf("the list shows what is outside")
	}
}
