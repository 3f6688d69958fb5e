package kerberos

import (
	"bytes"
	"testing"
)

// agreed are both ends of a ticket that was presented as SASL wants it.
func agreed(t testing.TB) (client, server *Wrapper) {
	t.Helper()
	service := NewKey(numbers(2))
	i := NewMutual(issue(service), numbers(3))
	a, err := Accept(service, i.Token(now))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := i.Wrapper(); err == nil {
		t.Error("the client wraps before the server has proved itself")
	}
	reply, more := a.Reply(numbers(4))
	if more {
		t.Error("a third token is expected")
	}
	if third, err := i.Finish(now, reply); err != nil || third != nil {
		t.Fatalf("third token %x, %v", third, err)
	}
	client, err = i.Wrapper()
	if err != nil {
		t.Fatal(err)
	}
	if server, err = a.Wrapper(); err != nil {
		t.Fatal(err)
	}
	return client, server
}

func TestWrap(t *testing.T) {
	client, server := agreed(t)
	for _, m := range []string{"", "\x01\x00\x00\x00", "\x01\x00\x00\x00dana@corp.example"} {
		for _, way := range []struct{ from, to *Wrapper }{{client, server}, {server, client}} {
			got, err := way.to.Unwrap(way.from.Wrap([]byte(m)))
			if err != nil || string(got) != m {
				t.Errorf("%q arrives as %q, %v", m, got, err)
			}
		}
	}
}

func TestUnwrapRefuses(t *testing.T) {
	client, server := agreed(t)
	token := client.Wrap([]byte("\x01\x00\x00\x00"))
	for n := range token {
		b := bytes.Clone(token)
		b[n] ^= 1
		if _, err := server.Unwrap(b); err == nil {
			t.Errorf("octet %d of %d altered: accepted", n, len(token))
		}
	}
	if _, err := client.Unwrap(token); err == nil {
		t.Error("a client takes its own message back")
	}
	if _, err := server.Unwrap(token); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Unwrap(token); err != ErrSignature {
		t.Errorf("a message that comes twice: %v", err)
	}
	if _, err := server.Unwrap(client.Wrap(make([]byte, maxWrapped))); err == nil {
		t.Error("a message beyond the bound is taken")
	}
}

// A server that does not prove itself is not believed.
func TestNotMutual(t *testing.T) {
	service := NewKey(numbers(2))
	i := NewMutual(issue(service), numbers(3))
	a, err := Accept(service, i.Token(now))
	if err != nil {
		t.Fatal(err)
	}
	i.Token(now.Add(1e6)) // the answer is to the token before
	reply, _ := a.Reply(numbers(4))
	if _, err := i.Finish(now, reply); err != errNotMutual {
		t.Errorf("error %v", err)
	}
}

// FuzzUnwrap reads what the other end has wrapped.
func FuzzUnwrap(f *testing.F) {
	client, _ := agreed(f)
	f.Add(client.Wrap(nil))
	f.Add(client.Wrap([]byte("\x01\x00\x00\x00dana")))
	f.Fuzz(func(t *testing.T, token []byte) {
		_, server := agreed(t)
		if m, err := server.Unwrap(token); err == nil && len(m) > maxWrapped {
			t.Fatalf("%d octets", len(m))
		}
	})
}
