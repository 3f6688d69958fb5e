package mapihttp

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"shutout/lab/protocol/mapi"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var (
	aConnect         = ConnectRequest{UserDN: "/o=x/cn=dana", Flags: 1, CodePage: 1252, SortLCID: 1033, StringLCID: 1031, Aux: []byte("aux")}
	aConnectResponse = ConnectResponse{PollsMax: time.Minute, RetryCount: 6, RetryDelay: 10 * time.Second, DNPrefix: "/o=x/cn=", DisplayName: "Dana Ü", Aux: []byte("aux")}
	aExecute         = ExecuteRequest{Flags: ExecuteNoCompression | ExecuteNoXorMagic, RopBuffer: []byte("rops"), MaxRopOut: 0x8000, Aux: []byte("aux")}
	aExecuteResponse = ExecuteResponse{Code: mapi.CodeServerBusy, RopBuffer: []byte("rops"), Aux: []byte("aux")}
	aWaitResponse    = NotificationWaitResponse{EventPending: EventPending}
)

// bodies has the parser, the writer and a value of every body, with the octets
// that MS-OXCMAPIHTTP 2.2.4 gives it.
var bodies = []struct {
	name  string
	parse func([]byte) (any, error)
	value interface{ Encode() ([]byte, error) }
	wire  string
}{
	{"Connect request", func(b []byte) (any, error) { return ParseConnectRequest(b) }, aConnect,
		"2f6f3d782f636e3d64616e6100 01000000 e4040000 09040000 07040000 03000000 617578"},
	{"Connect response", func(b []byte) (any, error) { return ParseConnectResponse(b) }, aConnectResponse,
		"00000000 00000000 60ea0000 06000000 10270000 2f6f3d782f636e3d00 440061006e00610020 00dc000000 03000000 617578"},
	{"Execute request", func(b []byte) (any, error) { return ParseExecuteRequest(b) }, aExecute,
		"03000000 04000000 726f7073 00800000 03000000 617578"},
	{"Execute response", func(b []byte) (any, error) { return ParseExecuteResponse(b) }, aExecuteResponse,
		"00000000 80040000 00000000 04000000 726f7073 03000000 617578"},
	{"Disconnect request", func(b []byte) (any, error) { return ParseDisconnectRequest(b) }, DisconnectRequest{}, "00000000"},
	{"Disconnect response", func(b []byte) (any, error) { return ParseDisconnectResponse(b) }, DisconnectResponse{Code: mapi.CodeAccessDenied},
		"00000000 05000780 00000000"},
	{"NotificationWait request", func(b []byte) (any, error) { return ParseNotificationWaitRequest(b) }, NotificationWaitRequest{}, "00000000 00000000"},
	{"NotificationWait response", func(b []byte) (any, error) { return ParseNotificationWaitResponse(b) }, aWaitResponse,
		"00000000 00000000 01000000 00000000"},
}

func TestBodies(t *testing.T) {
	for _, b := range bodies {
		t.Run(b.name, func(t *testing.T) {
			want := unhex(t, b.wire)
			got, err := b.value.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Fatalf("got  % x\nwant % x", got, want)
			}
			value, err := b.parse(want)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(value, any(b.value)) {
				t.Fatalf("got %+v, want %+v", value, b.value)
			}
			for n := range want {
				if _, err := b.parse(want[:n]); err == nil {
					t.Fatalf("%d of %d octets were taken", n, len(want))
				}
			}
			if _, err := b.parse(append(want, 0)); err == nil {
				t.Fatal("an octet too many was taken")
			}
		})
	}
}

func TestFailure(t *testing.T) {
	want := &Failure{Status: 13, Aux: []byte("why")}
	data, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range bodies {
		if !strings.HasSuffix(b.name, "response") {
			continue
		}
		_, err := b.parse(data)
		var got *Failure
		if !errors.As(err, &got) || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", b.name, err, want)
		}
		if _, err = b.parse(data[:6]); err == nil || errors.As(err, &got) {
			t.Errorf("%s: a failure cut off: got %v", b.name, err)
		}
	}
	if _, err := (&Failure{}).Encode(); err == nil {
		t.Error("a failure without a status code was written")
	}
}

func TestUnwritableBodies(t *testing.T) {
	for _, r := range []interface{ Encode() ([]byte, error) }{
		ConnectRequest{UserDN: "a\x00"},
		ConnectResponse{PollsMax: time.Microsecond},
		ConnectResponse{RetryDelay: -time.Second},
		ConnectResponse{DisplayName: "\xff"},
	} {
		if data, err := r.Encode(); err == nil {
			t.Errorf("%+v was written as % x", r, data)
		}
	}
}

// An Execute both ways, through all layers.
func TestExecuteCarriesRops(t *testing.T) {
	sent := mapi.RequestBuffer{Rops: []mapi.Request{&mapi.SubmitMessageRequest{Input: 2}}, Handles: []uint32{1, 2, 3}}
	payload, err := sent.Encode()
	if err != nil {
		t.Fatal(err)
	}
	framed, err := mapi.AppendPayload(nil, payload, mapi.FlagLast|mapi.FlagXorMagic)
	if err != nil {
		t.Fatal(err)
	}
	body, err := ExecuteRequest{RopBuffer: framed, MaxRopOut: 1 << 15}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	request, err := ParseExecuteRequest(body)
	if err != nil {
		t.Fatal(err)
	}
	payloads, err := mapi.ParsePayloads(request.RopBuffer)
	if err != nil || len(payloads) != 1 {
		t.Fatal(len(payloads), err)
	}
	got, err := mapi.ParseRequests(payloads[0])
	if err != nil || !reflect.DeepEqual(got, sent) {
		t.Fatalf("got %+v, %v", got, err)
	}
}
