package kerberos

import (
	"math/rand/v2"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Kinds of messages, which are also their application tags (RFC 4120 section
// 5.10).
const (
	msgASRequest  = 10
	msgASReply    = 11
	msgTGSRequest = 12
	msgTGSReply   = 13
	msgAPRequest  = 14
	msgAPReply    = 15
)

// Types of pre-authentication data (RFC 4120 section 7.5.2).
const (
	paTGSRequest   = 1
	paTimestamp    = 2
	paEncryptInfo2 = 19
)

type paData struct {
	Type  int32
	Value []byte
}

func (d *der) paData() (p paData) {
	in := d.enter(asn1.SEQUENCE)
	p.Type = get(&in, 1, (*der).int32)
	p.Value = get(&in, 2, (*der).octets)
	return p
}

func (b builder) paData(all []paData) {
	b.seq(func(b builder) {
		for _, p := range all {
			b.seq(func(b builder) {
				b.integer(1, int64(p.Type))
				b.octets(2, p.Value)
			})
		}
	})
}

// Request is KDC-REQ: it asks for a ticket, with a password (AS) or with a
// ticket-granting ticket (RFC 4120 section 5.4.1). What it may say of
// addresses, authorisation data and further tickets is not read.
type Request struct {
	TGS       bool
	Options   Flags
	Client    Name // empty in a TGS request
	Realm     string
	Service   Name
	Till      time.Time
	RenewTill time.Time // zero: not asked for
	Nonce     uint32
	Types     []int32 // encryption types, the best first

	preauth []paData
	body    []byte // as encoded, which a TGS request has a checksum of
}

// ParseRequest reads a KDC's request.
func ParseRequest(m []byte) (*Request, error) {
	r := &Request{}
	kind := msgASRequest
	if len(m) > 0 && m[0] == byte(applicationTag(msgTGSRequest)) {
		kind, r.TGS = msgTGSRequest, true
	}
	err := parse(m, "a request for a ticket", kind, func(d der) {
		if get(&d, 1, (*der).integer) != version || get(&d, 2, (*der).integer) != int64(kind) {
			d.fail()
		}
		r.preauth = opt(&d, 3, list((*der).paData))
		body := d.enter(contextTag(4))
		r.body = body.in
		r.readBody(body.enter(asn1.SEQUENCE))
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (r *Request) readBody(d der) {
	r.Options = get(&d, 0, (*der).flags)
	r.Client = opt(&d, 1, (*der).name)
	r.Realm = get(&d, 2, (*der).text)
	r.Service = opt(&d, 3, (*der).name)
	d.skip(4)
	r.Till = get(&d, 5, (*der).time)
	r.RenewTill = opt(&d, 6, (*der).time)
	r.Nonce = get(&d, 7, (*der).uint32)
	r.Types = get(&d, 8, list((*der).int32))
}

func (r *Request) writeBody() []byte {
	return sequence(func(b builder) {
		b.flags(0, r.Options)
		if len(r.Client.Parts) > 0 {
			b.name(1, r.Client)
		}
		b.text(2, r.Realm)
		b.name(3, r.Service)
		b.time(5, r.Till)
		b.optTime(6, r.RenewTill)
		b.integer(7, int64(r.Nonce))
		b.field(8, func(b builder) {
			b.seq(func(b builder) {
				for _, t := range r.Types {
					b.AddASN1Int64(int64(t))
				}
			})
		})
	})
}

// encode writes the request. Its body must have been written.
func (r *Request) encode() []byte {
	kind := msgASRequest
	if r.TGS {
		kind = msgTGSRequest
	}
	return message(kind, func(b builder) {
		b.integer(1, version)
		b.integer(2, int64(kind))
		b.field(3, func(b builder) { b.paData(r.preauth) })
		b.field(4, func(b builder) { b.AddBytes(r.body) })
	})
}

func (r *Request) find(kind int32) ([]byte, bool) {
	for _, p := range r.preauth {
		if p.Type == kind {
			return p.Value, true
		}
	}
	return nil, false
}

// Proof is the encrypted timestamp of an AS request (RFC 4120 section
// 5.2.7.2).
type Proof struct{ sealed encrypted }

// Proof returns the request's encrypted timestamp; ok is false without one.
func (r *Request) Proof() (p Proof, ok bool, err error) {
	v, ok := r.find(paTimestamp)
	if !ok {
		return p, false, nil
	}
	d := der{v, new(bool)}
	p.sealed = d.encrypted()
	if d.end(); *d.bad {
		return p, true, malformed("not an encrypted timestamp")
	}
	return p, true, nil
}

// Open returns the time of the proof if it was encrypted with k.
func (p Proof) Open(k Key) (t time.Time, ok bool) {
	plain, err := p.sealed.open(k, usageTimestamp)
	if err != nil {
		return t, false
	}
	d := der{plain, new(bool)}
	in := d.enter(asn1.SEQUENCE)
	d.end()
	t = get(&in, 0, (*der).time).Add(opt(&in, 1, (*der).microseconds))
	return t, !*d.bad
}

// prove adds an encrypted timestamp.
func (r *Request) prove(k Key, now time.Time, rnd *rand.Rand) {
	plain := sequence(func(b builder) {
		b.time(0, now)
		b.micro(1, now)
	})
	b := cryptobyte.NewBuilder(nil)
	seal(k, usageTimestamp, plain, rnd).write(builder{b})
	r.preauth = append(r.preauth, paData{paTimestamp, b.BytesOrPanic()})
}

// PreAuthHint is the data of [ErrPreAuthRequired] and [ErrPreAuthFailed]: how
// to prove oneself (RFC 4120 sections 5.2.7.5 and 5.9.1, METHOD-DATA). This
// encryption type needs no salt.
func PreAuthHint() []byte {
	info := sequence(func(b builder) {
		b.seq(func(b builder) { b.integer(0, TypeRC4) })
	})
	b := cryptobyte.NewBuilder(nil)
	builder{b}.paData([]paData{{paEncryptInfo2, info}, {paTimestamp, nil}})
	return b.BytesOrPanic()
}
