package dcerpc

import (
	"bytes"
	"net/netip"
	"reflect"
	"shutout/lab/protocol/roundtrip"
	"strings"
	"testing"
)

var emsmdb = SyntaxID{UUID: MustUUID("a4f1db00-ca47-1067-b31f-00dd010662da"), Minor: 81}

// towerEMSMDB is the tower of C706 appendix L for an interface over TCP: 75
// octets, port and address big-endian.
const towerEMSMDB = `05 00
	13 00 0d 00 db f1 a4 47 ca 67 10 b3 1f 00 dd 01 06 62 da 00 00 02 00 51 00
	13 00 0d 04 5d 88 8a eb 1c c9 11 9f e8 08 00 2b 10 48 60 02 00 02 00 00 00
	01 00 0b 02 00 00 00
	01 00 07 02 00 17 71
	01 00 09 04 00 0a 00 00 05`

var anEndpoint = Endpoint{Interface: emsmdb, Transfer: NDR, Transport: TCP, Port: 6001, Addr: netip.MustParseAddr("10.0.0.5")}

func TestTower(t *testing.T) {
	want := unhex(t, towerEMSMDB)
	got, err := anEndpoint.Tower().Append(nil)
	if err != nil || !bytes.Equal(got, want) || len(got) != 75 {
		t.Fatalf("% x, %v", got, err)
	}
	tower, err := ParseTower(want)
	if err != nil {
		t.Fatal(err)
	}
	if e, err := tower.Endpoint(); err != nil || e != anEndpoint {
		t.Fatalf("%+v, %v", e, err)
	}
}

func TestTowerRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ hex, want string }{
		"nothing":                  {"", "octets needed"},
		"floor without a protocol": {"01 00 00 00 00 00", "without a protocol"},
		"floor cut off":            {"01 00 05 00 0d", "octets needed"},
		"missing floor":            {"02 00 01 00 0b 00 00", "octets needed"},
		"something after it":       {"01 00 01 00 0b 00 00 00", "follow the tower"},
		"too many floors":          {"ff ff", "over the limit"},
	} {
		if _, err := ParseTower(unhex(t, tt.hex)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, tt.want)
		}
	}
	for name, change := range map[string]func(Tower) Tower{
		"four floors":        func(t Tower) Tower { return t[:4] },
		"no interface":       func(t Tower) Tower { t[0] = t[2]; return t },
		"connectionless":     func(t Tower) Tower { t[2].Protocol = 0x0A; return t },
		"over a pipe":        func(t Tower) Tower { t[3].Protocol = 0x0F; return t },
		"port of one octet":  func(t Tower) Tower { t[3].Right = t[3].Right[:1]; return t },
		"address of 2 octet": func(t Tower) Tower { t[4].Right = t[4].Right[:2]; return t },
	} {
		if e, err := change(anEndpoint.Tower()).Endpoint(); err == nil {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestEptMap(t *testing.T) {
	question := Endpoint{Interface: emsmdb, Transfer: NDR, Transport: TCP, Port: 135, Addr: netip.IPv4Unspecified()}
	m := EptMap{Object: new(UUID), Tower: question.Tower(), MaxTowers: 4}
	stub, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	// object, its UUID, tower, size and length of 75, 75 octets and one of
	// padding, handle, max_towers.
	if len(stub) != 4+16+4+4+4+76+20+4 {
		t.Errorf("a stub of %d octets", len(stub))
	}
	if stub[0] != 1 || stub[20] != 2 {
		t.Errorf("the pointers are % x and % x", stub[:4], stub[20:24])
	}
	if !bytes.Equal(stub[24:32], unhex(t, "4b 00 00 00 4b 00 00 00")) {
		t.Errorf("the tower begins % x", stub[24:32])
	}
	got, err := ParseEptMap(stub)
	if err != nil || !reflect.DeepEqual(got, m) {
		t.Fatalf("%+v, %v", got, err)
	}
	m.MaxTowers = maxTowers + 1
	if stub, err = m.Encode(); err != nil {
		t.Fatal(err)
	}
	if _, err := ParseEptMap(stub); err == nil {
		t.Error("room for 501 towers is taken")
	}
	stub[24]++
	if _, err := ParseEptMap(stub); err == nil {
		t.Error("two lengths of one tower are taken")
	}
}

func TestEptMapResult(t *testing.T) {
	for name, m := range map[string]EptMapResult{
		"two":     {Handle: ContextHandle{UUID: someObject}, MaxTowers: 4, Towers: []Tower{anEndpoint.Tower(), anEndpoint.Tower()}},
		"null":    {MaxTowers: 4, Towers: []Tower{nil, anEndpoint.Tower()}},
		"nothing": {MaxTowers: 4, Status: EptNotRegistered},
	} {
		stub, err := m.Encode()
		if err != nil {
			t.Fatal(name, err)
		}
		if got, err := ParseEptMapResult(stub); err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := (EptMapResult{Towers: []Tower{nil}}).Encode(); err == nil {
		t.Error("more towers than there is room for are written")
	}
	stub, _ := EptMapResult{MaxTowers: 4, Towers: []Tower{nil}}.Encode()
	stub[28] = 1 // the offset
	if _, err := ParseEptMapResult(stub); err == nil {
		t.Error("towers from the second one on are taken")
	}
}

func FuzzEptMap(f *testing.F) {
	roundtrip.Fuzz(f, ParseEptMap, EptMap.Encode, EptMap{Object: &someObject, Tower: anEndpoint.Tower(), MaxTowers: 4}, EptMap{})
}

func FuzzEptMapResult(f *testing.F) {
	roundtrip.Fuzz(f, ParseEptMapResult, EptMapResult.Encode,
		EptMapResult{MaxTowers: 4, Towers: []Tower{anEndpoint.Tower(), nil}}, EptMapResult{Status: EptNotRegistered})
}
