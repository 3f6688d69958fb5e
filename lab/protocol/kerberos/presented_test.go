package kerberos

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"shutout/lab/protocol/dcerpc"
)

var now = time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)

const skew = 5 * time.Minute

func numbers(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// issue makes a ticket for dana and a service with the key.
func issue(service Key) *Credential {
	r := numbers(1)
	c := Contents{
		Flags: FlagInitial, Key: NewKey(r), ClientRealm: "CORP.EXAMPLE", Client: Name{NamePrincipal, []string{"dana"}},
		AuthTime: now, Start: now, End: now.Add(10 * time.Hour),
	}
	t := NewTicket("CORP.EXAMPLE", Name{NameInstance, []string{"HTTP", "cas1.corp.example"}}, service, c, r)
	return &Credential{Ticket: t, Contents: c}
}

func TestPresentOverHTTP(t *testing.T) {
	service := NewKey(numbers(2))
	i := NewInitiator(issue(service), false, numbers(3))
	token := i.Token(now.Add(time.Hour))
	a, err := Accept(service, token)
	if err != nil {
		t.Fatal(err)
	}
	if a.Client.String() != "dana" || a.End != now.Add(10*time.Hour) {
		t.Errorf("%+v", a.Contents)
	}
	if reply, more := a.Reply(numbers(4)); reply != nil || more {
		t.Errorf("an answer that nobody asked for: %x", reply)
	}
	for at, want := range map[time.Duration]int32{
		time.Hour: 0, time.Hour + skew: 0, time.Hour - skew: 0,
		time.Hour + skew + time.Second: ErrSkew, time.Hour - skew - time.Second: ErrSkew,
	} {
		if got := codeOf(a.CheckTimes(now.Add(at), skew)); got != want {
			t.Errorf("presented at 1h, checked at %s: %d, want %d", at, got, want)
		}
	}
	for at, want := range map[time.Duration]int32{
		-skew: 0, -skew - time.Second: ErrTicketNotYet, 10*time.Hour + skew: 0, 10*time.Hour + skew + time.Second: ErrTicketExpired,
	} {
		if got := codeOf(a.Contents.CheckTimes(now.Add(at), skew)); got != want {
			t.Errorf("a ticket for 10h at %s: %d, want %d", at, got, want)
		}
	}
	if _, err := Accept(NewKey(numbers(5)), token); CodeOf(err) != ErrModified {
		t.Errorf("with another service's key: %v", err)
	}
	for n := range token {
		b := bytes.Clone(token)
		b[n] ^= 1
		if _, err := Accept(service, b); err == nil && n > 200 {
			t.Errorf("octet %d of %d altered: accepted", n, len(token))
		}
	}
}

func codeOf(err error) int32 {
	if err == nil {
		return 0
	}
	return CodeOf(err)
}

// handshake is the three tokens of RPC.
func handshake(t testing.TB) (*Initiator, *Acceptor) {
	t.Helper()
	service := NewKey(numbers(2))
	i := NewInitiator(issue(service), true, numbers(3))
	a, err := Accept(service, i.Token(now))
	if err != nil {
		t.Fatal(err)
	}
	reply, more := a.Reply(numbers(4))
	if !more {
		t.Fatal("no third token wanted")
	}
	if err := a.Finish(reply); err != nil {
		t.Fatal(err) // the server's own answer has the number, too
	}
	third, err := i.Finish(now, reply)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Finish(third); err != nil {
		t.Fatal(err)
	}
	return i, a
}

func TestHandshakeNeedsEachOther(t *testing.T) {
	service := NewKey(numbers(2))
	i := NewInitiator(issue(service), true, numbers(3))
	a, err := Accept(service, i.Token(now))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := i.Protector(dcerpc.LevelPrivacy); err == nil {
		t.Error("protects before the handshake is over")
	}
	reply, _ := a.Reply(numbers(4))
	if _, err := NewInitiator(issue(service), true, numbers(3)).Finish(now, reply); err == nil {
		t.Error("took an answer to another token")
	}
	later := NewInitiator(issue(service), true, numbers(6))
	later.Token(now.Add(time.Second))
	if _, err := later.Finish(now, reply); !errors.Is(err, errNotMutual) {
		t.Errorf("took an answer to an earlier token: %v", err)
	}
	third := apReply{Time: now, Sequence: new(uint32)}
	if err := a.Finish(wrapAPReply(seal(a.Key, usageAPReply, third.encode(), numbers(7)))); !errors.Is(err, errThird) {
		t.Errorf("took another number than its own: %v", err)
	}
	refusal := (&Error{Time: now, Code: ErrRepeat, Realm: "CORP.EXAMPLE", Service: TGS("CORP.EXAMPLE")}).Encode()
	if _, err := i.Finish(now, refusal); CodeOf(err) != ErrRepeat {
		t.Errorf("a refusal: %v", err)
	}
}

func TestProtect(t *testing.T) {
	for _, level := range []dcerpc.AuthLevel{dcerpc.LevelPacket, dcerpc.LevelIntegrity, dcerpc.LevelPrivacy} {
		i, a := handshake(t)
		client, err := i.Protector(level)
		if err != nil {
			t.Fatal(err)
		}
		server, err := a.Protector(level)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			exchange(t, level, client, server)
			exchange(t, level, server, client)
		}
		plain := []byte("header, the stub.trailer")
		sent := bytes.Clone(plain)
		token, err := client.Protect(sent, 8, 17)
		if err != nil {
			t.Fatal(err)
		}
		for n := range sent { // headers are signed as well
			b := bytes.Clone(sent)
			b[n] ^= 1
			if err := server.Unprotect(b, 8, 17, token); !errors.Is(err, ErrSignature) {
				t.Errorf("level %d: octet %d altered: %v", level, n, err)
			}
		}
		for n := range token {
			b := bytes.Clone(token)
			b[n] ^= 1
			if err := server.Unprotect(bytes.Clone(sent), 8, 17, b); !errors.Is(err, ErrSignature) {
				t.Errorf("level %d: octet %d of the token altered: %v", level, n, err)
			}
		}
		if err := client.Unprotect(bytes.Clone(sent), 8, 17, token); err == nil {
			t.Errorf("level %d: took its own fragment back", level)
		}
		again := bytes.Clone(sent)
		if err := server.Unprotect(sent, 8, 17, token); err != nil {
			t.Errorf("level %d: %v", level, err)
		}
		if err := server.Unprotect(again, 8, 17, token); !errors.Is(err, ErrSignature) {
			t.Errorf("level %d: a fragment twice: %v", level, err)
		}
	}
}

func exchange(t *testing.T, level dcerpc.AuthLevel, from, to dcerpc.Protector) {
	t.Helper()
	plain := []byte("header, the stub.trailer")
	b := bytes.Clone(plain)
	token, err := from.Protect(b, 8, 17)
	if err != nil {
		t.Fatal(err)
	}
	if len(token) != from.TokenSize() {
		t.Errorf("a token of %d octets, %d announced", len(token), from.TokenSize())
	}
	if hidden := !bytes.Equal(b, plain); hidden != (level == dcerpc.LevelPrivacy) {
		t.Errorf("level %d: encrypted: %t", level, hidden)
	}
	if err := to.Unprotect(b, 8, 17, token); err != nil || !bytes.Equal(b, plain) {
		t.Errorf("level %d: %v: %q", level, err, b)
	}
}
