package ntlm

import (
	"crypto/hmac"
	"encoding/binary"
	"fmt"
)

const (
	authenticateHeader = 64 // up to the flags
	versionHeader      = 72 // with the version
	micHeader          = 88 // with the MIC
)

// Authenticate is the client's second message (MS-NLMP 2.2.1.3).
type Authenticate struct {
	Flags                     Flags
	Domain, User, Workstation string
	LM, NT                    []byte // the responses; NT of 24 octets is version 1
	SessionKey                []byte // EncryptedRandomSessionKey
	Version                   Version
	MIC                       []byte // 16 octets, or nil where there is none
}

// IsAnonymous tells whether the client names nobody (MS-NLMP 3.2.5.1.2).
func (a Authenticate) IsAnonymous() bool {
	return a.Flags.Has(Anonymous) || a.User == "" && len(a.NT) == 0 && len(a.LM) <= 1
}

// ParseAuthenticate reads an AUTHENTICATE message. The slices of the result
// are parts of b.
func ParseAuthenticate(b []byte) (Authenticate, error) {
	if err := open(b, typeAuthenticate, authenticateHeader); err != nil {
		return Authenticate{}, err
	}
	a := Authenticate{Flags: Flags(binary.LittleEndian.Uint32(b[60:]))}
	var err error
	get := func(at int) (v []byte) {
		if err == nil {
			v, err = field(b, at, authenticateHeader)
		}
		return v
	}
	name := func(at int) (s string) {
		if err == nil {
			s, err = text(b, at, authenticateHeader, a.Flags)
		}
		return s
	}
	a.LM, a.NT = get(12), get(20)
	a.Domain, a.User, a.Workstation = name(28), name(36), name(44)
	a.SessionKey = get(52)
	if err != nil {
		return Authenticate{}, err
	}
	if payloadStart(b) >= versionHeader {
		a.Version = version(b, 64, a.Flags)
	}
	// Only the client's own AV pairs tell whether there is a MIC
	// (MS-NLMP 2.2.2.1, MsvAvFlags).
	if r, err := ParseResponse(a.NT); err == nil && r.Info.Flags()&AvFlagMIC != 0 {
		if payloadStart(b) < micHeader {
			return Authenticate{}, malformed("has no room for its MIC")
		}
		a.MIC = b[versionHeader:micHeader:micHeader]
	}
	return a, nil
}

// payloadStart is where the first field's contents begin: what lies before it
// belongs to the header.
func payloadStart(b []byte) int {
	start := len(b)
	for at := 12; at <= 52; at += 8 {
		if size := binary.LittleEndian.Uint16(b[at:]); size != 0 {
			start = min(start, int(binary.LittleEndian.Uint32(b[at+4:])))
		}
	}
	return start
}

// Encode writes the message. A MIC is written as it stands; make it 16 zeros,
// and put what ComputeMIC returns in its place afterwards with SetMIC.
func (a Authenticate) Encode() ([]byte, error) {
	size := versionHeader
	switch len(a.MIC) {
	case 0:
	case 16:
		size = micHeader
	default:
		return nil, fmt.Errorf("ntlm: a MIC of %d octets", len(a.MIC))
	}
	w := newWriter(typeAuthenticate, size)
	// The header's order is not the payload's: Windows writes the names first
	// (MS-NLMP 4.2.4.3).
	var head writer
	head.size = size
	head.text(a.Domain, a.Flags)
	head.text(a.User, a.Flags)
	head.text(a.Workstation, a.Flags)
	head.field(a.LM)
	head.field(a.NT)
	head.field(a.SessionKey)
	if head.err != nil {
		return nil, head.err
	}
	w.head = append(w.head, head.head[24:40]...) // LM, NT
	w.head = append(w.head, head.head[:24]...)   // names
	w.head = append(w.head, head.head[40:]...)   // session key
	w.payload = head.payload
	w.uint32(uint32(a.Flags))
	w.version(a.Flags, a.Version)
	w.head = append(w.head, a.MIC...)
	return w.bytes()
}

// ComputeMIC is the code over all three messages with the exported session key
// (MS-NLMP 3.1.5.1.2). authenticate must have room for a MIC; what stands there
// counts as zeros.
func ComputeMIC(key [16]byte, negotiate, challenge, authenticate []byte) ([16]byte, error) {
	if MessageType(authenticate) != typeAuthenticate || len(authenticate) < micHeader {
		return [16]byte{}, malformed("has no room for a MIC")
	}
	zero := make([]byte, 16)
	return hmacMD5(key[:], negotiate, challenge, authenticate[:versionHeader], zero, authenticate[micHeader:]), nil
}

// SetMIC writes a MIC into an AUTHENTICATE message made with room for it.
func SetMIC(authenticate []byte, mic [16]byte) { copy(authenticate[versionHeader:micHeader], mic[:]) }

// CheckMIC tells whether the message carries the right MIC.
func CheckMIC(key [16]byte, negotiate, challenge, authenticate []byte) bool {
	want, err := ComputeMIC(key, negotiate, challenge, authenticate)
	return err == nil && hmac.Equal(want[:], authenticate[versionHeader:micHeader])
}
