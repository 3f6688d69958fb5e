package mapihttp

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"shutout/lab/protocol/mapi"
	"shutout/lab/protocol/mapihttp"
	"shutout/sim/server/outlook"
	"shutout/sim/server/webtest"
)

// FuzzRequests sends any body with any cookies as a request of each type, to a
// server that knows nobody, to one with an open session context, and to one
// whose client has logged on in it.
func FuzzRequests(f *testing.F) {
	add := func(cookie string) func(body []byte, err error) {
		return func(body []byte, err error) {
			if err != nil {
				f.Fatal(err)
			}
			f.Add(cookie, body)
		}
	}
	dn := "/o=CORP/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=dana"
	ropOf := func(rops ...mapi.Request) []byte {
		payload, err := mapi.RequestBuffer{Rops: rops, Handles: []uint32{mapi.NoHandle, mapi.NoHandle}}.Encode()
		if err != nil {
			f.Fatal(err)
		}
		buffer, err := mapi.AppendPayload(nil, payload, mapi.FlagLast)
		if err != nil {
			f.Fatal(err)
		}
		body, err := mapihttp.ExecuteRequest{RopBuffer: buffer, MaxRopOut: 0x10000}.Encode()
		if err != nil {
			f.Fatal(err)
		}
		return body
	}
	logon := ropOf(&mapi.LogonRequest{Flags: mapi.LogonPrivate}, &mapi.RegisterNotificationRequest{Output: 1, Types: mapi.NotifyNewMail, WholeStore: true})
	add("")(mapihttp.ConnectRequest{UserDN: dn}.Encode())
	add("")(mapihttp.DisconnectRequest{}.Encode())
	add("")(mapihttp.NotificationWaitRequest{}.Encode())
	f.Add("", logon)
	f.Add("MapiContext=x; MapiSequence=y", ropOf())
	f.Add("MapiContext=x; MapiContext=y", []byte{})
	f.Fuzz(func(t *testing.T, cookie string, body []byte) {
		for _, state := range []string{"new", "connected", "logged on"} {
			w := webtest.New(t, "ex2016")
			h := New(w.World.World, "cas1", outlook.New(w.World.World, "cas1")).(*frontEnd)
			cookies := cookie
			if state != "new" {
				connect, err := mapihttp.ConnectRequest{UserDN: dn}.Encode()
				if err != nil {
					t.Fatal(err)
				}
				rec := post(t, h, mapihttp.Connect, "", connect)
				if cookies = cookiesOf(rec); cookies == "" {
					t.Fatalf("a good Connect: %v %q", rec.Header(), rec.Body)
				}
			}
			if state == "logged on" {
				rec := post(t, h, mapihttp.Execute, cookies, logon)
				if cookies = cookiesOf(rec); cookies == "" {
					t.Fatalf("a good Execute: %v %q", rec.Header(), rec.Body)
				}
			}
			for _, kind := range []mapihttp.RequestType{
				mapihttp.Ping, mapihttp.NotificationWait, mapihttp.Execute, mapihttp.Execute, mapihttp.Connect, mapihttp.Execute, mapihttp.Disconnect, "X",
			} {
				rec := post(t, h, kind, cookies, body)
				if c := cookiesOf(rec); c != "" {
					cookies = c
				}
			}
			owned := 0
			for _, list := range h.owned {
				owned += len(list)
			}
			if owned != len(h.contexts) || owned > 1 || owned != len(w.CAS.Server("cas1").Sessions()) {
				t.Errorf("%d contexts, %d owned, %d sessions", len(h.contexts), owned, len(w.CAS.Server("cas1").Sessions()))
			}
		}
	})
}

func cookiesOf(rec *httptest.ResponseRecorder) string {
	r := http.Request{Header: http.Header{}}
	for _, c := range rec.Result().Cookies() {
		r.AddCookie(c)
	}
	return r.Header.Get("Cookie")
}

// post makes a request of dana's, and fails the test unless it is answered as
// the protocol wants it.
func post(t *testing.T, h http.Handler, kind mapihttp.RequestType, cookies string, body []byte) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, mapihttp.URLPath, bytes.NewReader(body))
	r.SetBasicAuth(webtest.Dana, webtest.Password)
	mapihttp.RequestHead{Type: kind, RequestID: "{1}:1"}.Set(r.Header)
	if cookies != "" {
		r.Header.Set("Cookie", cookies)
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	head, err := mapihttp.ParseResponseHead(rec.Header())
	if rec.Code != http.StatusOK || err != nil {
		t.Fatalf("%s: %d %v", kind, rec.Code, err)
	}
	if head.Code == mapihttp.CodeSuccess {
		if _, err := mapihttp.ReadFinal(rec.Body, mapihttp.Limits{}); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
	}
	return rec
}
