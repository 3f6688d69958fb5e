package ntlm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	signature = "NTLMSSP\x00"

	typeNegotiate    = 1
	typeChallenge    = 2
	typeAuthenticate = 3

	// MaxMessage bounds a message, in octets. A field can hold 65535 of them,
	// an HTTP header on Windows not nearly as much.
	MaxMessage = 1 << 16
)

// ErrMessage is the error that all errors of parsing wrap.
var ErrMessage = errors.New("malformed NTLM message")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMessage, fmt.Sprintf(format, args...))
}

// MessageType is 1 for NEGOTIATE, 2 for CHALLENGE, 3 for AUTHENTICATE, and 0
// for what is no NTLM message.
func MessageType(b []byte) int {
	if len(b) < 12 || string(b[:8]) != signature {
		return 0
	}
	if t := binary.LittleEndian.Uint32(b[8:]); t >= typeNegotiate && t <= typeAuthenticate {
		return int(t)
	}
	return 0
}

// open checks a message's type and that it has at least header octets.
func open(b []byte, kind, header int) error {
	switch {
	case len(b) > MaxMessage:
		return malformed("%d octets", len(b))
	case MessageType(b) != kind:
		return malformed("not of type %d", kind)
	case len(b) < header:
		return malformed("ends in its header")
	}
	return nil
}

// field returns what the eight octets at at point to (MS-NLMP 2.2.1, payload
// fields): length, allocated length, offset. It is nil for an empty field,
// whose offset says nothing.
func field(b []byte, at, header int) ([]byte, error) {
	size := uint64(binary.LittleEndian.Uint16(b[at:]))
	from := uint64(binary.LittleEndian.Uint32(b[at+4:]))
	switch {
	case size == 0:
		return nil, nil
	case from < uint64(header):
		return nil, malformed("the field at %d points into the header", at)
	case from+size > uint64(len(b)):
		return nil, malformed("the field at %d ends after the message", at)
	}
	return b[from : from+size : from+size], nil
}

// text reads a payload field that is a string.
func text(b []byte, at, header int, f Flags) (string, error) {
	v, err := field(b, at, header)
	if err != nil {
		return "", err
	}
	if f.Has(Unicode) {
		return fromUTF16(v)
	}
	return fromOEM(v)
}

// fromOEM takes ASCII only: which code page the rest is in, no message says.
func fromOEM(b []byte) (string, error) {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return "", malformed("text in an unknown code page")
		}
	}
	return string(b), nil
}

func toOEM(s string) ([]byte, error) {
	if _, err := fromOEM([]byte(s)); err != nil {
		return nil, fmt.Errorf("ntlm: %q cannot be written without Unicode", s)
	}
	return []byte(s), nil
}

func fromUTF16(b []byte) (string, error) {
	if len(b)%2 != 0 {
		return "", malformed("half a UTF-16 unit")
	}
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		r := rune(binary.LittleEndian.Uint16(b))
		b = b[2:]
		if utf16.IsSurrogate(r) {
			if len(b) == 0 {
				return "", malformed("half a surrogate pair")
			}
			if r = utf16.DecodeRune(r, rune(binary.LittleEndian.Uint16(b))); r == utf8.RuneError {
				return "", malformed("half a surrogate pair")
			}
			b = b[2:]
		}
		out = utf8.AppendRune(out, r)
	}
	return string(out), nil
}

// toUTF16 is s in UTF-16, little-endian.
func toUTF16(s string) []byte {
	b := make([]byte, 0, 2*len(s))
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// A writer builds a message: its header in head, what the header's fields
// point to in payload, which starts size octets into the message.
type writer struct {
	head, payload []byte
	size          int
	err           error
}

func newWriter(kind uint32, size int) *writer {
	w := &writer{head: make([]byte, 0, size+256), size: size}
	w.head = append(w.head, signature...)
	w.uint32(kind)
	return w
}

func (w *writer) uint32(v uint32) { w.head = binary.LittleEndian.AppendUint32(w.head, v) }

func (w *writer) field(v []byte) {
	if len(v) > 0xffff || w.size+len(w.payload)+len(v) > MaxMessage {
		w.err = fmt.Errorf("ntlm: a field of %d octets is too long", len(v))
		return
	}
	w.head = binary.LittleEndian.AppendUint16(w.head, uint16(len(v)))
	w.head = binary.LittleEndian.AppendUint16(w.head, uint16(len(v)))
	w.uint32(uint32(w.size + len(w.payload)))
	w.payload = append(w.payload, v...)
}

func (w *writer) text(s string, f Flags) {
	if f.Has(Unicode) {
		w.field(toUTF16(s))
		return
	}
	b, err := toOEM(s)
	if err != nil {
		w.err = err
	}
	w.field(b)
}

func (w *writer) version(f Flags, v Version) {
	if !f.Has(VersionPresent) {
		w.head = append(w.head, make([]byte, 8)...)
		return
	}
	w.head = append(w.head, v.Major, v.Minor)
	w.head = binary.LittleEndian.AppendUint16(w.head, v.Build)
	w.head = append(w.head, 0, 0, 0, revision)
}

func (w *writer) bytes() ([]byte, error) {
	if w.err != nil {
		return nil, w.err
	}
	return append(w.head, w.payload...), nil
}

// version reads the eight octets at at if the flags say that they are there
// and the message reaches so far.
func version(b []byte, at int, f Flags) Version {
	if !f.Has(VersionPresent) || len(b) < at+8 {
		return Version{}
	}
	return Version{b[at], b[at+1], binary.LittleEndian.Uint16(b[at+2:])}
}
