package dcerpc

import (
	"fmt"

	"shutout/lab/protocol/ntlm"
)

// ntlmSignature is the length of an NTLM signature (MS-NLMP 2.2.2.9.1).
const ntlmSignature = 16

// ntlmProtector has NTLM protect fragments.
type ntlmProtector struct {
	session *ntlm.Session
	seals   bool
}

// NTLM is the protection that follows a sign-in with NTLM, for either end. From
// LevelPacket on NTLM signs, which includes the order of the fragments;
// LevelPrivacy encrypts the stub too (MS-RPCE 2.2.1.1.8).
func NTLM(session *ntlm.Session, level AuthLevel) (Protector, error) {
	if level < LevelPacket || level > LevelPrivacy {
		return nil, fmt.Errorf("dcerpc: authentication level %d protects nothing", level)
	}
	return ntlmProtector{session, level == LevelPrivacy}, nil
}

func (p ntlmProtector) TokenSize() int { return ntlmSignature }

func (p ntlmProtector) Protect(fragment []byte, stub, trailer int) ([]byte, error) {
	from, to := p.encrypted(stub, trailer)
	token := p.session.Seal(fragment, from, to)
	return token[:], nil
}

func (p ntlmProtector) Unprotect(fragment []byte, stub, trailer int, token []byte) error {
	if len(token) != ntlmSignature {
		return ntlm.ErrSignature
	}
	from, to := p.encrypted(stub, trailer)
	return p.session.Open(fragment, from, to, [ntlmSignature]byte(token))
}

// encrypted is the part of a fragment that is encrypted.
func (p ntlmProtector) encrypted(stub, trailer int) (from, to int) {
	if p.seals {
		return stub, trailer
	}
	return 0, 0
}
