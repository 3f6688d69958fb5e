package signin

import (
	"encoding/asn1"
	"time"

	"shutout/lab/protocol/dcerpc"
	"shutout/lab/protocol/ntlm"
)

// negotiation is SPNEGO (RFC 4178), which wraps NTLM or Kerberos. A message of
// either that comes bare is taken as it is: many clients send NTLM so.
type negotiation struct {
	s         *Server
	mechanism Mechanism // 0 before one is chosen
	inner     acceptor
	bare      bool
	id        Identity // of a refusal of the negotiation itself
}

func (n *negotiation) step(now time.Time, token []byte) (reply []byte, done bool) {
	if n.inner != nil {
		return n.proceed(now, token)
	}
	if m := bareMechanism(token); m != 0 {
		n.choose(m)
		n.bare = true
		return n.inner.step(now, token)
	}
	init, err := ntlm.ParseNegInit(token)
	if err != nil {
		return n.refuse(now, "malformed SPNEGO token")
	}
	for i, oid := range init.Mechs {
		m := mechanismOf(oid)
		if m == 0 {
			continue
		}
		n.choose(m)
		if i > 0 || init.Token == nil {
			// The token, if any, is for a mechanism that is not spoken here.
			return n.wrap(nil, oid, false)
		}
		reply, done = n.inner.step(now, init.Token)
		return n.wrap(reply, oid, done)
	}
	return n.refuse(now, "no mechanism that SPNEGO offers is known")
}

// proceed takes a later token.
func (n *negotiation) proceed(now time.Time, token []byte) (reply []byte, done bool) {
	if n.bare || ntlm.MessageType(token) != 0 {
		return n.inner.step(now, token)
	}
	r, err := ntlm.ParseNegResp(token)
	if err != nil || r.Token == nil {
		return n.refuse(now, "malformed SPNEGO token")
	}
	reply, done = n.inner.step(now, r.Token)
	return n.wrap(reply, nil, done)
}

// wrap puts the mechanism's token, and how far the negotiation has come, into
// one of SPNEGO's. What was chosen is told in the first only (RFC 4178 section
// 4.2.2). A refusal is the carrying protocol's to tell.
func (n *negotiation) wrap(token []byte, chosen asn1.ObjectIdentifier, done bool) ([]byte, bool) {
	r := ntlm.NegResp{State: ntlm.AcceptIncomplete, Mech: chosen, Token: token}
	if done {
		if n.inner.identity().User == nil {
			return nil, true
		}
		r.State = ntlm.AcceptCompleted
	}
	b, err := r.Encode()
	if err != nil { // of a token that asn1 cannot hold: there is none
		return nil, done
	}
	return b, done
}

func (n *negotiation) choose(m Mechanism) {
	n.mechanism = m
	if m == NTLM {
		n.inner = newNTLM(n.s)
	} else {
		n.inner = newKerberos(n.s)
	}
}

func (n *negotiation) refuse(now time.Time, reason string) ([]byte, bool) {
	n.id = n.s.refuse(now, reason)
	return nil, true
}

func (n *negotiation) identity() Identity {
	if n.id.Code != 0 || n.inner == nil {
		return n.id
	}
	return n.inner.identity()
}

func (n *negotiation) protector(level dcerpc.AuthLevel) (dcerpc.Protector, error) {
	return n.inner.protector(level)
}

func mechanismOf(oid asn1.ObjectIdentifier) Mechanism {
	switch {
	case oid.Equal(ntlm.MechNTLM):
		return NTLM
	case oid.Equal(ntlm.MechKerberos), oid.Equal(ntlm.MechMSKerberos):
		return Kerberos
	}
	return 0
}

// bareMechanism tells whose first token this is without SPNEGO around it: an
// NTLM message, or an initial context token that names its mechanism (RFC 2743
// section 3.1).
func bareMechanism(token []byte) Mechanism {
	if ntlm.MessageType(token) != 0 {
		return NTLM
	}
	var outer asn1.RawValue
	if _, err := asn1.Unmarshal(token, &outer); err != nil || outer.Class != asn1.ClassApplication || outer.Tag != 0 {
		return 0
	}
	var oid asn1.ObjectIdentifier
	if _, err := asn1.Unmarshal(outer.Bytes, &oid); err != nil {
		return 0
	}
	return mechanismOf(oid)
}
