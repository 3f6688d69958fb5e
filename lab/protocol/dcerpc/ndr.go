package dcerpc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// ErrTooLarge is in the chain of every error that a limit caused.
var ErrTooLarge = errors.New("over the limit")

// A ContextHandle is what a server gives a client to name its state: an
// attributes word, which is zero, and a UUID (C706 appendix N,
// ndr_context_handle). The zero value is the handle that names nothing.
type ContextHandle struct {
	Attributes uint32
	UUID       UUID
}

// IsZero tells whether the handle names nothing.
func (h ContextHandle) IsZero() bool { return h == ContextHandle{} }

// A Reader unmarshals parameters (C706 14). The first thing that goes wrong
// sticks: from then on every method returns zero and Err says why. Octets that
// it returns alias its input.
type Reader struct {
	data []byte
	pos  int
	err  error
}

// NewReader reads from the first octet of a stub; alignment counts from there.
func NewReader(stub []byte) *Reader { return &Reader{data: stub} }

// Err is the first error, or nil.
func (r *Reader) Err() error { return r.err }

// Fail makes err the Reader's error if it has none, for checks of the caller's.
func (r *Reader) Fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// failf is Fail with the offset and a reason.
func (r *Reader) failf(format string, args ...any) {
	r.Fail(fmt.Errorf("dcerpc: offset %d: %s", r.pos, fmt.Sprintf(format, args...)))
}

// maxStubPadding is what a stub may carry after its last parameter, in octets.
// Stubs are padded to the 16 octets of the security trailer's alignment, and
// not every sender counts that as padding of the trailer.
const maxStubPadding = 15

// verification begins the trailer that Windows clients put after the
// parameters of a protected call, to repeat what the PDU header said
// (MS-RPCE 2.2.2.13, rpc_sec_verification_trailer).
const verification = "\x8a\xe3\x13\x71\x02\xf4\x36\x71"

// Finish is Err, and an error if more than padding or a verification trailer,
// which is not looked into, follows what was read.
func (r *Reader) Finish() error {
	if r.err != nil {
		return r.err
	}
	if left := len(r.data) - r.pos; left > maxStubPadding {
		aligned := r.data[r.pos+(4-r.pos%4)%4:]
		if !strings.HasPrefix(string(aligned[:min(len(aligned), len(verification))]), verification) {
			r.failf("%d octets follow the last parameter", left)
		}
	}
	return r.err
}

// Align skips to the next multiple of n octets. What stands in the gap is
// undefined (C706 14.2.2), so it is not looked at. A gap at the very end may
// be missing.
func (r *Reader) Align(n int) {
	if gap := (n - r.pos%n) % n; gap <= len(r.data)-r.pos {
		r.pos += gap
	} else {
		r.pos = len(r.data)
	}
}

// Bytes is the next n octets.
func (r *Reader) Bytes(n int) []byte {
	if r.err != nil {
		return nil
	}
	if n < 0 || n > len(r.data)-r.pos {
		r.failf("%d octets needed, %d left", n, len(r.data)-r.pos)
		return nil
	}
	b := r.data[r.pos : r.pos+n : r.pos+n]
	r.pos += n
	if n == 0 {
		return nil // so that what is read equals what was written
	}
	return b
}

// Rest is all that is left.
func (r *Reader) Rest() []byte { return r.Bytes(len(r.data) - r.pos) }

// Uint8 is one octet.
func (r *Reader) Uint8() uint8 {
	if b := r.Bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// Uint16 is an aligned 16-bit integer.
func (r *Reader) Uint16() uint16 {
	r.Align(2)
	if b := r.Bytes(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

// Uint32 is an aligned 32-bit integer.
func (r *Reader) Uint32() uint32 {
	r.Align(4)
	if b := r.Bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// UUID is an aligned UUID.
func (r *Reader) UUID() UUID {
	r.Align(4)
	if b := r.Bytes(16); b != nil {
		return UUID(b)
	}
	return UUID{}
}

// Handle is a context handle.
func (r *Reader) Handle() ContextHandle {
	return ContextHandle{Attributes: r.Uint32(), UUID: r.UUID()}
}

// Pointer tells whether a unique or full pointer points to something. What it
// points to follows, at once for a parameter, after the whole construction
// for a member of one (C706 14.3.12).
func (r *Reader) Pointer() bool { return r.Uint32() != 0 }

// length is an element count, which must not be over the limit.
func (r *Reader) length(what string, limit int) int {
	n := r.Uint32()
	if r.err == nil && uint64(n) > uint64(limit) {
		r.Fail(fmt.Errorf("dcerpc: offset %d: %s of %d elements is %w of %d", r.pos, what, n, ErrTooLarge, limit))
		return 0
	}
	return int(n)
}

// ConformantBytes is a conformant array of octets (C706 14.3.3.2): their
// number, then the octets.
func (r *Reader) ConformantBytes(limit int) []byte {
	return r.Bytes(r.length("an array", limit))
}

// VaryingBytes is a conformant and varying array of octets (C706 14.3.3.4): the
// room for them, an offset, which must be 0, their number, then the octets.
// The limit is on the number; the room may be any, it is not made.
func (r *Reader) VaryingBytes(limit int) []byte {
	room := r.Uint32()
	offset := r.Uint32()
	n := r.length("an array", limit)
	if r.err == nil && (offset != 0 || uint64(n) > uint64(room)) {
		r.failf("a varying array of %d octets from %d on with room for %d", n, offset, room)
	}
	return r.Bytes(n)
}

// String is a conformant and varying string of 8-bit characters (C706
// 14.3.4.2): as VaryingBytes, the last octet being NUL and no other. The limit
// counts the NUL.
func (r *Reader) String(limit int) string {
	b := r.VaryingBytes(limit)
	if r.err != nil {
		return ""
	}
	if len(b) == 0 || strings.IndexByte(string(b), 0) != len(b)-1 {
		r.failf("a string without a NUL at its end, or with one before it")
		return ""
	}
	return string(b[:len(b)-1])
}

// A Writer marshals parameters. Like Reader it keeps its first error.
type Writer struct {
	buf      []byte
	pointers uint32
	err      error
}

// Finish is the stub.
func (w *Writer) Finish() ([]byte, error) {
	if w.err != nil {
		return nil, w.err
	}
	return w.buf, nil
}

// Fail makes err the Writer's error if it has none.
func (w *Writer) Fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// Align writes zeros up to the next multiple of n octets.
func (w *Writer) Align(n int) {
	for len(w.buf)%n != 0 {
		w.buf = append(w.buf, 0)
	}
}

// Bytes writes octets as they are.
func (w *Writer) Bytes(b []byte) { w.buf = append(w.buf, b...) }

// Uint8 writes one octet.
func (w *Writer) Uint8(v uint8) { w.buf = append(w.buf, v) }

// Uint16 writes an aligned 16-bit integer.
func (w *Writer) Uint16(v uint16) {
	w.Align(2)
	w.buf = binary.LittleEndian.AppendUint16(w.buf, v)
}

// Uint32 writes an aligned 32-bit integer.
func (w *Writer) Uint32(v uint32) {
	w.Align(4)
	w.buf = binary.LittleEndian.AppendUint32(w.buf, v)
}

// UUID writes an aligned UUID.
func (w *Writer) UUID(u UUID) {
	w.Align(4)
	w.Bytes(u[:])
}

// Handle writes a context handle.
func (w *Writer) Handle(h ContextHandle) {
	w.Uint32(h.Attributes)
	w.UUID(h.UUID)
}

// Pointer writes a pointer to something, or to nothing. Each gets another
// referent, numbered as Windows does it: from 0x20000 on in steps of four.
func (w *Writer) Pointer(something bool) {
	if !something {
		w.Uint32(0)
		return
	}
	w.Uint32(0x20000 + 4*w.pointers)
	w.pointers++
}

// FullPointer is Pointer for what the declaration marks [ptr]. Windows numbers
// these from 1 on, and Windows Server 2003 takes no other numbers in ept_map.
func (w *Writer) FullPointer(something bool) {
	if !something {
		w.Uint32(0)
		return
	}
	w.pointers++
	w.Uint32(w.pointers)
}

// ConformantBytes writes a conformant array of octets.
func (w *Writer) ConformantBytes(b []byte) {
	w.Uint32(uint32(len(b)))
	w.Bytes(b)
}

// VaryingBytes writes a conformant and varying array that has room for as many
// octets as it holds.
func (w *Writer) VaryingBytes(b []byte) {
	w.Uint32(uint32(len(b)))
	w.Uint32(0)
	w.Uint32(uint32(len(b)))
	w.Bytes(b)
}

// String writes a conformant and varying string of 8-bit characters.
func (w *Writer) String(s string) {
	if strings.IndexByte(s, 0) >= 0 {
		w.Fail(fmt.Errorf("dcerpc: a NUL in the string %q", s))
	}
	w.VaryingBytes(append([]byte(s), 0))
}
