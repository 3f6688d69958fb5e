package ntlm

import (
	"encoding/asn1"
	"fmt"
)

// Mechanisms that a client offers in SPNEGO (MS-SPNG; Kerberos in both of
// its spellings, of which the first is a slip of Windows 2000 that stayed).
var (
	MechNTLM       = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 2, 10}
	MechMSKerberos = asn1.ObjectIdentifier{1, 2, 840, 48018, 1, 2, 2}
	MechKerberos   = asn1.ObjectIdentifier{1, 2, 840, 113554, 1, 2, 2}

	oidSPNEGO = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 2}
)

// NegState is how far a negotiation has come (RFC 4178 section 4.2.2).
type NegState int

const (
	AcceptCompleted  NegState = 0
	AcceptIncomplete NegState = 1
	Reject           NegState = 2
	RequestMIC       NegState = 3

	noState NegState = -1
)

// NegInit is a client's first SPNEGO token (RFC 4178 section 4.2.1). Token is
// for the first of Mechs.
type NegInit struct {
	Mechs []asn1.ObjectIdentifier
	Token []byte
}

// NegResp is every later one, of either side (RFC 4178 section 4.2.2).
type NegResp struct {
	State NegState              // -1 where it is left out
	Mech  asn1.ObjectIdentifier // nil where it is left out
	Token []byte
	MIC   []byte
}

type asnInit struct {
	Mechs []asn1.ObjectIdentifier `asn1:"explicit,tag:0"`
	Flags asn1.BitString          `asn1:"explicit,optional,tag:1"`
	Token []byte                  `asn1:"explicit,optional,omitempty,tag:2"`
	MIC   asn1.RawValue           `asn1:"explicit,optional,tag:3"`
}

type asnResp struct {
	State asn1.Enumerated       `asn1:"explicit,optional,tag:0,default:-1"`
	Mech  asn1.ObjectIdentifier `asn1:"explicit,optional,omitempty,tag:1"`
	Token []byte                `asn1:"explicit,optional,omitempty,tag:2"`
	MIC   []byte                `asn1:"explicit,optional,omitempty,tag:3"`
}

const (
	tagInitialToken = 0x60 // [APPLICATION 0] (RFC 2743 section 3.1)
	tagNegInit      = 0
	tagNegResp      = 1
)

// UnwrapToken returns the NTLM message in a token of scheme Negotiate, which is
// either a bare one or SPNEGO. wrapped tells which. The message is nil if the
// token offers NTLM only after another mechanism, and carries that one's token.
func UnwrapToken(token []byte) (message []byte, wrapped bool, err error) {
	if MessageType(token) != 0 {
		return token, false, nil
	}
	if len(token) > 0 && token[0] == tagInitialToken {
		n, err := ParseNegInit(token)
		if err != nil {
			return nil, true, err
		}
		if len(n.Mechs) > 0 && n.Mechs[0].Equal(MechNTLM) {
			return n.Token, true, nil
		}
		for _, m := range n.Mechs {
			if m.Equal(MechNTLM) {
				return nil, true, nil
			}
		}
		return nil, true, malformed("a token that does not offer NTLM")
	}
	r, err := ParseNegResp(token)
	if err != nil {
		return nil, false, err
	}
	return r.Token, true, nil
}

// ParseNegInit reads a client's first token.
func ParseNegInit(b []byte) (NegInit, error) {
	if len(b) > MaxMessage {
		return NegInit{}, malformed("%d octets", len(b))
	}
	var outer asn1.RawValue
	rest, err := asn1.UnmarshalWithParams(b, &outer, "")
	if err != nil || len(rest) != 0 || outer.Class != asn1.ClassApplication || outer.Tag != 0 || !outer.IsCompound {
		return NegInit{}, malformed("not an SPNEGO token")
	}
	var oid asn1.ObjectIdentifier
	inner, err := asn1.Unmarshal(outer.Bytes, &oid)
	if err != nil || !oid.Equal(oidSPNEGO) {
		return NegInit{}, malformed("not an SPNEGO token")
	}
	var init asnInit
	rest, err = asn1.UnmarshalWithParams(inner, &init, fmt.Sprintf("explicit,tag:%d", tagNegInit))
	if err != nil || len(rest) != 0 {
		return NegInit{}, malformed("not a NegTokenInit")
	}
	if len(init.Mechs) == 0 {
		return NegInit{}, malformed("a NegTokenInit without mechanisms")
	}
	return NegInit{init.Mechs, nonEmpty(init.Token)}, nil
}

// Encode writes the token.
func (n NegInit) Encode() ([]byte, error) {
	inner, err := asn1.MarshalWithParams(asnInit{Mechs: n.Mechs, Token: n.Token}, fmt.Sprintf("explicit,tag:%d", tagNegInit))
	if err != nil {
		return nil, err
	}
	oid, err := asn1.Marshal(oidSPNEGO)
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(asn1.RawValue{Class: asn1.ClassApplication, Tag: 0, IsCompound: true, Bytes: append(oid, inner...)})
}

// ParseNegResp reads a later token.
func ParseNegResp(b []byte) (NegResp, error) {
	if len(b) > MaxMessage {
		return NegResp{}, malformed("%d octets", len(b))
	}
	r := asnResp{State: asn1.Enumerated(noState)}
	rest, err := asn1.UnmarshalWithParams(b, &r, fmt.Sprintf("explicit,tag:%d", tagNegResp))
	if err != nil || len(rest) != 0 {
		return NegResp{}, malformed("not a NegTokenResp")
	}
	if r.State < asn1.Enumerated(noState) || r.State > asn1.Enumerated(RequestMIC) {
		return NegResp{}, malformed("a negotiation state of %d", r.State)
	}
	return NegResp{NegState(r.State), r.Mech, nonEmpty(r.Token), nonEmpty(r.MIC)}, nil
}

// Encode writes the token.
func (r NegResp) Encode() ([]byte, error) {
	return asn1.MarshalWithParams(asnResp{asn1.Enumerated(r.State), r.Mech, r.Token, r.MIC}, fmt.Sprintf("explicit,tag:%d", tagNegResp))
}

// nonEmpty is b, or nil for no octets: an empty token and none say the same.
func nonEmpty(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}
