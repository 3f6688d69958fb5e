package signin

import (
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"shutout/lab/protocol/dcerpc"
	"shutout/lab/protocol/ntlm"
	"shutout/sim/directory"
)

// ntlmAcceptor checks NTLMv2 with the domain controller that the host asks.
type ntlmAcceptor struct {
	s                    *Server
	negotiate, challenge []byte // the first two messages; challenge is nil before it was sent
	nonce                [8]byte

	id    Identity
	flags ntlm.Flags
	key   [16]byte // the exported session key
}

func newNTLM(s *Server) acceptor { return &ntlmAcceptor{s: s} }

func (a *ntlmAcceptor) step(now time.Time, token []byte) (reply []byte, done bool) {
	if a.challenge == nil {
		if err := a.begin(now, token); err != nil {
			a.id = a.s.refuse(now, "NTLM does not begin with a negotiate message")
			return nil, true
		}
		return a.challenge, false
	}
	a.id = a.authenticate(now, token)
	return nil, true
}

// begin answers a NEGOTIATE message with a challenge.
func (a *ntlmAcceptor) begin(now time.Time, token []byte) error {
	n, err := ntlm.ParseNegotiate(token)
	if err != nil {
		return err
	}
	binary.LittleEndian.PutUint64(a.nonce[:], a.s.rand.Uint64())
	domain := a.s.w.Dir.Domain()
	a.negotiate = append([]byte(nil), token...)
	a.challenge, err = ntlm.NewChallenge(n, ntlm.Names{
		NetBIOSDomain: a.s.w.Dir.NetBIOS(), NetBIOSComputer: strings.ToUpper(a.s.host),
		DNSDomain: domain, DNSComputer: a.s.host + "." + domain, DNSTree: domain,
	}, a.nonce, now).Encode()
	return err
}

// authenticate checks an AUTHENTICATE message (MS-NLMP 3.2.5.1.2). That of
// version 1 is refused, as LmCompatibilityLevel 5 has it, and so is anonymous
// sign-in.
func (a *ntlmAcceptor) authenticate(now time.Time, token []byte) Identity {
	m, err := ntlm.ParseAuthenticate(token)
	switch {
	case err != nil:
		return a.s.refuse(now, "malformed NTLM message")
	case m.IsAnonymous():
		return a.s.refuse(now, "anonymous sign-in with NTLM")
	}
	if _, err := ntlm.ParseResponse(m.NT); err != nil {
		return a.s.refuse(now, "not an NTLM response of version 2")
	}
	l := a.s.w.Dir.DCFor(a.s.host).LogonNTLM(now, directory.NTLMv2{
		User: m.User, Domain: m.Domain, Challenge: a.nonce, Response: m.NT,
	})
	if l.Code != directory.OK {
		return Identity{Code: l.Code, Decision: l.Decision}
	}
	a.flags, a.key = m.Flags, l.SessionKey
	if len(m.SessionKey) == len(a.key) && m.Flags.Has(ntlm.KeyExchange) {
		a.key = ntlm.ExchangeKey(a.key, [16]byte(m.SessionKey))
	}
	if m.MIC != nil && !ntlm.CheckMIC(a.key, a.negotiate, a.challenge, token) {
		return a.s.refuse(now, "the NTLM messages were altered on their way")
	}
	return Identity{User: l.Object, Decision: l.Decision}
}

// signList uses a session of its own: the one for RPC begins anew after SPNEGO
// has used its keys.
func (a *ntlmAcceptor) signList(list, mic []byte) (answer []byte, ok bool) {
	if !a.flags.Has(ntlm.ExtendedSecurity|ntlm.Sign) || len(mic) != 16 {
		return nil, false
	}
	session := ntlm.NewSession(a.flags, a.key, true)
	if session.Check(list, [16]byte(mic)) != nil {
		return nil, false
	}
	own := session.Sign(list)
	return own[:], true
}

func (a *ntlmAcceptor) identity() Identity { return a.id }

func (a *ntlmAcceptor) protector(level dcerpc.AuthLevel) (dcerpc.Protector, error) {
	if !a.flags.Has(ntlm.ExtendedSecurity | ntlm.Sign) {
		return nil, errors.New("no signatures were negotiated with NTLM")
	}
	return dcerpc.NTLM(ntlm.NewSession(a.flags, a.key, true), level)
}
