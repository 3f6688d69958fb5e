package mapihttp

import (
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestRequestHead(t *testing.T) {
	want := RequestHead{Execute, "{E2EA6C1C-E61B-49E9-9CFB-38184F907552}:1", "client-7", "Outlook/15.0.4535.1000"}
	h := http.Header{}
	want.Set(h)
	got, err := ParseRequestHead(h)
	if err != nil || got != want {
		t.Fatalf("got %+v, %v; want %+v", got, err, want)
	}
	for _, c := range []struct {
		name, value string
		code        ResponseCode
	}{
		{HeaderRequestType, "", CodeMissingHeader},
		{HeaderRequestType, "connect", CodeInvalidRequestType},
		{HeaderRequestType, "Bind", CodeInvalidRequestType},
		{HeaderRequestID, "", CodeMissingHeader},
		{HeaderClientInfo, strings.Repeat("x", 1025), CodeInvalidHeader},
		{"Content-Type", "text/xml", CodeInvalidHeader},
	} {
		h := http.Header{}
		want.Set(h)
		h.Set(c.name, c.value)
		_, err := ParseRequestHead(h)
		var failure *HeaderError
		if !errors.As(err, &failure) || failure.Code != c.code || failure.Name != c.name {
			t.Errorf("%s %.20q: got %v, want %v", c.name, c.value, err, c.code)
		}
	}
}

func TestResponseHead(t *testing.T) {
	for _, want := range []ResponseHead{
		{Type: Connect, RequestID: "{E2EA6C1C}:1", ClientInfo: "c", ServerApplication: "Exchange/15.00.0847.030", PendingPeriod: 15 * time.Second, Expiration: 15 * time.Minute},
		{Code: CodeContextNotFound},
	} {
		h := http.Header{}
		want.Set(h)
		got, err := ParseResponseHead(h)
		if err != nil || got != want {
			t.Fatalf("got %+v, %v; want %+v", got, err, want)
		}
	}
	h := http.Header{}
	ResponseHead{PendingPeriod: 15 * time.Second}.Set(h)
	if got := h.Get("X-PendingPeriod"); got != "15000" { // MS-OXCMAPIHTTP 4.2
		t.Errorf("a pending period of %q", got)
	}
	for _, c := range []struct{ name, value string }{
		{HeaderResponseCode, ""},
		{HeaderResponseCode, "ok"},
		{HeaderResponseCode, "-1"},
		{HeaderPendingPeriod, "soon"},
		{HeaderExpirationInfo, "99999999999"},
		{HeaderRequestID, strings.Repeat("x", 1025)},
	} {
		h := http.Header{}
		ResponseHead{}.Set(h)
		h.Set(c.name, c.value)
		var failure *HeaderError
		if _, err := ParseResponseHead(h); !errors.As(err, &failure) || failure.Name != c.name {
			t.Errorf("%s %.20q: got %v", c.name, c.value, err)
		}
	}
}

func TestResponseCodes(t *testing.T) {
	for code, want := range map[ResponseCode]string{
		CodeSuccess: "0 Success", CodeContextNotFound: "10 Context Not Found", CodeMissingCookie: "13 Missing Cookie",
		CodeInvalidSequence: "15 Invalid Sequence", CodeEndpointShuttingDown: "18 Endpoint Shutting Down", 99: "99", -1: "-1",
	} {
		if got := code.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestSession(t *testing.T) {
	want := Session{Context: "context==", Sequence: "7-abc"}
	request, _ := http.NewRequest(http.MethodPost, "https://mail.contoso.example"+URLPath, nil)
	for _, c := range want.Cookies() {
		request.AddCookie(c)
	}
	request.AddCookie(&http.Cookie{Name: "MapiRouting", Value: "x"})
	got, err := ParseSession(request.Cookies())
	if err != nil || got != want {
		t.Fatalf("got %+v, %v", got, err)
	}
	if got := (Session{Context: "c"}).Cookies(); len(got) != 1 {
		t.Errorf("an empty sequence became a cookie: %v", got)
	}
	for _, c := range []struct {
		cookies []*http.Cookie
		want    ResponseCode
	}{
		{nil, CodeMissingCookie},
		{Session{Sequence: "7"}.Cookies(), CodeMissingCookie},
		{append(want.Cookies(), Session{Context: "other"}.Cookies()...), CodeInvalidContextCookie},
		{Session{Context: strings.Repeat("x", 1025)}.Cookies(), CodeInvalidContextCookie},
	} {
		got, err := ParseSession(c.cookies)
		if !errors.Is(err, c.want) || !reflect.DeepEqual(got, Session{}) {
			t.Errorf("%v: got %+v, %v; want %v", c.cookies, got, err, c.want)
		}
	}
}
