package signin_test

import (
	"encoding/asn1"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"testing"

	"shutout/lab/protocol/dcerpc"
	"shutout/lab/protocol/ntlm"
	"shutout/sim/clientaccess"
	"shutout/sim/server/servertest"
	"shutout/sim/server/signin"
)

// tokens returns a client's first and last token of a good sign-in, bare and in
// SPNEGO. The last one is for another challenge than the next server's.
func tokens(f *testing.F) (pairs [][2][]byte) {
	c := newCaller("CORP", "dana", servertest.Password)
	hello, _ := c.Negotiate()
	n, _ := ntlm.ParseNegotiate(hello)
	challenge, _ := ntlm.NewChallenge(n, ntlm.Names{NetBIOSDomain: "CORP"}, [8]byte{}, servertest.Start).Encode()
	proof, _, err := c.Authenticate(challenge, 0)
	if err != nil {
		f.Fatal(err)
	}
	init, _ := ntlm.NegInit{Mechs: []asn1.ObjectIdentifier{ntlm.MechNTLM}, Token: hello}.Encode()
	later, _ := ntlm.NegInit{Mechs: []asn1.ObjectIdentifier{{1, 2, 3}, ntlm.MechNTLM}}.Encode()
	ticket, _ := ntlm.NegInit{Mechs: []asn1.ObjectIdentifier{ntlm.MechKerberos}, Token: []byte("ticket")}.Encode()
	resp, _ := ntlm.NegResp{State: -1, Token: proof, MIC: make([]byte, 16)}.Encode()
	return [][2][]byte{{hello, proof}, {init, resp}, {later, resp}, {ticket, nil}, {init, proof}, {hello, resp}, {proof, hello}, {nil, nil}}
}

// FuzzStep hands a sign-in any two tokens.
func FuzzStep(f *testing.F) {
	for _, p := range tokens(f) {
		f.Add(p[0], p[1])
	}
	w := servertest.New(f, "ex2010")
	s := signin.New(w.World, "cas1")
	f.Fuzz(func(t *testing.T, first, second []byte) {
		w.Lock()
		defer w.Unlock()
		for _, m := range []signin.Mechanism{signin.NTLM, signin.Kerberos, signin.Negotiate} {
			x := s.Begin(m)
			for _, token := range [][]byte{first, second, second} {
				reply, done := x.Step(servertest.Start, token)
				if len(reply) > 4<<10 {
					t.Fatalf("%v: a reply of %d octets", m, len(reply))
				}
				id := x.Identity()
				if id.User != nil {
					t.Fatalf("%v: nobody knows the challenge, and %s is in", m, id.User.SAM())
				}
				if done != (id.Decision.Layer != "") || id.Decision.Allowed {
					t.Fatalf("%v: done %v, %+v", m, done, id)
				}
			}
			if _, err := x.Protector(dcerpc.LevelPrivacy); err == nil {
				t.Fatalf("%v: it protects nobody's connection", m)
			}
		}
	})
}

// FuzzAdmit sends two requests with any Authorization on one connection, and
// one without.
func FuzzAdmit(f *testing.F) {
	for _, p := range tokens(f) {
		for _, scheme := range []ntlm.Scheme{ntlm.SchemeNTLM, ntlm.SchemeNegotiate} {
			f.Add(scheme.Header(p[0]), scheme.Header(p[1]))
		}
	}
	const good = "dana:" + servertest.Password
	f.Add("Basic "+base64.StdEncoding.EncodeToString([]byte(good)), "Basic !")
	f.Add("Bearer x", "negotiate  ")
	w := servertest.New(f, "ex2010")
	web := signin.NewWeb(w.World, "cas1", clientaccess.PoolEWS)
	f.Fuzz(func(t *testing.T, first, second string) {
		c := new(signin.Connection)
		for _, field := range []string{first, second, ""} {
			r := httptest.NewRequest(http.MethodPost, "/", nil)
			if field != "" {
				r.Header.Set("Authorization", field)
			}
			rec := httptest.NewRecorder()
			id, ok := web.AdmitOn(c, rec, r)
			if ok != (id.User != nil) || !ok && (rec.Code != http.StatusUnauthorized || rec.Header().Get("WWW-Authenticate") == "") {
				t.Fatalf("%q: %v, %d %v", field, ok, rec.Code, rec.Header())
			}
			if _, password, basic := r.BasicAuth(); ok && (!basic || password != servertest.Password) {
				t.Fatalf("%q lets %s in", field, id.User.SAM())
			}
			if !w.TryLock() {
				t.Fatal("the world stays locked")
			}
			w.Unlock()
		}
	})
}
