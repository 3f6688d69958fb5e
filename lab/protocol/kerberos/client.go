package kerberos

import (
	"io"
	"math/rand/v2"
	"time"
)

// Client asks a KDC for one user's tickets.
type Client struct {
	Realm string
	User  string // user principal name
	Rand  *rand.Rand
}

// Forever is the end of a ticket that never ends, and the one that Windows' own
// clients ask for to get the latest that the KDC gives.
var Forever = time.Date(2037, 9, 13, 2, 48, 5, 0, time.UTC)

// SignIn gets a ticket-granting ticket with a password, over a connection to
// the KDC. It proves the password at once, where other clients first ask how.
// The error is an *[Error] if the KDC refuses.
func (c *Client) SignIn(kdc io.ReadWriter, now time.Time, password string) (*Credential, error) {
	r := c.request(TGS(c.Realm))
	r.Options |= FlagRenewable
	r.RenewTill = Forever
	// The name may be of another domain than the realm's, so the KDC has to
	// find out whose it is (RFC 6806 section 5).
	r.Client = Name{NameEnterprise, []string{c.User}}
	r.body = r.writeBody()
	k := PasswordKey(password)
	r.prove(k, now, c.Rand)
	return r.exchange(kdc, UserKey(k))
}

// Get gets a service ticket with a ticket-granting ticket.
func (c *Client) Get(kdc io.ReadWriter, now time.Time, tgt *Credential, service Name) (*Credential, error) {
	r := c.request(service)
	r.TGS = true
	r.body = r.writeBody()
	a := authenticator{
		Realm: tgt.ClientRealm, Client: tgt.Client, Time: now,
		Checksum: &Checksum{sumHMACMD5, tgt.Key.checksum(usageTGSChecksum, r.body)},
	}
	ap := apRequest{Ticket: tgt.Ticket, sealed: seal(tgt.Key, usageTGSAuthenticator, a.encode(), c.Rand)}
	r.preauth = []paData{{paTGSRequest, ap.encode()}}
	return r.exchange(kdc, ReplyKey{tgt.Key, usageTGSReply})
}

func (c *Client) request(service Name) *Request {
	return &Request{
		Options: FlagCanonicalize, Realm: c.Realm, Service: service,
		Till: Forever, Nonce: c.Rand.Uint32() >> 1, Types: []int32{TypeRC4},
	}
}

func (r *Request) exchange(kdc io.ReadWriter, k ReplyKey) (*Credential, error) {
	if err := WriteFrame(kdc, r.encode()); err != nil {
		return nil, err
	}
	m, err := ReadFrame(kdc)
	if err != nil {
		return nil, err
	}
	return r.readReply(m, k)
}
