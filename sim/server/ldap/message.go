package ldap

import (
	"errors"
	"io"

	ber "github.com/go-asn1-ber/asn1-ber"
)

// Bounds on what one client can make the server hold. Active Directory takes
// messages of up to 10 MB (MaxReceiveBuffer); the largest thing worth sending
// here is a photograph.
const (
	maxAnonymous = 64 << 10 // bytes of a message before a bind
	maxMessage   = 1 << 20  // and after it
	maxDepth     = 48       // nested elements
	maxElements  = 12000    // elements in one message
	maxCopied    = 8 << 20  // bytes: the decoder keeps a copy of an element at each level
)

// Protocol operations (RFC 4511, section 4.2 onwards): application tags.
const (
	opBindRequest      = 0
	opBindResponse     = 1
	opUnbind           = 2
	opSearchRequest    = 3
	opSearchEntry      = 4
	opSearchDone       = 5
	opModifyRequest    = 6
	opModifyResponse   = 7
	opAddRequest       = 8
	opAddResponse      = 9
	opDeleteRequest    = 10
	opDeleteResponse   = 11
	opModifyDNRequest  = 12
	opModifyDNResponse = 13
	opCompareRequest   = 14
	opCompareResponse  = 15
	opAbandon          = 16
	opExtendedRequest  = 23
	opExtendedResponse = 24
)

// Result codes (RFC 4511, appendix A) that the front end itself uses.
const (
	success                    = 0
	operationsError            = 1
	protocolError              = 2
	sizeLimitExceeded          = 4
	compareFalse               = 5
	compareTrue                = 6
	authMethodNotSupported     = 7
	adminLimitExceeded         = 11
	unavailableCriticalControl = 12
	noSuchAttribute            = 16
	constraintViolation        = 19
	noSuchObject               = 32
	invalidDNSyntax            = 34
	invalidCredentials         = 49
	insufficientAccessRights   = 50
	unavailable                = 52
	unwillingToPerform         = 53
	other                      = 80
)

var (
	errMalformed = errors.New("malformed LDAP message")
	errTooLong   = errors.New("LDAP message too long")
)

// readMessage reads one message and no byte more. Its size is checked before
// memory is taken for it.
func readMessage(r io.Reader, limit int) ([]byte, error) {
	var head [6]byte
	if _, err := io.ReadFull(r, head[:2]); err != nil {
		return nil, err
	}
	if head[0] != 0x30 { // SEQUENCE
		return nil, errMalformed
	}
	size, used := int(head[1]), 2
	if size >= 0x80 {
		// RFC 4511, section 5.1: the definite form only.
		n := size & 0x7f
		if n == 0 || n > 4 {
			return nil, errMalformed
		}
		if _, err := io.ReadFull(r, head[2:2+n]); err != nil {
			return nil, noEOF(err)
		}
		size, used = 0, 2+n
		for _, b := range head[2:used] {
			size = size<<8 | int(b)
		}
	}
	if size > limit {
		return nil, errTooLong
	}
	msg := make([]byte, used+size)
	copy(msg, head[:used])
	if _, err := io.ReadFull(r, msg[used:]); err != nil {
		return nil, noEOF(err)
	}
	return msg, nil
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// decode turns one whole message into packets, after a look at its shape: a
// packet takes some hundred times the two bytes that the smallest element has.
func decode(msg []byte) (*ber.Packet, error) {
	var s shape
	if rest, ok := s.element(msg, 0); !ok || len(rest) > 0 {
		return nil, errMalformed
	}
	p, err := ber.DecodePacketErr(msg)
	if err != nil {
		return nil, errMalformed
	}
	return p, nil
}

// shape counts what decoding a message will cost.
type shape struct{ elements, copied int }

// element walks over the first element of b and returns what follows it. It
// lets pass only what LDAP is made of (RFC 4511, section 5.1).
func (s *shape) element(b []byte, depth int) (rest []byte, ok bool) {
	s.elements++
	if depth > maxDepth || s.elements > maxElements || len(b) < 2 || !permitted(b[0]) {
		return nil, false
	}
	size, used := int(b[1]), 2
	if size >= 0x80 {
		n := size & 0x7f
		if n == 0 || n > 4 || len(b) < 2+n {
			return nil, false
		}
		size, used = 0, 2+n
		for _, c := range b[2:used] {
			size = size<<8 | int(c)
		}
	}
	if size > len(b)-used {
		return nil, false
	}
	s.copied += used + size
	if s.copied > maxCopied {
		return nil, false
	}
	body, rest := b[used:used+size], b[used+size:]
	for b[0]&constructed != 0 && len(body) > 0 {
		if body, ok = s.element(body, depth+1); !ok {
			return nil, false
		}
	}
	return rest, true
}

const constructed = 0x20

// permitted tells whether an identifier octet occurs in LDAP: BOOLEAN, INTEGER,
// OCTET STRING, NULL, ENUMERATED, SEQUENCE, SET, and tags up to 30 of the other
// classes.
func permitted(id byte) bool {
	if id>>6 != 0 {
		return id&0x1f != 0x1f
	}
	switch id {
	case 0x01, 0x02, 0x04, 0x05, 0x0a, 0x30, 0x31:
		return true
	}
	return false
}

// is tells whether p is an element of the given class and tag.
func is(p *ber.Packet, class ber.Class, tag ber.Tag) bool {
	return p.ClassType == class && p.Tag == tag
}

// str returns the content of a primitive element of universal type OCTET
// STRING.
func str(p *ber.Packet) (string, bool) {
	if !is(p, ber.ClassUniversal, ber.TagOctetString) || p.TagType != ber.TypePrimitive {
		return "", false
	}
	return raw(p), true
}

// raw returns the content of a primitive element of any type.
func raw(p *ber.Packet) string {
	if p.TagType != ber.TypePrimitive {
		return ""
	}
	return string(p.Data.Bytes())
}

// number returns the content of an INTEGER or ENUMERATED.
func number(p *ber.Packet) (int, bool) {
	if !is(p, ber.ClassUniversal, ber.TagInteger) && !is(p, ber.ClassUniversal, ber.TagEnumerated) {
		return 0, false
	}
	n, ok := p.Value.(int64)
	return int(n), ok
}

// boolean returns the content of a BOOLEAN.
func boolean(p *ber.Packet) (value, ok bool) {
	value, ok = p.Value.(bool)
	return value, ok && is(p, ber.ClassUniversal, ber.TagBoolean)
}

// result is an LDAPResult.
type result struct {
	code int
	dn   string
	text string
}

// packet puts the result into a response of the given operation.
func (r result) packet(op ber.Tag) *ber.Packet {
	p := ber.Encode(ber.ClassApplication, ber.TypeConstructed, op, nil, "")
	p.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, int64(r.code), ""))
	p.AppendChild(octets(r.dn))
	p.AppendChild(octets(r.text))
	return p
}

func octets(s string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, s, "")
}

// envelope is an LDAPMessage around op, with controls if there are any.
func envelope(id int, op *ber.Packet, controls ...*ber.Packet) []byte {
	m := ber.NewSequence("")
	m.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, int64(id), ""))
	m.AppendChild(op)
	if len(controls) > 0 {
		list := ber.Encode(ber.ClassContext, ber.TypeConstructed, 0, nil, "")
		for _, c := range controls {
			list.AppendChild(c)
		}
		m.AppendChild(list)
	}
	return m.Bytes()
}
