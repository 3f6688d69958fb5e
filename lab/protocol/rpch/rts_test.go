package rpch

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"shutout/lab/protocol/dcerpc"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var (
	connection = Cookie(dcerpc.MustUUID("00000001-0000-0000-0000-000000000001"))
	inChannel  = Cookie(dcerpc.MustUUID("00000002-0000-0000-0000-000000000002"))
	outChannel = Cookie(dcerpc.MustUUID("00000003-0000-0000-0000-000000000003"))
	client     = Client{Connection: connection, In: inChannel, Out: outChannel, Keepalive: 300000, Group: AssociationGroupID(connection)}
)

// someCommand is a command of each type.
var someCommand = map[CommandType]Command{
	cmdReceiveWindowSize:     DefaultWindow,
	cmdFlowControlAck:        FlowControlAck{BytesReceived: 5840, AvailableWindow: 59696, Channel: inChannel},
	cmdConnectionTimeout:     ConnectionTimeout(120000),
	cmdCookie:                outChannel,
	cmdChannelLifetime:       ChannelLifetime(InLength),
	cmdClientKeepalive:       ClientKeepalive(300000),
	cmdVersion:               version,
	cmdEmpty:                 Empty{},
	cmdPadding:               Padding("xyz"),
	cmdNegativeANCE:          NegativeANCE{},
	cmdANCE:                  ANCE{},
	cmdClientAddress:         ClientAddress{netip.MustParseAddr("192.0.2.1")},
	cmdAssociationGroupID:    AssociationGroupID(connection),
	cmdDestination:           ToServer,
	cmdPingTrafficSentNotify: PingTrafficSentNotify(40),
}

func sample(t testing.TB, k Kind) *PDU {
	t.Helper()
	var commands []Command
	for _, c := range kinds[k].commands {
		commands = append(commands, someCommand[c])
	}
	p, err := New(k, commands...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestVectors(t *testing.T) {
	const id1, id2, id3 = "01000000 0000 0000 0000 000000000001", "02000000 0000 0000 0000 000000000002", "03000000 0000 0000 0000 000000000003"
	for name, tt := range map[string]struct {
		got  []byte
		want string
	}{
		"CONN/A1": {client.A1(), "05001403 10000000 4c00 0000 00000000 0000 0400" +
			"06000000 01000000 03000000" + id1 + "03000000" + id3 + "00000000 00000100"},
		"CONN/B1": {client.B1(), "05001403 10000000 6800 0000 00000000 0000 0600" +
			"06000000 01000000 03000000" + id1 + "03000000" + id2 + "04000000 00000040 05000000 e0930400 0c000000" + id1},
		"CONN/A3": {Server{Timeout: 120000}.A3(), "05001403 10000000 1c00 0000 00000000 0000 0100 02000000 c0d40100"},
		"Echo":    {EchoBody(), "05001403 10000000 1400 0000 00000000 4000 0000"},
		"Ping":    {encode(Ping), "05001403 10000000 1400 0000 00000000 0100 0000"},
		"FlowControlAckWithDestination": {encode(FlowAckTo, ToOutProxy, FlowControlAck{0x1111, 0x2222, outChannel}),
			"05001403 10000000 3800 0000 00000000 0200 0200 0d000000 03000000 01000000 11110000 22220000" + id3},
	} {
		if want := unhex(t, tt.want); !bytes.Equal(tt.got, want) {
			t.Errorf("%s:\ngot  %x\nwant %x", name, tt.got, want)
		}
	}
	if n := len(client.A1()); n != OutRequestLength {
		t.Errorf("CONN/A1 has %d octets", n)
	}
	a3, _ := sample(t, OutR1A3).Append(nil)
	a11, _ := sample(t, OutR1A11).Append(nil)
	c1, _ := sample(t, OutR2C1).Append(nil)
	if len(a3)+len(a11) != OutReplacementLength || len(c1) != len(a11) {
		t.Errorf("OUT_R1/A3 has %d octets, A11 %d, OUT_R2/C1 %d", len(a3), len(a11), len(c1))
	}
}

func TestKinds(t *testing.T) {
	if len(kinds) != 51-2+1 {
		t.Fatalf("%d kinds, but sections 2.2.4.2 to 2.2.4.51", len(kinds))
	}
	for i := range kinds {
		k := Kind(i)
		p := sample(t, k)
		b, err := p.Append(nil)
		if err != nil {
			t.Fatal(k, err)
		}
		got, err := ParsePDU(b)
		if err != nil || !reflect.DeepEqual(got, p) || !got.Is(k) {
			t.Errorf("%v: %+v, %v", k, got, err)
		}
		if _, err := New(k, append(p.Commands, Empty{})...); err == nil {
			t.Errorf("%v is built with one command more", k)
		}
	}
	if p := sample(t, ConnB1); p.Is(ConnA1) || p.Is(-1) || p.Is(Kind(len(kinds))) || p.Name() != "CONN/B1" {
		t.Errorf("%s is taken for another kind", p.Name())
	}
	if name := (&PDU{Flags: 0x80}).Name(); name != "RTS PDU with flags 0x80 and 0 commands" {
		t.Error(name)
	}
	if name := Kind(99).String(); name != "RTS PDU kind 99" {
		t.Error(name)
	}
}

func TestCommands(t *testing.T) {
	for _, c := range []Command{Padding(nil), Padding("x"), ClientAddress{netip.MustParseAddr("2001:db8::1")}, ClientAddress{netip.MustParseAddr("::ffff:192.0.2.1")}} {
		p := &PDU{Commands: []Command{c, ANCE{}}} // something after it shows where it ends
		b, err := p.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParsePDU(b); err != nil || !reflect.DeepEqual(got, p) {
			t.Errorf("%#v: %+v, %v", c, got, err)
		}
	}
	b, _ := appendCommand(nil, someCommand[cmdClientAddress])
	if want := unhex(t, "0b000000 00000000 010200c0 000000000000000000000000"); !bytes.Equal(b, want) {
		t.Errorf("client address % x", b)
	}
	for _, c := range []Command{ClientAddress{}, ClientAddress{netip.MustParseAddr("fe80::1%eth0")}, Padding(make([]byte, dcerpc.MaxFragment)), nilCommand{}} {
		if b, err := (&PDU{Commands: []Command{c}}).Append(nil); err == nil {
			t.Errorf("%T is written in %d octets", c, len(b))
		}
	}
	if _, err := (&PDU{Commands: make([]Command, maxCommands+1)}).Append(nil); err == nil {
		t.Error("17 commands are written")
	}
	p := sample(t, ConnA1)
	if c, ok := Find[Cookie](p, 1); !ok || c != outChannel {
		t.Error(c, ok)
	}
	if c, ok := Find[Cookie](p, 2); ok {
		t.Error("a third cookie", c)
	}
}

// Any commands one after the other, whatever the PDU is not good for.
func TestCommandsProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &PDU{Flags: Flags(rapid.Uint16().Draw(t, "flags"))}
		for range rapid.IntRange(0, maxCommands).Draw(t, "commands") {
			c := someCommand[CommandType(rapid.IntRange(0, len(someCommand)-1).Draw(t, "type"))]
			if c.Type() == cmdPadding {
				c = Padding(bytes.Repeat([]byte{1}, rapid.IntRange(1, 40).Draw(t, "padding")))
			}
			p.Commands = append(p.Commands, c)
		}
		b, err := p.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParsePDU(b); err != nil || !reflect.DeepEqual(got, p) {
			t.Fatalf("got %+v, %v, want %+v", got, err, p)
		}
	})
}

type nilCommand struct{}

func (nilCommand) Type() CommandType { return 99 }

func TestParseRefuses(t *testing.T) {
	edit := func(k Kind, offset int, octets ...byte) []byte {
		b, _ := sample(t, k).Append(nil)
		copy(b[offset:], octets)
		return b
	}
	short, _ := sample(t, KeepAlive).Append(nil)
	short = short[:len(short)-1]
	short[8]--
	headless := unhex(t, "05001403 10000000 1000 0000 00000000")
	for name, tt := range map[string]struct {
		pdu  []byte
		want string
	}{
		"nothing":               {nil, "header of 0 octets"},
		"no flags":              {headless, "RTS PDU of 16 octets"},
		"another type":          {edit(ConnA1, 2, 0), "request where an RTS PDU"},
		"a fragment":            {edit(ConnA1, 3, 1), "RPC flags 0x1"},
		"authentication":        {edit(ConnA1, 10, 4), "4 octets of authentication"},
		"a call":                {edit(ConnA1, 12, 4), "call 4"},
		"longer than sent":      {edit(ConnA1, 8, 0x4d), "of 77 octets in 76"},
		"more commands":         {edit(ConnA1, 18, 5), "octets needed"},
		"fewer commands":        {edit(ConnA1, 18, 3), "8 octets follow"},
		"17 commands":           {edit(ConnA1, 18, 17), "over the limit of 16"},
		"unknown command":       {edit(ConnA1, 20, 15), "command type 15"},
		"command cut off":       {short, "4 octets needed, 3 left"},
		"unknown destination":   {edit(InR2A3, 24, 4), "destination 4"},
		"unknown address":       {edit(ConnB2, 20+8+20+20+8+8+20+4, 2), "address of type 2"},
		"IPv6, but IPv4's room": {edit(ConnB2, 20+8+20+20+8+8+20+4, 1), "octets needed"},
	} {
		if p, err := ParsePDU(tt.pdu); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %+v, %v, want an error with %q", name, p, err, tt.want)
		}
	}
	long := encodePadding(t, 8)
	long[24] = 0xFF
	if p, err := ParsePDU(long); err == nil {
		t.Errorf("padding beyond the PDU: %+v", p)
	}
}

func encodePadding(t testing.TB, n int) []byte {
	b, err := (&PDU{Commands: []Command{Padding(make([]byte, n))}}).Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func FuzzParsePDU(f *testing.F) {
	for k := range kinds {
		b, _ := sample(f, Kind(k)).Append(nil)
		f.Add(b)
	}
	f.Add(encodePadding(f, 5))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ParsePDU(b)
		if err != nil {
			return
		}
		again, err := p.Append(nil)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v: %+v", err, p)
		}
		if q, err := ParsePDU(again); err != nil || !reflect.DeepEqual(p, q) {
			t.Fatalf("%+v became %+v, %v", p, q, err)
		}
		_ = p.Name()
	})
}
