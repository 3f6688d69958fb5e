package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"shutout/lab"
)

// reply answers one request on r/c with text, and tells what was asked.
func reply(c net.Conn, r *bufio.Reader, text string) (asked string) {
	req, err := http.ReadRequest(r)
	if err != nil {
		return ""
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return ""
	}
	io.WriteString(c, text)
	return req.Method + " " + req.URL.String() + " " + string(body)
}

// answers serves one connection with these answers, one a request, and closes
// it.
func answers(texts ...string) func(net.Conn) {
	return func(c net.Conn) {
		r := bufio.NewReader(c)
		for _, text := range texts {
			reply(c, r, text)
		}
	}
}

const okHello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

// hangUp reads a request, sends a part of an answer, and closes. With reset
// the close is an RST.
func hangUp(part string, reset bool) func(net.Conn) {
	return func(c net.Conn) {
		reply(c, bufio.NewReader(c), part)
		if reset {
			c.(*net.TCPConn).SetLinger(0)
		}
	}
}

// then serves a connection by f after a first good answer.
func then(f func(net.Conn)) func(net.Conn) {
	return func(c net.Conn) {
		reply(c, bufio.NewReader(c), okHello)
		f(c)
	}
}

func TestWebLine(t *testing.T) {
	cut := &lab.Failure{Kind: lab.Unreachable, Stage: "read", Text: closedText}
	inFlight := &lab.Failure{Kind: lab.Unknown, Stage: "read", Text: closedText}
	tests := []struct {
		name  string
		once  bool // of the request that is judged
		never bool
		first bool // another exchange went before on the line
		serve []func(net.Conn)
		want  *lab.Failure
		made  int // connections
	}{
		{name: "kept open", first: true, serve: []func(net.Conn){answers(okHello, okHello)}, made: 1},
		{name: "closed by the server's wish", first: true, made: 2, serve: []func(net.Conn){
			answers("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"), answers(okHello)}},
		{name: "HTTP/1.0", first: true, made: 2, serve: []func(net.Conn){
			answers("HTTP/1.0 200 OK\r\n\r\nhello"), answers(okHello)}},
		{name: "chunked", serve: []func(net.Conn){
			answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n")}, made: 1},
		{name: "continue first", once: true, serve: []func(net.Conn){
			answers("HTTP/1.1 100 Continue\r\n\r\n" + okHello)}, made: 1},
		{name: "behind a gateway, once", once: true, made: 1, serve: []func(net.Conn){
			answers("HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n")},
			want: &lab.Failure{Kind: lab.Unknown, Stage: "read", Text: "504 Gateway Timeout"}},
		{name: "nothing listens", want: &lab.Failure{Kind: lab.Unreachable, Stage: stageDial}},

		{name: "dead before the answer, new", serve: []func(net.Conn){hangUp("", false)}, want: cut, made: 1},
		{name: "dead before the answer, new, once", once: true, serve: []func(net.Conn){hangUp("", false)}, want: inFlight, made: 1},
		{name: "dead before the answer, kept", first: true, serve: []func(net.Conn){then(hangUp("", false)), answers(okHello)}, made: 2},
		{name: "reset before the answer, kept", first: true, serve: []func(net.Conn){then(hangUp("", true)), answers(okHello)}, made: 2},
		{name: "dead before the answer, kept, once", once: true, first: true,
			serve: []func(net.Conn){then(hangUp("", false)), answers(okHello)}, want: inFlight, made: 1},
		{name: "dead before the answer, twice", first: true,
			serve: []func(net.Conn){then(hangUp("", false)), hangUp("", false)}, want: cut, made: 2},
		{name: "dead while idle, once", once: true, first: true, serve: []func(net.Conn){answers(okHello), answers(okHello)}, made: 2},
		{name: "dead, never again", never: true, first: true, serve: []func(net.Conn){answers(okHello), answers(okHello)}, want: cut, made: 1},

		{name: "dead within the head", first: true, serve: []func(net.Conn){then(hangUp("HTTP/1.1 20", false)), answers(okHello)}, want: cut, made: 1},
		{name: "dead within the body", serve: []func(net.Conn){hangUp(okHello[:len(okHello)-2], false)}, want: cut, made: 1},
		{name: "dead within the body, once", once: true, serve: []func(net.Conn){hangUp(okHello[:len(okHello)-2], false)}, want: inFlight, made: 1},
		{name: "reset within the body", serve: []func(net.Conn){hangUp(okHello[:len(okHello)-2], true)}, want: cut, made: 1},
		{name: "garbage", serve: []func(net.Conn){answers("SSH-2.0-x\r\n\r\n")},
			want: &lab.Failure{Kind: lab.Unreachable, Stage: "read", Text: `malformed HTTP response "SSH-2.0-x"`}, made: 1},
		{name: "no end", serve: []func(net.Conn){endless}, want: &lab.Failure{Kind: lab.Unreachable, Stage: "read", Text: errTooLong.Error()}, made: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newTestLab(t, lab.OWA)
			if tt.never {
				l.env.Activity.Client.Reconnect = "never"
			}
			l.script(tt.serve...)
			web := newWebLine(newLine(l.env))
			defer web.drop()
			u, _ := url.Parse("http://cas1.corp.example/owa/")
			get := newRequest(http.MethodGet, u, http.Header{}, nil)
			if tt.first {
				if a, err := web.exchange(context.Background(), "first", get); err != nil || string(a.body) != "hello" {
					t.Fatalf("first exchange: %q, %v", a.body, err)
				}
			}
			req := get
			if tt.once {
				req = newRequest(http.MethodPost, u, http.Header{}, []byte("text"))
				req.once = true
				if tt.name == "dead while idle, once" {
					waitFor(t, func() bool { return heard(web.conn) })
				}
			}
			a, err := web.exchange(context.Background(), "read", req)
			if tt.want != nil && tt.want.Stage == stageDial {
				var f *lab.Failure
				if !errors.As(err, &f) || f.Kind != tt.want.Kind || f.Stage != stageDial {
					t.Errorf("%v, want %v", err, tt.want)
				}
			} else {
				check(t, "exchange", err, tt.want)
			}
			if tt.want == nil && string(a.body) != "hello" {
				t.Errorf("body %q", a.body)
			}
			if web.line.made != tt.made {
				t.Errorf("%d connections, want %d", web.line.made, tt.made)
			}
		})
	}
}

// endless answers with more than a client takes.
func endless(c net.Conn) {
	reply(c, bufio.NewReader(c), "HTTP/1.1 200 OK\r\n\r\n")
	block := make([]byte, 1<<20)
	for range 20 {
		if _, err := c.Write(block); err != nil {
			return
		}
	}
}

// waitFor waits for the kernel to deliver what the other end did.
func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain")
		}
	}
}

// A server that refuses a request by its length answers before it has read it.
func TestWebLineEarlyAnswer(t *testing.T) {
	l := newTestLab(t, lab.OWA)
	l.script(func(c net.Conn) {
		r := bufio.NewReader(c)
		http.ReadRequest(r)
		io.WriteString(c, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		c.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, r)
	})
	web := newWebLine(newLine(l.env))
	defer web.drop()
	u, _ := url.Parse("http://cas1.corp.example/owa/")
	req := newRequest(http.MethodPost, u, http.Header{}, make([]byte, 4<<20))
	req.once = true
	a, err := web.exchange(context.Background(), "send", req)
	if err != nil || a.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("%v, %v", a.Response, err)
	}
}

func TestVerdict(t *testing.T) {
	for status, want := range map[int]lab.FailureKind{
		401: lab.Refused, 403: lab.Refused, 404: lab.Refused, 500: lab.Refused,
		429: lab.Unknown, 502: lab.Unreachable, 503: lab.Unreachable, 504: lab.Unreachable,
	} {
		a := answer{Response: &http.Response{StatusCode: status, Status: fmt.Sprint(status)}}
		if f := a.verdict("read"); f.Kind != want || f.Stage != "read" || f.Text != fmt.Sprint(status) {
			t.Errorf("%d: %+v, want %s", status, f, want)
		}
	}
	slowed := answer{Response: &http.Response{StatusCode: 503, Header: http.Header{"Retry-After": {"30"}}}}
	if f := slowed.verdict("read"); f.Kind != lab.Unknown {
		t.Errorf("told to come back later: %+v", f)
	}
}

func TestHeard(t *testing.T) {
	l := newTestLab(t, lab.OWA)
	speak, bye := make(chan struct{}), make(chan struct{})
	l.script(func(c net.Conn) {
		<-speak
		io.WriteString(c, "x")
		<-bye
	}, func(net.Conn) {})
	c, err := newLine(l.env).dial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if heard(c) {
		t.Error("heard something on a silent connection")
	}
	close(speak)
	waitFor(t, func() bool { return heard(c) })
	buf := make([]byte, 4)
	if n, err := c.Read(buf); n != 1 || err != nil {
		t.Errorf("heard took what was said: %d, %v", n, err)
	}
	if heard(c) {
		t.Error("heard something twice")
	}
	close(bye)
	waitFor(t, func() bool { return heard(c) })
	pipe, _ := net.Pipe()
	if heard(pipe) {
		t.Error("heard something on a connection that cannot tell")
	}
}

func TestJar(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	tests := []struct {
		name string
		set  []string
		path string
		want string
	}{
		{"plain", []string{"a=1", "b=2; path=/"}, "/owa/", "a=1; b=2"},
		{"replaced in place", []string{"a=1; path=/", "b=2; path=/", "a=3; path=/"}, "/owa/", "a=3; b=2"},
		{"deleted", []string{"a=1; path=/", "a=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT", "b=1; path=/", "b=; path=/; max-age=0"}, "/", ""},
		{"of another path", []string{"a=1; path=/ecp", "b=2; path=/owa", "c=3; path=/ow"}, "/owa/x", "b=2"},
		{"of another domain", []string{"a=1; domain=evil.example; path=/", "b=2; domain=.corp.example; path=/"}, "/owa/", "b=2"},
		{"lapsed", []string{"a=1; path=/; max-age=60", "b=2; path=/; max-age=3600"}, "/owa/", "b=2"},
		{"secure over plain", []string{"a=1; path=/; secure"}, "/owa/", ""},
		{"nonsense", []string{"", "=;", "a\x00=1"}, "/owa/", ""},
	}
	for _, tt := range tests {
		j := jar{host: "cas1.corp.example"}
		u, _ := url.Parse("http://cas1.corp.example/owa/auth.owa")
		for _, line := range tt.set {
			j.take(&http.Response{Header: http.Header{"Set-Cookie": {line}}, Request: &http.Request{URL: u}}, now)
		}
		if got := j.header(tt.path, now.Add(2*time.Minute)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	j := jar{host: "h"}
	for i := range 2 * maxCookies {
		j.put(&http.Cookie{Name: fmt.Sprint("c", i), Path: "/"}, false)
	}
	if n := strings.Count(j.header("/", now), "="); n != maxCookies {
		t.Errorf("%d cookies kept, want %d", n, maxCookies)
	}
}
