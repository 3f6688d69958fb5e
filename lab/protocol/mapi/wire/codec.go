// Package wire reads and writes the little-endian fields that the structures of
// Exchange's MAPI protocols are made of (MS-OXCDATA, MS-OXCROPS, MS-OXCRPC,
// MS-OXCMAPIHTTP).
package wire

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A SyntaxError is input that is not what the specifications say.
type SyntaxError struct {
	Offset int // octets from the start of what was parsed
	Reason string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("mapi: offset %d: %s", e.Offset, e.Reason)
}

// A Codec reads or writes the fields of a structure in their order on the
// wire. A structure lists its fields once, in a function that takes a Codec,
// and so cannot be written in another way than it is read. The first error
// stays and makes everything after it do nothing.
type Codec struct {
	Buf     []byte // what is read, or what was written so far
	Pos     int    // where reading stands
	Writing bool
	Err     error
}

// Reading is a codec that reads data.
func Reading(data []byte) *Codec { return &Codec{Buf: data} }

// Appending is a codec that writes behind dst.
func Appending(dst []byte) *Codec { return &Codec{Buf: dst, Writing: true} }

// Fail sets the error, unless there is one.
func (c *Codec) Fail(format string, args ...any) {
	if c.Err != nil {
		return
	}
	reason := fmt.Sprintf(format, args...)
	if c.Writing {
		c.Err = fmt.Errorf("mapi: cannot write: %s", reason)
		return
	}
	c.Err = &SyntaxError{Offset: c.Pos, Reason: reason}
}

// Left is the number of octets that are still to be read.
func (c *Codec) Left() int { return len(c.Buf) - c.Pos }

// Take reads the next n octets, which alias the input. It is nil after an error.
func (c *Codec) Take(n int) []byte {
	if c.Err != nil {
		return nil
	}
	if n > c.Left() {
		c.Fail("%d octets are needed, %d are left", n, c.Left())
		return nil
	}
	b := c.Buf[c.Pos : c.Pos+n : c.Pos+n]
	c.Pos += n
	return b
}

// Put writes octets as they are.
func (c *Codec) Put(b []byte) {
	if c.Err == nil {
		c.Buf = append(c.Buf, b...)
	}
}

// End fails unless everything was read.
func (c *Codec) End(what string) {
	if c.Err == nil && c.Left() > 0 {
		c.Fail("%d octets follow the end of %s", c.Left(), what)
	}
}

// U8 is an integer of one octet.
func U8[T ~uint8](c *Codec, v *T) {
	if c.Err != nil {
		return
	}
	if c.Writing {
		c.Buf = append(c.Buf, byte(*v))
	} else if b := c.Take(1); b != nil {
		*v = T(b[0])
	}
}

// U16 is an integer of two octets.
func U16[T ~uint16](c *Codec, v *T) {
	if c.Err != nil {
		return
	}
	if c.Writing {
		c.Buf = binary.LittleEndian.AppendUint16(c.Buf, uint16(*v))
	} else if b := c.Take(2); b != nil {
		*v = T(binary.LittleEndian.Uint16(b))
	}
}

// U32 is an integer of four octets.
func U32[T ~uint32 | ~int32](c *Codec, v *T) {
	if c.Err != nil {
		return
	}
	if c.Writing {
		c.Buf = binary.LittleEndian.AppendUint32(c.Buf, uint32(*v))
	} else if b := c.Take(4); b != nil {
		*v = T(binary.LittleEndian.Uint32(b))
	}
}

// U64 is an integer of eight octets.
func U64[T ~uint64 | ~int64](c *Codec, v *T) {
	if c.Err != nil {
		return
	}
	if c.Writing {
		c.Buf = binary.LittleEndian.AppendUint64(c.Buf, uint64(*v))
	} else if b := c.Take(8); b != nil {
		*v = T(binary.LittleEndian.Uint64(b))
	}
}

// Flag is a Boolean of one octet; any value but zero is true.
func Flag(c *Codec, v *bool) {
	var b uint8
	if *v {
		b = 1
	}
	if U8(c, &b); !c.Writing { // what is written may be shared
		*v = b != 0
	}
}

// Flag16 is a Boolean of two octets.
func Flag16(c *Codec, v *bool) {
	var b uint16
	if *v {
		b = 1
	}
	if U16(c, &b); !c.Writing {
		*v = b != 0
	}
}

// Bytes16 is octets behind their number in two octets. What is read aliases
// the input.
func Bytes16(c *Codec, v *[]byte) {
	n := uint16(len(*v))
	if c.Writing && len(*v) > math.MaxUint16 {
		c.Fail("%d octets where 65535 fit", len(*v))
	}
	U16(c, &n)
	if c.Writing {
		c.Put(*v)
	} else if *v = nil; n > 0 {
		*v = c.Take(int(n))
	}
}

// Bytes32 is octets behind their number in four octets. What is read aliases
// the input.
func Bytes32(c *Codec, v *[]byte) {
	n := uint32(len(*v))
	if c.Writing && len(*v) > math.MaxInt32 {
		c.Fail("%d octets", len(*v))
	}
	U32(c, &n)
	if c.Writing {
		c.Put(*v)
	} else if *v = nil; uint64(n) > uint64(c.Left()) {
		c.Fail("%d octets announced, %d are left", n, c.Left())
	} else if n > 0 {
		*v = c.Take(int(n))
	}
}

// String8 is a NUL-terminated string of 8-bit characters, kept as its octets.
func String8(c *Codec, v *string) {
	if c.Err != nil {
		return
	}
	if c.Writing {
		if strings.IndexByte(*v, 0) >= 0 {
			c.Fail("%q has a NUL", *v)
			return
		}
		c.Buf = append(append(c.Buf, *v...), 0)
		return
	}
	n := bytes.IndexByte(c.Buf[c.Pos:], 0)
	if n < 0 {
		c.Fail("an 8-bit string without end")
		return
	}
	*v = string(c.Take(n))
	c.Take(1)
}

// String16 is a NUL-terminated string in UTF-16.
func String16(c *Codec, v *string) {
	if c.Err != nil {
		return
	}
	if c.Writing {
		c.writeString16(*v)
		return
	}
	rest := c.Buf[c.Pos:]
	for n := 0; n+1 < len(rest); n += 2 {
		if rest[n] == 0 && rest[n+1] == 0 {
			*v = c.utf16(rest[:n])
			c.Take(n + 2)
			return
		}
	}
	c.Fail("a Unicode string without end")
}

func (c *Codec) writeString16(s string) {
	if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
		c.Fail("%q has a NUL or is not UTF-8", s)
		return
	}
	for _, r := range s {
		if hi, lo := utf16.EncodeRune(r); hi != utf8.RuneError {
			c.Buf = binary.LittleEndian.AppendUint16(c.Buf, uint16(hi))
			r = lo
		}
		c.Buf = binary.LittleEndian.AppendUint16(c.Buf, uint16(r))
	}
	c.Buf = append(c.Buf, 0, 0)
}

// utf16 decodes an even number of octets.
func (c *Codec) utf16(b []byte) string {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i += 2 {
		r := rune(binary.LittleEndian.Uint16(b[i:]))
		if utf16.IsSurrogate(r) {
			if i+4 > len(b) {
				c.Fail("half a surrogate pair")
				return ""
			}
			if r = utf16.DecodeRune(r, rune(binary.LittleEndian.Uint16(b[i+2:]))); r == utf8.RuneError {
				c.Fail("half a surrogate pair")
				return ""
			}
			i += 2
		}
		out = utf8.AppendRune(out, r)
	}
	return string(out)
}

// List is items behind their number, which has the width of N. Each item takes
// at least minSize octets, so that a number alone allocates nothing.
func List[N uint8 | uint16 | uint32, T any](c *Codec, items *[]T, minSize int, each func(*Codec, *T)) {
	if c.Err != nil {
		return
	}
	if c.Writing && uint64(len(*items)) > uint64(^N(0)) {
		c.Fail("%d items where %d fit", len(*items), ^N(0))
		return
	}
	n := uint32(len(*items))
	switch any(N(0)).(type) {
	case uint8:
		v := uint8(n)
		U8(c, &v)
		n = uint32(v)
	case uint16:
		v := uint16(n)
		U16(c, &v)
		n = uint32(v)
	default:
		U32(c, &n)
	}
	if !c.Writing {
		*items = nil
		if uint64(n)*uint64(minSize) > uint64(c.Left()) {
			c.Fail("%d items announced, %d octets left", n, c.Left())
		}
		if c.Err != nil || n == 0 {
			return
		}
		*items = make([]T, n)
	}
	for i := range *items {
		if each(c, &(*items)[i]); c.Err != nil {
			return
		}
	}
}
