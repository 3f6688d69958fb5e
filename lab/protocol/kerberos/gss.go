package kerberos

import (
	"encoding/asn1"
	"encoding/binary"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"shutout/lab/protocol/ntlm"
)

// Token identifiers (RFC 4121 section 4.1).
const (
	tokenRequest = 0x0100
	tokenReply   = 0x0200
)

// Context flags, in the authenticator's checksum (RFC 4121 section 4.1.1.1;
// DCE style: RFC 4757 section 7.1).
type contextFlags uint32

const (
	gssMutual    contextFlags = 0x2
	gssReplay    contextFlags = 0x4
	gssSequence  contextFlags = 0x8
	gssPrivacy   contextFlags = 0x10
	gssIntegrity contextFlags = 0x20
	gssDCE       contextFlags = 0x1000
)

// sumGSS is the type of the authenticator's "checksum" that carries context
// flags: a length, the hash of channel bindings, the flags (RFC 4121 section
// 4.1.1).
const (
	sumGSS     = 0x8003
	sumGSSSize = 24
)

func gssChecksum(f contextFlags) *Checksum {
	b := make([]byte, sumGSSSize)
	binary.LittleEndian.PutUint32(b, 16)
	binary.LittleEndian.PutUint32(b[20:], uint32(f))
	return &Checksum{sumGSS, b}
}

func (a authenticator) contextFlags() contextFlags {
	if c := a.Checksum; c != nil && c.Type == sumGSS && len(c.Sum) >= sumGSSSize {
		return contextFlags(binary.LittleEndian.Uint32(c.Sum[20:]))
	}
	return 0
}

var mechanism = func() []byte {
	b, err := asn1.Marshal(ntlm.MechKerberos)
	if err != nil {
		panic(err) // a constant
	}
	return b
}()

const initialToken = cbasn1.Tag(classApplication) | 0x20 // RFC 2743 section 3.1

// frame puts the mechanism's name and a token identifier before a message.
func frame(id uint16, m []byte) []byte {
	return gssFrame(binary.BigEndian.AppendUint16(nil, id), m)
}

// gssFrame puts the mechanism's name before a token's parts (RFC 2743 section
// 3.1).
func gssFrame(parts ...[]byte) []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddASN1(initialToken, func(b *cryptobyte.Builder) {
		b.AddBytes(mechanism)
		for _, p := range parts {
			b.AddBytes(p)
		}
	})
	return b.BytesOrPanic()
}

// gssUnframe is the inverse of gssFrame.
func gssUnframe(token []byte) ([]byte, error) {
	s := cryptobyte.String(token)
	var in cryptobyte.String
	var oid asn1.ObjectIdentifier
	if !s.ReadASN1(&in, initialToken) || !s.Empty() || !in.ReadASN1ObjectIdentifier(&oid) {
		return nil, malformed("not a GSS token")
	}
	if !oid.Equal(ntlm.MechKerberos) && !oid.Equal(ntlm.MechMSKerberos) {
		return nil, malformed("a token of another mechanism")
	}
	return in, nil
}

// unframe is the inverse of frame. A bare message, as DCE style has it, is
// returned as it is.
func unframe(token []byte) (m []byte, framed bool, err error) {
	if len(token) > MaxMessage {
		return nil, false, malformed("a token of %d octets", len(token))
	}
	s := cryptobyte.String(token)
	if !s.PeekASN1Tag(initialToken) {
		return token, false, nil
	}
	rest, err := gssUnframe(token)
	if err != nil {
		return nil, true, err
	}
	if len(rest) < 2 {
		return nil, true, malformed("not a GSS token")
	}
	return rest[2:], true, nil
}
