package ntlm

import (
	"encoding/asn1"
	"reflect"
	"testing"
)

// fuzz checks that what a parser accepts survives writing and reading again.
func fuzz[T any](f *testing.F, parse func([]byte) (T, error), encode func(T) ([]byte, error), seeds ...[]byte) {
	for _, s := range seeds {
		if _, err := parse(s); err != nil {
			f.Fatal(err)
		}
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		first, err := parse(b)
		if err != nil {
			return
		}
		again, err := encode(first)
		if err != nil {
			// Fields may overlap, so that together they are longer than the
			// message that they were read from.
			return
		}
		second, err := parse(again)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v: %+v", err, first)
		}
		if !reflect.DeepEqual(first, second) {
			t.Fatalf("%+v became %+v", first, second)
		}
	})
}

func FuzzNegotiate(f *testing.F) {
	n, _, _ := exchange(f, "dana", "CORP", "secret")
	named := must[[]byte](f)(Negotiate{Flags: DomainSupplied | WorkstationSupplied, Domain: "CORP", Workstation: "DESK"}.Encode())
	fuzz(f, ParseNegotiate, Negotiate.Encode, n, named)
}

func FuzzChallenge(f *testing.F) {
	_, c, _ := exchange(f, "dana", "CORP", "secret")
	fuzz(f, ParseChallenge, Challenge.Encode, c, unhex(f, vectorChallenge))
}

func FuzzAuthenticate(f *testing.F) {
	_, _, a := exchange(f, "dana", "CORP", "secret")
	fuzz(f, ParseAuthenticate, Authenticate.Encode, a, unhex(f, vectorAuthenticate))
}

func FuzzResponse(f *testing.F) {
	_, _, b := exchange(f, "dana", "CORP", "secret")
	a := must[Authenticate](f)(ParseAuthenticate(b))
	f.Add(a.NT)
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseResponse(b)
		if err != nil {
			return
		}
		again, err := Respond([16]byte{}, nonce, r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseResponse(again)
		if err != nil {
			t.Fatal(err)
		}
		got.Proof = r.Proof
		if !reflect.DeepEqual(got, r) {
			t.Fatalf("%+v became %+v", r, got)
		}
	})
}

func FuzzNegInit(f *testing.F) {
	fuzz(f, ParseNegInit, NegInit.Encode, must[[]byte](f)(NegInit{Mechs: []asn1.ObjectIdentifier{MechKerberos, MechNTLM}, Token: []byte("x")}.Encode()))
}

func FuzzNegResp(f *testing.F) {
	fuzz(f, ParseNegResp, NegResp.Encode, must[[]byte](f)(NegResp{AcceptIncomplete, MechNTLM, []byte("x"), []byte("y")}.Encode()))
}

func FuzzHeader(f *testing.F) {
	f.Add("NTLM TlRMTVNTUAAB")
	f.Fuzz(func(t *testing.T, v string) {
		s, token, err := ParseHeader(v)
		if err != nil || s == "" {
			return
		}
		again, back, err := ParseHeader(s.Header(token))
		if err != nil || again != s || string(back) != string(token) {
			t.Fatalf("%q: %q became %q, %v", v, token, back, err)
		}
	})
}
