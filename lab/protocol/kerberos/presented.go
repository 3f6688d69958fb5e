package kerberos

import "time"

// Presented is a ticket that somebody has shown to a service, with the proof
// that it is theirs. It has been decrypted; whether its times are right is for
// [Presented.CheckTimes].
type Presented struct {
	Contents
	// ID tells this presentation from any other, for those who remember them.
	ID [16]byte

	options Flags
	auth    authenticator
}

// open decrypts a presented ticket with the service's key (RFC 4120 section
// 3.2.3).
func (ap apRequest) open(k Key, u usage) (*Presented, error) {
	c, err := ap.Ticket.Open(k)
	if err != nil {
		return nil, err
	}
	plain, err := ap.sealed.open(c.Key, u)
	if err != nil {
		return nil, err
	}
	p := &Presented{Contents: c, options: ap.Options}
	p.ID = [16]byte(ap.sealed.Cipher[:sumSize]) // the checksum of all that is in it
	if p.auth, err = parseAuthenticator(plain); err != nil {
		return nil, err
	}
	if p.auth.Realm != c.ClientRealm || !p.auth.Client.Equal(c.Client) {
		return nil, &Error{Code: ErrBadMatch}
	}
	return p, nil
}

// CheckTimes tells whether the ticket may be presented at now, and was
// presented now. The error is an *[Error].
func (p *Presented) CheckTimes(now time.Time, skew time.Duration) error {
	if d := now.Sub(p.auth.Time); d > skew || d < -skew {
		return &Error{Code: ErrSkew}
	}
	return p.Contents.CheckTimes(now, skew)
}

// HasTicket tells whether a TGS request comes with a ticket.
func (r *Request) HasTicket() bool {
	_, ok := r.find(paTGSRequest)
	return ok
}

// Present opens the ticket-granting ticket of a TGS request with the KDC's key,
// and returns the key for the reply. The error is an *[Error] where the message
// itself makes sense.
func (r *Request) Present(k Key) (p *Presented, reply ReplyKey, err error) {
	m, _ := r.find(paTGSRequest)
	ap, err := parseAPRequest(m)
	if err != nil {
		return nil, reply, err
	}
	if !ap.Ticket.Service.IsTGS(ap.Ticket.Realm) {
		return nil, reply, &Error{Code: ErrNotUs}
	}
	if p, err = ap.open(k, usageTGSAuthenticator); err != nil {
		return nil, reply, err
	}
	if p.auth.Checksum == nil || !p.Key.verify(usageTGSChecksum, *p.auth.Checksum, r.body) {
		return nil, reply, &Error{Code: ErrModified}
	}
	if p.auth.Subkey != nil {
		return p, ReplyKey{*p.auth.Subkey, usageTGSReplySubkey}, nil
	}
	return p, ReplyKey{p.Key, usageTGSReply}, nil
}
