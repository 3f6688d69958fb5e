package client

import (
	"bufio"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
)

var plainHeads = []struct {
	text  string
	plain bool
}{
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", true},
	{"HTTP/1.1 302 Found\r\nset-cookie: a=1\r\nLocation:\t/owa/ \r\nSet-Cookie: b=2\r\nContent-Length: 0\r\nX-Empty:\r\n\r\n", true},
	{"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nhello", true},
	{"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", false},
	{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false},
	{"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", false},
	{"HTTP/1.1 200 OK\r\n\r\nhello", false},
	{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", false},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false},
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", false},
	{"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nhello", false},
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: a\r\n b\r\n\r\nhello", false},
	{"HTTP/1.1 200 OK\r\nX Y: a\r\nContent-Length: 5\r\n\r\nhello", false},
	{"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello\r\n\r\n", false},
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", false},
	{"HTTP/1.1 +20 OK\r\nContent-Length: 5\r\n\r\nhello", false},
	{"SSH-2.0-x\r\n\r\n", false},
	{"\r\n\r\n", false},
}

func TestPlainHead(t *testing.T) {
	var h plainHead
	for _, tt := range plainHeads {
		if got := samePlainHead(t, &h, tt.text); got != tt.plain {
			t.Errorf("%q taken: %t, want %t", tt.text, got, tt.plain)
		}
	}
}

// samePlainHead holds what plainHead makes of text to what net/http does.
func samePlainHead(t *testing.T, h *plainHead, text string) bool {
	t.Helper()
	r := bufio.NewReader(strings.NewReader(text))
	r.Peek(1)
	if !h.read(r) {
		if all, _ := io.ReadAll(r); string(all) != text {
			t.Errorf("%q left only %q", text, all)
		}
		return false
	}
	theirs := bufio.NewReader(strings.NewReader(text))
	want, err := http.ReadResponse(theirs, nil)
	if err != nil {
		t.Errorf("%q taken for a good head: %v", text, err)
		return true
	}
	if want.Header.Get("Pragma") == "no-cache" { // net/http reads a Cache-Control into it
		delete(want.Header, "Cache-Control")
		if cc := h.Header["Cache-Control"]; cc != nil {
			want.Header["Cache-Control"] = cc
		}
	}
	if h.Status != want.Status || h.StatusCode != want.StatusCode || h.ContentLength != want.ContentLength || h.Close != want.Close || !reflect.DeepEqual(h.Header, want.Header) {
		t.Errorf("%q\nread as %+v\nwant    %+v", text, h.Response, *want)
	}
	body, _ := io.ReadAll(io.LimitReader(r, h.ContentLength))
	if wanted, _ := io.ReadAll(want.Body); string(body) != string(wanted) {
		t.Errorf("%q has the body %q, want %q", text, body, wanted)
	}
	return true
}

func FuzzPlainHead(f *testing.F) {
	for _, tt := range plainHeads {
		f.Add(tt.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var h plainHead
		if took := samePlainHead(t, &h, text); samePlainHead(t, &h, text) != took {
			t.Errorf("%q taken once of two times", text)
		}
		other := plainHeads[1].text // nothing of the first is left
		if !samePlainHead(t, &h, other) {
			t.Errorf("%q not taken after %q", other, text)
		}
	})
}

func TestRequestGoesOutAsBuilt(t *testing.T) {
	u, _ := url.Parse("http://cas1.corp.example/owa/?ae=Item&id=1#top")
	header := http.Header{"User-Agent": {"x"}, "Accept": {"text/html"}}
	tests := []struct {
		method, cookie, body string
		length               int64
	}{
		{http.MethodGet, "", "", 0},
		{http.MethodGet, "a=1; b=2", "", 0},
		{http.MethodPost, "a=1", "x=y", 3},
		{http.MethodPost, "", "", 0},
	}
	for _, tt := range tests {
		req := newRequest(tt.method, u, header, []byte(tt.body))
		for range 2 {
			req.cookie = tt.cookie
			var b strings.Builder
			w := bufio.NewWriter(&b)
			if err := req.write(w); err != nil {
				t.Fatal(err)
			}
			got, err := http.ReadRequest(bufio.NewReader(strings.NewReader(b.String())))
			if err != nil {
				t.Fatalf("%q: %v", b.String(), err)
			}
			body, _ := io.ReadAll(got.Body)
			if got.Method != tt.method || got.RequestURI != "/owa/?ae=Item&id=1" || got.Host != "cas1.corp.example" ||
				got.Header.Get("Cookie") != tt.cookie || got.Header.Get("User-Agent") != "x" || got.ContentLength != tt.length || string(body) != tt.body {
				t.Errorf("%+v went out as %q", tt, b.String())
			}
		}
	}
	var b strings.Builder
	req := newRequest(http.MethodPost, u, header, nil)
	req.authorization = "NTLM TlRMTVNTUAAB"
	if err := req.write(bufio.NewWriter(&b)); err != nil || !strings.Contains(b.String(), "\r\nContent-Length: 0\r\n") {
		t.Errorf("a POST without a body says %q, %v", b.String(), err) // RFC 9110 section 8.6
	}
	if !strings.Contains(b.String(), "\r\nAuthorization: NTLM TlRMTVNTUAAB\r\n") {
		t.Errorf("a request signed in says %q", b.String())
	}
}
