package kerberos

import (
	"math/rand/v2"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte/asn1"
)

// Types of names (RFC 4120 section 6.2; RFC 6806 section 5 for enterprise).
const (
	NamePrincipal  = 1
	NameInstance   = 2 // krbtgt, and services
	NameEnterprise = 10
)

const version = 5 // pvno, tkt-vno

// A Name is a principal's name within its realm (RFC 4120 section 5.2.2).
type Name struct {
	Type  int32
	Parts []string
}

// String is the name as people write it: "HTTP/cas1.corp.example".
func (n Name) String() string { return strings.Join(n.Parts, "/") }

// TGS is the name of a realm's ticket-granting service.
func TGS(realm string) Name { return Name{NameInstance, []string{"krbtgt", realm}} }

// IsTGS tells whether n is the name of the realm's ticket-granting service.
func (n Name) IsTGS(realm string) bool {
	return len(n.Parts) == 2 && strings.EqualFold(n.Parts[0], "krbtgt") && strings.EqualFold(n.Parts[1], realm)
}

// Equal compares names; their types are only hints (RFC 4120 section 6.2).
func (n Name) Equal(o Name) bool { return strings.EqualFold(n.String(), o.String()) }

func (d *der) name() (n Name) {
	in := d.enter(asn1.SEQUENCE)
	n.Type = get(&in, 0, (*der).int32)
	n.Parts = get(&in, 1, list((*der).text))
	if len(n.Parts) == 0 {
		d.fail()
	}
	return n
}

func (b builder) name(n int, v Name) {
	b.field(n, func(b builder) {
		b.seq(func(b builder) {
			b.integer(0, int64(v.Type))
			b.field(1, func(b builder) {
				b.seq(func(b builder) {
					for _, p := range v.Parts {
						b.string(p)
					}
				})
			})
		})
	})
}

// encrypted is EncryptedData (RFC 4120 section 5.2.9).
type encrypted struct {
	Type    int32
	Version int64 // of the key; 0: not told
	Cipher  []byte
}

func (d *der) encrypted() (e encrypted) {
	in := d.enter(asn1.SEQUENCE)
	e.Type = get(&in, 0, (*der).int32)
	e.Version = opt(&in, 1, (*der).integer)
	e.Cipher = get(&in, 2, (*der).octets)
	return e
}

func (b builder) encrypted(n int, e encrypted) {
	b.field(n, func(b builder) { e.write(b) })
}

func (e encrypted) write(b builder) {
	b.seq(func(b builder) {
		b.integer(0, int64(e.Type))
		if e.Version != 0 {
			b.integer(1, e.Version)
		}
		b.octets(2, e.Cipher)
	})
}

// open decrypts e with k.
func (e encrypted) open(k Key, u usage) ([]byte, error) {
	if e.Type != TypeRC4 {
		return nil, malformed("encryption type %d where there are only keys for %d", e.Type, TypeRC4)
	}
	return k.decrypt(u, e.Cipher)
}

func seal(k Key, u usage, plain []byte, r *rand.Rand) encrypted {
	return encrypted{Type: TypeRC4, Cipher: k.encrypt(u, plain, r)}
}

// key reads an EncryptionKey. One of another type is of no use here.
func (d *der) key() (k Key) {
	in := d.enter(asn1.SEQUENCE)
	kind := get(&in, 0, (*der).int32)
	v := get(&in, 1, (*der).octets)
	if kind != TypeRC4 || len(v) != len(k) {
		d.fail()
		return k
	}
	return Key(v)
}

func (b builder) key(n int, k Key) {
	b.field(n, func(b builder) {
		b.seq(func(b builder) {
			b.integer(0, TypeRC4)
			b.octets(1, k[:])
		})
	})
}

// Ticket is what a client is given and cannot read (RFC 4120 section 5.3).
type Ticket struct {
	Realm   string
	Service Name
	sealed  encrypted
}

const appTicket = 1

func (d *der) ticket() (t Ticket) {
	outer := d.enter(applicationTag(appTicket))
	in := outer.enter(asn1.SEQUENCE)
	if get(&in, 0, (*der).integer) != version {
		in.fail()
	}
	t.Realm = get(&in, 1, (*der).text)
	t.Service = get(&in, 2, (*der).name)
	t.sealed = get(&in, 3, (*der).encrypted)
	return t
}

func (b builder) ticket(n int, t Ticket) {
	b.field(n, func(b builder) {
		b.tagged(applicationTag(appTicket), func(b builder) {
			b.seq(func(b builder) {
				b.integer(0, version)
				b.text(1, t.Realm)
				b.name(2, t.Service)
				b.encrypted(3, t.sealed)
			})
		})
	})
}

// Ticket flags and the KDC options that ask for them (RFC 4120 sections 5.3
// and 5.4.1; RFC 6806 section 3 for canonicalize).
var (
	FlagProxy        = flag(4)
	FlagPostdated    = flag(6)
	FlagInvalid      = flag(7)
	FlagRenewable    = flag(8)
	FlagInitial      = flag(9) // of a ticket
	FlagPreAuth      = flag(10)
	FlagCanonicalize = flag(15) // of a request
	FlagEncInSession = flag(28)
	FlagRenew        = flag(30)
	FlagValidate     = flag(31)
)

// Contents is what a ticket says to the service (RFC 4120 section 5.3,
// EncTicketPart). Times are whole seconds.
type Contents struct {
	Flags       Flags
	Key         Key
	ClientRealm string
	Client      Name
	AuthTime    time.Time // when the client proved who it is
	Start, End  time.Time
	RenewTill   time.Time // zero: not renewable
}

const appEncTicket = 3

// NewTicket issues a ticket for a service that has the key k.
func NewTicket(realm string, service Name, k Key, c Contents, r *rand.Rand) Ticket {
	plain := message(appEncTicket, func(b builder) {
		b.flags(0, c.Flags)
		b.key(1, c.Key)
		b.text(2, c.ClientRealm)
		b.name(3, c.Client)
		b.field(4, func(b builder) { // no realms on the way
			b.seq(func(b builder) {
				b.integer(0, 1) // DOMAIN-X500-COMPRESS
				b.octets(1, nil)
			})
		})
		b.time(5, c.AuthTime)
		b.optTime(6, c.Start)
		b.time(7, c.End)
		b.optTime(8, c.RenewTill)
	})
	t := Ticket{realm, service, seal(k, usageTicket, plain, r)}
	t.sealed.Version = keyVersion
	return t
}

// keyVersion is that of a service's first key, which here is never changed.
const keyVersion = 1

// Open reads a ticket with the service's key.
func (t Ticket) Open(k Key) (c Contents, err error) {
	plain, err := t.sealed.open(k, usageTicket)
	if err != nil {
		return c, err
	}
	err = parse(plain, "the encrypted part of a ticket", appEncTicket, func(d der) {
		c.Flags = get(&d, 0, (*der).flags)
		c.Key = get(&d, 1, (*der).key)
		c.ClientRealm = get(&d, 2, (*der).text)
		c.Client = get(&d, 3, (*der).name)
		d.skip(4)
		c.AuthTime = get(&d, 5, (*der).time)
		c.Start = opt(&d, 6, (*der).time)
		c.End = get(&d, 7, (*der).time)
		c.RenewTill = opt(&d, 8, (*der).time)
	})
	if c.Start.IsZero() {
		c.Start = c.AuthTime
	}
	return c, err
}

// Lapse is when a ticket with that end ends: the zero time for never.
func Lapse(end time.Time) time.Time {
	if end.Before(Forever) {
		return end
	}
	return time.Time{}
}

// CheckTimes tells whether the ticket may be presented at now (RFC 4120
// section 3.2.3). Clocks may differ by skew.
func (c Contents) CheckTimes(now time.Time, skew time.Duration) error {
	switch {
	case c.Flags.Has(FlagInvalid) || c.Start.After(now.Add(skew)):
		return &Error{Code: ErrTicketNotYet}
	case c.End.Before(now.Add(-skew)):
		return &Error{Code: ErrTicketExpired}
	}
	return nil
}
