package signin_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	ntlmssp "github.com/Azure/go-ntlmssp"

	"shutout/lab"
	"shutout/lab/protocol/ntlm"
	"shutout/sim/clientaccess"
	"shutout/sim/directory"
	"shutout/sim/server/signin"
	"shutout/sim/server/webtest"
)

const owner = "dana-mail"

// site is cas1 with a handler that tells whom it has admitted, and how many
// octets the request had.
type site struct {
	*webtest.World
	web    *signin.Web
	client *http.Client // over one connection
	last   signin.Identity
}

func newSite(t *testing.T, settings []string, schemes ...signin.Scheme) *site {
	t.Helper()
	return newSiteOf(t, "ex2010", settings, schemes...)
}

// newSiteOf is newSite for another version.
func newSiteOf(t *testing.T, version string, settings []string, schemes ...signin.Scheme) *site {
	t.Helper()
	s := &site{World: webtest.New(t, version, settings...)}
	s.web = signin.NewWeb(s.World.World.World, "cas1", clientaccess.PoolEWS, schemes...)
	s.Serve(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		concerns := s.web.Concerns(r)
		id, ok := s.web.Admit(rw, r)
		if s.last = id; !ok {
			return
		}
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprintf(rw, "%s, %d octets, %v", id.User.SAM(), n, concerns)
	}))
	s.client = s.Client(owner)
	return s
}

// serve runs such a site for clients of the test's own.
func serve(t *testing.T, settings ...string) *webtest.World {
	t.Helper()
	return newSite(t, settings).World
}

// transport is HTTP over a connection of its own.
func transport(w *webtest.World) http.RoundTripper { return w.Client(owner).Transport }

// hangUp closes the connection.
func (s *site) hangUp() { s.client.CloseIdleConnections() }

// ask sends a request with that Authorization, "" for none.
func (s *site) ask(authorization string) (*http.Response, string) {
	s.TB.Helper()
	req, _ := http.NewRequest(http.MethodPost, "http://cas1/", strings.NewReader("xyz"))
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	return s.do(s.client, req)
}

func (s *site) do(c *http.Client, req *http.Request) (*http.Response, string) {
	s.TB.Helper()
	resp, err := c.Do(req)
	if err != nil {
		s.TB.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.TB.Fatal(err)
	}
	return resp, string(body)
}

// want fails the test unless a request with that Authorization has that status.
func (s *site) want(authorization string, status int) {
	s.TB.Helper()
	if resp, body := s.ask(authorization); resp.StatusCode != status || status == 200 && body != "dana, 3 octets, true" {
		s.TB.Errorf("%.40q: %s %q, want %d", authorization, resp.Status, body, status)
	}
}

func basic(user, password string) string {
	r := &http.Request{Header: http.Header{}}
	r.SetBasicAuth(user, password)
	return r.Header.Get("Authorization")
}

// signIn signs dana in on the connection.
func (s *site) signIn(scheme ntlm.Scheme) {
	s.TB.Helper()
	c := newCaller("CORP", "dana", webtest.Password)
	hello, _ := c.Negotiate()
	resp, _ := s.ask(scheme.Header(hello))
	fields := resp.Header.Values("WWW-Authenticate")
	if resp.StatusCode != http.StatusUnauthorized || len(fields) != 1 {
		s.TB.Fatalf("%s %q", resp.Status, fields)
	}
	_, challenge, err := ntlm.ParseHeader(fields[0])
	if err != nil {
		s.TB.Fatal(err)
	}
	proof, _, err := c.Authenticate(challenge, 0)
	if err != nil {
		s.TB.Fatal(err)
	}
	s.want(scheme.Header(proof), http.StatusOK)
}

// NTLM lives as long as the connection: a disabled user goes on with the old
// one, and does not come in on a new one.
func TestNTLMBelongsToTheConnection(t *testing.T) {
	for _, scheme := range []ntlm.Scheme{ntlm.SchemeNTLM, ntlm.SchemeNegotiate} {
		s := newSite(t, nil)
		s.want("", http.StatusUnauthorized)
		s.signIn(scheme)
		s.WantReason(owner, "directory: password accepted")
		old := s.last.Process
		if old == nil || old != s.CAS.Server("cas1").Process(clientaccess.PoolEWS) {
			t.Error("which worker process serves it is not told")
		}
		since := s.Now()
		s.DisableAccount()
		s.Pass(90 * time.Second)
		s.want("", http.StatusOK)
		got := s.Decisions(owner)
		want := lab.Decision{At: s.Now(), Layer: lab.LayerConnection, Server: "cas1", Allowed: true, Since: since,
			Reason: "signed in with NTLM on this connection, never asked again"}
		if !slices.Equal(got, []lab.Decision{want}) {
			t.Errorf("%+v", got)
		}
		// A new worker process does not ask either: HTTP.SYS has the connection.
		s.Do(func(now time.Time) { s.CAS.Server("cas1").RecyclePool(now, clientaccess.PoolEWS) })
		s.want("", http.StatusOK)
		if s.last.Process == old {
			t.Error("the old worker process goes on")
		}
		s.hangUp()
		s.want("", http.StatusUnauthorized)
	}
}

// What one connection remembers is nothing to another.
func TestConnectionsAreApart(t *testing.T) {
	w := serve(t)
	var sites [2]*site
	for i := range sites {
		sites[i] = &site{World: w, client: &http.Client{Transport: transport(w)}}
	}
	sites[0].signIn(ntlm.SchemeNTLM)
	sites[1].want("", http.StatusUnauthorized)
	sites[0].want("", http.StatusOK)
	sites[1].signIn(ntlm.SchemeNegotiate)
	sites[0].hangUp()
	sites[1].want("", http.StatusOK)
	sites[0].want("", http.StatusUnauthorized)
}

func TestNTLMScopeOfARequest(t *testing.T) {
	s := newSite(t, []string{"auth.ntlm_scope=request"})
	for range 2 {
		s.signIn(ntlm.SchemeNTLM)
		s.want("", http.StatusUnauthorized)
	}
	s.DisableAccount()
	c := newCaller("CORP", "dana", webtest.Password)
	hello, _ := c.Negotiate()
	s.want(ntlm.SchemeNTLM.Header(hello), http.StatusUnauthorized)
}

// Whoever shows credentials on a connection that is signed in starts over.
func TestNewCredentialsStartOver(t *testing.T) {
	hello, _ := newCaller("CORP", "dana", webtest.Password).Negotiate()
	for name, field := range map[string]string{
		"good Basic": basic(webtest.Dana, webtest.Password), "bad Basic": basic(webtest.Dana, "no"),
		"NTLM": ntlm.SchemeNTLM.Header(hello), "Negotiate": ntlm.SchemeNegotiate.Header(hello),
		"nonsense": "NTLM !", "a bare scheme": "NTLM", "another scheme": "Bearer x",
	} {
		s := newSite(t, nil)
		s.signIn(ntlm.SchemeNTLM)
		s.want("", http.StatusOK)
		if name == "good Basic" {
			s.want(field, http.StatusOK)
		} else {
			s.want(field, http.StatusUnauthorized)
		}
		if resp, _ := s.ask(""); resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: the connection stays signed in", name)
		}
		s.signIn(ntlm.SchemeNTLM)
	}
}

// Basic is asked for with each request and answered from the token cache.
func TestBasicHasTheTokenCache(t *testing.T) {
	s := newSite(t, nil)
	good := basic(webtest.Dana, webtest.Password)
	s.want(good, http.StatusOK)
	s.WantReason(owner, "directory: password accepted")
	s.want("", http.StatusUnauthorized)
	s.want(basic(webtest.Dana, "wrong"), http.StatusUnauthorized)
	s.WantReason(owner, "no directory: wrong password")
	s.DisableAccount()
	s.Pass(10 * time.Minute)
	s.hangUp()
	s.want(good, http.StatusOK)
	s.WantReason(owner, "iis-token-cache: token reused")
	s.Pass(16 * time.Minute)
	s.hangUp()
	s.want(good, http.StatusUnauthorized)
	s.WantReason(owner, "no directory: account disabled")
}

func TestSchemes(t *testing.T) {
	s := newSite(t, nil)
	resp, _ := s.ask("")
	if got, want := resp.Header.Values("WWW-Authenticate"), []string{"Negotiate", "NTLM", `Basic realm="cas1"`}; !slices.Equal(got, want) {
		t.Errorf("offered %q, want %q", got, want)
	}
	if got := s.Decisions(owner); len(got) != 0 {
		t.Errorf("nobody was refused, and yet %+v", got)
	}

	s = newSite(t, nil, signin.SchemeBasic)
	resp, _ = s.ask("")
	if got, want := resp.Header.Values("WWW-Authenticate"), []string{`Basic realm="cas1"`}; !slices.Equal(got, want) {
		t.Errorf("offered %q, want %q", got, want)
	}
	hello, _ := newCaller("CORP", "dana", webtest.Password).Negotiate()
	resp, _ = s.ask(ntlm.SchemeNTLM.Header(hello))
	if got := resp.Header.Get("WWW-Authenticate"); resp.StatusCode != http.StatusUnauthorized || strings.Contains(got, "NTLM") {
		t.Errorf("NTLM is taken where it is not offered: %s %q", resp.Status, got)
	}
	s.WantReason(owner, "no connection: an authentication scheme that is not offered here")
	s = newSite(t, nil, signin.SchemeNTLM)
	s.want(basic(webtest.Dana, webtest.Password), http.StatusUnauthorized)
	s.WantReason(owner, "no connection: Basic is not offered here")
}

// TestNTLMSSP has a client that nobody here wrote sign in. It sends the body
// with each part of the handshake.
func TestNTLMSSP(t *testing.T) {
	for _, scheme := range []signin.Scheme{signin.SchemeNTLM, signin.SchemeNegotiate} {
		s := newSite(t, nil, scheme)
		client := &http.Client{Transport: ntlmssp.Negotiator{RoundTripper: s.client.Transport}}
		post := func(user, password string, status int) {
			t.Helper()
			req, _ := http.NewRequest(http.MethodPost, "http://cas1/", strings.NewReader(strings.Repeat("x", 100_000)))
			req.SetBasicAuth(user, password)
			resp, body := s.do(client, req)
			if resp.StatusCode != status || status == 200 && body != "dana, 100000 octets, true" {
				t.Fatalf("%s with %s: %s %q", scheme, user, resp.Status, body)
			}
		}
		for _, user := range []string{`CORP\dana`, webtest.Dana, `corp.example\dana`} {
			post(user, webtest.Password, http.StatusOK)
			s.hangUp()
		}
		post(webtest.Dana, "wrong", http.StatusUnauthorized)
		s.WantReason(owner, "no directory: wrong password")
		post(webtest.Dana, webtest.Password, http.StatusOK)
		s.DisableAccount()
		post(webtest.Dana, webtest.Password, http.StatusOK) // on the old connection
		s.hangUp()
		post(webtest.Dana, webtest.Password, http.StatusUnauthorized)
		s.WantReason(owner, "no directory: account disabled")
	}
}

// NTLM is a network logon, for which the password before the last one is good
// for a while.
func TestNTLMInTheOldPasswordWindow(t *testing.T) {
	s := newSite(t, []string{"ntlm.old_password=60m"})
	s.Do(func(now time.Time) {
		for _, dc := range s.Dir.DCs() {
			if err := dc.SetPassword(now, "dana", "Secret-2"); err != nil {
				t.Error(err)
			}
		}
	})
	s.Pass(59 * time.Minute)
	s.signIn(ntlm.SchemeNTLM)
	s.WantReason(owner, string(lab.LayerOldPassword)+": ")
	s.want(basic(webtest.Dana, webtest.Password), http.StatusUnauthorized) // no network logon
	s.WantReason(owner, "no directory: "+directory.BadPassword.String())
}
