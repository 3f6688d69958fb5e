package ntlm

import (
	"bytes"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

var (
	aTime  = time.Date(2010, 3, 1, 9, 30, 0, 0, time.UTC)
	nonce  = [8]byte{1, 2, 3, 4, 5, 6, 7, 8}
	names  = Names{"CORP", "CAS1", "corp.example", "cas1.corp.example", "corp.example"}
	common = Unicode | OEM | RequestTarget | NTLM | AlwaysSign | ExtendedSecurity | Key128 | Key56
)

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// exchange signs a user in and returns the three messages.
func exchange(t testing.TB, user, domain, password string) (n, c, a []byte) {
	t.Helper()
	client := Client{User: user, Domain: domain, Password: password, Workstation: "DESK", Flags: common | KeyExchange | VersionPresent,
		Challenge: clientChallenge, SessionKey: randomKey}
	n = must[[]byte](t)(client.Negotiate())
	c = must[[]byte](t)(NewChallenge(must[Negotiate](t)(ParseNegotiate(n)), names, nonce, aTime).Encode())
	a, exported, err := client.Authenticate(c, 0)
	if err != nil || exported != randomKey {
		t.Fatal(exported, err)
	}
	return n, c, a
}

// TestExchange plays both sides, as a domain member's server checks it.
func TestExchange(t *testing.T) {
	n, c, b := exchange(t, "dana", "CORP", "Spring-2010")
	a := must[Authenticate](t)(ParseAuthenticate(b))
	if a.User != "dana" || a.Domain != "CORP" || a.Workstation != "DESK" || a.IsAnonymous() {
		t.Errorf("got %+v", a)
	}
	key := ResponseKey(NTHash("Spring-2010"), a.User, a.Domain)
	if !Verify(key, nonce, a.NT) {
		t.Error("the right password is refused")
	}
	for name, bad := range map[string][16]byte{
		"another password": ResponseKey(NTHash("Spring-2011"), a.User, a.Domain),
		"another user":     ResponseKey(NTHash("Spring-2010"), "erin", a.Domain),
		"another domain":   ResponseKey(NTHash("Spring-2010"), a.User, "corp"),
	} {
		if Verify(bad, nonce, a.NT) {
			t.Errorf("%s is accepted", name)
		}
	}
	if ResponseKey(NTHash("Spring-2010"), "DANA", "CORP") != key {
		t.Error("the user's case counts")
	}
	if Verify(key, [8]byte{}, a.NT) || Verify(key, nonce, a.NT[:responseHeader-1]) {
		t.Error("another challenge or a piece of the response is accepted")
	}

	exported := ExchangeKey(SessionBaseKey(key, [16]byte(a.NT[:16])), [16]byte(a.SessionKey))
	if exported != randomKey || !CheckMIC(exported, n, c, b) {
		t.Error("the MIC is refused")
	}
	n[12] ^= 1
	if CheckMIC(exported, n, c, b) {
		t.Error("the MIC does not cover the first message")
	}
	r := must[Response](t)(ParseResponse(a.NT))
	if r.Time != FileTime(aTime) || r.Challenge != clientChallenge || r.Info.Text(AvDNSComputerName) != "cas1.corp.example" {
		t.Errorf("got %+v", r)
	}
}

// TestOldServer signs in with a server that tells no time: there is an LMv2
// response then, and no MIC.
func TestOldServer(t *testing.T) {
	client := Client{User: "dana", Password: "secret", Challenge: clientChallenge, SessionKey: randomKey}
	n := must[Negotiate](t)(ParseNegotiate(must[[]byte](t)(client.Negotiate())))
	b, exported, err := client.Authenticate(must[[]byte](t)(NewChallenge(n, names, nonce, time.Time{}).Encode()), FileTime(aTime))
	if err != nil {
		t.Fatal(err)
	}
	a := must[Authenticate](t)(ParseAuthenticate(b))
	key := ResponseKey(NTHash("secret"), "dana", "")
	if !Verify(key, nonce, a.NT) || !bytes.Equal(a.LM, RespondLM(key, nonce, clientChallenge)) || a.MIC != nil || a.SessionKey != nil {
		t.Errorf("got %+v", a)
	}
	if exported != SessionBaseKey(key, [16]byte(a.NT[:16])) {
		t.Error("another session key")
	}
	if r := must[Response](t)(ParseResponse(a.NT)); r.Time != FileTime(aTime) {
		t.Errorf("got %+v", r)
	}
	if _, _, err := client.Authenticate([]byte("rubbish"), 0); !errors.Is(err, ErrMessage) {
		t.Error(err)
	}
}

func TestNewChallenge(t *testing.T) {
	tests := map[string]struct {
		asked, want Flags
		target      string
	}{
		"Windows":      {common | KeyExchange | VersionPresent, Unicode | RequestTarget | NTLM | AlwaysSign | TargetTypeDomain | ExtendedSecurity | TargetInfoPresent | VersionPresent | Key128 | KeyExchange | Key56, "CORP"},
		"OEM only":     {OEM | NTLM, OEM | NTLM | TargetInfoPresent, ""},
		"no character": {NTLM, Unicode | NTLM | TargetInfoPresent, ""},
		"LM key":       {Unicode | LMKey | Datagram, Unicode | NTLM | TargetInfoPresent, ""},
	}
	for name, tt := range tests {
		c := NewChallenge(Negotiate{Flags: tt.asked}, names, nonce, aTime)
		got := must[Challenge](t)(ParseChallenge(must[[]byte](t)(c.Encode())))
		if got.Flags != tt.want || got.Target != tt.target || got.Challenge != nonce || got.Info.Text(AvNbDomainName) != "CORP" {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	if v, ok := NewTargetInfo(names, aTime).Timestamp(); !ok || v != 129119094000000000 {
		t.Errorf("a time of %d", v)
	}
}

func TestNegotiate(t *testing.T) {
	for name, want := range map[string]Negotiate{
		"bare":    {Flags: common},
		"names":   {Flags: common | DomainSupplied | WorkstationSupplied, Domain: "CORP", Workstation: "DESK"},
		"version": {Flags: common | VersionPresent, Version: Version{6, 1, 7601}},
	} {
		b := must[[]byte](t)(want.Encode())
		if got := must[Negotiate](t)(ParseNegotiate(b)); got != want {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	short := append([]byte(signature), 1, 0, 0, 0, 7, 2, 0, 0)
	if n := must[Negotiate](t)(ParseNegotiate(short)); n.Flags != 0x207 {
		t.Errorf("got %+v", n)
	}
	if _, err := (Negotiate{Flags: DomainSupplied, Domain: "MÜNCHEN"}).Encode(); err == nil {
		t.Error("a name outside ASCII is written")
	}
}

// edit returns a copy of b with v at an offset.
func edit(b []byte, at int, v ...byte) []byte {
	b = bytes.Clone(b)
	copy(b[at:], v)
	return b
}

func TestMalformed(t *testing.T) {
	n, c, a := exchange(t, "dana", "CORP", "secret")
	oem := edit(a, 60, byte(OEM))
	tests := map[string]struct {
		parse func([]byte) error
		b     []byte
		want  string
	}{
		"nothing":              {negotiate, nil, "not of type 1"},
		"another type":         {negotiate, c, "not of type 1"},
		"another signature":    {negotiate, edit(n, 0, 'X'), "not of type 1"},
		"no flags":             {negotiate, n[:15], "ends in its header"},
		"domain left out":      {negotiate, edit(n[:16], 13, 0x10), "ends in its header"},
		"domain after the end": {negotiate, edit(edit(n, 13, 0x10), 16, 9, 0, 9, 0, 40), "ends after the message"},
		"domain in the header": {negotiate, edit(edit(n, 13, 0x10), 16, 9, 0, 9, 0, 8, 0, 0, 0), "points into the header"},
		"too long":             {negotiate, append(bytes.Clone(n), make([]byte, MaxMessage)...), "octets"},

		"challenge cut":     {challenge, c[:47], "ends in its header"},
		"target cut":        {challenge, edit(c, 16, 0xff, 0xff, 0xff, 0xff), "ends after the message"},
		"half a character":  {challenge, edit(c, 12, 3), "half a UTF-16 unit"},
		"half a pair":       {challenge, edit(c, 56, 0x00, 0xd8), "half a surrogate pair"},
		"info without end":  {challenge, c[:len(c)-4], "ends after the message"},
		"info shorter":      {challenge, edit(c, 40, c[40]-4), "AV pairs without an end"},
		"AV pair too long":  {challenge, edit(c, 66, 0xff, 0xff), "an AV pair ends after the message"},
		"AV end with value": {challenge, edit(c, 64, 0, 0, 8, 0), "AvEOL of 8 octets"},

		"authenticate cut":   {authenticate, a[:63], "ends in its header"},
		"NT after the end":   {authenticate, edit(a, 20, 0xff, 0xff), "ends after the message"},
		"user in the header": {authenticate, edit(a, 40, 12, 0, 0, 0), "points into the header"},
		"offset overflows":   {authenticate, edit(a, 16, 0xff, 0xff, 0xff, 0xff), "ends after the message"},
		"MIC without room":   {authenticate, edit(a, 32, 64, 0, 0, 0), "no room for its MIC"},
		"unknown code page":  {authenticate, edit(oem, 88, 0xfc), "unknown code page"},

		"response cut":  {response, make([]byte, 43), "not of version 2"},
		"response type": {response, make([]byte, 60), "of type 0 and 0"},
	}
	for name, tt := range tests {
		err := tt.parse(tt.b)
		if !errors.Is(err, ErrMessage) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
}

func negotiate(b []byte) error    { _, err := ParseNegotiate(b); return err }
func challenge(b []byte) error    { _, err := ParseChallenge(b); return err }
func authenticate(b []byte) error { _, err := ParseAuthenticate(b); return err }
func response(b []byte) error     { _, err := ParseResponse(b); return err }

func TestUnwritable(t *testing.T) {
	for name, err := range map[string]error{
		"long name": second(Authenticate{Flags: Unicode, User: strings.Repeat("x", 40000)}.Encode()),
		"short MIC": second(Authenticate{MIC: make([]byte, 8)}.Encode()),
		"OEM name":  second(Authenticate{User: "Jörg"}.Encode()),
		"AvEOL":     second(Challenge{Flags: TargetInfoPresent, Info: TargetInfo{{AvEOL, nil}}}.Encode()),
	} {
		if err == nil {
			t.Errorf("%s: written", name)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestAnonymous(t *testing.T) {
	for name, tt := range map[string]struct {
		a    Authenticate
		want bool
	}{
		"flag":     {Authenticate{Flags: Anonymous, User: "x"}, true},
		"nobody":   {Authenticate{LM: []byte{0}}, true},
		"somebody": {Authenticate{User: "dana", NT: make([]byte, 60)}, false},
	} {
		if got := tt.a.IsAnonymous(); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestHeader(t *testing.T) {
	tests := []struct {
		value  string
		scheme Scheme
		token  []byte
		bad    bool
	}{
		{"NTLM", SchemeNTLM, nil, false},
		{"Negotiate", SchemeNegotiate, nil, false},
		{"ntlm  YWJj ", SchemeNTLM, []byte("abc"), false},
		{"Negotiate YWJjZA==", SchemeNegotiate, []byte("abcd"), false},
		{"Basic YWJj", "", nil, false},
		{"", "", nil, false},
		{"NTLM YWJ", "", nil, true},
		{"NTLM YWJj YWJj", "", nil, true},
		{"NTLM YWJjZB==", "", nil, true},
		{"NTLM " + strings.Repeat("YWJj", MaxMessage/3+1), "", nil, true},
	}
	for _, tt := range tests {
		s, token, err := ParseHeader(tt.value)
		if s != tt.scheme || !bytes.Equal(token, tt.token) || (err != nil) != tt.bad {
			t.Errorf("%.40q: got %q, %q, %v", tt.value, s, token, err)
		}
	}
	if got := SchemeNegotiate.Header([]byte("abcd")); got != "Negotiate YWJjZA==" {
		t.Error(got)
	}
	if got := SchemeNTLM.Header(nil); got != "NTLM" {
		t.Error(got)
	}
}

func TestSPNEGO(t *testing.T) {
	n, c, _ := exchange(t, "dana", "CORP", "secret")
	init := NegInit{Mechs: []asn1.ObjectIdentifier{MechNTLM}, Token: n}
	b := must[[]byte](t)(init.Encode())
	// RFC 4178 section 4.2.1, down to the first mechanism.
	if !bytes.HasPrefix(b, []byte("\x60\x48\x06\x06\x2b\x06\x01\x05\x05\x02\xa0\x3e\x30\x3c\xa0\x0e\x30\x0c\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a\xa2\x2a\x04\x28NTLMSSP\x00")) {
		t.Errorf("got %x", b)
	}
	if got := must[NegInit](t)(ParseNegInit(b)); !reflect.DeepEqual(got, init) {
		t.Errorf("got %+v", got)
	}
	for _, want := range []NegResp{
		{State: AcceptIncomplete, Mech: MechNTLM, Token: c},
		{State: AcceptCompleted, MIC: []byte{1, 2}},
		{State: noState, Token: n},
	} {
		if got := must[NegResp](t)(ParseNegResp(must[[]byte](t)(want.Encode()))); !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}

	later := must[[]byte](t)(NegInit{Mechs: []asn1.ObjectIdentifier{MechKerberos, MechNTLM}, Token: []byte("ticket")}.Encode())
	never := must[[]byte](t)(NegInit{Mechs: []asn1.ObjectIdentifier{MechKerberos}}.Encode())
	tests := map[string]struct {
		token, message []byte
		wrapped, bad   bool
	}{
		"bare":        {n, n, false, false},
		"first":       {b, n, true, false},
		"second":      {later, nil, true, false},
		"not offered": {never, nil, true, true},
		"response":    {must[[]byte](t)(NegResp{State: AcceptIncomplete, Token: c}.Encode()), c, true, false},
		"trailing":    {append(bytes.Clone(b), 0), nil, true, true},
		"cut":         {b[:len(b)-1], nil, true, true},
		"rubbish":     {[]byte("rubbish"), nil, false, true},
		"empty":       {nil, nil, false, true},
		"state":       {[]byte("\xa1\x07\x30\x05\xa0\x03\x0a\x01\x09"), nil, false, true},
	}
	for name, tt := range tests {
		message, wrapped, err := UnwrapToken(tt.token)
		if !bytes.Equal(message, tt.message) || wrapped != tt.wrapped || (err != nil) != tt.bad || err != nil && !errors.Is(err, ErrMessage) {
			t.Errorf("%s: got %x, %v, %v", name, message, wrapped, err)
		}
	}
}

func TestFileTime(t *testing.T) {
	for _, tt := range []struct {
		t    time.Time
		want uint64
	}{{time.Unix(0, 0), 116444736000000000}, {time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC), 0}} {
		if got := FileTime(tt.t); got != tt.want {
			t.Errorf("%v is %d", tt.t, got)
		}
	}
	if _, ok := (TargetInfo{{AvTimestamp, binary.LittleEndian.AppendUint32(nil, 1)}}).Timestamp(); ok {
		t.Error("a time of four octets")
	}
}
