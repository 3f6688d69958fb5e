package ntlm

import (
	"encoding/binary"
	"time"
)

const (
	challengeHeader     = 48 // up to the target info
	challengeFullHeader = 56 // with the version
)

// Challenge is the server's message (MS-NLMP 2.2.1.2).
type Challenge struct {
	Flags     Flags
	Target    string // the domain or server that signs the user in
	Challenge [8]byte
	Info      TargetInfo
	Version   Version
}

// NewChallenge is the answer of a domain's server to a client's first message
// (MS-NLMP 3.2.5.1.1): it grants what the client asks for, and sends target
// info in any case, because without it there is no NTLMv2. nonce must be fresh.
func NewChallenge(n Negotiate, names Names, nonce [8]byte, now time.Time) Challenge {
	const granted = RequestTarget | Sign | Seal | AlwaysSign | ExtendedSecurity | Identify | VersionPresent | Key128 | KeyExchange | Key56
	f := n.Flags&granted | NTLM | TargetInfoPresent
	if n.Flags.Has(Unicode) || !n.Flags.Has(OEM) {
		f |= Unicode
	} else {
		f |= OEM
	}
	c := Challenge{Challenge: nonce, Info: NewTargetInfo(names, now), Version: Version{6, 1, 7601}}
	if f.Has(RequestTarget) {
		f |= TargetTypeDomain
		c.Target = names.NetBIOSDomain
	}
	c.Flags = f
	return c
}

// ParseChallenge reads a CHALLENGE message.
func ParseChallenge(b []byte) (Challenge, error) {
	if err := open(b, typeChallenge, challengeHeader); err != nil {
		return Challenge{}, err
	}
	c := Challenge{Flags: Flags(binary.LittleEndian.Uint32(b[20:])), Challenge: [8]byte(b[24:32])}
	var err error
	if c.Target, err = text(b, 12, challengeHeader, c.Flags); err != nil {
		return Challenge{}, err
	}
	info, err := field(b, 40, challengeHeader)
	if err != nil {
		return Challenge{}, err
	}
	if info != nil && c.Flags.Has(TargetInfoPresent) {
		if c.Info, err = ParseTargetInfo(info); err != nil {
			return Challenge{}, err
		}
	}
	c.Version = version(b, 48, c.Flags)
	return c, nil
}

// Encode writes the message, the target info if the flags say so.
func (c Challenge) Encode() ([]byte, error) {
	w := newWriter(typeChallenge, challengeFullHeader)
	w.text(c.Target, c.Flags)
	w.uint32(uint32(c.Flags))
	w.head = append(w.head, c.Challenge[:]...)
	w.head = append(w.head, make([]byte, 8)...) // reserved
	var info []byte
	if c.Flags.Has(TargetInfoPresent) {
		var err error
		if info, err = c.Info.Encode(); err != nil {
			return nil, err
		}
	}
	w.field(info)
	w.version(c.Flags, c.Version)
	return w.bytes()
}
