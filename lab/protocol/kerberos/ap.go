package kerberos

import (
	"time"

	"golang.org/x/crypto/cryptobyte/asn1"
)

// Checksum is a checksum of what surrounds it (RFC 4120 section 5.2.9).
type Checksum struct {
	Type int32
	Sum  []byte
}

func (d *der) checksum() (c Checksum) {
	in := d.enter(asn1.SEQUENCE)
	c.Type = get(&in, 0, (*der).int32)
	c.Sum = get(&in, 1, (*der).octets)
	return c
}

var optionMutual = flag(2) // mutual-required (RFC 4120 section 5.5.1)

// apRequest presents a ticket (RFC 4120 section 5.5.1).
type apRequest struct {
	Options Flags
	Ticket  Ticket
	sealed  encrypted // the authenticator
}

func parseAPRequest(m []byte) (ap apRequest, err error) {
	err = parse(m, "a presented ticket", msgAPRequest, func(d der) {
		d.header(msgAPRequest)
		ap.Options = get(&d, 2, (*der).flags)
		ap.Ticket = get(&d, 3, (*der).ticket)
		ap.sealed = get(&d, 4, (*der).encrypted)
	})
	return ap, err
}

func (ap apRequest) encode() []byte {
	return message(msgAPRequest, func(b builder) {
		b.integer(0, version)
		b.integer(1, msgAPRequest)
		b.flags(2, ap.Options)
		b.ticket(3, ap.Ticket)
		b.encrypted(4, ap.sealed)
	})
}

// authenticator proves, beside a ticket, that its sender knows the session key
// now (RFC 4120 section 5.5.1).
type authenticator struct {
	Realm    string
	Client   Name
	Checksum *Checksum
	Time     time.Time
	Subkey   *Key
	Sequence *uint32
}

const appAuthenticator = 2

func parseAuthenticator(m []byte) (a authenticator, err error) {
	err = parse(m, "an authenticator", appAuthenticator, func(d der) {
		if get(&d, 0, (*der).integer) != version {
			d.fail()
		}
		a.Realm = get(&d, 1, (*der).text)
		a.Client = get(&d, 2, (*der).name)
		a.Checksum = opt(&d, 3, ptr((*der).checksum))
		micro := get(&d, 4, (*der).microseconds)
		a.Time = get(&d, 5, (*der).time).Add(micro)
		a.Subkey = opt(&d, 6, ptr((*der).key))
		a.Sequence = opt(&d, 7, ptr((*der).uint32))
	})
	return a, err
}

func (a authenticator) encode() []byte {
	return message(appAuthenticator, func(b builder) {
		b.integer(0, version)
		b.text(1, a.Realm)
		b.name(2, a.Client)
		if a.Checksum != nil {
			b.field(3, func(b builder) {
				b.seq(func(b builder) {
					b.integer(0, int64(a.Checksum.Type))
					b.octets(1, a.Checksum.Sum)
				})
			})
		}
		b.micro(4, a.Time)
		b.time(5, a.Time)
		if a.Subkey != nil {
			b.key(6, *a.Subkey)
		}
		if a.Sequence != nil {
			b.integer(7, int64(*a.Sequence))
		}
	})
}

// apReply is the answer to a presented ticket (RFC 4120 section 5.5.2), its
// encrypted part in the clear.
type apReply struct {
	Time     time.Time
	Subkey   *Key
	Sequence *uint32
}

const appEncAPReply = 27

func openAPReply(m []byte, k Key) (r apReply, err error) {
	var sealed encrypted
	err = parse(m, "the answer to a ticket", msgAPReply, func(d der) {
		d.header(msgAPReply)
		sealed = get(&d, 2, (*der).encrypted)
	})
	if err != nil {
		return r, err
	}
	plain, err := sealed.open(k, usageAPReply)
	if err != nil {
		return r, err
	}
	err = parse(plain, "the encrypted part of the answer to a ticket", appEncAPReply, func(d der) {
		r.Time = get(&d, 0, (*der).time).Add(get(&d, 1, (*der).microseconds))
		r.Subkey = opt(&d, 2, ptr((*der).key))
		r.Sequence = opt(&d, 3, ptr((*der).uint32))
	})
	return r, err
}

func (r apReply) encode() []byte {
	return message(appEncAPReply, func(b builder) {
		b.time(0, r.Time)
		b.micro(1, r.Time)
		if r.Subkey != nil {
			b.key(2, *r.Subkey)
		}
		if r.Sequence != nil {
			b.integer(3, int64(*r.Sequence))
		}
	})
}

func wrapAPReply(sealed encrypted) []byte {
	return message(msgAPReply, func(b builder) {
		b.integer(0, version)
		b.integer(1, msgAPReply)
		b.encrypted(2, sealed)
	})
}
