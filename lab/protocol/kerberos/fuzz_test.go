package kerberos

import (
	"bytes"
	"io"
	"reflect"
	"testing"

	"shutout/lab/protocol/dcerpc"
)

// pipe has what was sent, and one answer.
type pipe struct {
	bytes.Buffer
	answer bytes.Buffer
}

func (p *pipe) Read(b []byte) (int, error) { return p.answer.Read(b) }

// requests are an AS and a TGS request.
func requests() (as, tgs []byte) {
	c := Client{Realm: "CORP.EXAMPLE", User: "dana@corp.example", Rand: numbers(9)}
	var p pipe
	c.SignIn(&p, now, "Secret-1")
	as = bytes.Clone(p.Bytes()[4:])
	p.Reset()
	c.Get(&p, now, issue(Key{1}), Name{NameInstance, []string{"HTTP", "cas1"}})
	return as, p.Bytes()[4:]
}

// FuzzRequest reads a request as a KDC does, and has what it accepts survive
// writing and reading again.
func FuzzRequest(f *testing.F) {
	as, tgs := requests()
	f.Add(as)
	f.Add(tgs)
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseRequest(b)
		if err != nil {
			return
		}
		if p, ok, err := r.Proof(); ok && err == nil {
			p.Open(PasswordKey("Secret-1"))
		}
		r.Present(Key{1})
		again, err := ParseRequest(r.encode())
		if err != nil {
			t.Fatalf("what was written cannot be read: %v: %+v", err, r)
		}
		if !reflect.DeepEqual(r, again) {
			t.Fatalf("%+v became %+v", r, again)
		}
	})
}

// FuzzReply reads what a KDC answers.
func FuzzReply(f *testing.F) {
	as, tgs := requests()
	for _, b := range [][]byte{as, tgs} {
		r, err := ParseRequest(b)
		if err != nil {
			f.Fatal(err)
		}
		c := issue(Key{2})
		f.Add(b, r.Reply(c.Ticket, c.Contents, UserKey(Key{1}), numbers(3)))
		f.Add(b, (&Error{Time: now, Code: ErrPreAuthRequired, Service: TGS("X"), Text: "no", Data: PreAuthHint()}).Encode())
	}
	f.Fuzz(func(t *testing.T, request, answer []byte) {
		r, err := ParseRequest(request)
		if err != nil {
			return
		}
		r.readReply(answer, UserKey(Key{1}))
	})
}

// FuzzFrame reads frames until there are no more.
func FuzzFrame(f *testing.F) {
	f.Add([]byte{0, 0, 0, 2, 1, 2, 0, 0, 0, 0, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		in := bytes.NewReader(b)
		var out bytes.Buffer
		for {
			m, err := ReadFrame(in)
			if err != nil {
				if err == io.EOF && !bytes.Equal(out.Bytes(), b) {
					t.Errorf("%x became %x", b, out.Bytes())
				}
				return
			}
			WriteFrame(&out, m)
		}
	})
}

// FuzzAccept reads the tokens of a client, whose ticket is good.
func FuzzAccept(f *testing.F) {
	for _, dce := range []bool{false, true} {
		i := NewInitiator(issue(Key{1}), dce, numbers(3))
		first := i.Token(now)
		a, err := Accept(Key{1}, first)
		if err != nil {
			f.Fatal(err)
		}
		reply, more := a.Reply(numbers(4))
		var third []byte
		if more {
			if third, err = i.Finish(now, reply); err != nil {
				f.Fatal(err)
			}
		}
		f.Add(first, third)
	}
	f.Fuzz(func(t *testing.T, first, third []byte) {
		a, err := Accept(Key{1}, first)
		if err != nil {
			CodeOf(err)
			return
		}
		a.CheckTimes(now, skew)
		if _, more := a.Reply(numbers(4)); more {
			a.Finish(third)
		}
		if p, err := a.Protector(dcerpc.LevelPrivacy); err == nil {
			p.Unprotect(bytes.Clone(first), 0, len(first), third)
		}
	})
}

// FuzzInitiate reads the answers of a server.
func FuzzInitiate(f *testing.F) {
	i := NewInitiator(issue(Key{1}), true, numbers(3))
	a, err := Accept(Key{1}, i.Token(now))
	if err != nil {
		f.Fatal(err)
	}
	reply, _ := a.Reply(numbers(4))
	f.Add(reply)
	f.Add(frame(tokenReply, reply))
	f.Add((&Error{Time: now, Code: ErrSkew, Service: TGS("X")}).Encode())
	f.Fuzz(func(t *testing.T, answer []byte) {
		i := NewInitiator(issue(Key{1}), true, numbers(3))
		i.Token(now)
		i.Finish(now, answer)
	})
}

// FuzzContents reads the encrypted parts of messages, which only a holder of
// the key can write.
func FuzzContents(f *testing.F) {
	c := issue(Key{1})
	plain, err := c.Ticket.sealed.open(Key{1}, usageTicket)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(plain)
	seq := uint32(7)
	f.Add(authenticator{Realm: "X", Client: c.Client, Checksum: gssChecksum(gssDCE), Time: now, Subkey: &Key{3}, Sequence: &seq}.encode())
	f.Add(apReply{Time: now, Subkey: &Key{3}, Sequence: &seq}.encode())
	f.Fuzz(func(t *testing.T, plain []byte) {
		k := Key{1}
		Ticket{sealed: seal(k, usageTicket, plain, numbers(1))}.Open(k)
		if a, err := parseAuthenticator(plain); err == nil {
			a.contextFlags()
			again, err := parseAuthenticator(a.encode())
			if err != nil || !reflect.DeepEqual(a, again) {
				t.Fatalf("%v: %+v became %+v", err, a, again)
			}
		}
		openAPReply(wrapAPReply(seal(k, usageAPReply, plain, numbers(1))), k)
	})
}
