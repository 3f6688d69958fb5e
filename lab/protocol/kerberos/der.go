package kerberos

import (
	"errors"
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// ErrMalformed is the error that all errors of parsing wrap.
var ErrMalformed = errors.New("malformed Kerberos message")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// MaxMessage bounds a message, in octets. Windows takes tokens of 48000 octets
// at most (MS-KILE 3.1.1.4, MaxTokenSize).
const MaxMessage = 64 << 10

// Types of the ASN.1 module (RFC 4120 appendix A).
const (
	tagGeneralString = asn1.Tag(27)
	classApplication = 0x40
)

func contextTag(n int) asn1.Tag { return asn1.Tag(n).ContextSpecific().Constructed() }

func applicationTag(n int) asn1.Tag { return asn1.Tag(n | classApplication).Constructed() }

// der reads DER. What is missing or malformed is remembered and reads as zero;
// the parts of one message share the memory.
type der struct {
	in  cryptobyte.String
	bad *bool
}

// parse reads a whole message of an application type, which is a SEQUENCE.
func parse(b []byte, what string, tag int, read func(d der)) error {
	if len(b) > MaxMessage {
		return malformed("%s of %d octets", what, len(b))
	}
	d := der{cryptobyte.String(b), new(bool)}
	body := d.enter(applicationTag(tag))
	d.end()
	seq := body.enter(asn1.SEQUENCE)
	body.end()
	read(seq)
	if *d.bad {
		return malformed("not %s", what)
	}
	return nil
}

func (d *der) enter(tag asn1.Tag) der {
	var in cryptobyte.String
	if !d.in.ReadASN1(&in, tag) {
		d.fail()
	}
	return der{in, d.bad}
}

func (d *der) fail() {
	*d.bad = true
	d.in = nil
}

// end notes when something follows.
func (d *der) end() {
	if !d.in.Empty() {
		d.fail()
	}
}

// get reads the field [n].
func get[T any](d *der, n int, read func(*der) T) T {
	in := d.enter(contextTag(n))
	v := read(&in)
	in.end()
	return v
}

// opt reads the field [n], which may be left out.
func opt[T any](d *der, n int, read func(*der) T) (v T) {
	if d.in.PeekASN1Tag(contextTag(n)) {
		v = get(d, n, read)
	}
	return v
}

// ptr reads something that may be left out and has no zero of its own.
func ptr[T any](read func(*der) T) func(*der) *T {
	return func(d *der) *T {
		v := read(d)
		return &v
	}
}

// list reads a SEQUENCE OF.
func list[T any](read func(*der) T) func(*der) []T {
	return func(d *der) (all []T) {
		in := d.enter(asn1.SEQUENCE)
		for !in.in.Empty() && !*d.bad {
			all = append(all, read(&in))
		}
		return all
	}
}

// skip passes over the field [n], if it is there.
func (d *der) skip(n int) {
	if d.in.PeekASN1Tag(contextTag(n)) {
		d.enter(contextTag(n))
	}
}

// integer reads an Int32 or a UInt32.
func (d *der) integer() int64 {
	var v int64
	if !d.in.ReadASN1Integer(&v) || v < math.MinInt32 || v > math.MaxUint32 {
		d.fail()
		return 0
	}
	return v
}

func (d *der) int32() int32 {
	v := d.integer()
	if v > math.MaxInt32 {
		d.fail()
		return 0
	}
	return int32(v)
}

// uint32 reads a UInt32, which some write as if it had a sign (RFC 4120
// section 5.2.4 tells of it).
func (d *der) uint32() uint32 { return uint32(d.integer()) }

// microseconds reads what belongs to a time.
func (d *der) microseconds() time.Duration {
	v := d.integer()
	if v < 0 || v > 999999 {
		d.fail()
	}
	return time.Duration(v) * time.Microsecond
}

func (d *der) octets() []byte {
	return []byte(d.enter(asn1.OCTET_STRING).in)
}

func (d *der) text() string {
	s := string(d.enter(tagGeneralString).in)
	if !utf8.ValidString(s) {
		d.fail()
		return ""
	}
	return s
}

func (d *der) time() time.Time {
	var t time.Time
	if !d.in.ReadASN1GeneralizedTime(&t) {
		d.fail()
		return time.Time{}
	}
	return t.UTC()
}

// flags reads KerberosFlags, of which only the first 32 have a meaning. Bit 0
// is the highest of the result.
func (d *der) flags() Flags {
	in := d.enter(asn1.BIT_STRING).in
	var unused uint8
	if !in.ReadUint8(&unused) || unused > 7 || unused > 0 && in.Empty() {
		d.fail()
	}
	var f Flags
	for i := range 4 {
		var b uint8
		if !in.Empty() {
			in.ReadUint8(&b)
		}
		f |= Flags(b) << (24 - 8*i)
	}
	return f
}

// Flags are KDC options, ticket flags or options of an AP-REQ, bit 0 highest.
type Flags uint32

// Has tells whether all flags in want are set.
func (f Flags) Has(want Flags) bool { return f&want == want }

func flag(n int) Flags { return 1 << (31 - n) }

// builder writes DER.
type builder struct{ *cryptobyte.Builder }

// message writes a message of an application type, which is a SEQUENCE.
func message(tag int, write func(b builder)) []byte {
	b := cryptobyte.NewBuilder(nil)
	builder{b}.tagged(applicationTag(tag), func(b builder) { b.seq(write) })
	return b.BytesOrPanic() // fails on what is longer than 4 GB only, or on a time after the year 9999
}

func sequence(write func(b builder)) []byte {
	b := cryptobyte.NewBuilder(nil)
	builder{b}.seq(write)
	return b.BytesOrPanic()
}

func (b builder) tagged(tag asn1.Tag, write func(b builder)) {
	b.AddASN1(tag, func(c *cryptobyte.Builder) { write(builder{c}) })
}

func (b builder) seq(write func(b builder)) { b.tagged(asn1.SEQUENCE, write) }

func (b builder) field(n int, write func(b builder)) { b.tagged(contextTag(n), write) }

func (b builder) integer(n int, v int64) {
	b.field(n, func(b builder) { b.AddASN1Int64(v) })
}

func (b builder) octets(n int, v []byte) {
	b.field(n, func(b builder) { b.AddASN1OctetString(v) })
}

func (b builder) text(n int, s string) {
	b.field(n, func(b builder) { b.string(s) })
}

func (b builder) string(s string) {
	b.tagged(tagGeneralString, func(b builder) { b.AddBytes([]byte(s)) })
}

func (b builder) time(n int, t time.Time) {
	b.field(n, func(b builder) { b.AddASN1GeneralizedTime(t.UTC().Truncate(time.Second)) })
}

// optTime leaves a zero time out.
func (b builder) optTime(n int, t time.Time) {
	if !t.IsZero() {
		b.time(n, t)
	}
}

// micro writes the microseconds of a time.
func (b builder) micro(n int, t time.Time) { b.integer(n, int64(t.Nanosecond()/1000)) }

func (b builder) flags(n int, f Flags) {
	b.field(n, func(b builder) {
		b.AddASN1BitString([]byte{byte(f >> 24), byte(f >> 16), byte(f >> 8), byte(f)})
	})
}
