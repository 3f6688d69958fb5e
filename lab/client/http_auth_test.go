package client

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/dcerpc"
	"shutout/lab/protocol/ntlm"
)

// authServer is a web server that lets in whoever proves the password, with
// NTLM or Basic.
type authServer struct {
	mu         sync.Mutex
	password   string
	perRequest bool   // NTLM is good for one request
	offers     string // instead of NTLM and Basic, where not ""
	fail       int    // the status of every answer
	log        []string
	messages   []string // NTLM's, as they came
	conns      []net.Conn
}

// authConn is what it knows of a connection.
type authConn struct {
	number, challenges int
	signedIn           bool
}

type authConnKey struct{}

func (s *authServer) start(l *testLab) {
	srv := &http.Server{Handler: s, ConnContext: func(ctx context.Context, c net.Conn) context.Context {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.conns = append(s.conns, c)
		return context.WithValue(ctx, authConnKey{}, &authConn{number: len(s.conns)})
	}}
	ln := l.listen()
	go srv.Serve(ln)
	l.t.Cleanup(func() { srv.Close() })
}

func (c *authConn) challenge() [8]byte { return [8]byte{byte(c.number), byte(c.challenges), 3} }

func (s *authServer) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := r.Context().Value(authConnKey{}).(*authConn)
	body, _ := io.ReadAll(r.Body)
	field := r.Header.Get("Authorization")
	scheme, token, _ := ntlm.ParseHeader(field)
	what := "nothing"
	switch {
	case scheme != "":
		what = fmt.Sprintf("%s %d", scheme, ntlm.MessageType(token))
		s.messages = append(s.messages, field)
	case field != "":
		what, _, _ = strings.Cut(field, " ")
	}
	s.log = append(s.log, fmt.Sprintf("%d: %s %s with %s, %d octets", c.number, r.Method, r.URL.Path, what, len(body)))
	if s.fail != 0 {
		rw.WriteHeader(s.fail)
		return
	}
	if _, password, ok := r.BasicAuth(); ok {
		if password == s.password {
			io.WriteString(rw, "in")
			return
		}
	} else if ntlm.MessageType(token) == 1 && s.offers == "" {
		c.signedIn = false
		c.challenges++
		hello, _ := ntlm.ParseNegotiate(token)
		b, _ := ntlm.NewChallenge(hello, ntlm.Names{NetBIOSDomain: "CORP"}, c.challenge(), time.Unix(1e9, 0)).Encode()
		rw.Header().Set("WWW-Authenticate", scheme.Header(b))
		rw.WriteHeader(http.StatusUnauthorized)
		return
	} else if ntlm.MessageType(token) == 3 {
		a, err := ntlm.ParseAuthenticate(token)
		key := ntlm.ResponseKey(ntlm.NTHash(s.password), a.User, a.Domain)
		if err == nil && ntlm.Verify(key, c.challenge(), a.NT) {
			c.signedIn = !s.perRequest
			io.WriteString(rw, a.Domain+"/"+a.User)
			return
		}
	} else if field == "" && c.signedIn {
		io.WriteString(rw, "still in")
		return
	}
	if s.offers != "" {
		rw.Header().Set("WWW-Authenticate", s.offers)
	} else {
		rw.Header().Add("WWW-Authenticate", "NTLM")
		rw.Header().Add("WWW-Authenticate", `Basic realm="cas1"`)
	}
	rw.WriteHeader(http.StatusUnauthorized)
}

// heard returns what was asked since the last call.
func (s *authServer) heard() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	log := s.log
	s.log = nil
	return log
}

// set changes the server.
func (s *authServer) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// hangUp closes every connection.
func (s *authServer) hangUp() {
	s.set(func() {
		for _, c := range s.conns {
			c.Close()
		}
	})
}

// authLab is a client before an authServer.
type authLab struct {
	*testLab
	server *authServer
	line   *line
	web    *webLine
}

func newAuthLab(t *testing.T) *authLab {
	l := &authLab{testLab: newTestLab(t, lab.EWS), server: &authServer{password: oldPass}}
	l.server.start(l.testLab)
	l.line = newLine(l.env)
	l.web = newWebLine(l.line)
	t.Cleanup(l.web.drop)
	return l
}

func authRequest(method, path, body string) *request {
	return newRequest(method, &url.URL{Scheme: "http", Host: "cas1.corp.example", Path: path}, http.Header{}, []byte(body))
}

// ask sends a request and returns what came back, and fails the test unless
// the server was asked as want says.
func (l *authLab) ask(a *webAuth, stage string, req *request, want ...string) (string, error) {
	l.t.Helper()
	got, err := a.exchange(context.Background(), l.web, stage, req)
	if log := l.server.heard(); !slices.Equal(log, want) {
		l.t.Errorf("the server was asked\n%q, want\n%q", log, want)
	}
	return string(got.body), err
}

// wantText fails the test unless the answer was that text.
func (l *authLab) wantText(got string, err error) func(want string) {
	return func(want string) {
		l.t.Helper()
		if err != nil || got != want {
			l.t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
}

func TestWebAuthBasic(t *testing.T) {
	l := newAuthLab(t)
	a := newWebAuth(l.line, lab.AuthBasic, oldPass)
	for range 2 {
		l.wantText(l.ask(a, stageSignIn, authRequest("POST", "/ews", "xyz"), "1: POST /ews with Basic, 3 octets"))("in")
	}
	wrong := newWebAuth(l.line, lab.AuthBasic, newPass)
	_, err := l.ask(wrong, stageSignIn, authRequest("GET", "/ews", ""), "1: GET /ews with Basic, 0 octets")
	if f := failure(err, ""); errors.As(err, new(*lost)) || f.Kind != lab.Refused || f.Stage != stageSignIn {
		t.Errorf("%v", err)
	}
	_, err = l.ask(wrong, "send", authRequest("GET", "/ews", ""), "1: GET /ews with Basic, 0 octets")
	var gone *lost
	if !errors.As(err, &gone) || !gone.again || gone.Kind != lab.Refused || gone.Stage != "send" {
		t.Errorf("%v", err)
	}
}

// The handshake goes before the body, later requests say nothing, and a new
// connection needs a new handshake.
func TestWebAuthNTLM(t *testing.T) {
	l := newAuthLab(t)
	a := newWebAuth(l.line, lab.AuthNTLM, oldPass)
	l.wantText(l.ask(a, stageSignIn, authRequest("POST", "/ews", "xyz"),
		"1: POST /ews with NTLM 1, 0 octets", "1: POST /ews with NTLM 3, 3 octets"))("/" + testUser)
	l.wantText(l.ask(a, "read", authRequest("POST", "/ews", "abcd"), "1: POST /ews with nothing, 4 octets"))("still in")
	l.wantText(l.ask(a, "read", authRequest("GET", "/ews", ""), "1: GET /ews with nothing, 0 octets"))("still in")

	l.server.hangUp()
	l.wantText(l.ask(a, "read", authRequest("POST", "/ews", "xyz"),
		"2: POST /ews with nothing, 3 octets", "2: POST /ews with NTLM 1, 0 octets", "2: POST /ews with NTLM 3, 3 octets"))("/" + testUser)
	if l.line.made != 2 {
		t.Errorf("%d connections", l.line.made)
	}

	// A server that wants it for each request gets it.
	l.server.set(func() { l.server.perRequest = true })
	l.web.drop()
	for i := range 2 {
		want := []string{"3: GET / with NTLM 1, 0 octets", "3: GET / with NTLM 3, 0 octets"}
		if i > 0 {
			want = append([]string{"3: GET / with nothing, 0 octets"}, want...)
		}
		l.wantText(l.ask(a, "read", authRequest("GET", "/", ""), want...))("/" + testUser)
	}
}

// The server says what a sign-in is good for; without a word NTLM's is good for
// the connection, and a ticket for one request (MS-N2HT 3.2.5).
func TestPersistentAuth(t *testing.T) {
	for auth, want := range map[lab.Auth]map[string]bool{
		lab.AuthBasic:    {"": false, "true": false, "false": false},
		lab.AuthNTLM:     {"": true, "true": true, "false": false, "perhaps": true},
		lab.AuthKerberos: {"": false, "True": true, "false": false, "perhaps": false},
	} {
		for hint, want := range want {
			got := answer{Response: &http.Response{Header: http.Header{}}}
			if hint != "" {
				got.Header.Set("Persistent-Auth", hint)
			}
			if (&webAuth{auth: auth}).persists(got) != want {
				t.Errorf("%s, %q: %t", auth, hint, !want)
			}
		}
	}
}

func TestWebAuthNTLMRefused(t *testing.T) {
	l := newAuthLab(t)
	l.line.env.Login.User = `CORP\dana`
	wrong := newWebAuth(l.line, lab.AuthNTLM, newPass)
	_, err := l.ask(wrong, stageSignIn, authRequest("GET", "/", ""), "1: GET / with NTLM 1, 0 octets", "1: GET / with NTLM 3, 0 octets")
	if f := failure(err, ""); errors.As(err, new(*lost)) || f.Kind != lab.Refused || f.Stage != stageSignIn {
		t.Errorf("%v", err)
	}
	// Another password is tried on the same connection, and not helped by
	// what the first left there.
	right := newWebAuth(l.line, lab.AuthNTLM, oldPass)
	l.wantText(l.ask(right, stageSignIn, authRequest("GET", "/", ""), "1: GET / with NTLM 1, 0 octets", "1: GET / with NTLM 3, 0 octets"))("CORP/dana")
	if _, err := l.ask(wrong, stageSignIn, authRequest("GET", "/", ""), "1: GET / with NTLM 1, 0 octets", "1: GET / with NTLM 3, 0 octets"); err == nil {
		t.Error("a wrong password lives on a good one's connection")
	}

	// Later a refusal means that the session is lost.
	l.web.drop()
	l.server.set(func() { l.server.password = newPass })
	_, err = l.ask(right, "send", authRequest("POST", "/", "x"), "2: POST / with NTLM 1, 0 octets", "2: POST / with NTLM 3, 1 octets")
	var gone *lost
	if !errors.As(err, &gone) || !gone.again || gone.Kind != lab.Refused || gone.Stage != "send" {
		t.Errorf("%v", err)
	}

	// A server that does not know NTLM.
	l.server.set(func() { l.server.offers = `Basic realm="cas1"` })
	for stage, again := range map[string]bool{stageSignIn: false, "send": true} {
		_, err = l.ask(right, stage, authRequest("GET", "/", ""), "2: GET / with NTLM 1, 0 octets")
		if f := failure(err, ""); f.Kind != lab.Refused || errors.As(err, &gone) && again != gone.again {
			t.Errorf("%s: %v", stage, err)
		}
		gone = &lost{}
	}
	l.server.set(func() { l.server.offers = "NTLM bm90IE5UTE0=" })
	if _, err = l.ask(right, stageSignIn, authRequest("GET", "/", ""), "2: GET / with NTLM 1, 0 octets"); failure(err, "").Kind != lab.Unknown {
		t.Errorf("nonsense for a challenge: %v", err)
	}

	// One that is ill is not asked twice, and its answer is the caller's.
	l.server.set(func() { l.server.fail = http.StatusServiceUnavailable })
	got, err := right.exchange(context.Background(), l.web, "read", authRequest("GET", "/", ""))
	if err != nil || got.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("%v, %v", got.StatusCode, err)
	}
}

// A request that is left outstanding is signed in like the others.
func TestWebAuthLeave(t *testing.T) {
	l := newAuthLab(t)
	a := newWebAuth(l.line, lab.AuthNTLM, oldPass)
	for _, want := range []string{"/" + testUser, "still in"} {
		req := authRequest("POST", "/", "xyz")
		if err := a.leave(context.Background(), l.web, req); err != nil {
			t.Fatal(err)
		}
		got, _, err := l.web.receive(req)
		if err != nil || string(got.body) != want {
			t.Errorf("%q, %v; want %q", got.body, err, want)
		}
	}
	if err := newWebAuth(l.line, lab.AuthBasic, oldPass).leave(context.Background(), l.web, authRequest("GET", "/", "")); err != nil {
		t.Fatal(err)
	}
	if got, _, err := l.web.receive(authRequest("GET", "/", "")); err != nil || string(got.body) != "in" {
		t.Errorf("%q, %v", got.body, err)
	}
}

// The values are enough for a client that writes its own requests.
func TestWebHandshake(t *testing.T) {
	l := newAuthLab(t)
	ctx := context.Background()
	value, more, err := newWebAuth(l.line, lab.AuthBasic, oldPass).begin().header(ctx, nil)
	if want := "Basic " + base64.StdEncoding.EncodeToString([]byte(testUser+":"+oldPass)); value != want || more || err != nil {
		t.Errorf("%s %v %v", value, more, err)
	}
	h := newWebAuth(l.line, lab.AuthNTLM, oldPass).begin()
	value, more, err = h.header(ctx, nil)
	if !strings.HasPrefix(value, "NTLM TlRMTVNTUAAB") || !more || err != nil {
		t.Errorf("%s %v %v", value, more, err)
	}
	_, token, _ := ntlm.ParseHeader(value)
	hello, _ := ntlm.ParseNegotiate(token)
	challenge, _ := ntlm.NewChallenge(hello, ntlm.Names{}, [8]byte{1}, time.Unix(1e9, 0)).Encode()
	value, more, err = h.header(ctx, []string{"Negotiate", ntlm.SchemeNTLM.Header(challenge), "Basic"})
	if !strings.HasPrefix(value, "NTLM TlRMTVNTUAAD") || more || err != nil {
		t.Errorf("%s %v %v", value, more, err)
	}
	if _, _, err := h.header(ctx, []string{"Negotiate", "NTLM", "Basic"}); failure(err, "").Stage != stageSignIn || failure(err, "").Kind != lab.Refused {
		t.Errorf("%v", err)
	}
}

// A run can be repeated to the octet, and no two proofs in it are the same.
func TestNTLMIsRepeatable(t *testing.T) {
	var runs [2][]string
	for i := range runs {
		l := newAuthLab(t)
		for range 2 {
			a := newWebAuth(l.line, lab.AuthNTLM, oldPass)
			if _, err := a.exchange(context.Background(), l.web, stageSignIn, authRequest("GET", "/", "")); err != nil {
				t.Fatal(err)
			}
		}
		runs[i] = l.server.messages
	}
	if !slices.Equal(runs[0], runs[1]) {
		t.Errorf("%q and %q", runs[0], runs[1])
	}
	if n := len(runs[0]); n != 4 || runs[0][1] == runs[0][3] {
		t.Errorf("%d messages, %q", n, runs[0])
	}
}

func TestNTLMProtector(t *testing.T) {
	l := newAuthLab(t)
	m, err := newNTLM(l.line, oldPass)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.protector(dcerpc.LevelPrivacy); err == nil {
		t.Error("it protects before it has proved anything")
	}
	token, _, _ := m.next(context.Background(), nil)
	hello, _ := ntlm.ParseNegotiate(token)
	challenge := ntlm.NewChallenge(hello, ntlm.Names{NetBIOSDomain: "CORP"}, [8]byte{1}, time.Unix(1e9, 0))
	b, _ := challenge.Encode()
	token, more, err := m.next(context.Background(), b)
	if err != nil || more {
		t.Fatal(more, err)
	}
	a, err := ntlm.ParseAuthenticate(token)
	if err != nil {
		t.Fatal(err)
	}
	key := ntlm.SessionBaseKey(ntlm.ResponseKey(ntlm.NTHash(oldPass), a.User, a.Domain), [16]byte(a.NT))
	far := ntlm.NewSession(a.Flags, ntlm.ExchangeKey(key, [16]byte(a.SessionKey)), true)
	near, err := m.protector(dcerpc.LevelPrivacy)
	if err != nil {
		t.Fatal(err)
	}
	fragment := []byte("header stub trailer")
	signature, err := near.Protect(fragment, 7, 11)
	if err != nil || string(fragment[:7]) != "header " || string(fragment[7:11]) == "stub" {
		t.Fatalf("%q, %v", fragment, err)
	}
	if err := far.Open(fragment, 7, 11, [16]byte(signature)); err != nil || string(fragment) != "header stub trailer" {
		t.Errorf("%q, %v", fragment, err)
	}
}
