package kerberos

import (
	"errors"
	"math/rand/v2"
	"time"
)

// Initiator presents a ticket to a service and, where that is wanted, has the
// service prove itself.
type Initiator struct {
	cred   *Credential
	dce    bool // RPC's style
	mutual bool // the service has to prove itself
	rand   *rand.Rand
	sent   time.Time
	subkey Key
	local  uint32
	sec    *security
}

// NewInitiator presents a ticket once. With dce it does so as RPC wants it
// (MS-RPCE 3.3.1.5.2, MS-KILE 3.4.5.1): in three bare tokens, after which the
// connection can be protected. Otherwise, as HTTP has it, there is only one.
func NewInitiator(c *Credential, dce bool, r *rand.Rand) *Initiator {
	return &Initiator{cred: c, dce: dce, mutual: dce, rand: r}
}

// NewMutual presents a ticket once as SASL wants it (RFC 4752 section 3.1): in
// one token, which the service answers to prove itself, after which the two can
// wrap messages.
func NewMutual(c *Credential, r *rand.Rand) *Initiator {
	return &Initiator{cred: c, mutual: true, rand: r}
}

// Token is the first token. No two calls for one ticket may have the same
// time and source of random numbers, or the second is taken for a replay.
func (i *Initiator) Token(now time.Time) []byte {
	i.sent = now.Truncate(time.Microsecond)
	i.subkey, i.local = NewKey(i.rand), i.rand.Uint32()>>2
	flags := gssReplay | gssSequence | gssIntegrity
	var options Flags
	if i.mutual {
		flags |= gssMutual
		options = optionMutual
	}
	if i.dce {
		flags |= gssPrivacy | gssDCE
	}
	a := authenticator{
		Realm: i.cred.ClientRealm, Client: i.cred.Client, Checksum: gssChecksum(flags),
		Time: i.sent, Subkey: &i.subkey, Sequence: &i.local,
	}
	m := apRequest{options, i.cred.Ticket, seal(i.cred.Key, usageAPAuthenticator, a.encode(), i.rand)}.encode()
	if i.dce {
		return m
	}
	return frame(tokenRequest, m)
}

var errNotMutual = errors.New("kerberos: the server did not prove itself")

// Finish takes the server's answer and returns the last token of three, which
// only RPC has. The error is an *[Error] if the server says one.
func (i *Initiator) Finish(now time.Time, answer []byte) ([]byte, error) {
	m, _, err := unframe(answer)
	if err != nil {
		return nil, err
	}
	if IsError(m) {
		e, err := ParseError(m)
		if err != nil {
			return nil, err
		}
		return nil, e
	}
	r, err := openAPReply(m, i.cred.Key)
	switch {
	case err != nil:
		return nil, err
	case !r.Time.Equal(i.sent) || r.Sequence == nil:
		return nil, errNotMutual
	}
	key := i.subkey
	if r.Subkey != nil {
		key = *r.Subkey
	}
	i.sec = &security{key: key, send: i.local, receive: *r.Sequence, initiator: true, seed: i.rand.Uint64()}
	if !i.dce {
		return nil, nil
	}
	third := apReply{Time: now, Sequence: r.Sequence}
	return wrapAPReply(seal(i.cred.Key, usageAPReply, third.encode(), i.rand)), nil
}
