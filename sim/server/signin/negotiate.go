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
	offered   []byte   // the client's list of mechanisms, as it is signed
	id        Identity // of a refusal of the negotiation itself
}

// A listSigner is an acceptor that can check the client's code over the list of
// mechanisms, and answer with its own (RFC 4178 section 5).
type listSigner interface {
	signList(list, mic []byte) (answer []byte, ok bool)
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
	if n.offered, err = asn1.Marshal(init.Mechs); err != nil {
		return n.refuse(now, "malformed SPNEGO token")
	}
	for i, oid := range init.Mechs {
		m := mechanismOf(oid)
		if m == 0 {
			continue
		}
		n.choose(m)
		if i > 0 { // the token, if any, is for another mechanism
			return n.wrap(ntlm.NegResp{State: ntlm.RequestMIC, Mech: oid}), false
		}
		if init.Token == nil {
			return n.wrap(ntlm.NegResp{State: ntlm.AcceptIncomplete, Mech: oid}), false
		}
		// What was chosen is told in the first answer only.
		return n.pass(now, ntlm.NegResp{Token: init.Token}, oid)
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
	return n.pass(now, r, nil)
}

// pass hands the client's token to the mechanism and wraps what it answers. A
// refusal is the carrying protocol's to tell.
func (n *negotiation) pass(now time.Time, r ntlm.NegResp, chosen asn1.ObjectIdentifier) ([]byte, bool) {
	reply, done := n.inner.step(now, r.Token)
	answer := ntlm.NegResp{State: ntlm.AcceptIncomplete, Mech: chosen, Token: reply}
	if !done {
		return n.wrap(answer), false
	}
	if n.inner.identity().User == nil {
		return nil, true
	}
	answer.State = ntlm.AcceptCompleted
	if s, ok := n.inner.(listSigner); ok && r.MIC != nil {
		if answer.MIC, ok = s.signList(n.offered, r.MIC); !ok {
			return n.refuse(now, "the list of mechanisms was altered on its way")
		}
	}
	return n.wrap(answer), true
}

// wrap writes one of SPNEGO's tokens.
func (n *negotiation) wrap(r ntlm.NegResp) []byte {
	b, _ := r.Encode() // its parts are octets, and identifiers that could be read
	return b
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
