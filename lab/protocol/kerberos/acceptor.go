package kerberos

import (
	"errors"
	"math/rand/v2"
)

// Acceptor is the service's side of a ticket that is presented in tokens.
type Acceptor struct {
	*Presented
	framed, dce bool
	subkey      *Key
	local       uint32
	sec         *security
}

// Accept reads a client's first token with the service's key. Whether the
// ticket is good at this time is for the caller to check.
func Accept(k Key, token []byte) (*Acceptor, error) {
	m, framed, err := unframe(token)
	if err != nil {
		return nil, err
	}
	ap, err := parseAPRequest(m)
	if err != nil {
		return nil, err
	}
	p, err := ap.open(k, usageAPAuthenticator)
	if err != nil {
		return nil, err
	}
	dce := p.auth.contextFlags()&gssDCE != 0
	if dce && !p.mutual() {
		return nil, malformed("DCE style without mutual authentication")
	}
	return &Acceptor{Presented: p, framed: framed, dce: dce}, nil
}

func (p *Presented) mutual() bool {
	return p.options.Has(optionMutual) || p.auth.contextFlags()&gssMutual != 0
}

// Reply is the server's token, nil if the client wants none. More says that the
// client's last token of three is still to come, for [Acceptor.Finish].
func (a *Acceptor) Reply(r *rand.Rand) (token []byte, more bool) {
	if !a.mutual() {
		return nil, false
	}
	a.local = r.Uint32() >> 2
	out := apReply{Time: a.auth.Time, Sequence: &a.local}
	if a.dce { // as Windows does; elsewhere nothing needs it
		k := NewKey(r)
		out.Subkey, a.subkey = &k, &k
	}
	m := wrapAPReply(seal(a.Key, usageAPReply, out.encode(), r))
	a.sec = &security{key: a.sessionKey(), send: a.local, receive: a.local, seed: r.Uint64()}
	if s := a.auth.Sequence; s != nil {
		a.sec.receive = *s
	}
	if a.framed && !a.dce { // some frame the first of three tokens as well
		m = frame(tokenReply, m)
	}
	return m, a.dce
}

// sessionKey protects what follows: the server's, else the client's, else the
// ticket's.
func (a *Acceptor) sessionKey() Key {
	switch {
	case a.subkey != nil:
		return *a.subkey
	case a.auth.Subkey != nil:
		return *a.auth.Subkey
	}
	return a.Key
}

var errThird = errors.New("kerberos: the last of three tokens is not the answer to the second")

// Finish takes the client's last token of three, in which it gives back the
// server's sequence number.
func (a *Acceptor) Finish(token []byte) error {
	m, _, err := unframe(token)
	if err != nil {
		return err
	}
	r, err := openAPReply(m, a.Key)
	if err != nil {
		return err
	}
	if r.Sequence == nil || *r.Sequence != a.local {
		return errThird
	}
	return nil
}
