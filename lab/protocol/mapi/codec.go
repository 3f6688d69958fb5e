package mapi

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
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

// A codec reads or writes the fields of a structure in their order on the
// wire. A structure lists its fields once, in a method fields(*codec), and so
// cannot be written in another way than it is read. The first error stays and
// makes everything after it do nothing.
type codec struct {
	buf     []byte // what is read, or what was written so far
	pos     int    // where reading stands
	writing bool
	err     error
}

func reading(data []byte) *codec { return &codec{buf: data} }

func appending(dst []byte) *codec { return &codec{buf: dst, writing: true} }

func (c *codec) fail(format string, args ...any) {
	if c.err != nil {
		return
	}
	reason := fmt.Sprintf(format, args...)
	if c.writing {
		c.err = fmt.Errorf("mapi: cannot write: %s", reason)
		return
	}
	c.err = &SyntaxError{Offset: c.pos, Reason: reason}
}

func (c *codec) left() int { return len(c.buf) - c.pos }

// take is the next n octets; nil after an error.
func (c *codec) take(n int) []byte {
	if c.err != nil {
		return nil
	}
	if n > c.left() {
		c.fail("%d octets are needed, %d are left", n, c.left())
		return nil
	}
	b := c.buf[c.pos : c.pos+n : c.pos+n]
	c.pos += n
	return b
}

// end fails unless everything was read.
func (c *codec) end(what string) {
	if c.err == nil && c.left() > 0 {
		c.fail("%d octets follow the end of %s", c.left(), what)
	}
}

func u8[T ~uint8](c *codec, v *T) {
	if c.err != nil {
		return
	}
	if c.writing {
		c.buf = append(c.buf, byte(*v))
	} else if b := c.take(1); b != nil {
		*v = T(b[0])
	}
}

func u16[T ~uint16](c *codec, v *T) {
	if c.err != nil {
		return
	}
	if c.writing {
		c.buf = binary.LittleEndian.AppendUint16(c.buf, uint16(*v))
	} else if b := c.take(2); b != nil {
		*v = T(binary.LittleEndian.Uint16(b))
	}
}

func u32[T ~uint32 | ~int32](c *codec, v *T) {
	if c.err != nil {
		return
	}
	if c.writing {
		c.buf = binary.LittleEndian.AppendUint32(c.buf, uint32(*v))
	} else if b := c.take(4); b != nil {
		*v = T(binary.LittleEndian.Uint32(b))
	}
}

func u64[T ~uint64 | ~int64](c *codec, v *T) {
	if c.err != nil {
		return
	}
	if c.writing {
		c.buf = binary.LittleEndian.AppendUint64(c.buf, uint64(*v))
	} else if b := c.take(8); b != nil {
		*v = T(binary.LittleEndian.Uint64(b))
	}
}

// flag is a Boolean of one octet; any value but zero is true.
func flag(c *codec, v *bool) {
	var b uint8
	if *v {
		b = 1
	}
	u8(c, &b)
	*v = b != 0
}

// flag16 is a Boolean of two octets.
func flag16(c *codec, v *bool) {
	var b uint16
	if *v {
		b = 1
	}
	u16(c, &b)
	*v = b != 0
}

func guid(c *codec, v *GUID) {
	if c.writing {
		c.raw(v[:])
	} else if b := c.take(len(v)); b != nil {
		copy(v[:], b)
	}
}

// raw writes octets as they are.
func (c *codec) raw(b []byte) {
	if c.err == nil {
		c.buf = append(c.buf, b...)
	}
}

// bytes16 is octets behind their number in two octets. What is read aliases
// the input.
func bytes16(c *codec, v *[]byte) {
	n := uint16(len(*v))
	if c.writing && len(*v) > math.MaxUint16 {
		c.fail("%d octets where 65535 fit", len(*v))
	}
	u16(c, &n)
	if c.writing {
		c.raw(*v)
	} else if *v = nil; n > 0 {
		*v = c.take(int(n))
	}
}

// string8 is a NUL-terminated string of 8-bit characters, kept as its octets.
func string8(c *codec, v *string) {
	if c.err != nil {
		return
	}
	if c.writing {
		if bytes.IndexByte([]byte(*v), 0) >= 0 {
			c.fail("%q has a NUL", *v)
			return
		}
		c.buf = append(append(c.buf, *v...), 0)
		return
	}
	n := bytes.IndexByte(c.buf[c.pos:], 0)
	if n < 0 {
		c.fail("an 8-bit string without end")
		return
	}
	*v = string(c.take(n))
	c.take(1)
}

// string16 is a NUL-terminated string in UTF-16.
func string16(c *codec, v *string) {
	if c.err != nil {
		return
	}
	if c.writing {
		c.writeString16(*v)
		return
	}
	rest := c.buf[c.pos:]
	for n := 0; n+1 < len(rest); n += 2 {
		if rest[n] == 0 && rest[n+1] == 0 {
			*v = c.utf16(rest[:n])
			c.take(n + 2)
			return
		}
	}
	c.fail("a Unicode string without end")
}

func (c *codec) writeString16(s string) {
	if !utf8.ValidString(s) || bytes.IndexByte([]byte(s), 0) >= 0 {
		c.fail("%q has a NUL or is not UTF-8", s)
		return
	}
	for _, r := range s {
		if hi, lo := utf16.EncodeRune(r); hi != utf8.RuneError {
			c.buf = binary.LittleEndian.AppendUint16(c.buf, uint16(hi))
			r = lo
		}
		c.buf = binary.LittleEndian.AppendUint16(c.buf, uint16(r))
	}
	c.buf = append(c.buf, 0, 0)
}

// utf16 decodes an even number of octets.
func (c *codec) utf16(b []byte) string {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i += 2 {
		r := rune(binary.LittleEndian.Uint16(b[i:]))
		if utf16.IsSurrogate(r) {
			if i+4 > len(b) {
				c.fail("half a surrogate pair")
				return ""
			}
			if r = utf16.DecodeRune(r, rune(binary.LittleEndian.Uint16(b[i+2:]))); r == utf8.RuneError {
				c.fail("half a surrogate pair")
				return ""
			}
			i += 2
		}
		out = utf8.AppendRune(out, r)
	}
	return string(out)
}

// list is items behind their number, which has the width of N. Each item takes
// at least minSize octets, so that a number alone allocates nothing.
func list[N uint8 | uint16 | uint32, T any](c *codec, items *[]T, minSize int, each func(*codec, *T)) {
	if c.err != nil {
		return
	}
	if c.writing && uint64(len(*items)) > uint64(^N(0)) {
		c.fail("%d items where %d fit", len(*items), ^N(0))
		return
	}
	n := uint32(len(*items))
	switch any(N(0)).(type) {
	case uint8:
		v := uint8(n)
		u8(c, &v)
		n = uint32(v)
	case uint16:
		v := uint16(n)
		u16(c, &v)
		n = uint32(v)
	default:
		u32(c, &n)
	}
	if !c.writing {
		*items = nil
		if uint64(n)*uint64(minSize) > uint64(c.left()) {
			c.fail("%d items announced, %d octets left", n, c.left())
		}
		if c.err != nil || n == 0 {
			return
		}
		*items = make([]T, n)
	}
	for i := range *items {
		if each(c, &(*items)[i]); c.err != nil {
			return
		}
	}
}
