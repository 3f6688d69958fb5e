package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"shutout/lab"
	"shutout/lab/authority/authoritytest"
	"shutout/lab/protocol/mapi"
	"shutout/lab/protocol/mapihttp"
)

// mapiServer is a server that says what a test wants.
type mapiServer struct {
	t *testing.T

	mu     sync.Mutex
	asked  []string // requests, as "type cookies"
	answer func(rw http.ResponseWriter, r *http.Request, kind mapihttp.RequestType) bool
	number int
}

// serveMAPI starts it. An answer that returns false leaves the request to the
// server, which is content with everything.
func serveMAPI(t *testing.T, conf *tls.Config, answer func(http.ResponseWriter, *http.Request, mapihttp.RequestType) bool) (*testLab, *mapiServer) {
	l := newTestLab(t, lab.MAPIHTTP)
	l.env.Activity.Client.Auth = lab.AuthBasic
	s := &mapiServer{t: t, answer: answer}
	ln := l.listen()
	srv := &http.Server{Handler: s}
	if conf != nil {
		ln = tls.NewListener(ln, conf)
	}
	go srv.Serve(ln)
	t.Cleanup(func() { srv.Close() })
	return l, s
}

func (s *mapiServer) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	head, err := mapihttp.ParseRequestHead(r.Header)
	if err != nil {
		s.t.Error(err)
	}
	s.mu.Lock()
	s.asked = append(s.asked, strings.TrimSpace(string(head.Type)+" "+r.Header.Get("Cookie")))
	s.number++
	number := s.number
	s.mu.Unlock()
	if _, password, _ := r.BasicAuth(); password != oldPass {
		http.Error(rw, "no", http.StatusUnauthorized)
		return
	}
	if s.answer != nil && s.answer(rw, r, head.Type) {
		return
	}
	var body []byte
	switch head.Type {
	case mapihttp.Connect:
		http.SetCookie(rw, &http.Cookie{Name: mapihttp.CookieContext, Value: "context" + string(rune('0'+number)), Path: "/mapi/emsmdb"})
		body, err = mapihttp.ConnectResponse{DisplayName: "Dana"}.Encode()
	case mapihttp.Execute:
		body, err = mapihttp.ExecuteResponse{RopBuffer: []byte("answer")}.Encode()
	case mapihttp.Disconnect:
		body, err = mapihttp.DisconnectResponse{}.Encode()
	case mapihttp.NotificationWait:
		body, err = mapihttp.NotificationWaitResponse{EventPending: mapihttp.EventPending}.Encode()
	}
	if err != nil {
		s.t.Error(err)
	}
	http.SetCookie(rw, &http.Cookie{Name: mapihttp.CookieSequence, Value: string(rune('0' + number)), Path: "/mapi/emsmdb"})
	mapihttp.ResponseHead{Type: head.Type, RequestID: head.RequestID}.Set(rw.Header())
	rw.Write(mapihttp.Final{Body: body}.Append(mapihttp.Processing.Append(nil)))
}

func (s *mapiServer) wantAsked(want ...string) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if got, want := strings.Join(s.asked, "\n"), strings.Join(want, "\n"); got != want {
		s.t.Errorf("asked\n%s\nwant\n%s", got, want)
	}
	s.asked = nil
}

// carriers makes carriers of one Outlook.
func carriers(l *testLab) func() *mapiHTTP {
	open := openMAPIHTTP(newLine(l.env))
	return func() *mapiHTTP {
		m := open().(*outlook).carrier.(*mapiHTTP)
		l.t.Cleanup(m.drop)
		return m
	}
}

func mustConnect(t *testing.T, m *mapiHTTP) {
	t.Helper()
	if err := m.connect(context.Background(), oldPass, "/o=CORP/cn=dana"); err != nil {
		t.Fatal(err)
	}
}

func TestMAPIHTTPKeepsItsCookies(t *testing.T) {
	l, s := serveMAPI(t, nil, nil)
	open := carriers(l)
	m := open()
	check(t, "wrong password", m.connect(context.Background(), "wrong", "x"), refused(stageSignIn, "401 Unauthorized"))
	mustConnect(t, m)
	for range 2 {
		if got, err := m.execute(context.Background(), "read", []byte("rops"), false); err != nil || string(got) != "answer" {
			t.Errorf("%q, %v", got, err)
		}
	}
	m.drop()
	s.wantAsked("Connect", "Connect",
		"Execute MapiContext=context2; MapiSequence=2", "Execute MapiContext=context2; MapiSequence=3")

	// Who was cut off shows what he had, which is over then.
	m = open()
	mustConnect(t, m)
	m.leave()
	m.drop()
	mustConnect(t, open())
	s.wantAsked("Connect MapiContext=context2; MapiSequence=4", "Disconnect MapiContext=context5; MapiSequence=5", "Connect")
}

func TestMAPIHTTPFailures(t *testing.T) {
	code := func(c mapihttp.ResponseCode) func(http.ResponseWriter) {
		return func(rw http.ResponseWriter) { mapihttp.ResponseHead{Code: c}.Set(rw.Header()) }
	}
	finally := func(c mapihttp.ResponseCode) func(http.ResponseWriter) {
		return func(rw http.ResponseWriter) {
			mapihttp.ResponseHead{}.Set(rw.Header())
			rw.Write(mapihttp.Final{Code: c}.Append(mapihttp.Processing.Append(nil)))
		}
	}
	status := func(status int) func(http.ResponseWriter) {
		return func(rw http.ResponseWriter) { rw.WriteHeader(status) }
	}
	text := func(text string) func(http.ResponseWriter) {
		return func(rw http.ResponseWriter) {
			mapihttp.ResponseHead{}.Set(rw.Header())
			io.WriteString(rw, text)
		}
	}
	answers := func(body []byte, err error) func(http.ResponseWriter) {
		return func(rw http.ResponseWriter) {
			mapihttp.ResponseHead{}.Set(rw.Header())
			rw.Write(mapihttp.Final{Body: body}.Append(mapihttp.Processing.Append(nil)))
		}
	}
	result := func(c mapi.ErrorCode) func(http.ResponseWriter) {
		return answers(mapihttp.ExecuteResponse{Code: c}.Encode())
	}
	tests := []struct {
		name     string
		answer   func(http.ResponseWriter)
		kind     lab.FailureKind
		text     string
		lost     bool
		atSignIn string // the stage of the same in answer to Connect
	}{
		{"context not found", code(mapihttp.CodeContextNotFound), lab.Refused, "X-ResponseCode 10 Context Not Found", true, stageMailbox},
		{"found out later", finally(mapihttp.CodeContextNotFound), lab.Refused, "X-ResponseCode 10 Context Not Found", true, stageMailbox},
		{"out of sequence", code(mapihttp.CodeInvalidSequence), lab.Refused, "X-ResponseCode 15 Invalid Sequence", true, stageMailbox},
		{"disabled", code(mapihttp.CodeEndpointDisabled), lab.Refused, "X-ResponseCode 16 Endpoint Disabled", false, stageMailbox},
		{"shutting down", code(mapihttp.CodeEndpointShuttingDown), lab.Unreachable, "X-ResponseCode 18 Endpoint Shutting Down", false, stageMailbox},
		{"signed out", status(401), lab.Refused, "401 Unauthorized", true, stageSignIn},
		{"down", status(503), lab.Unreachable, "503 Service Unavailable", false, stageMailbox},
		{"broken", status(500), lab.Refused, "500 Internal Server Error", false, stageMailbox},
		{"not of this protocol", func(rw http.ResponseWriter) {}, lab.Refused, "unexpected answer: mapihttp: X-ResponseCode: missing", false, stageMailbox},
		{"nonsense", text("PROCESSING\r\nWHAT\r\n"), lab.Refused, `unexpected answer: mapihttp: response: "WHAT" where a meta-tag is due`, false, stageMailbox},
		{"logged off", result(mapi.CodeLogonFailed), lab.Refused, "LogonFailed (0x80040111)", true, ""},
		{"too small", result(mapi.CodeBufferTooSmall), lab.Refused, "BufferTooSmall (0x0000047D)", false, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			failing := mapihttp.Execute
			l, _ := serveMAPI(t, nil, func(rw http.ResponseWriter, _ *http.Request, kind mapihttp.RequestType) bool {
				if kind == failing {
					tt.answer(rw)
				}
				return kind == failing
			})
			m := carriers(l)()
			mustConnect(t, m)
			_, err := m.execute(context.Background(), "read", nil, false)
			var gone *lost
			if got := errors.As(err, &gone); got != tt.lost || got && !gone.again {
				t.Errorf("%v: lost %v, want %v", err, got, tt.lost)
			}
			f := failure(err, "?")
			got := lab.Failure{Kind: f.Kind, Stage: f.Stage, Text: strings.TrimPrefix(f.Text, "Execute: ")}
			if want := (lab.Failure{Kind: tt.kind, Stage: "read", Text: tt.text}); got != want {
				t.Errorf("%+v, want %+v", f, want)
			}
			if strings.HasPrefix(tt.text, "unexpected answer") {
				_, err = m.execute(context.Background(), "send", nil, true)
				check(t, "once", failure(err, "?"), &lab.Failure{Kind: lab.Unknown, Stage: "send", Text: tt.text})
			}
			if tt.atSignIn == "" {
				return
			}
			failing = mapihttp.Connect
			f = failure(m.connect(context.Background(), oldPass, "x"), "?")
			if want := (lab.Failure{Kind: tt.kind, Stage: tt.atSignIn, Text: tt.text}); *f != want {
				t.Errorf("Connect: %+v, want %+v", f, want)
			}
		})
	}
}

// The mailbox may refuse what the credentials allow.
func TestMAPIHTTPRefusedMailbox(t *testing.T) {
	l, _ := serveMAPI(t, nil, func(rw http.ResponseWriter, _ *http.Request, kind mapihttp.RequestType) bool {
		body, _ := mapihttp.ConnectResponse{Code: mapi.CodeProtocolDisabled}.Encode()
		mapihttp.ResponseHead{}.Set(rw.Header())
		rw.Write(mapihttp.Final{Body: body}.Append(mapihttp.Processing.Append(nil)))
		return true
	})
	check(t, "connect", carriers(l)().connect(context.Background(), oldPass, "x"),
		refused(stageMailbox, "Connect: "+mapi.CodeProtocolDisabled.String()))
}

// A NotificationWait is looked at and never waited for, however its answer is
// cut up.
func TestMAPIHTTPNews(t *testing.T) {
	server, client := authoritytest.Configs(t, "cas1.corp.example")
	for name, conf := range map[string]*tls.Config{"plain": nil, "TLS": server} {
		t.Run(name, func(t *testing.T) {
			next := make(chan string)
			l, s := serveMAPI(t, conf, func(rw http.ResponseWriter, _ *http.Request, kind mapihttp.RequestType) bool {
				if kind != mapihttp.NotificationWait {
					return false
				}
				mapihttp.ResponseHead{Type: kind}.Set(rw.Header())
				for part := range next {
					if part == "" {
						break
					}
					io.WriteString(rw, part)
					rw.(http.Flusher).Flush()
				}
				return true
			})
			if conf != nil {
				l.env.Endpoint.Security, l.env.Endpoint.TLS = lab.Implicit, client
			}
			m := carriers(l)()
			mustConnect(t, m)
			m.wait(context.Background())
			m.wait(context.Background()) // one is enough
			body, _ := mapihttp.NotificationWaitResponse{EventPending: mapihttp.EventPending}.Encode()
			final := string(mapihttp.Final{Body: body}.Append(nil))
			for _, part := range []string{"PROCESSING\r\n", "PEND", "ING\r\nPENDING\r\n", final[:9], final[9:]} {
				next <- part
				waitFor(t, func() bool { return heard(m.waiting.web.conn) })
				if m.news() {
					t.Fatalf("%q was taken for the end", part)
				}
				if m.news() { // nothing new
					t.Fatalf("nothing was taken for the end after %q", part)
				}
			}
			next <- ""
			waitFor(t, m.news)
			if m.news() {
				t.Error("news twice")
			}
			// The line serves for the next one.
			made := m.line.made
			m.wait(context.Background())
			if m.line.made != made {
				t.Error("another connection was made")
			}
			close(next)
			waitFor(t, func() bool { return !m.news() && m.waiting.req == nil })
			s.wantAsked("Connect", "NotificationWait MapiContext=context1; MapiSequence=1", "NotificationWait MapiContext=context1; MapiSequence=1")
		})
	}
}

// A wait that fails is no news, and the next one begins anew.
func TestMAPIHTTPNewsFails(t *testing.T) {
	for name, answer := range map[string]func(rw http.ResponseWriter){
		"signed out": func(rw http.ResponseWriter) { http.Error(rw, "no", 401) },
		"gone": func(rw http.ResponseWriter) {
			mapihttp.ResponseHead{Code: mapihttp.CodeContextNotFound}.Set(rw.Header())
		},
		"cut off": func(rw http.ResponseWriter) {
			mapihttp.ResponseHead{}.Set(rw.Header())
			io.WriteString(rw, "PROCESSING\r\n")
			rw.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		},
		"endless": func(rw http.ResponseWriter) {
			mapihttp.ResponseHead{}.Set(rw.Header())
			rw.Write(bytes.Repeat([]byte("PENDING\r\n"), 20<<10))
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, _ := serveMAPI(t, nil, func(rw http.ResponseWriter, _ *http.Request, kind mapihttp.RequestType) bool {
				if kind == mapihttp.NotificationWait {
					answer(rw)
				}
				return kind == mapihttp.NotificationWait
			})
			m := carriers(l)()
			mustConnect(t, m)
			m.wait(context.Background())
			waitFor(t, func() bool {
				if m.news() {
					t.Fatal("news")
				}
				return m.waiting.req == nil
			})
			m.wait(context.Background())
			if m.waiting.req == nil {
				t.Error("the next wait was not sent")
			}
		})
	}
}

// TestWholeAndParts: only the whole of an answer is one.
func TestWholeAndParts(t *testing.T) {
	for _, text := range []string{
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;a=b\r\nPING\r\n2\r\nDO\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nPING\r\n0\r\nA: b\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nPING",
	} {
		req := &http.Request{Method: http.MethodPost}
		for n := range len(text) {
			if _, _, err := whole([]byte(text[:n]), req, false); err != io.ErrUnexpectedEOF {
				t.Errorf("%q: %v", text[:n], err)
			}
		}
		if a, rest, err := whole([]byte(text), req, false); err != nil || rest || !strings.HasPrefix(string(a.body), "PING") {
			t.Errorf("%q: %v, rest %v", text, err, rest)
		}
	}
}

func FuzzPartial(f *testing.F) {
	for _, s := range []string{
		"", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 200 OK\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-ResponseCode: 0\r\n\r\nc\r\nPROCESSING\r\n\r\n8\r\nDONE\r\n\r\n\r\n0\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 no\r\n\r\n",
	} {
		f.Add([]byte(s), len(s)/2)
	}
	req := &http.Request{Method: http.MethodPost}
	f.Fuzz(func(t *testing.T, got []byte, cut int) {
		a, rest, err := whole(got, req, false)
		if err == nil {
			finalOf(a)
		}
		if cut < 0 || cut > len(got) || err != nil || rest {
			return
		}
		// What is whole was not so, or was the same, before the rest came.
		if b, rest, err := whole(got[:cut], req, false); err == nil && !rest && !bytes.Equal(a.body, b.body) {
			t.Errorf("%q and %q are both whole", got, got[:cut])
		}
	})
}
