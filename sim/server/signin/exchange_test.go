package signin_test

import (
	"bytes"
	"encoding/asn1"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/dcerpc"
	"shutout/lab/protocol/ntlm"
	"shutout/sim/directory"
	"shutout/sim/server/servertest"
	"shutout/sim/server/signin"
)

// caller signs in to a server with NTLM and can do it wrong.
type caller struct {
	ntlm.Client
	// Where not nil, these change the message on its way.
	spoilHello func(n *ntlm.Negotiate)
	spoilProof func(a *ntlm.Authenticate)
	spoilBytes func(b []byte)

	challenge []byte
	exported  [16]byte
}

func newCaller(domain, user, password string) *caller {
	return &caller{Client: ntlm.Client{
		Domain: domain, User: user, Password: password, Challenge: [8]byte{1, 2, 3}, SessionKey: [16]byte{4, 5, 6},
		Flags: ntlm.Unicode | ntlm.NTLM | ntlm.Sign | ntlm.Seal | ntlm.AlwaysSign | ntlm.ExtendedSecurity | ntlm.Key128 | ntlm.KeyExchange,
	}}
}

// run signs in and returns the sign-in when it is over.
func (c *caller) run(t *testing.T, w *servertest.World, s *signin.Server) *signin.Exchange {
	t.Helper()
	x := s.Begin(signin.NTLM)
	hello, err := c.Negotiate()
	if err != nil {
		t.Fatal(err)
	}
	if c.spoilHello != nil {
		n, _ := ntlm.ParseNegotiate(hello)
		c.spoilHello(&n)
		hello, _ = n.Encode()
	}
	var done bool
	w.Do(func(now time.Time) { c.challenge, done = x.Step(now, hello) })
	if done || len(c.challenge) == 0 {
		t.Fatal("no challenge")
	}
	var token []byte
	if token, c.exported, err = c.Authenticate(c.challenge, 0); err != nil {
		t.Fatal(err)
	}
	if c.spoilProof != nil {
		a, err := ntlm.ParseAuthenticate(token)
		if err != nil {
			t.Fatal(err)
		}
		c.spoilProof(&a)
		if token, err = a.Encode(); err != nil {
			t.Fatal(err)
		}
	}
	if c.spoilBytes != nil {
		c.spoilBytes(token)
	}
	w.Do(func(now time.Time) {
		if _, done = x.Step(now, token); !done {
			t.Error("it goes on after the proof")
		}
	})
	return x
}

func TestNTLM(t *testing.T) {
	noProof := func(a *ntlm.Authenticate) { a.LM, a.NT, a.MIC, a.SessionKey = nil, nil, nil, nil }
	for _, tt := range []struct {
		name   string
		caller *caller
		spoil  func(c *caller)
		code   directory.Code
		reason string
	}{
		{name: "domain and user", caller: newCaller("CORP", "dana", servertest.Password), reason: "password accepted"},
		{name: "user principal name", caller: newCaller("", "dana@corp.example", servertest.Password), reason: "password accepted"},
		{name: "DNS domain", caller: newCaller("corp.example", "dana", servertest.Password), reason: "password accepted"},
		{name: "wrong password", caller: newCaller("CORP", "dana", "Secret-2"), code: directory.BadPassword, reason: "wrong password"},
		{name: "wrong domain", caller: newCaller("ELSE", "dana", servertest.Password), code: directory.NoSuchUser, reason: "no such user"},
		{name: "without a MIC", caller: newCaller("CORP", "dana", servertest.Password), reason: "password accepted", spoil: func(c *caller) {
			// What curl does: no pairs of its own, so nothing announces one.
			c.spoilProof = func(a *ntlm.Authenticate) {
				challenge, _ := ntlm.ParseChallenge(c.challenge)
				a.NT, _ = ntlm.Respond(ntlm.ResponseKey(ntlm.NTHash(c.Password), c.User, c.Domain), challenge.Challenge,
					ntlm.Response{Challenge: c.Client.Challenge})
				a.MIC, a.SessionKey = nil, nil
			}
		}},
		{name: "another MIC", caller: newCaller("CORP", "dana", servertest.Password), code: directory.BadPassword, reason: "the NTLM messages were altered", spoil: func(c *caller) {
			c.spoilBytes = func(b []byte) { b[72]++ }
		}},
		{name: "a first message that was altered", caller: newCaller("CORP", "dana", servertest.Password), code: directory.BadPassword, reason: "the NTLM messages were altered", spoil: func(c *caller) {
			c.spoilHello = func(n *ntlm.Negotiate) { n.Flags |= ntlm.Key56 }
		}},
		{name: "another session key", caller: newCaller("CORP", "dana", servertest.Password), code: directory.BadPassword, reason: "the NTLM messages were altered", spoil: func(c *caller) {
			c.spoilBytes = func(b []byte) { b[len(b)-1]++ }
		}},
		{name: "version 1", caller: newCaller("CORP", "dana", servertest.Password), code: directory.BadPassword, reason: "not an NTLM response of version 2", spoil: func(c *caller) {
			c.spoilProof = func(a *ntlm.Authenticate) { a.NT, a.MIC = make([]byte, 24), nil }
		}},
		{name: "anonymous", caller: newCaller("", "", ""), code: directory.BadPassword, reason: "anonymous sign-in", spoil: func(c *caller) { c.spoilProof = noProof }},
		{name: "anonymous with a name", caller: newCaller("CORP", "dana", servertest.Password), code: directory.BadPassword, reason: "anonymous sign-in", spoil: func(c *caller) {
			c.spoilProof = func(a *ntlm.Authenticate) { noProof(a); a.Flags |= ntlm.Anonymous }
		}},
		{name: "no proof", caller: newCaller("CORP", "dana", servertest.Password), code: directory.BadPassword, reason: "not an NTLM response of version 2", spoil: func(c *caller) { c.spoilProof = noProof }},
		{name: "nonsense", caller: newCaller("CORP", "dana", servertest.Password), code: directory.BadPassword, reason: "malformed NTLM message", spoil: func(c *caller) {
			c.spoilBytes = func(b []byte) { b[0]++ }
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := servertest.New(t, "ex2010")
			s := signin.New(w.World, "cas1")
			if tt.spoil != nil {
				tt.spoil(tt.caller)
			}
			x := tt.caller.run(t, w, s)
			id := x.Identity()
			if id.Code != tt.code || (id.User != nil) != (tt.code == directory.OK) || id.Decision.Allowed != (tt.code == directory.OK) ||
				!strings.HasPrefix(id.Decision.Reason, tt.reason) || id.Decision.Layer == "" || id.Decision.Server == "" {
				t.Errorf("%+v", id)
			}
			if _, err := x.Protector(dcerpc.LevelPrivacy); (err == nil) != (id.User != nil) {
				t.Errorf("protector: %v", err)
			}
			if reply, done := x.Step(w.Now(), []byte("more")); reply != nil || !done || x.Identity() != id {
				t.Error("it goes on after its end")
			}
		})
	}
}

// Each sign-in has a challenge of its own, and a proof is good for one only.
func TestNTLMChallengesAreFresh(t *testing.T) {
	w := servertest.New(t, "ex2010")
	s := signin.New(w.World, "cas1")
	c := newCaller("CORP", "dana", servertest.Password)
	hello, _ := c.Negotiate()
	var first, second []byte
	x := s.Begin(signin.NTLM)
	w.Do(func(now time.Time) {
		first, _ = s.Begin(signin.NTLM).Step(now, hello)
		second, _ = x.Step(now, hello)
	})
	if bytes.Equal(first, second) {
		t.Error("two sign-ins have one challenge")
	}
	proof, _, err := c.Authenticate(first, 0)
	if err != nil {
		t.Fatal(err)
	}
	w.Do(func(now time.Time) { x.Step(now, proof) })
	if id := x.Identity(); id.User != nil || id.Code != directory.BadPassword {
		t.Errorf("a proof for another challenge: %+v", id)
	}
	early := s.Begin(signin.NTLM)
	w.Do(func(now time.Time) { early.Step(now, proof) })
	if id := early.Identity(); id.User != nil || !strings.Contains(id.Decision.Reason, "does not begin") {
		t.Errorf("a proof before the challenge: %+v", id)
	}
	if id := s.Begin(signin.NTLM).Identity(); id.User != nil || id.Decision.Layer != "" {
		t.Errorf("before it began: %+v", id)
	}
}

// Both ends of a sign-in protect RPC in the same way.
func TestNTLMProtector(t *testing.T) {
	w := servertest.New(t, "ex2010")
	for _, level := range []dcerpc.AuthLevel{dcerpc.LevelPacket, dcerpc.LevelIntegrity, dcerpc.LevelPrivacy} {
		c := newCaller("CORP", "dana", servertest.Password)
		x := c.run(t, w, signin.New(w.World, "cas1"))
		far, err := x.Protector(level)
		if err != nil {
			t.Fatal(err)
		}
		challenge, _ := ntlm.ParseChallenge(c.challenge)
		near, err := dcerpc.NTLM(ntlm.NewSession(challenge.Flags, c.exported, false), level)
		if err != nil {
			t.Fatal(err)
		}
		for _, way := range [][2]dcerpc.Protector{{near, far}, {far, near}, {near, far}} {
			const plain = "header stub trailer"
			fragment := []byte(plain)
			token, err := way[0].Protect(fragment, 7, 11)
			if err != nil || (string(fragment) != plain) != (level == dcerpc.LevelPrivacy) {
				t.Fatalf("level %d: %q, %v", level, fragment, err)
			}
			if err := way[1].Unprotect(fragment, 7, 11, token); err != nil || string(fragment) != plain {
				t.Fatalf("level %d: %q, %v", level, fragment, err)
			}
		}
	}
	x := newCaller("CORP", "dana", servertest.Password).run(t, w, signin.New(w.World, "cas1"))
	if _, err := x.Protector(dcerpc.LevelConnect); err == nil {
		t.Error("level connect protects nothing")
	}
	http := newCaller("CORP", "dana", servertest.Password)
	http.Flags = 0 // what HTTP needs
	if _, err := http.run(t, w, signin.New(w.World, "cas1")).Protector(dcerpc.LevelPrivacy); err == nil {
		t.Error("a sign-in without signatures protects RPC")
	}
}

// spnego is the client's side of SPNEGO with NTLM inside.
type spnego struct {
	*caller
	mechs []asn1.ObjectIdentifier
	early bool // the first token is for the first mechanism
	mic   func(mic []byte) []byte
}

func (c spnego) run(t *testing.T, w *servertest.World) (states []ntlm.NegState, x *signin.Exchange, last ntlm.NegResp) {
	t.Helper()
	x = signin.New(w.World, "cas1").Begin(signin.Negotiate)
	step := func(token []byte, err error) (r ntlm.NegResp, done bool) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		var reply []byte
		w.Do(func(now time.Time) { reply, done = x.Step(now, token) })
		if len(reply) > 0 {
			if r, err = ntlm.ParseNegResp(reply); err != nil {
				t.Fatal(err)
			}
			states = append(states, r.State)
		}
		return r, done
	}
	hello, _ := c.Negotiate()
	init := ntlm.NegInit{Mechs: c.mechs}
	if c.early {
		init.Token = hello
	}
	r, done := step(init.Encode())
	if done {
		return states, x, r
	}
	if !r.Mech.Equal(ntlm.MechNTLM) {
		t.Fatalf("it chose %v", r.Mech)
	}
	if r.Token == nil {
		if r, done = step(ntlm.NegResp{State: -1, Token: hello}.Encode()); done {
			t.Fatal("no challenge")
		}
	}
	proof, exported, err := c.Authenticate(r.Token, 0)
	if err != nil {
		t.Fatal(err)
	}
	challenge, _ := ntlm.ParseChallenge(r.Token)
	session := ntlm.NewSession(challenge.Flags, exported, false)
	list, _ := asn1.Marshal(c.mechs)
	answer := ntlm.NegResp{State: -1, Token: proof}
	if c.mic != nil {
		own := session.Sign(list)
		answer.MIC = c.mic(own[:])
	}
	if last, done = step(answer.Encode()); !done {
		t.Fatal("it goes on after the proof")
	}
	if last.MIC != nil {
		if len(last.MIC) != 16 || session.Check(list, [16]byte(last.MIC)) != nil {
			t.Errorf("the server's code over the list: %x", last.MIC)
		}
	}
	return states, x, last
}

func TestNegotiate(t *testing.T) {
	other := asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 2, 30} // NEGOEX
	good := func(mic []byte) []byte { return mic }
	bad := func(mic []byte) []byte { mic[5]++; return mic }
	short := func([]byte) []byte { return []byte{1} }
	const refused = -2
	for _, tt := range []struct {
		name   string
		spnego spnego
		want   []ntlm.NegState // of the answers; refused in place of none
		mic    bool
	}{
		{"NTLM first", spnego{mechs: []asn1.ObjectIdentifier{ntlm.MechNTLM}, early: true}, []ntlm.NegState{ntlm.AcceptIncomplete, ntlm.AcceptCompleted}, false},
		{"with a code", spnego{mechs: []asn1.ObjectIdentifier{ntlm.MechNTLM, other}, early: true, mic: good}, []ntlm.NegState{ntlm.AcceptIncomplete, ntlm.AcceptCompleted}, true},
		{"with a wrong code", spnego{mechs: []asn1.ObjectIdentifier{ntlm.MechNTLM}, early: true, mic: bad}, []ntlm.NegState{ntlm.AcceptIncomplete, refused}, false},
		{"with a short code", spnego{mechs: []asn1.ObjectIdentifier{ntlm.MechNTLM}, early: true, mic: short}, []ntlm.NegState{ntlm.AcceptIncomplete, refused}, false},
		{"without a token", spnego{mechs: []asn1.ObjectIdentifier{ntlm.MechNTLM}}, []ntlm.NegState{ntlm.AcceptIncomplete, ntlm.AcceptIncomplete, ntlm.AcceptCompleted}, false},
		{"NTLM second", spnego{mechs: []asn1.ObjectIdentifier{other, ntlm.MechNTLM}, early: true, mic: good}, []ntlm.NegState{ntlm.RequestMIC, ntlm.AcceptIncomplete, ntlm.AcceptCompleted}, true},
		{"nothing that is known", spnego{mechs: []asn1.ObjectIdentifier{other}, early: true}, []ntlm.NegState{refused}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := servertest.New(t, "ex2010")
			tt.spnego.caller = newCaller("CORP", "dana", servertest.Password)
			states, x, last := tt.spnego.run(t, w)
			id := x.Identity()
			if id.User == nil {
				states = append(states, refused)
			}
			if len(states) != len(tt.want) || (last.MIC != nil) != tt.mic {
				t.Fatalf("%v, %+v, %+v", states, last, id)
			}
			for i := range states {
				if states[i] != tt.want[i] {
					t.Fatalf("%v, want %v", states, tt.want)
				}
			}
			if id.Decision.Allowed != (id.User != nil) || id.Decision.Layer == "" {
				t.Errorf("%+v", id)
			}
			if _, err := x.Protector(dcerpc.LevelPrivacy); (err == nil) != (id.User != nil) {
				t.Errorf("protector: %v", err)
			}
		})
	}
}

// The server's own refusals are recorded as its own.
func TestRefusalsNameTheServer(t *testing.T) {
	w := servertest.New(t, "ex2010")
	x := signin.New(w.World, "cas1").Begin(signin.Negotiate)
	w.Do(func(now time.Time) { x.Step(now, []byte{0x60, 0}) })
	want := lab.Decision{At: servertest.Start, Layer: lab.LayerConnection, Server: "cas1", Reason: "malformed SPNEGO token"}
	if id := x.Identity(); id.Decision != want || id.Code != directory.BadPassword {
		t.Errorf("%+v", id)
	}
}
