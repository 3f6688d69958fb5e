package dcerpc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// script is a stream whose other end has said everything already.
type script struct {
	io.Reader
	sent bytes.Buffer
}

func (s *script) Write(b []byte) (int, error) { return s.sent.Write(b) }

// say is a script with the PDUs to read.
func say(t *testing.T, pdus ...*PDU) *script {
	t.Helper()
	var b []byte
	for _, p := range pdus {
		var err error
		if b, err = p.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	return &script{Reader: bytes.NewReader(b)}
}

// xorProtector stands for a security provider: it hides the stub and puts a
// sum of the fragment into the token.
type xorProtector struct{ seen int }

func (x *xorProtector) TokenSize() int { return 3 }

func sum(b []byte) []byte {
	var s [3]byte
	for i, c := range b {
		s[i%3] += c
	}
	return s[:]
}

func xor(b []byte) {
	for i := range b {
		b[i] ^= 0x5A
	}
}

func (x *xorProtector) Protect(fragment []byte, stub, trailer int) ([]byte, error) {
	token := sum(fragment)
	xor(fragment[stub:trailer])
	return token, nil
}

func (x *xorProtector) Unprotect(fragment []byte, stub, trailer int, token []byte) error {
	xor(fragment[stub:trailer])
	if !bytes.Equal(sum(fragment), token) {
		return errors.New("the fragment was changed")
	}
	x.seen++
	return nil
}

// serve answers on c until it ends: binds by Negotiate, each token of a
// handshake with the next number, opnum 0 with the stub doubled, ept_map by
// mapEndpoint, other opnums with a fault.
func serve(c *Conn, p Protector) error {
	legs := 0
	for {
		call, err := c.ReadMessage()
		if err != nil {
			return err
		}
		switch body := call.Body.(type) {
		case *Bind:
			ack := Negotiate(body, 0, func(s SyntaxID) bool { return s == EndpointMapper })
			ack.SecondaryAddr, ack.Group = "135", 1
			answer := &PDU{CallID: call.CallID, Body: ack}
			if call.Auth != nil {
				legs++
				auth := *call.Auth
				auth.Token = fmt.Append(nil, "challenge ", legs)
				answer.Auth = &auth
			}
			if err := c.WriteMessage(answer); err != nil {
				return err
			}
		case *Auth3:
			if string(call.Auth.Token) != fmt.Sprint("answer to challenge ", legs) {
				return fmt.Errorf("the last token is %q", call.Auth.Token)
			}
			c.Protect(*call.Auth, p)
		case *Request:
			switch body.Opnum {
			case 0:
				err = c.Reply(call, append(body.Stub, body.Stub...))
			case OpnumEptMap:
				var stub []byte
				if stub, err = mapEndpoint(body.Stub); err == nil {
					err = c.Reply(call, stub)
				}
			default:
				err = c.Fault(call, StatusOpRange)
			}
			if err != nil {
				return err
			}
		}
	}
}

func TestCalls(t *testing.T) {
	for _, tt := range []struct {
		name string
		legs int // tokens that the client sends; 0 for none
	}{{"without authentication", 0}, {"three legs", 2}, {"five legs", 3}} {
		t.Run(tt.name, func(t *testing.T) {
			near, far := net.Pipe()
			theirs := &xorProtector{}
			done := make(chan error, 1)
			go func() { done <- serve(NewConn(far, Limits{Fragment: 2000}), theirs) }()
			c := NewConn(near, Limits{})
			var h *Handshake
			if tt.legs > 0 {
				sent := 0
				h = &Handshake{Type: AuthNTLM, Level: LevelPrivacy, ContextID: 4, HeaderSign: true, Next: func(challenge []byte) ([]byte, bool, error) {
					if sent++; sent == 1 {
						return []byte("hello"), true, nil
					}
					return append([]byte("answer to "), challenge...), sent < tt.legs, nil
				}}
			}
			ack, err := c.Bind([]Context{epmContext}, h)
			if err != nil || len(ack.Results) != 1 || ack.Results[0].Transfer != NDR || ack.SecondaryAddr != "135" {
				t.Fatalf("%+v, %v", ack, err)
			}
			if h != nil {
				c.Protect(Auth{Type: h.Type, Level: h.Level, ContextID: h.ContextID}, &xorProtector{})
			}
			for _, size := range []int{0, 1, 15, 16, 1999, 2000, 20000} {
				stub := bytes.Repeat([]byte{7}, size)
				got, err := c.Call(&Request{Stub: stub, Object: &someObject})
				if err != nil || len(got) != 2*size || bytes.Count(got, []byte{7}) != 2*size {
					t.Fatalf("a stub of %d octets: %d octets, %v", size, len(got), err)
				}
			}
			var fault *FaultError
			if _, err := c.Call(&Request{Opnum: 9}); !errors.As(err, &fault) || fault.Status != StatusOpRange || !fault.DidNotExecute {
				t.Fatalf("%v", err)
			}
			near.Close()
			if err := <-done; !errors.Is(err, io.EOF) {
				t.Fatalf("the server ends with %v", err)
			}
			if h != nil && theirs.seen < 7+2 {
				t.Errorf("%d fragments were protected", theirs.seen)
			}
		})
	}
}

func TestFragments(t *testing.T) {
	s := &script{Reader: strings.NewReader("")}
	c := NewConn(s, Limits{Fragment: MinFragment})
	stub := bytes.Repeat([]byte("0123456789abcdef"), 200)
	if err := c.WriteMessage(&PDU{CallID: 3, Body: &Request{Opnum: 11, Stub: stub}}); err != nil {
		t.Fatal(err)
	}
	raw := bytes.Clone(s.sent.Bytes())
	r := bytes.NewReader(raw)
	var flags []Flags
	var hints []uint32
	for {
		b, err := ReadFragment(r)
		if err == io.EOF {
			break
		}
		if err != nil || len(b) > MinFragment {
			t.Fatal(len(b), err)
		}
		p, err := ParsePDU(b)
		if err != nil {
			t.Fatal(err)
		}
		flags = append(flags, p.Flags)
		hints = append(hints, p.Body.(*Request).AllocHint)
	}
	if !reflect.DeepEqual(flags, []Flags{FlagFirst, 0, FlagLast}) || !reflect.DeepEqual(hints, []uint32{3200, 1792, 384}) {
		t.Fatalf("flags %v, hints %v", flags, hints)
	}
	s.sent = bytes.Buffer{}
	auth := &Auth{Type: AuthNTLM, Level: LevelConnect, Token: make([]byte, 100)}
	if err := c.WriteMessage(&PDU{Body: &Response{Stub: stub}, Auth: auth}); err != nil {
		t.Fatal(err)
	}
	for s.sent.Len() > 0 {
		if b, err := ReadFragment(&s.sent); err != nil || len(b) > MinFragment {
			t.Fatal(len(b), err)
		}
	}
	auth.Token = make([]byte, MinFragment)
	if err := c.WriteMessage(&PDU{Body: &Response{Stub: stub}, Auth: auth}); err == nil {
		t.Fatal("a token as large as a fragment is written")
	}
	p, err := NewConn(&script{Reader: bytes.NewReader(raw)}, Limits{}).ReadMessage()
	if err != nil || !bytes.Equal(p.Body.(*Request).Stub, stub) {
		t.Fatal(err)
	}
}

func request(call uint32, flags Flags, stub string) *PDU {
	return &PDU{Flags: flags, CallID: call, Body: &Request{Stub: []byte(stub)}}
}

func TestReadMessage(t *testing.T) {
	orphaned := &PDU{Flags: whole, CallID: 1, Body: &Signal{Kind: TypeOrphaned}}
	cancel := &PDU{Flags: whole, CallID: 1, Body: &Signal{Kind: TypeCancel}}
	response := &PDU{Flags: FlagLast, CallID: 1, Body: &Response{}}
	tests := map[string]struct {
		pdus []*PDU
		stub string
		want string // in the error; none if empty
	}{
		"two fragments":              {[]*PDU{request(1, FlagFirst, "ab"), request(1, FlagLast, "cd")}, "abcd", ""},
		"cancelled between":          {[]*PDU{request(1, FlagFirst, "ab"), cancel, request(1, FlagLast, "cd")}, "abcd", ""},
		"orphaned between":           {[]*PDU{request(1, FlagFirst, "ab"), orphaned, request(2, whole, "cd")}, "cd", ""},
		"begins late":                {[]*PDU{request(1, FlagLast, "ab")}, "", "begins with a later fragment"},
		"begins twice":               {[]*PDU{request(1, FlagFirst, "ab"), request(1, FlagFirst, "ab")}, "", "between the fragments"},
		"another call between":       {[]*PDU{request(1, FlagFirst, "ab"), request(2, FlagLast, "cd")}, "", "between the fragments"},
		"a response between":         {[]*PDU{request(1, FlagFirst, "ab"), response}, "", "between the fragments"},
		"ends between":               {[]*PDU{request(1, FlagFirst, "ab")}, "", "unexpected EOF"},
		"too large in one":           {[]*PDU{request(1, whole, "0123456789")}, "", "over the limit of 8"},
		"too large in two":           {[]*PDU{request(1, FlagFirst, "01234"), request(1, 0, "56789")}, "", "over the limit of 8"},
		"fragments that are too few": {[]*PDU{{Body: &Bind{MaxRecv: MinFragment - 1}}}, "", "1432 is the least"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := NewConn(say(t, tt.pdus...), Limits{Message: 8}).ReadMessage()
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Fatalf("got %v, want an error with %q", err, tt.want)
				}
			} else if err != nil || string(p.Body.(*Request).Stub) != tt.stub {
				t.Fatalf("got %+v, %v", p, err)
			}
		})
	}
}

func TestBindRefused(t *testing.T) {
	answer := func(b Body) *PDU { return &PDU{Flags: whole, CallID: 1, Body: b} }
	for name, tt := range map[string]struct {
		answer *PDU
		want   string
	}{
		"bind_nak":        {answer(&BindNak{Reason: NakAuthType}), "reason 8"},
		"fault":           {answer(&Fault{Status: StatusAccessDenied}), "fault 0x00000005"},
		"no results":      {answer(&BindAck{MaxRecv: 5840}), "0 results for 1 contexts"},
		"another's ack":   {answer(&BindAck{Alter: true}), "alter_context_resp in answer to bind"},
		"a response":      {answer(&Response{}), "response in answer to bind"},
		"small fragments": {answer(&BindAck{MaxRecv: 5, Results: make([]Result, 1)}), "1432 is the least"},
	} {
		if _, err := NewConn(say(t, tt.answer), Limits{}).Bind([]Context{epmContext}, nil); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, tt.want)
		}
	}
	stops := &Handshake{Next: func([]byte) ([]byte, bool, error) { return []byte("x"), true, nil }}
	ack := answer(&BindAck{MaxRecv: 5840, Results: make([]Result, 1)})
	if _, err := NewConn(say(t, ack), Limits{}).Bind([]Context{epmContext}, stops); err == nil {
		t.Error("a handshake without an answer counts as done")
	}
}

func TestReceive(t *testing.T) {
	for name, tt := range map[string]struct {
		answer *PDU
		want   error
	}{
		"shutdown":     {&PDU{Body: &Signal{Kind: TypeShutdown}}, ErrShutdown},
		"another call": {&PDU{Flags: whole, CallID: 9, Body: &Response{}}, nil},
		"other fault":  {&PDU{Flags: whole, CallID: 9, Body: &Fault{}}, nil},
	} {
		if _, err := NewConn(say(t, tt.answer), Limits{}).Call(new(Request)); err == nil || tt.want != nil && err != tt.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProtectionIsRequired(t *testing.T) {
	weaker := request(1, whole, "x")
	weaker.Auth = &Auth{Type: AuthNTLM, Level: LevelConnect, Token: []byte("abc")}
	wrong := request(1, whole, "x")
	wrong.Auth = &Auth{Type: AuthNTLM, Level: LevelPrivacy, Token: []byte("abc")}
	for name, p := range map[string]*PDU{"none": request(1, whole, "x"), "weaker": weaker, "wrong": wrong} {
		c := NewConn(say(t, p), Limits{})
		c.Protect(Auth{Type: AuthNTLM, Level: LevelPrivacy}, &xorProtector{})
		if got, err := c.ReadMessage(); err == nil {
			t.Errorf("%s: %+v", name, got.Body)
		}
	}
}

func FuzzReadMessage(f *testing.F) {
	for _, pdus := range [][]*PDU{
		{request(1, FlagFirst, "ab"), request(1, FlagLast, "cd")},
		{samples["bind"], samples["auth3"], samples["request with object"]},
	} {
		var b []byte
		for _, p := range pdus {
			b, _ = p.Append(b)
		}
		f.Add(b, true)
		f.Add(b, false)
	}
	f.Fuzz(func(t *testing.T, b []byte, protect bool) {
		c := NewConn(&script{Reader: bytes.NewReader(b)}, Limits{Message: 1 << 12})
		if protect {
			c.Protect(Auth{Type: AuthNTLM, Level: LevelConnect}, &xorProtector{})
		}
		for {
			p, err := c.ReadMessage()
			if err != nil {
				return
			}
			if stub := stubOf(p.Body); stub != nil && len(*stub) > 1<<12 {
				t.Fatalf("a stub of %d octets", len(*stub))
			}
		}
	})
}

// Whatever the sizes, and whichever way the fragments are protected, what one
// end writes the other reads, and no fragment is too large.
func TestMessagesProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(MinFragment, 6000).Draw(t, "fragment")
		stub := rapid.SliceOfN(rapid.Byte(), 0, 20000).Draw(t, "stub")
		want := &Request{ContextID: rapid.Uint16().Draw(t, "context"), Opnum: rapid.Uint16().Draw(t, "opnum")}
		if rapid.Bool().Draw(t, "object") {
			want.Object = &someObject
		}
		want.Stub = bytes.Clone(stub)
		s := &script{}
		writer, reader := NewConn(s, Limits{Fragment: size}), NewConn(&script{Reader: &s.sent}, Limits{})
		if rapid.Bool().Draw(t, "protected") {
			auth := Auth{Type: AuthNTLM, Level: LevelPrivacy}
			writer.Protect(auth, &xorProtector{})
			reader.Protect(auth, &xorProtector{})
		}
		if err := writer.WriteMessage(&PDU{CallID: 9, Body: want}); err != nil {
			t.Fatal(err)
		}
		for r := bytes.NewReader(s.sent.Bytes()); r.Len() > 0; {
			if b, err := ReadFragment(r); err != nil || len(b) > size {
				t.Fatalf("a fragment of %d octets, %v", len(b), err)
			}
		}
		p, err := reader.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		got := p.Body.(*Request)
		if got.Opnum != want.Opnum || got.ContextID != want.ContextID || (got.Object == nil) != (want.Object == nil) || !bytes.Equal(got.Stub, stub) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}
