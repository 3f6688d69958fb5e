package owa

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"shutout/sim/clientaccess"
	"shutout/sim/server/webtest"
)

func FuzzRequests(f *testing.F) {
	f.Add("/owa/?ae=Item&id=1.1", "cadata=x", "a=b")
	f.Add("/owa/auth.owa", "", "username=dana&password=x")
	f.Add("/owa/?ae=PreFormAction&a=Send", "cadata=", "txtto=%zz")
	f.Fuzz(func(t *testing.T, path, cookie, body string) {
		u, err := url.ParseRequestURI(path)
		if err != nil {
			t.Skip()
		}
		w := newWorld(&testing.T{}, "ex2010")
		var c clientaccess.Cookie
		c, text := w.CAS.Server("cas1").IssueCookie(w.Now(), webtest.Dana, webtest.Password, true)
		for _, value := range []string{cookie, "cadata=" + text} {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				r := &http.Request{Method: method, URL: u, Header: http.Header{"Cookie": {value}, "Content-Type": {"application/x-www-form-urlencoded"}},
					Body: io.NopCloser(strings.NewReader(body)), RemoteAddr: "192.0.2.1:1234"}
				r.Header.Set(canaryCookie, w.CAS.Server("cas1").Canary(c.Session))
				rec := httptest.NewRecorder()
				New(w.World.World, "cas1").ServeHTTP(rec, r)
				if rec.Code >= 500 {
					t.Errorf("%s %q: %d", method, path, rec.Code)
				}
			}
		}
		w.Net.Close()
	})
}
