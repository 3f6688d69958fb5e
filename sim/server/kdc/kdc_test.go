package kdc_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/kerberos"
	"shutout/sim/directory"
	"shutout/sim/network"
	"shutout/sim/server/kdc"
	"shutout/sim/server/servertest"
	"shutout/sim/server/signin"
)

const (
	owner = "dana-mail"
	realm = "CORP.EXAMPLE"
)

// world has a KDC on dc1, which cas1 asks as well.
type world struct {
	*servertest.World
	client kerberos.Client
}

func newWorld(tb testing.TB, settings ...string) *world {
	w := &world{servertest.New(tb, "ex2010", settings...), kerberos.Client{
		Realm: realm, User: "dana@corp.example", Rand: rand.New(rand.NewPCG(1, 1)),
	}}
	w.Listen("dc1", 88, func(l *network.Listener) { kdc.Serve(w.World.World, "dc1", l) })
	return w
}

// talk has f talk to the KDC at d.
func (w *world) talk(d time.Duration, f func(kdc io.ReadWriter, now time.Time) error) error {
	w.TB.Helper()
	err := errors.New("the KDC was not asked")
	w.At(d, owner, func(ctx context.Context) {
		var c io.ReadWriteCloser
		if c, err = w.Dial(ctx, owner, "dc1:88"); err != nil {
			return
		}
		defer c.Close()
		err = f(c, w.Now())
	})
	w.Run(d)
	return err
}

func (w *world) signIn(d time.Duration, password string) (tgt *kerberos.Credential, err error) {
	w.TB.Helper()
	err = w.talk(d, func(kdc io.ReadWriter, now time.Time) (err error) {
		tgt, err = w.client.SignIn(kdc, now, password)
		return err
	})
	return tgt, err
}

func service(name ...string) kerberos.Name {
	return kerberos.Name{Type: kerberos.NameInstance, Parts: name}
}

var cas1 = service("HTTP", "cas1.corp.example")

func (w *world) get(d time.Duration, tgt *kerberos.Credential, s kerberos.Name) (t *kerberos.Credential, err error) {
	w.TB.Helper()
	err = w.talk(d, func(kdc io.ReadWriter, now time.Time) (err error) {
		t, err = w.client.Get(kdc, now, tgt, s)
		return err
	})
	return t, err
}

// ticket signs dana in and gets a ticket for cas1.
func (w *world) ticket(d time.Duration) (tgt, t *kerberos.Credential) {
	w.TB.Helper()
	tgt, err := w.signIn(d, servertest.Password)
	if err == nil {
		t, err = w.get(d, tgt, cas1)
	}
	if err != nil {
		w.TB.Fatal(err)
	}
	return tgt, t
}

func (w *world) wantCode(err error, code int32) {
	w.TB.Helper()
	var says *kerberos.Error
	if !errors.As(err, &says) || says.Code != code {
		w.TB.Errorf("%v, want code %d", err, code)
	}
}

// present shows a ticket to cas1 as HTTP would.
func (w *world) present(s *signin.Server, token []byte) signin.Identity {
	w.TB.Helper()
	x := s.Begin(signin.Kerberos)
	w.Do(func(now time.Time) {
		if _, done := x.Step(now, token); !done {
			w.TB.Error("the sign-in goes on")
		}
	})
	return x.Identity()
}

func (w *world) token(t *kerberos.Credential) []byte {
	return kerberos.NewInitiator(t, false, w.client.Rand).Token(w.Now())
}

// A ticket says how long it is good, and that is how long it is good.
func TestTicketOutlivesTheAccount(t *testing.T) {
	w := newWorld(t)
	s := signin.New(w.World.World, "cas1")
	tgt, ticket := w.ticket(time.Minute)
	w.WantReason(owner, "directory: password accepted, ticket-granting ticket issued")
	begun := servertest.Start.Add(time.Minute)
	if !tgt.End.Equal(begun.Add(10*time.Hour)) || !ticket.End.Equal(tgt.End) || tgt.Client.String() != "dana" {
		t.Errorf("%+v, %+v", tgt.Contents, ticket.Contents)
	}

	w.Event(2*time.Minute, func(now time.Time) { w.Disable(now, "dana") })
	_, err := w.signIn(3*time.Minute, servertest.Password)
	w.wantCode(err, kerberos.ErrRevoked)
	w.WantReason(owner, "no directory: account disabled (data 533)")

	if _, err := w.get(4*time.Minute, tgt, service("exchangeMDB", "mbx1")); err != nil {
		t.Errorf("with a young ticket-granting ticket: %v", err)
	}
	w.WantReason(owner, "kerberos-ticket: service ticket issued, account not looked at")
	_, err = w.get(22*time.Minute, tgt, cas1)
	w.wantCode(err, kerberos.ErrRevoked)
	w.WantReason(owner, "no directory: account disabled (data 533)")

	for _, d := range []time.Duration{23 * time.Minute, 10 * time.Hour} {
		w.Run(d)
		id := w.present(s, w.token(ticket))
		want := lab.Decision{
			At: w.Now(), Layer: lab.LayerTicket, Server: "cas1", Allowed: true,
			Reason: "service ticket accepted, account not looked at", Since: begun, Until: begun.Add(10 * time.Hour),
		}
		if id.User == nil || id.User.SAM() != "dana" || id.Decision != want {
			t.Errorf("after %s: %+v", d, id)
		}
	}
	w.Run(10*time.Hour + 7*time.Minute)
	id := w.present(s, w.token(ticket))
	if id.User != nil || id.Code == directory.OK || id.Decision.Reason != "service ticket refused: ticket expired" {
		t.Errorf("after its end: %+v", id)
	}
	_, err = w.get(11*time.Hour, tgt, cas1)
	w.wantCode(err, kerberos.ErrTicketExpired)
	w.WantReason(owner, "no kerberos-ticket: ticket-granting ticket refused: ticket expired")
}

func TestRecheckAge(t *testing.T) {
	for setting, want := range map[string]int32{"0s": kerberos.ErrRevoked, "never": 0} {
		w := newWorld(t, "krb.recheck_age="+setting)
		tgt, _ := w.ticket(time.Minute)
		w.Event(2*time.Minute, func(now time.Time) { w.Disable(now, "dana") })
		d := 5 * time.Hour
		if want != 0 {
			d = 3 * time.Minute
		}
		_, err := w.get(d, tgt, cas1)
		if want == 0 && err != nil {
			t.Errorf("%s: %v", setting, err)
		} else if want != 0 {
			w.wantCode(err, want)
		}
	}
}

func TestLifetimes(t *testing.T) {
	w := newWorld(t, "krb.tgt=2h", "krb.service=30m")
	tgt, ticket := w.ticket(0)
	if !tgt.End.Equal(servertest.Start.Add(2*time.Hour)) || !ticket.End.Equal(servertest.Start.Add(30*time.Minute)) {
		t.Errorf("%s, %s", tgt.End, ticket.End)
	}
	late, err := w.get(110*time.Minute, tgt, cas1)
	if err != nil || !late.End.Equal(tgt.End) {
		t.Errorf("%v: a service ticket that ends after the one it was got with: %+v", err, late)
	}
}

func TestRefusals(t *testing.T) {
	disable := directory.Set("userAccountControl", "514")
	for name, tt := range map[string]struct {
		mod      *directory.Mod
		password string
		user     string
		code     int32
		reason   string
	}{
		"disabled":             {&disable, servertest.Password, "dana@corp.example", kerberos.ErrRevoked, "no directory: account disabled"},
		"disabled, wrong":      {&disable, "wrong", "dana@corp.example", kerberos.ErrRevoked, "no directory: account disabled"},
		"wrong password":       {nil, "wrong", "dana@corp.example", kerberos.ErrPreAuthFailed, "no directory: wrong password"},
		"unknown":              {nil, "wrong", "nobody", kerberos.ErrClientUnknown, "no directory: no such user"},
		"must change password": {ptr(directory.Set("pwdLastSet", "0")), servertest.Password, "dana", kerberos.ErrKeyExpired, "no directory: password must be changed"},
		"expired": {ptr(directory.Set("accountExpires", "1")), servertest.Password, "dana", kerberos.ErrRevoked,
			"no directory: account expired"},
	} {
		w := newWorld(t)
		if tt.mod != nil {
			w.Modify(w.Now(), "cas1", "dana", *tt.mod)
		}
		w.client.User = tt.user
		_, err := w.signIn(0, tt.password)
		t.Log(name)
		w.wantCode(err, tt.code)
		w.WantReason(owner, tt.reason)
	}
}

func ptr[T any](v T) *T { return &v }

func TestServiceAndSkew(t *testing.T) {
	w := newWorld(t)
	tgt, _ := w.ticket(0)
	_, err := w.get(time.Minute, tgt, service("HTTP", "nowhere.corp.example"))
	w.wantCode(err, kerberos.ErrServiceUnknown)
	_, err = w.get(time.Minute, tgt, kerberos.TGS("OTHER.EXAMPLE"))
	w.wantCode(err, kerberos.ErrServiceUnknown)
	_, err = w.get(time.Minute, &kerberos.Credential{
		Ticket: kerberos.NewTicket(realm, kerberos.TGS(realm), kerberos.Key{}, tgt.Contents, w.client.Rand), Contents: tgt.Contents,
	}, cas1)
	w.wantCode(err, kerberos.ErrModified)
	for _, d := range []time.Duration{6 * time.Minute, -6 * time.Minute} {
		err = w.talk(time.Minute, func(kdc io.ReadWriter, now time.Time) error {
			_, err := w.client.SignIn(kdc, now.Add(d), servertest.Password)
			return err
		})
		w.wantCode(err, kerberos.ErrSkew)
		w.WantReason(owner, "no directory: the client's clock is wrong")
	}
	w.client.Realm = "OTHER.EXAMPLE"
	_, err = w.signIn(time.Minute, servertest.Password)
	w.wantCode(err, kerberos.ErrWrongRealm)
}

// What the server cannot read it says so of, once.
func TestGarbage(t *testing.T) {
	w := newWorld(t)
	for _, sent := range [][]byte{{0x7f, 0xff, 0xff, 0xff, 1, 2}, {0, 0, 0, 2, 0x6a, 0}, {0, 0, 0, 0}} {
		got := w.Talk(owner, "dc1:88", nil, time.Second, sent)
		if len(got) < 4 || int(binary.BigEndian.Uint32(got)) != len(got)-4 || !kerberos.IsError(got[4:]) {
			t.Errorf("%x: %x", sent, got)
		}
	}
	if got := w.Talk(owner, "dc1:88", nil, 2*time.Minute, []byte{0, 0, 1}); len(got) != 0 {
		t.Errorf("an answer to three octets: %x", got)
	}
	w.WantIdle()
}

func TestReplay(t *testing.T) {
	w := newWorld(t)
	s := signin.New(w.World.World, "cas1")
	_, ticket := w.ticket(0)
	token := w.token(ticket)
	if id := w.present(s, token); id.User == nil {
		t.Fatalf("%+v", id)
	}
	if id := w.present(s, token); id.User != nil || id.Decision.Reason != "service ticket refused: request is a replay" {
		t.Errorf("%+v", id)
	}
	if id := w.present(s, w.token(ticket)); id.User == nil {
		t.Errorf("another presentation: %+v", id)
	}
	w.Run(6 * time.Minute)
	if id := w.present(s, token); id.User != nil || id.Decision.Reason != "service ticket refused: clock skew too great" {
		t.Errorf("an old one: %+v", id)
	}
	other := signin.New(w.World.World, "mbx1")
	if id := w.present(other, w.token(ticket)); id.User != nil || id.Decision.Reason != "service ticket refused: encrypted with another key, or altered" {
		t.Errorf("at another server: %+v", id)
	}
}

// recorder has what a client sends, and gets no answer.
type recorder struct{ bytes.Buffer }

func (*recorder) Read([]byte) (int, error) { return 0, io.EOF }

// FuzzServer sends any bytes to the KDC, alone or after a conversation, and
// with the account in each state.
func FuzzServer(f *testing.F) {
	w := newWorld(f)
	var as, tgs recorder
	w.client.SignIn(&as, servertest.Start, servertest.Password)
	tgt, _ := w.ticket(0)
	w.client.Get(&tgs, servertest.Start, tgt, cas1)
	states := []func(w *world, now time.Time){
		func(*world, time.Time) {},
		func(w *world, now time.Time) { w.Disable(now, "dana") },
		func(w *world, now time.Time) {
			w.Modify(now, "cas1", "dana", directory.Set("pwdLastSet", "0"))
		},
	}
	for state := range states {
		for _, b := range [][]byte{as.Bytes(), tgs.Bytes(), as.Bytes()[:40], {0xff}} {
			f.Add(uint8(state), false, b)
			f.Add(uint8(state), true, b)
		}
	}
	f.Fuzz(func(t *testing.T, state uint8, talked bool, sent []byte) {
		w := newWorld(t)
		states[int(state)%len(states)](w, w.Now())
		if talked {
			sent = append(bytes.Clone(as.Bytes()), sent...)
		}
		w.Talk(owner, "dc1:88", nil, time.Minute, sent)
		w.Run(w.Elapsed() + time.Hour)
		w.WantIdle()
	})
}
