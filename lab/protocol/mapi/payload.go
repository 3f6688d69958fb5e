package mapi

import (
	"fmt"

	"shutout/lab/protocol/mapi/wire"
)

// HeaderFlags are the flags of RPC_HEADER_EXT (MS-OXCRPC 2.2.2.1).
type HeaderFlags uint16

const (
	FlagCompressed HeaderFlags = 0x0001 // the payload is compressed
	FlagXorMagic   HeaderFlags = 0x0002 // the payload is obfuscated, after compression
	FlagLast       HeaderFlags = 0x0004 // no other header follows the payload
)

const (
	// MaxPayload bounds one payload, in octets (MS-OXCRPC 3.1.4.2.1).
	MaxPayload = 32 << 10

	// MaxPayloads bounds the payloads packed into one buffer. It is a limit of
	// this package; buffers of 256 KiB, the most that a call takes (MS-OXCRPC,
	// BIG_RANGE_ULONG), seldom have more than 8.
	MaxPayloads = 96

	xorMagic = 0xA5 // MS-OXCRPC 3.1.4.1.1.3
)

// header is RPC_HEADER_EXT.
type header struct {
	version          uint16
	flags            HeaderFlags
	size, sizeActual uint16
}

func (h *header) fields(c *wire.Codec) {
	wire.U16(c, &h.version)
	wire.U16(c, &h.flags)
	wire.U16(c, &h.size)
	wire.U16(c, &h.sizeActual)
}

// AppendPayload appends a payload with its header. FlagCompressed compresses
// it, if that makes it smaller: a compressed payload of the same size is not
// allowed. A buffer with one payload has FlagLast on it.
func AppendPayload(dst, payload []byte, flags HeaderFlags) ([]byte, error) {
	if len(payload) > MaxPayload {
		return nil, fmt.Errorf("mapi: a payload of %d octets, %d are allowed", len(payload), MaxPayload)
	}
	if unknown := flags &^ (FlagCompressed | FlagXorMagic | FlagLast); unknown != 0 {
		return nil, fmt.Errorf("mapi: unknown header flags 0x%04X", uint16(unknown))
	}
	data := payload
	if flags&FlagCompressed != 0 {
		if data = compress(payload); len(data) >= len(payload) {
			data, flags = payload, flags&^FlagCompressed
		}
	}
	h := header{flags: flags, size: uint16(len(data)), sizeActual: uint16(len(payload))}
	c := wire.Appending(dst)
	h.fields(c)
	c.Put(data)
	if flags&FlagXorMagic != 0 {
		obfuscate(c.Buf[len(c.Buf)-len(data):])
	}
	return c.Buf, nil
}

// ParsePayloads reads all payloads of a buffer, up to the one with FlagLast.
// Plain payloads alias the buffer.
func ParsePayloads(buf []byte) ([][]byte, error) {
	c := wire.Reading(buf)
	var payloads [][]byte
	for {
		if len(payloads) == MaxPayloads {
			c.Fail("more than %d payloads", MaxPayloads)
		}
		var h header
		h.fields(c)
		payload := h.payload(c)
		if c.Err != nil {
			return nil, c.Err
		}
		payloads = append(payloads, payload)
		if h.flags&FlagLast != 0 {
			if c.End("the last payload"); c.Err != nil {
				return nil, c.Err
			}
			return payloads, nil
		}
	}
}

// payload is what follows the header, made readable.
func (h *header) payload(c *wire.Codec) []byte {
	if c.Err != nil {
		return nil
	}
	compressed := h.flags&FlagCompressed != 0
	switch {
	case h.version != 0:
		c.Fail("version %d of RPC_HEADER_EXT", h.version)
	case h.flags&^(FlagCompressed|FlagXorMagic|FlagLast) != 0:
		c.Fail("unknown header flags 0x%04X", uint16(h.flags))
	case h.sizeActual > MaxPayload:
		c.Fail("a payload of %d octets, %d are allowed", h.sizeActual, MaxPayload)
	case compressed && h.size >= h.sizeActual, !compressed && h.size != h.sizeActual:
		c.Fail("a payload of %d octets that should become %d (flags 0x%04X)", h.size, h.sizeActual, uint16(h.flags))
	}
	data := c.Take(int(h.size))
	if c.Err != nil {
		return nil
	}
	if h.flags&FlagXorMagic != 0 {
		data = append([]byte(nil), data...)
		obfuscate(data)
	}
	if compressed {
		out, err := decompress(data, int(h.sizeActual))
		if err != nil {
			c.Fail("compressed payload: %v", err)
		}
		return out
	}
	return data
}

func obfuscate(data []byte) {
	for i := range data {
		data[i] ^= xorMagic
	}
}
