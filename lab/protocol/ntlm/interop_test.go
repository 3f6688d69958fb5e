package ntlm

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	ntlmssp "github.com/Azure/go-ntlmssp"
)

// signIn is a server that keeps one handshake and lets in whoever proves the
// password of dana in CORP.
func signIn(scheme Scheme) http.Handler {
	var mu sync.Mutex
	var sent Challenge
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = io.Copy(io.Discard, r.Body)
		refuse := func(token []byte) {
			w.Header().Set("WWW-Authenticate", scheme.Header(token))
			w.WriteHeader(http.StatusUnauthorized)
		}
		_, token, err := ParseHeader(r.Header.Get("Authorization"))
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		switch MessageType(token) {
		case typeNegotiate:
			n, err := ParseNegotiate(token)
			if err != nil {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			sent = NewChallenge(n, names, nonce, aTime)
			b, _ := sent.Encode()
			refuse(b)
		case typeAuthenticate:
			a, err := ParseAuthenticate(token)
			if err != nil || !Verify(ResponseKey(NTHash("Spring-2010"), a.User, a.Domain), sent.Challenge, a.NT) ||
				a.User != "dana" || a.Domain != "CORP" {
				refuse(nil)
				return
			}
			_, _ = io.WriteString(w, a.Workstation)
		default:
			refuse(nil)
		}
	})
}

// TestNTLMSSP has a client that nobody here wrote sign in.
func TestNTLMSSP(t *testing.T) {
	for _, scheme := range []Scheme{SchemeNTLM, SchemeNegotiate} {
		srv := httptest.NewServer(signIn(scheme))
		client := &http.Client{Transport: ntlmssp.Negotiator{RoundTripper: &http.Transport{}, WorkstationName: "DESK"}}
		for password, want := range map[string]int{"Spring-2010": http.StatusOK, "Spring-2011": http.StatusUnauthorized} {
			req, err := http.NewRequest(http.MethodPost, srv.URL, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			req.SetBasicAuth(`CORP\dana`, password)
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if resp.StatusCode != want || want == http.StatusOK && string(body) != "DESK" {
				t.Errorf("%s with %q: %s %q", scheme, password, resp.Status, body)
			}
		}
		srv.Close()
	}
}

// TestCurl has curl sign in, where it is installed and knows NTLM.
func TestCurl(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("curl is not installed")
	}
	if out, err := exec.Command(curl, "--version").Output(); err != nil || !strings.Contains(string(out), " NTLM") {
		t.Skip("this curl does not know NTLM")
	}
	srv := httptest.NewServer(signIn(SchemeNTLM))
	defer srv.Close()
	for password, want := range map[string]string{"Spring-2010": "200", "Spring-2011": "401"} {
		out, err := exec.Command(curl, "-q", "-s", "-o", os.DevNull, "-w", "%{http_code}", "--noproxy", "*", "--ntlm", "-u", `CORP\dana:`+password, srv.URL).Output()
		if err != nil || string(out) != want {
			t.Errorf("with %q: %s, %v", password, out, err)
		}
	}
}
