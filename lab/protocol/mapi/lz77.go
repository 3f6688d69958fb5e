package mapi

import (
	"encoding/binary"

	"shutout/lab/protocol/mapi/wire"
)

// The compression of payloads is LZ77 with the DIRECT2 encoding (MS-OXCRPC
// 3.1.4.1.1.2; MS-XCA has the same under the name Plain LZ77). A mask of 32
// bits, the highest first, tells what the next 32 elements are: 0 an octet, 1 a
// match (two octets: 13 bits of offset less one, 3 bits of length less three).
// Lengths that do not fit go on in half an octet, which two matches share, then
// in an octet, then in two octets that count for themselves.
const (
	minMatch  = 3
	maxOffset = 1 << 13

	lengthBits   = 7                      // the 3 bits are all ones
	lengthNibble = lengthBits + 15        // and so is the half octet
	lengthOctet  = lengthNibble + 255     // and so is the octet
	maxMatch     = (1<<16 - 1) + minMatch // what the last two octets can say
	hashBits     = 12                     // of the compressor's table
	hashMultiply = 2654435761             // Knuth's, spreads three octets
)

// decompress fails unless data yields exactly size octets.
func decompress(data []byte, size int) ([]byte, error) {
	c := wire.Reading(data)
	out := make([]byte, 0, size)
	var mask uint32
	var bits int
	nibble := -1 // the second half of the octet that lengths share
	for len(out) < size && c.Err == nil {
		if bits == 0 {
			wire.U32(c, &mask)
			bits = 32
			continue
		}
		match := mask&(1<<31) != 0
		mask <<= 1
		bits--
		if !match {
			out = append(out, c.Take(1)...)
			continue
		}
		var pair uint16
		wire.U16(c, &pair)
		offset := int(pair>>3) + 1
		length := matchLength(c, int(pair&7), &nibble) + minMatch
		switch {
		case c.Err != nil:
		case offset > len(out):
			c.Fail("a match begins %d octets before the start", offset-len(out))
		case length > size-len(out):
			c.Fail("more than the announced %d octets", size)
		default:
			for range length { // a match may overlap what it yields
				out = append(out, out[len(out)-offset])
			}
		}
	}
	// The mask is padded with ones. When the last octet is also the last of
	// its mask, another mask may follow.
	if c.Err == nil && bits == 0 && c.Left() == 4 {
		c.Take(4)
	}
	if c.End("the compressed data"); c.Err != nil {
		return nil, c.Err
	}
	return out, nil
}

// matchLength is the length less three, whose first 3 bits were read.
func matchLength(c *wire.Codec, length int, nibble *int) int {
	if length < lengthBits {
		return length
	}
	if *nibble < 0 {
		var shared uint8
		wire.U8(c, &shared)
		length += int(shared & 15)
		*nibble = int(shared >> 4)
	} else {
		length += *nibble
		*nibble = -1
	}
	if length < lengthNibble {
		return length
	}
	var octet uint8
	wire.U8(c, &octet)
	if length += int(octet); length < lengthOctet {
		return length
	}
	var whole uint16
	wire.U16(c, &whole)
	return int(whole)
}

// compress is greedy with a table of one candidate for each hash.
func compress(data []byte) []byte {
	z := compressor{out: make([]byte, 4, len(data)+len(data)/8+16), nibble: -1}
	var last [1 << hashBits]int // position + 1 of the latest three octets with the hash
	for i := 0; i < len(data); {
		length, offset := 0, 0
		if i+minMatch <= len(data) {
			h := (uint32(data[i]) | uint32(data[i+1])<<8 | uint32(data[i+2])<<16) * hashMultiply >> (32 - hashBits)
			if from := last[h] - 1; from >= 0 && i-from <= maxOffset {
				for i+length < len(data) && length < maxMatch && data[from+length] == data[i+length] {
					length++
				}
				offset = i - from
			}
			last[h] = i + 1
		}
		if length < minMatch {
			z.element(false)
			z.out = append(z.out, data[i])
			i++
			continue
		}
		z.element(true)
		z.match(offset, length)
		i += length
	}
	z.end()
	return z.out
}

type compressor struct {
	out    []byte
	mask   uint32
	bits   int // of mask in use
	at     int // where mask goes in out
	nibble int // where the octet with a free half is in out, or -1
}

func (z *compressor) element(match bool) {
	if z.bits == 32 {
		binary.LittleEndian.PutUint32(z.out[z.at:], z.mask)
		z.at, z.mask, z.bits = len(z.out), 0, 0
		z.out = append(z.out, 0, 0, 0, 0)
	}
	z.mask <<= 1
	if match {
		z.mask |= 1
	}
	z.bits++
}

func (z *compressor) match(offset, length int) {
	length -= minMatch
	z.out = binary.LittleEndian.AppendUint16(z.out, uint16(offset-1)<<3|uint16(min(length, lengthBits)))
	if length < lengthBits {
		return
	}
	half := byte(min(length-lengthBits, 15))
	if z.nibble < 0 {
		z.nibble = len(z.out)
		z.out = append(z.out, half)
	} else {
		z.out[z.nibble] |= half << 4
		z.nibble = -1
	}
	if length < lengthNibble {
		return
	}
	z.out = append(z.out, byte(min(length-lengthNibble, 255)))
	if length >= lengthOctet {
		z.out = binary.LittleEndian.AppendUint16(z.out, uint16(length))
	}
}

// end fills the mask up with ones, at least one of them.
func (z *compressor) end() {
	if z.bits == 32 {
		binary.LittleEndian.PutUint32(z.out[z.at:], z.mask)
		z.out = append(z.out, 0xFF, 0xFF, 0xFF, 0xFF)
		return
	}
	free := 32 - z.bits
	binary.LittleEndian.PutUint32(z.out[z.at:], z.mask<<free|(1<<free-1))
}
