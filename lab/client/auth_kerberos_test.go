package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/dcerpc"
	"shutout/lab/protocol/kerberos"
	"shutout/lab/protocol/ntlm"
)

// testKDC issues tickets for two hours to whoever has the new password, and
// notes what it was asked for.
type testKDC struct {
	*testLab
	rand   *rand.Rand
	asked  []string
	refuse int32 // 0: does not
	mute   bool  // hangs up without an answer
}

const (
	testRealm = "CORP.EXAMPLE"
	testLife  = 2 * time.Hour
)

var tgsKey, serviceKey = kerberos.Key{1}, kerberos.Key{2}

func newTestKDC(t *testing.T) *testKDC {
	k := &testKDC{testLab: newTestLab(t, lab.EWS), rand: rand.New(rand.NewPCG(1, 2))}
	k.env.Endpoint.Realm = &lab.Realm{Name: testRealm, KDC: "dc1:88"}
	k.env.Dial = func(_ context.Context, addr string) (net.Conn, error) {
		if addr != "dc1:88" {
			return nil, errors.New("dialled " + addr)
		}
		near, far := net.Pipe()
		go k.serve(far)
		return near, nil
	}
	return k
}

func (k *testKDC) serve(c net.Conn) {
	defer c.Close()
	for {
		m, err := kerberos.ReadFrame(c)
		if err != nil || k.mute {
			return
		}
		kerberos.WriteFrame(c, k.answer(m))
	}
}

func (k *testKDC) answer(m []byte) []byte {
	r, err := kerberos.ParseRequest(m)
	if err != nil {
		k.t.Error(err)
		return nil
	}
	k.asked = append(k.asked, r.Service.String())
	now := k.env.Now()
	code, life, reply := k.refuse, testLife, kerberos.UserKey(kerberos.PasswordKey(newPass))
	if r.TGS {
		p, key, err := r.Present(tgsKey)
		if err != nil {
			k.t.Error(err)
			return nil
		}
		life, reply = p.End.Sub(now), key
	} else if proof, _, _ := r.Proof(); code == 0 {
		if _, ok := proof.Open(kerberos.PasswordKey(newPass)); !ok {
			code = kerberos.ErrPreAuthFailed
		}
	}
	if code != 0 {
		return (&kerberos.Error{Time: now, Code: code, Service: r.Service}).Encode()
	}
	c := kerberos.Contents{
		Key: kerberos.NewKey(k.rand), ClientRealm: testRealm, Client: kerberos.Name{Type: kerberos.NamePrincipal, Parts: []string{"dana"}},
		AuthTime: now, Start: now, End: now.Add(life),
	}
	key := serviceKey
	if !r.TGS {
		key = tgsKey
	}
	return r.Reply(kerberos.NewTicket(testRealm, r.Service, key, c, k.rand), c, reply, k.rand)
}

func (k *testKDC) wantAsked(want ...string) {
	k.t.Helper()
	if !slices.Equal(k.asked, want) {
		k.t.Errorf("the KDC was asked for %q, want %q", k.asked, want)
	}
	k.asked = nil
}

// show gets the first token for a service, as a sign-in with the password.
func (k *testKDC) show(l *line, password, service string) ([]byte, mechanism, error) {
	k.t.Helper()
	m, err := newKerberos(l, password, service, "cas1.corp.example")
	if err != nil {
		k.t.Fatal(err)
	}
	token, more, err := m.next(context.Background(), nil)
	if err == nil && more != (service != serviceHTTP) {
		k.t.Errorf("more: %t", more)
	}
	return token, m, err
}

const tgs = "krbtgt/" + testRealm

func TestTicketsAreKept(t *testing.T) {
	k := newTestKDC(t)
	l := newLine(k.env)
	seen := map[[16]byte]bool{}
	show := func(password string, want ...string) {
		t.Helper()
		token, _, err := k.show(l, password, serviceHTTP)
		if err != nil {
			t.Fatal(err)
		}
		init, err := ntlm.ParseNegInit(token)
		if err != nil {
			t.Fatal(err)
		}
		a, err := kerberos.Accept(serviceKey, init.Token)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.CheckTimes(k.env.Now(), time.Millisecond); err != nil {
			t.Error(err)
		}
		if seen[a.ID] {
			t.Error("the same token twice")
		}
		seen[a.ID] = true
		k.wantAsked(want...)
	}
	show(newPass, tgs, "HTTP/cas1.corp.example")
	show(newPass)
	show("no longer needed")
	if _, _, err := k.show(l, "no longer needed", "exchangeMDB"); err != nil {
		t.Error(err)
	}
	k.wantAsked("exchangeMDB/cas1.corp.example")
	k.pass(testLife - time.Second)
	show("no longer needed")
	k.pass(time.Second)
	show(newPass, tgs, "HTTP/cas1.corp.example")
	if l.made != 0 {
		t.Errorf("%d connections to the KDC count as the activity's", l.made)
	}
	if len(l.live) != 0 {
		t.Errorf("%d connections to the KDC are still open", len(l.live))
	}
}

func (l *testLab) pass(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = l.now.Add(d)
}

func TestKDCRefuses(t *testing.T) {
	for _, tt := range []struct {
		code        int32
		password    string
		stage, text string
	}{
		{0, oldPass, stageSignIn, "KDC: pre-authentication information was invalid"},
		{kerberos.ErrRevoked, newPass, stageSignIn, "KDC: client's credentials have been revoked"},
		{kerberos.ErrServiceUnknown, newPass, stageTicket, "KDC: server not found in the Kerberos database"},
	} {
		k := newTestKDC(t)
		k.refuse = tt.code
		_, _, err := k.show(newLine(k.env), tt.password, serviceHTTP)
		want := lab.Failure{Kind: lab.Refused, Stage: tt.stage, Text: tt.text}
		var got *lab.Failure
		if !errors.As(err, &got) || *got != want {
			t.Errorf("%+v, want %+v", err, want)
		}
	}

	k := newTestKDC(t)
	l := newLine(k.env)
	if _, _, err := k.show(l, newPass, serviceHTTP); err != nil {
		t.Fatal(err)
	}
	k.refuse = kerberos.ErrRevoked
	if _, _, err := k.show(l, newPass, serviceHTTP); err != nil {
		t.Errorf("with the ticket from before: %v", err)
	}
	if _, _, err := k.show(l, newPass, "exchangeMDB"); err == nil {
		t.Error("a new ticket after all")
	}
}

func TestNoKDC(t *testing.T) {
	k := newTestKDC(t)
	k.mute = true
	_, _, err := k.show(newLine(k.env), newPass, serviceHTTP)
	if f := failure(err, ""); f.Kind != lab.Unreachable || f.Stage != stageTicket || f.Text != closedText {
		t.Errorf("one that hangs up: %+v", f)
	}
	k.env.Endpoint.Realm.KDC = "dc2:88"
	_, _, err = k.show(newLine(k.env), newPass, serviceHTTP)
	if f := failure(err, ""); f.Kind != lab.Unreachable || f.Stage != stageDial || !strings.HasPrefix(f.Text, "KDC: ") {
		t.Errorf("one that cannot be reached: %+v", f)
	}
	k.env.Endpoint.Realm = nil
	if _, err := newKerberos(newLine(k.env), newPass, serviceHTTP, "cas1"); failure(err, "").Kind != lab.Refused {
		t.Errorf("a lab without one: %v", err)
	}
}

func TestTicketOverRPC(t *testing.T) {
	k := newTestKDC(t)
	first, m, err := k.show(newLine(k.env), newPass, "exchangeMDB")
	if err != nil {
		t.Fatal(err)
	}
	a, err := kerberos.Accept(serviceKey, first)
	if err != nil {
		t.Fatal(err)
	}
	reply, _ := a.Reply(k.rand)
	third, more, err := m.next(context.Background(), reply)
	if err != nil || more || a.Finish(third) != nil {
		t.Fatalf("%t, %v", more, err)
	}
	client, err := m.protector(dcerpc.LevelPrivacy)
	if err != nil {
		t.Fatal(err)
	}
	server, err := a.Protector(dcerpc.LevelPrivacy)
	if err != nil {
		t.Fatal(err)
	}
	b := []byte("something said")
	token, err := client.Protect(b, 0, len(b))
	if err == nil {
		err = server.Unprotect(b, 0, len(b), token)
	}
	if err != nil || string(b) != "something said" {
		t.Errorf("%q, %v", b, err)
	}

	_, m, _ = k.show(newLine(k.env), newPass, "exchangeMDB")
	no := (&kerberos.Error{Time: k.env.Now(), Code: kerberos.ErrRepeat, Service: kerberos.TGS(testRealm)}).Encode()
	_, _, err = m.next(context.Background(), no)
	if f := failure(err, ""); f.Kind != lab.Refused || f.Text != "server: request is a replay" {
		t.Errorf("%+v", f)
	}
}
