package owa

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"shutout/sim/server/webtest"
)

func BenchmarkInbox(b *testing.B) {
	w := webtest.New(b, "ex2010")
	for range 30 {
		w.Deliver("a message with a subject of the usual length")
	}
	h := New(w.World.World, "cas1")
	_, text := w.CAS.Server("cas1").IssueCookie(w.Now(), webtest.Dana, webtest.Password, true)
	r := httptest.NewRequest(http.MethodGet, "/owa/", nil)
	r.Header.Set("Cookie", "cadata="+text)
	b.ReportAllocs()
	for b.Loop() {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if rec.Code != 200 {
			b.Fatal(rec.Code)
		}
	}
}
