package rpch

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"shutout/lab/protocol/dcerpc"
)

func TestWriteHead(t *testing.T) {
	r := Request{Purpose: OpenIn, Server: "mbx1.lab.test", Port: 6001}.HTTP("mail.lab.test")
	r.Header.Set("Authorization", "Basic xyz")
	var b bytes.Buffer
	if err := WriteHead(&b, r); err != nil {
		t.Fatal(err)
	}
	want := "RPC_IN_DATA /rpc/rpcproxy.dll?mbx1.lab.test:6001 HTTP/1.1\r\nHost: mail.lab.test\r\nContent-Length: 1073741824\r\n" +
		"Accept: application/rpc\r\nAuthorization: Basic xyz\r\nCache-Control: no-cache\r\nConnection: Keep-Alive\r\nPragma: No-cache\r\nUser-Agent: MSRPC\r\n\r\n"
	if b.String() != want {
		t.Fatalf("got %q", b.String())
	}
	for _, q := range []string{"a b:1", "a\r\nX: y:1"} {
		r.URL.RawQuery = q
		if err := WriteHead(io.Discard, r); err == nil {
			t.Errorf("%q is written", q)
		}
	}
}

func TestParseRequest(t *testing.T) {
	for _, p := range []Purpose{OpenIn, OpenOut, ReplaceOut, EchoIn, EchoOut} {
		want := Request{Purpose: p, Server: "2001:db8::1", Port: 6004}
		var b bytes.Buffer
		if err := WriteHead(&b, want.HTTP("mail.lab.test")); err != nil {
			t.Fatal(err)
		}
		r, err := http.ReadRequest(bufio.NewReader(&b))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParseRequest(r); err != nil || got != want {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
	for name, tt := range map[string]struct {
		method string
		length int64
		query  string
		ok     bool
	}{
		"echo without a server":  {MethodIn, 4, "", true},
		"echo with an empty one": {MethodOut, 0, ":0", true},
		"GET":                    {"GET", 0, "s:1", false},
		"no length":              {MethodIn, -1, "s:1", false},
		"short IN channel":       {MethodIn, 128<<10 - 1, "s:1", false},
		"long IN channel":        {MethodIn, 2<<30 + 1, "s:1", false},
		"long OUT request":       {MethodOut, 77, "s:1", false},
		"OUT request to IN":      {MethodIn, 76, "s:1", false},
		"no server":              {MethodOut, 76, ":6001", false},
		"no port":                {MethodOut, 76, "s", false},
		"empty port":             {MethodOut, 76, "s:", false},
		"port 0":                 {MethodOut, 76, "s:0", false},
		"port 65536":             {MethodOut, 76, "s:65536", false},
		"control characters":     {MethodOut, 76, "s\n:1", false},
		"long server":            {MethodOut, 76, strings.Repeat("s", 1025) + ":1", false},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Method, r.ContentLength, r.URL.RawQuery = tt.method, tt.length, tt.query
		if got, err := ParseRequest(r); (err == nil) != tt.ok {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func FuzzParseRequest(f *testing.F) {
	f.Add(MethodOut, int64(76), "mbx1:6001")
	f.Add(MethodIn, int64(0), "")
	f.Fuzz(func(t *testing.T, method string, length int64, query string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Method, r.ContentLength, r.URL.RawQuery = method, length, query
		q, err := ParseRequest(r)
		if err != nil || q.Port == 0 {
			return
		}
		if again, err := ParseRequest(q.HTTP("h")); err != nil || again != q {
			t.Fatalf("%+v became %+v, %v", q, again, err)
		}
		if err := WriteHead(io.Discard, q.HTTP("h")); err != nil {
			t.Fatal(err)
		}
	})
}

func TestResponses(t *testing.T) {
	h := http.Header{}
	SetOutHeader(h)
	if err := CheckOutResponse(&http.Response{StatusCode: 200, Header: h}); err != nil || h.Get("Content-Length") != "1073741824" {
		t.Error(err, h)
	}
	if err := CheckOutResponse(&http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"text/html"}}}); err == nil {
		t.Error("a web page is taken for an OUT channel")
	}
	var status *StatusError
	err := CheckOutResponse(&http.Response{StatusCode: 503, Status: "503 " + Reason(0x6BA) + ", EEInfo: AAAA"})
	if !errors.As(err, &status) || status.Code != 503 {
		t.Fatal(err)
	}
	if code, ok := status.RPCError(); !ok || code != 0x6BA {
		t.Error(code, ok)
	}
	for _, s := range []string{"401 Unauthorized", "503 RPC Error: xyz", "503 RPC Error: 123456789"} {
		if code, ok := (&StatusError{Status: s}).RPCError(); ok {
			t.Error(s, code)
		}
	}
	if r, err := ReadResponse(bufio.NewReader(strings.NewReader(strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 9)))); err == nil {
		t.Error(r.Status)
	}
	if err := CheckEcho(bytes.NewReader(EchoBody())); err != nil {
		t.Error(err)
	}
	if err := CheckEcho(bytes.NewReader(encode(Ping))); err == nil {
		t.Error("a Ping answers an echo request")
	}
	if err := CheckEcho(strings.NewReader("<html>")); err == nil {
		t.Error("a web page answers an echo request")
	}
}

// proxy is a proxy on net/http, to see that its bodies and responses do: one
// connection at a time, whose server doubles stubs.
type proxy struct {
	opened chan func(InOpening, io.Reader) error
}

func (p proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q, err := ParseRequest(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if q.Purpose == EchoIn || q.Purpose == EchoOut {
		SetEchoHeader(w.Header())
		w.Write(EchoBody())
		return
	}
	w.WriteHeader(http.StatusContinue) // as IIS does
	first, err := ReadPDU(r.Body)
	if err != nil {
		return
	}
	if q.Purpose == OpenIn {
		if b, err := ParseInOpening(first); err == nil {
			_ = (<-p.opened)(b, r.Body)
		}
		return
	}
	a, err := ParseOutOpening(first)
	if err != nil {
		return
	}
	SetOutHeader(w.Header())
	server := Server{Timeout: 120000}
	out := flusher{w}
	out.Write(server.A3())
	done := make(chan error, 1)
	p.opened <- func(b InOpening, in io.Reader) error {
		conn, err := server.Open(a, b, in, out)
		if err == nil {
			err = serve(dcerpc.NewConn(conn, dcerpc.Limits{}))
		}
		done <- err
		return err
	}
	<-done
}

type flusher struct{ w http.ResponseWriter }

func (f flusher) Write(b []byte) (int, error) {
	n, err := f.w.Write(b)
	if err == nil {
		err = http.NewResponseController(f.w).Flush()
	}
	return n, err
}

func TestOverNetHTTP(t *testing.T) {
	server := httptest.NewServer(proxy{make(chan func(InOpening, io.Reader) error)})
	defer server.Close()
	dial := func(q Request) net.Conn {
		c, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		if err := WriteHead(c, q.HTTP("mail.lab.test")); err != nil {
			t.Fatal(err)
		}
		return c
	}
	response := func(c net.Conn) *http.Response {
		r, err := ReadResponse(bufio.NewReader(c))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := response(dial(Request{Purpose: EchoOut}))
	if err := CheckEcho(r.Body); err != nil || r.Header.Get("Content-Type") != ContentType {
		t.Fatal(err, r.Header)
	}
	out := dial(Request{Purpose: OpenOut, Server: "mbx1", Port: 6001})
	if _, err := out.Write(client.A1()); err != nil {
		t.Fatal(err)
	}
	in := dial(Request{Purpose: OpenIn, Server: "mbx1", Port: 6001})
	r = response(out)
	if err := CheckOutResponse(r); err != nil {
		t.Fatal(err)
	}
	conn, err := client.Open(in, r.Body)
	if err != nil {
		t.Fatal(err)
	}
	c := dcerpc.NewConn(conn, dcerpc.Limits{})
	if _, err := c.Bind([]dcerpc.Context{{Transfer: []dcerpc.SyntaxID{dcerpc.NDR}}}, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := c.Call(&dcerpc.Request{Stub: make([]byte, 200000)}); err != nil || len(got) != 400000 {
		t.Fatal(len(got), err)
	}
	in.Close()
	if _, err := c.Receive(1); err == nil {
		t.Error("the OUT channel outlives the IN channel")
	}
}
