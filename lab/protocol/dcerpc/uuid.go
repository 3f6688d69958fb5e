package dcerpc

import (
	"encoding/hex"
	"fmt"
)

// A UUID is held as it travels: its first three fields little-endian
// (C706 14.2 with a little-endian data representation).
type UUID [16]byte

// wireOrder says which octet of the wire form stands at each place of the
// text form.
var wireOrder = [16]int{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15}

// ParseUUID reads the text form of C706 appendix A, for example
// "8a885d04-1ceb-11c9-9fe8-08002b104860", in any case.
func ParseUUID(s string) (UUID, error) {
	var u UUID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return u, fmt.Errorf("dcerpc: %q is not a UUID", s)
	}
	raw, err := hex.DecodeString(s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:])
	if err != nil {
		return u, fmt.Errorf("dcerpc: %q is not a UUID", s)
	}
	for text, wire := range wireOrder {
		u[wire] = raw[text]
	}
	return u, nil
}

// MustUUID is ParseUUID for texts that stand in the program. It panics on
// anything else, so call it from package variables only.
func MustUUID(s string) UUID {
	u, err := ParseUUID(s)
	if err != nil {
		panic(err)
	}
	return u
}

// String is the text form, in lower case.
func (u UUID) String() string {
	var raw [16]byte
	for text, wire := range wireOrder {
		raw[text] = u[wire]
	}
	h := hex.EncodeToString(raw[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// A SyntaxID names an interface or a way to marshal: a UUID and a version
// (C706 12.6.3.1, p_syntax_id_t).
type SyntaxID struct {
	UUID         UUID
	Major, Minor uint16
}

// String is the form that IDL files and traces use, for example
// "e1af8308-5d1f-11c9-91a4-08002b14a0fa v3.0".
func (s SyntaxID) String() string { return fmt.Sprintf("%s v%d.%d", s.UUID, s.Major, s.Minor) }

// NDR is the transfer syntax that this package marshals: NDR version 2.0
// (C706 appendix I).
var NDR = SyntaxID{UUID: MustUUID("8a885d04-1ceb-11c9-9fe8-08002b104860"), Major: 2}

// NDR64 is the transfer syntax for 64-bit hosts (MS-RPCE, NDR64). Windows
// offers it beside NDR; this package does not marshal it.
var NDR64 = SyntaxID{UUID: MustUUID("71710533-beba-4937-8319-b5dbef9ccc36"), Major: 1}

// The features that a client may offer at bind time (MS-RPCE, bind time
// feature negotiation bitmask).
const (
	FeatureSecurityMultiplexing = 1 // several security contexts on one connection
	FeatureKeepOnOrphan         = 2 // the connection outlives an orphaned call
)

var featurePrefix = [8]byte{0x2c, 0x1c, 0xb7, 0x6c, 0x12, 0x98, 0x40, 0x45} // 6cb71c2c-9812-4540

// Features tells whether s is not a transfer syntax but an offer of features,
// which Windows puts into the UUID of one, and which (MS-RPCE, bind time
// feature negotiation).
func (s SyntaxID) Features() (bits uint16, ok bool) {
	if [8]byte(s.UUID[:8]) != featurePrefix || s.Major != 1 || s.Minor != 0 {
		return 0, false
	}
	return uint16(s.UUID[8]) | uint16(s.UUID[9])<<8, true
}

// FeatureSyntax is the transfer syntax that offers the features.
func FeatureSyntax(bits uint16) SyntaxID {
	s := SyntaxID{Major: 1}
	copy(s.UUID[:], featurePrefix[:])
	s.UUID[8], s.UUID[9] = byte(bits), byte(bits>>8)
	return s
}
