package dcerpc

import (
	"bytes"
	"encoding/hex"
	"io"
	"reflect"
	"strings"
	"testing"
)

// unhex reads hexadecimal with any white space in it.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// bindEPM is the bind that every Windows client opens the endpoint mapper
// with, as network traces show it.
const bindEPM = `05 00 0b 03 10 00 00 00 48 00 00 00 01 00 00 00
	d0 16 d0 16 00 00 00 00 01 00 00 00
	00 00 01 00 08 83 af e1 1f 5d c9 11 91 a4 08 00 2b 14 a0 fa 03 00 00 00
	04 5d 88 8a eb 1c c9 11 9f e8 08 00 2b 10 48 60 02 00 00 00`

// bindAckEPM is the answer from port 135.
const bindAckEPM = `05 00 0c 03 10 00 00 00 3c 00 00 00 01 00 00 00
	d0 16 d0 16 34 12 00 00 04 00 31 33 35 00 00 00
	01 00 00 00 00 00 00 00
	04 5d 88 8a eb 1c c9 11 9f e8 08 00 2b 10 48 60 02 00 00 00`

var (
	someObject = MustUUID("01020304-0506-0708-090a-0b0c0d0e0f10")
	epmContext = Context{Abstract: EndpointMapper, Transfer: []SyntaxID{NDR}}
	ntlmAuth   = &Auth{Type: AuthNTLM, Level: LevelConnect, ContextID: 7, Token: []byte("NTLMSSP\x00\x01")}
)

// samples has one PDU of each type, and each variant that changes the layout.
var samples = map[string]*PDU{
	"bind":                 {Flags: whole, CallID: 1, Body: &Bind{MaxXmit: 5840, MaxRecv: 5840, Contexts: []Context{epmContext}}},
	"bind with token":      {Flags: whole | FlagHeaderSign, CallID: 2, Body: &Bind{MaxXmit: 5840, MaxRecv: 5840}, Auth: ntlmAuth},
	"alter_context":        {Flags: whole, CallID: 3, Body: &Bind{Alter: true, Group: 9, Contexts: []Context{{ID: 1, Abstract: EndpointMapper, Transfer: []SyntaxID{FeatureSyntax(3), NDR64}}}}},
	"bind_ack":             {Flags: whole, CallID: 1, Body: &BindAck{MaxXmit: 5840, MaxRecv: 5840, Group: 0x1234, SecondaryAddr: "135", Results: []Result{{Transfer: NDR}}}},
	"bind_ack odd address": {Flags: whole, CallID: 1, Body: &BindAck{SecondaryAddr: "6001", Results: []Result{{Result: NegotiateAck, Reason: 3}}}, Auth: ntlmAuth},
	"alter_context_resp":   {Flags: whole, CallID: 3, Body: &BindAck{Alter: true, Results: []Result{{Result: ProviderRejected, Reason: ReasonAbstractSyntax}}}},
	"bind_nak":             {Flags: whole, CallID: 1, Body: &BindNak{Reason: NakAuthType}},
	"auth3":                {Flags: whole, CallID: 1, Body: &Auth3{}, Auth: ntlmAuth},
	"request":              {Flags: whole, CallID: 4, Body: &Request{AllocHint: 5, ContextID: 1, Opnum: 11, Stub: []byte("hello")}},
	"request with object":  {Flags: FlagFirst | FlagObject, CallID: 4, Body: &Request{Object: &someObject, Stub: []byte("hello")}, Auth: ntlmAuth},
	"request without stub": {Flags: whole, CallID: 5, Body: &Request{Opnum: 6}},
	"response":             {Flags: FlagLast, CallID: 4, Body: &Response{AllocHint: 3, Cancels: 1, Stub: []byte("abc")}, Auth: ntlmAuth},
	"fault":                {Flags: whole | FlagDidNotExecute, CallID: 4, Body: &Fault{ContextID: 1, Status: StatusAccessDenied}},
	"fault with more":      {Flags: whole, CallID: 4, Body: &Fault{Status: StatusBadStub, Reserved: 1, Stub: []byte("more")}},
	"shutdown":             {Flags: whole, Body: &Signal{Kind: TypeShutdown}},
	"orphaned":             {Flags: whole, CallID: 4, Body: &Signal{Kind: TypeOrphaned}},
	"co_cancel":            {Flags: whole, CallID: 4, Body: &Signal{Kind: TypeCancel}, Auth: ntlmAuth},
}

func TestRoundTrip(t *testing.T) {
	for name, p := range samples {
		t.Run(name, func(t *testing.T) {
			b, err := p.Append(nil)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := ReadFragment(bytes.NewReader(b))
			if err != nil || !bytes.Equal(raw, b) {
				t.Fatalf("% x read as % x, %v", b, raw, err)
			}
			got, err := ParsePDU(b)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, p) {
				t.Fatalf("got %+v %+v, want %+v %+v", got, got.Body, p, p.Body)
			}
			if p.Auth != nil && (len(b)-len(p.Auth.Token)-trailerSize)%4 != 0 {
				t.Errorf("the trailer stands at offset %d", len(b)-len(p.Auth.Token)-trailerSize)
			}
		})
	}
}

func TestVectors(t *testing.T) {
	for name, tt := range map[string]struct {
		hex  string
		want *PDU
	}{
		"bind":     {bindEPM, samples["bind"]},
		"bind_ack": {bindAckEPM, samples["bind_ack"]},
	} {
		t.Run(name, func(t *testing.T) {
			b := unhex(t, tt.hex)
			got, err := ParsePDU(b)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Fatalf("got %+v", got.Body)
			}
			if back, err := tt.want.Append(nil); err != nil || !bytes.Equal(back, b) {
				t.Fatalf("written as\n% x, %v, want\n% x", back, err, b)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	edit := func(name string, change func([]byte) []byte) []byte {
		b, err := samples[name].Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		return change(b)
	}
	set := func(name string, offset int, octets ...byte) []byte {
		return edit(name, func(b []byte) []byte { copy(b[offset:], octets); return b })
	}
	tests := map[string]struct {
		pdu  []byte
		want string
	}{
		"nothing":                   {nil, "header of 0 octets"},
		"half a header":             {make([]byte, 15), "header of 15 octets"},
		"version 4":                 {set("bind", 0, 4), "version 4.0"},
		"minor version 2":           {set("bind", 1, 2), "version 5.2"},
		"big-endian":                {set("bind", 4, 0), "data representation"},
		"fragment below its header": {set("bind", 8, 15, 0), "fragment of 15 octets"},
		"fragment longer":           {set("bind", 8, 0xFF), "in 72"},
		"fragment shorter":          {edit("bind", func(b []byte) []byte { return append(b, 0) }), "in 73"},
		"unknown type":              {set("bind", 2, 1), "PDU type 1"},
		"RTS":                       {set("bind", 2, 20), "rts is not"},
		"token beyond the PDU":      {set("bind with token", 10, 0xFF), "with a token of 255"},
		"padding beyond the body":   {set("bind with token", 16+12+2, 13), "13 octets of padding"},
		"more contexts than sent":   {set("bind", 24, 2), "octets needed"},
		"more syntaxes than sent":   {set("bind", 30, 2), "octets needed"},
		"address without NUL":       {set("bind_ack", 29, 'x'), "without a NUL"},
		"address with NUL":          {set("bind_ack", 27, 0), "without a NUL"},
		"address beyond the PDU":    {set("bind_ack", 24, 0xFF, 0xFF), "octets needed"},
		"body in shutdown":          {edit("shutdown", func(b []byte) []byte { b[8]++; return append(b, 0) }), "follow the body"},
		"object cut off":            {edit("request without stub", func(b []byte) []byte { b[3] |= byte(FlagObject); return b }), "octets needed"},
		"fault cut off":             {edit("fault", func(b []byte) []byte { b[8] -= 8; return b[:len(b)-8] }), "octets needed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := ParsePDU(tt.pdu)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %+v, %v, want an error with %q", p, err, tt.want)
			}
		})
	}
}

func TestReadFragmentEnds(t *testing.T) {
	b := unhex(t, bindEPM)
	for n := range b {
		want := io.ErrUnexpectedEOF
		if n == 0 {
			want = io.EOF
		}
		if _, err := ReadFragment(bytes.NewReader(b[:n])); err != want {
			t.Fatalf("after %d octets: %v, want %v", n, err, want)
		}
	}
}

func TestAppendRefuses(t *testing.T) {
	for name, p := range map[string]*PDU{
		"stub too long":      {Body: &Request{Stub: make([]byte, MaxFragment)}},
		"empty token":        {Body: new(Request), Auth: &Auth{}},
		"NUL in the address": {Body: &BindAck{SecondaryAddr: "1\x002"}},
		"256 contexts":       {Body: &Bind{Contexts: make([]Context, 256)}},
		"256 syntaxes":       {Body: &Bind{Contexts: []Context{{Transfer: make([]SyntaxID, 256)}}}},
		"a bodiless request": {Body: &Signal{Kind: TypeRequest}},
	} {
		if b, err := p.Append(nil); err == nil {
			t.Errorf("%s: %d octets, want an error", name, len(b))
		}
	}
}

func TestUUID(t *testing.T) {
	const text = "e1af8308-5d1f-11c9-91a4-08002b14a0fa"
	u, err := ParseUUID(strings.ToUpper(text))
	if err != nil || u.String() != text {
		t.Fatalf("%v, %v", u, err)
	}
	if want := unhex(t, "08 83 af e1 1f 5d c9 11 91 a4 08 00 2b 14 a0 fa"); !bytes.Equal(u[:], want) {
		t.Fatalf("% x", u)
	}
	for _, bad := range []string{"", text[1:], text + "0", strings.Replace(text, "-", "0", 1), "g" + text[1:]} {
		if _, err := ParseUUID(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestFeatures(t *testing.T) {
	// MS-RPCE: 6CB71C2C-9812-4540 and the bits.
	if got := FeatureSyntax(3).String(); got != "6cb71c2c-9812-4540-0300-000000000000 v1.0" {
		t.Error(got)
	}
	if bits, ok := FeatureSyntax(0x102).Features(); !ok || bits != 0x102 {
		t.Error(bits, ok)
	}
	if _, ok := NDR.Features(); ok {
		t.Error("NDR is taken for an offer of features")
	}
}

func TestNegotiate(t *testing.T) {
	other := SyntaxID{UUID: someObject}
	ack := Negotiate(&Bind{MaxXmit: 1, MaxRecv: 2, Group: 3, Contexts: []Context{
		{ID: 0, Abstract: EndpointMapper, Transfer: []SyntaxID{NDR64, NDR}},
		{ID: 1, Abstract: EndpointMapper, Transfer: []SyntaxID{NDR64}},
		{ID: 2, Abstract: EndpointMapper, Transfer: []SyntaxID{FeatureSyntax(7)}},
		{ID: 3, Abstract: other, Transfer: []SyntaxID{NDR}},
		{ID: 4, Abstract: EndpointMapper},
	}}, FeatureKeepOnOrphan, func(s SyntaxID) bool { return s == EndpointMapper })
	want := &BindAck{MaxXmit: 2, MaxRecv: 1, Group: 3, Results: []Result{
		{Transfer: NDR},
		{Result: ProviderRejected, Reason: ReasonTransferSyntax},
		{Result: NegotiateAck, Reason: FeatureKeepOnOrphan},
		{Result: ProviderRejected, Reason: ReasonAbstractSyntax},
		{Result: ProviderRejected, Reason: ReasonTransferSyntax},
	}}
	if !reflect.DeepEqual(ack, want) {
		t.Fatalf("got %+v", ack)
	}
}

func FuzzParsePDU(f *testing.F) {
	for _, p := range samples {
		b, err := p.Append(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ParsePDU(b)
		if err != nil || len(b) > MaxFragment-64 { // padding may take a PDU of full size over the limit
			return
		}
		again, err := p.Append(nil)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v: %+v", err, p)
		}
		q, err := ParsePDU(again)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v: %+v", err, p)
		}
		// Object and its flag go together once written.
		if _, ok := p.Body.(*Request); !ok {
			p.Flags, q.Flags = 0, 0
		}
		if !reflect.DeepEqual(p, q) {
			t.Fatalf("%+v %+v became %+v %+v", p, p.Body, q, q.Body)
		}
	})
}
