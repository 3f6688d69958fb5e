package signin_test

import (
	"encoding/asn1"
	"io"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/dcerpc"
	"shutout/lab/protocol/kerberos"
	"shutout/lab/protocol/ntlm"
	"shutout/sim/server/servertest"
	"shutout/sim/server/signin"
)

var numbers = rand.New(rand.NewPCG(7, 7))

// ticket is a service ticket of somebody's as the KDC would have issued it.
func ticket(w *servertest.World, host, who string) *kerberos.Credential {
	realm := w.Dir.Realm()
	c := kerberos.Contents{
		Key: kerberos.NewKey(numbers), ClientRealm: realm, Client: kerberos.Name{Type: kerberos.NamePrincipal, Parts: []string{who}},
		AuthTime: w.Now(), Start: w.Now(), End: w.Now().Add(10 * time.Hour),
	}
	name := kerberos.Name{Type: kerberos.NameInstance, Parts: []string{"HTTP", host + ".corp.example"}}
	return &kerberos.Credential{Ticket: kerberos.NewTicket(realm, name, w.Dir.ServiceKey(host), c, numbers), Contents: c}
}

func encode(t *testing.T, token interface{ Encode() ([]byte, error) }) []byte {
	t.Helper()
	b, err := token.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The three tokens of RPC, bare and in SPNEGO, which adds an answer to the
// third.
func TestTicketOverRPC(t *testing.T) {
	for _, m := range []signin.Mechanism{signin.Kerberos, signin.Negotiate} {
		w := servertest.New(t, "ex2010")
		x := signin.New(w.World, "mbx1").Begin(m)
		step := func(token []byte) (reply []byte, done bool) {
			w.Do(func(now time.Time) { reply, done = x.Step(now, token) })
			return reply, done
		}
		i := kerberos.NewInitiator(ticket(w, "mbx1", "dana"), true, numbers)
		first := i.Token(w.Now())
		if m == signin.Negotiate {
			first = encode(t, ntlm.NegInit{Mechs: []asn1.ObjectIdentifier{ntlm.MechMSKerberos, ntlm.MechNTLM}, Token: first})
		}
		reply, done := step(first)
		if done || x.Identity().User != nil {
			t.Fatalf("%s: over after the first token: %+v", m, x.Identity())
		}
		if m == signin.Negotiate {
			r, err := ntlm.ParseNegResp(reply)
			if err != nil || r.State != ntlm.AcceptIncomplete {
				t.Fatalf("%+v, %v", r, err)
			}
			reply = r.Token
		}
		third, err := i.Finish(w.Now(), reply)
		if err != nil {
			t.Fatal(err)
		}
		if m == signin.Negotiate {
			third = encode(t, ntlm.NegResp{State: ntlm.AcceptIncomplete, Token: third})
		}
		if _, done = step(third); !done || x.Identity().User == nil || x.Identity().Decision.Layer != lab.LayerTicket {
			t.Fatalf("%s: %t, %+v", m, done, x.Identity())
		}
		client, err := i.Protector(dcerpc.LevelPrivacy)
		if err != nil {
			t.Fatal(err)
		}
		server, err := x.Protector(dcerpc.LevelPrivacy)
		if err != nil {
			t.Fatal(err)
		}
		b := []byte("said to the server")
		token, err := client.Protect(b, 4, len(b))
		if err == nil {
			err = server.Unprotect(b, 4, len(b), token)
		}
		if err != nil || string(b) != "said to the server" {
			t.Errorf("%s: %q, %v", m, b, err)
		}
	}
}

func TestTicketRefused(t *testing.T) {
	w := servertest.New(t, "ex2010")
	s := signin.New(w.World, "cas1")
	w.Disable(w.Now(), "erin")
	for name, tt := range map[string]struct {
		token  []byte
		reason string
	}{
		"of nobody":         {kerberos.NewInitiator(ticket(w, "cas1", "nobody"), false, numbers).Token(w.Now()), "service ticket of an account that does not exist"},
		"for another":       {kerberos.NewInitiator(ticket(w, "mbx1", "dana"), false, numbers).Token(w.Now()), "service ticket refused: encrypted with another key, or altered"},
		"garbage":           {[]byte("garbage"), "service ticket refused: malformed"},
		"nothing":           {nil, "service ticket refused: malformed"},
		"on a wrong clock":  {kerberos.NewInitiator(ticket(w, "cas1", "dana"), false, numbers).Token(w.Now().Add(time.Hour)), "service ticket refused: clock skew too great"},
		"of who is let in":  {kerberos.NewInitiator(ticket(w, "cas1", "erin"), false, numbers).Token(w.Now()), ""},
		"without the third": {kerberos.NewInitiator(ticket(w, "cas1", "dana"), true, numbers).Token(w.Now()), "the client did not finish the Kerberos exchange"},
	} {
		x := s.Begin(signin.Kerberos)
		w.Do(func(now time.Time) {
			if _, done := x.Step(now, tt.token); !done {
				x.Step(now, []byte("not the third"))
			}
		})
		id := x.Identity()
		if tt.reason == "" {
			if id.User == nil || !id.Decision.Allowed {
				t.Errorf("%s: %+v", name, id)
			}
			continue
		}
		if id.User != nil || id.Code == 0 || id.Decision.Allowed || id.Decision.Layer != lab.LayerTicket || id.Decision.Reason != tt.reason {
			t.Errorf("%s: %+v", name, id)
		}
		if _, err := x.Protector(dcerpc.LevelPrivacy); err == nil {
			t.Errorf("%s: protects what nobody signed in to", name)
		}
	}
}

// A ticket is shown with each request, or once for each connection; either way
// nobody asks whether the account is still there.
func TestTicketOverHTTP(t *testing.T) {
	for _, scope := range []string{"request", "connection"} {
		w := serve(t, "auth.kerberos_scope="+scope)
		c, transport := ticket(w.World, "cas1", "dana"), transport(w)
		persists := map[bool]string{true: "true", false: "false"}[scope == "connection"]
		get := func(show bool, want int) {
			t.Helper()
			req, _ := http.NewRequest(http.MethodGet, "http://cas1/", nil)
			if show {
				token := encode(t, ntlm.NegInit{
					Mechs: []asn1.ObjectIdentifier{ntlm.MechKerberos}, Token: kerberos.NewInitiator(c, false, numbers).Token(w.Now()),
				})
				req.Header.Set("Authorization", ntlm.SchemeNegotiate.Header(token))
			}
			resp, err := transport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if resp.StatusCode != want {
				t.Fatalf("%s: %s %s, want %d", scope, resp.Status, body, want)
			}
			if told := resp.Header.Get("Persistent-Auth"); show && told != persists || !show && told != "" {
				t.Errorf("%s: Persistent-Auth %q", scope, told)
			}
		}
		get(true, 200)
		w.WantReason(owner, "kerberos-ticket: service ticket accepted, account not looked at")
		w.DisableAccount()
		if scope == "connection" {
			get(false, 200)
			w.WantReason(owner, "connection: signed in with Kerberos on this connection")
		} else {
			get(false, 401)
		}
		get(true, 200)
		w.WantReason(owner, "kerberos-ticket: service ticket accepted, account not looked at")
	}
}
