package emsmdb

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"shutout/lab/protocol/dcerpc"
	"shutout/lab/protocol/roundtrip"
)

var (
	session = dcerpc.ContextHandle{UUID: dcerpc.MustUUID("01020304-0506-0708-090a-0b0c0d0e0f10")}

	connectRequest = ConnectExRequest{
		UserDN: "/o=Lab/ou=First/cn=Recipients/cn=dana", ConnectionMod: 0x1234, CodePage: 1252, LCIDString: 1033, LCIDSort: 1033,
		Link: 0xFFFFFFFF, ConvertPages: 1, ClientVersion: Version{14, 0x8000 | 4760, 1000}, Auxiliary: []byte("aux"), MaxAuxiliaryOut: MaxAuxiliary,
	}
	connectResponse = ConnectExResponse{
		Session: session, PollsMax: 60000, Retries: 6, RetryDelay: 10000, Index: 7, DNPrefix: "/o=Lab", DisplayName: "Dana",
		ServerVersion: Version{14, 0x8001, 2}, BestVersion: Version{14, 0x8001, 2}, TimeStamp: 99, Auxiliary: []byte("more"),
	}
	extRequest  = RpcExt2Request{Session: session, Flags: NoCompression | NoXorMagic, Buffer: []byte("rops!"), MaxBufferOut: MaxBuffer, Auxiliary: []byte("a"), MaxAuxiliaryOut: MaxAuxiliary}
	extResponse = RpcExt2Response{Session: session, Buffer: []byte("answers"), TransTime: 12}
)

func roundTrip[T any](t *testing.T, parse func([]byte) (T, error), encode func(T) ([]byte, error), values ...T) {
	t.Helper()
	for _, v := range values {
		stub, err := encode(v)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parse(stub)
		if err != nil || !reflect.DeepEqual(got, v) {
			t.Fatalf("got %+v, %v, want %+v", got, err, v)
		}
		// A stub that is cut anywhere is no stub of this call.
		for n := range stub {
			if got, err := parse(stub[:n]); err == nil {
				t.Fatalf("%d of %d octets are taken as %+v", n, len(stub), got)
			}
		}
		if _, err := parse(append(bytes.Clone(stub), make([]byte, 16)...)); err == nil {
			t.Fatal("16 octets more are taken")
		}
	}
}

func TestRoundTrip(t *testing.T) {
	roundTrip(t, ParseConnectExRequest, ConnectExRequest.Encode, connectRequest, ConnectExRequest{})
	roundTrip(t, ParseConnectExResponse, ConnectExResponse.Encode, connectResponse, ConnectExResponse{}, ConnectExResponse{Result: UnknownUser})
	roundTrip(t, ParseRpcExt2Request, RpcExt2Request.Encode, extRequest, RpcExt2Request{})
	roundTrip(t, ParseRpcExt2Response, RpcExt2Response.Encode, extResponse, RpcExt2Response{Result: RpcFailed})
	roundTrip(t, ParseDisconnect, Disconnect.Encode, Disconnect{session})
	roundTrip(t, ParseDisconnectResponse, DisconnectResponse.Encode, DisconnectResponse{})
	roundTrip(t, ParseAsyncConnectExRequest, AsyncConnectExRequest.Encode, AsyncConnectExRequest{session})
	roundTrip(t, ParseAsyncConnectExResponse, AsyncConnectExResponse.Encode, AsyncConnectExResponse{Async: session})
	roundTrip(t, ParseAsyncWaitExRequest, AsyncWaitExRequest.Encode, AsyncWaitExRequest{Async: session})
	roundTrip(t, ParseAsyncWaitExResponse, AsyncWaitExResponse.Encode, AsyncWaitExResponse{Flags: NotificationPending})
}

// Buffers of any length keep what follows them in its place.
func TestRoundTripProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// nil where there is nothing: that is how it is read.
		octets := func(name string, limit int) []byte {
			if b := rapid.SliceOfN(rapid.Byte(), 0, limit).Draw(t, name); len(b) > 0 {
				return b
			}
			return nil
		}
		q := RpcExt2Request{Session: session, Flags: rapid.Uint32().Draw(t, "flags"), Buffer: octets("buffer", 100),
			MaxBufferOut: rapid.Uint32Range(0, MaxBuffer).Draw(t, "room"), Auxiliary: octets("auxiliary", 20)}
		stub, err := q.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParseRpcExt2Request(stub); err != nil || !reflect.DeepEqual(got, q) {
			t.Fatalf("got %+v, %v, want %+v", got, err, q)
		}
		p := ConnectExResponse{Session: session, DNPrefix: rapid.StringMatching(`[ -~]{0,9}`).Draw(t, "prefix"),
			DisplayName: rapid.StringMatching(`[ -~]{0,9}`).Draw(t, "name"), ServerVersion: Version{1, 2, 3},
			TimeStamp: rapid.Uint32().Draw(t, "stamp"), Auxiliary: octets("auxiliary out", 20), Result: ErrorCode(rapid.Uint32().Draw(t, "result"))}
		if stub, err = p.Encode(); err != nil {
			t.Fatal(err)
		}
		if got, err := ParseConnectExResponse(stub); err != nil || !reflect.DeepEqual(got, p) {
			t.Fatalf("got %+v, %v, want %+v", got, err, p)
		}
	})
}

// The stubs by hand, from the declarations of MS-OXCRPC 3.1.4 and the rules of
// C706 14.
func TestLayout(t *testing.T) {
	const handle = "00000000 04030201 06050807 090a0b0c0d0e0f10 "
	tests := map[string]struct {
		encode func() ([]byte, error)
		want   string
	}{
		"EcDoConnectEx request": {ConnectExRequest{UserDN: "/o", CodePage: 0x4e4, Link: 0xFFFFFFFF, ConvertPages: 1,
			ClientVersion: Version{12, 2, 3}, Auxiliary: []byte("x"), MaxAuxiliaryOut: 0x1008}.Encode,
			"03000000 00000000 03000000 2f6f00 00" + // szUserDN
				"00000000 00000000 00000000 e4040000 00000000 00000000 ffffffff" +
				"0100 0c00 0200 0300" + // usFCanConvertCodePages, rgwClientVersion
				"00000000" + // pulTimeStamp
				"01000000 78 000000 01000000 08100000"},
		"EcDoConnectEx response": {ConnectExResponse{Session: session, PollsMax: 60000, Index: 1, DNPrefix: "", DisplayName: "D",
			ServerVersion: Version{1, 2, 3}, BestVersion: Version{4, 5, 6}, TimeStamp: 7}.Encode,
			handle + "60ea0000 00000000 00000000 0100 0000" +
				"00000200 01000000 00000000 01000000 00 000000" + // szDNPrefix
				"04000200 02000000 00000000 02000000 4400" + // szDisplayName
				"0100 0200 0300 0400 0500 0600 0000" +
				"07000000 00000000 00000000 00000000 00000000 00000000"},
		"EcDoRpcExt2 request": {RpcExt2Request{Session: session, Flags: 3, Buffer: []byte("rops!"), MaxBufferOut: 0x8007, MaxAuxiliaryOut: 0x1008}.Encode,
			handle + "03000000 05000000 726f707321 000000 05000000 07800000 00000000 00000000 08100000"},
		"EcDoRpcExt2 response": {RpcExt2Response{Session: session, Buffer: []byte("abc"), TransTime: 9, Result: RpcFormat}.Encode,
			handle + "00000000 03000000 00000000 03000000 616263 00 03000000" +
				"00000000 00000000 00000000 00000000 09000000 b6040000"},
		"EcDoDisconnect response": {DisconnectResponse{}.Encode, strings.Repeat("00", 24)},
		"EcDoAsyncWaitEx response": {AsyncWaitExResponse{Flags: NotificationPending}.Encode,
			"01000000 00000000"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			want, err := hex.DecodeString(strings.ReplaceAll(tt.want, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := tt.encode(); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("got  %x, %v\nwant %x", got, err, want)
			}
		})
	}
}

func TestRefuses(t *testing.T) {
	if _, err := (RpcExt2Request{Buffer: make([]byte, MaxBuffer+1)}).Encode(); err == nil {
		t.Error("a buffer over the limit is written")
	}
	if _, err := (ConnectExRequest{UserDN: "a\x00b"}).Encode(); err == nil {
		t.Error("a name with a NUL is written")
	}
	set := func(q RpcExt2Request, offset int, v byte) []byte {
		stub, err := q.Encode()
		if err != nil {
			t.Fatal(err)
		}
		stub[offset] = v
		return stub
	}
	for name, tt := range map[string]struct {
		stub []byte
		want string
	}{
		"array and size differ": {set(extRequest, 36, 4), "given as 4"},
		"size of 2^24":          {set(extRequest, 27, 1), "over the limit"},
		"room over the range":   {set(extRequest, 42, 5), "over the limit"},
	} {
		if q, err := ParseRpcExt2Request(tt.stub); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %+v, %v, want an error with %q", name, q, err, tt.want)
		}
	}
}

func FuzzConnectExRequest(f *testing.F) {
	roundtrip.Fuzz(f, ParseConnectExRequest, ConnectExRequest.Encode, connectRequest)
}
func FuzzConnectExResponse(f *testing.F) {
	roundtrip.Fuzz(f, ParseConnectExResponse, ConnectExResponse.Encode, connectResponse, ConnectExResponse{Result: UnknownUser})
}
func FuzzRpcExt2Request(f *testing.F) {
	roundtrip.Fuzz(f, ParseRpcExt2Request, RpcExt2Request.Encode, extRequest)
}
func FuzzRpcExt2Response(f *testing.F) {
	roundtrip.Fuzz(f, ParseRpcExt2Response, RpcExt2Response.Encode, extResponse)
}
func FuzzHandles(f *testing.F) {
	b, _ := AsyncWaitExRequest{Async: session, Flags: 1}.Encode()
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		// Fixed layouts: what one of them takes is the same octets when written.
		if q, err := ParseAsyncWaitExRequest(b); err == nil {
			if again, _ := q.Encode(); !bytes.HasPrefix(b, again) {
				t.Fatalf("% x became % x", b, again)
			}
		}
		if p, err := ParseAsyncConnectExResponse(b); err == nil {
			if again, _ := p.Encode(); !bytes.HasPrefix(b, again) {
				t.Fatalf("% x became % x", b, again)
			}
		}
	})
}
