package kerberos

import (
	"math/rand/v2"
	"strings"
	"time"
)

// Application tags of a reply's encrypted part (RFC 4120 section 5.10).
const (
	appEncASReply  = 25
	appEncTGSReply = 26
)

// A ReplyKey encrypts a KDC's reply.
type ReplyKey struct {
	key   Key
	usage usage
}

// UserKey encrypts the reply to an AS request.
func UserKey(k Key) ReplyKey { return ReplyKey{k, usageASReply} }

// Reply answers the request with a ticket (RFC 4120 section 5.4.2, KDC-REP).
func (r *Request) Reply(t Ticket, c Contents, k ReplyKey, rnd *rand.Rand) []byte {
	kind, inner := msgASReply, appEncASReply
	if r.TGS {
		kind, inner = msgTGSReply, appEncTGSReply
	}
	plain := message(inner, func(b builder) {
		b.key(0, c.Key)
		b.field(1, func(b builder) { // when the client was here last: not told
			b.seq(func(b builder) {
				b.seq(func(b builder) {
					b.integer(0, 0)
					b.time(1, c.Start)
				})
			})
		})
		b.integer(2, int64(r.Nonce))
		b.flags(4, c.Flags)
		b.time(5, c.AuthTime)
		b.optTime(6, c.Start)
		b.time(7, c.End)
		b.optTime(8, c.RenewTill)
		b.text(9, t.Realm)
		b.name(10, t.Service)
	})
	return message(kind, func(b builder) {
		b.integer(0, version)
		b.integer(1, int64(kind))
		b.text(3, c.ClientRealm)
		b.name(4, c.Client)
		b.ticket(5, t)
		b.encrypted(6, seal(k.key, k.usage, plain, rnd))
	})
}

// A Credential is a ticket with what its owner must know of it. [Contents] is
// the same for both.
type Credential struct {
	Ticket Ticket
	Contents
}

// Valid tells whether the ticket is good at now by its owner's own clock.
func (c *Credential) Valid(now time.Time) bool { return now.Before(c.End) }

// readReply reads a KDC's answer to the request: a ticket, or an *[Error].
func (r *Request) readReply(m []byte, k ReplyKey) (*Credential, error) {
	if IsError(m) {
		e, err := ParseError(m)
		if err != nil {
			return nil, err
		}
		return nil, e
	}
	kind := msgASReply
	if r.TGS {
		kind = msgTGSReply
	}
	var c Credential
	var sealed encrypted
	err := parse(m, "a KDC's reply", kind, func(d der) {
		d.header(int64(kind))
		d.skip(2)
		c.ClientRealm = get(&d, 3, (*der).text)
		c.Client = get(&d, 4, (*der).name)
		c.Ticket = get(&d, 5, (*der).ticket)
		sealed = get(&d, 6, (*der).encrypted)
	})
	if err != nil {
		return nil, err
	}
	plain, err := sealed.open(k.key, k.usage)
	if err != nil {
		return nil, err
	}
	inner := appEncASReply // which some KDCs use for both kinds
	if len(plain) > 0 && plain[0] == byte(applicationTag(appEncTGSReply)) {
		inner = appEncTGSReply
	}
	var nonce uint32
	var realm string
	var service Name
	err = parse(plain, "the encrypted part of a KDC's reply", inner, func(d der) {
		c.Key = get(&d, 0, (*der).key)
		d.skip(1)
		nonce = get(&d, 2, (*der).uint32)
		d.skip(3)
		c.Flags = get(&d, 4, (*der).flags)
		c.AuthTime = get(&d, 5, (*der).time)
		c.Start = opt(&d, 6, (*der).time)
		c.End = get(&d, 7, (*der).time)
		c.RenewTill = opt(&d, 8, (*der).time)
		realm = get(&d, 9, (*der).text)
		service = get(&d, 10, (*der).name)
	})
	switch {
	case err != nil:
		return nil, err
	case nonce != r.Nonce || !strings.EqualFold(realm, r.Realm) || !service.Equal(r.Service):
		return nil, malformed("a KDC's reply to another request")
	}
	if c.Start.IsZero() {
		c.Start = c.AuthTime
	}
	return &c, nil
}
