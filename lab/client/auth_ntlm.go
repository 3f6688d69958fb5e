package client

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"shutout/lab/protocol/dcerpc"
	"shutout/lab/protocol/ntlm"
)

// ntlmFlags are what Windows asks for when RPC is to be protected; over HTTP
// they do no harm.
const ntlmFlags = ntlm.Unicode | ntlm.RequestTarget | ntlm.Sign | ntlm.Seal | ntlm.NTLM | ntlm.AlwaysSign |
	ntlm.ExtendedSecurity | ntlm.Key128 | ntlm.KeyExchange | ntlm.Key56

// ntlmProof is NTLM as a mechanism.
type ntlmProof struct {
	line     *line
	client   ntlm.Client
	flags    ntlm.Flags // that the server granted; 0 before its challenge came
	exported [16]byte
}

func newNTLM(l *line, password string) (mechanism, error) {
	// A run must be repeatable, so what NTLM wants to be random follows from
	// whose proof it is, and from how many came before it.
	l.proofs++
	random := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d", l.env.Activity.ID, l.env.Login.User, l.proofs))
	c := ntlm.Client{
		User: l.env.Login.User, Password: password, Flags: ntlmFlags,
		Challenge: [8]byte(random[:]), SessionKey: [16]byte(random[8:]),
	}
	if domain, user, ok := strings.Cut(c.User, `\`); ok {
		c.Domain, c.User = domain, user
	}
	return &ntlmProof{line: l, client: c}, nil
}

func (p *ntlmProof) next(_ context.Context, challenge []byte) (token []byte, more bool, err error) {
	if challenge == nil {
		token, err = p.client.Negotiate()
	} else {
		token, err = p.answer(challenge)
	}
	if err != nil {
		return nil, false, unknown(stageSignIn, err)
	}
	return token, challenge == nil, nil
}

func (p *ntlmProof) answer(challenge []byte) (token []byte, err error) {
	c, err := ntlm.ParseChallenge(challenge)
	if err != nil {
		return nil, err
	}
	p.flags = c.Flags
	token, p.exported, err = p.client.Authenticate(challenge, ntlm.FileTime(p.line.env.Now()))
	return token, err
}

func (p *ntlmProof) protector(level dcerpc.AuthLevel) (dcerpc.Protector, error) {
	if !p.flags.Has(ntlm.ExtendedSecurity | ntlm.Sign) {
		return nil, errors.New("the server does not grant signatures with NTLM")
	}
	return dcerpc.NTLM(ntlm.NewSession(p.flags, p.exported, false), level)
}
