package rpch

import (
	"encoding/binary"
	"fmt"
	"io"

	"shutout/lab/protocol/dcerpc"
)

// Flags say what an RTS PDU is about (MS-RPCH 2.2.3.6.1).
type Flags uint16

const (
	FlagPing       Flags = 0x0001
	FlagOther      Flags = 0x0002
	FlagRecycle    Flags = 0x0004
	FlagInChannel  Flags = 0x0008
	FlagOutChannel Flags = 0x0010
	FlagEOF        Flags = 0x0020
	FlagEcho       Flags = 0x0040
)

// A PDU is an RTS PDU: commands in an RPC header of their own type (MS-RPCH
// 2.2.3.6).
type PDU struct {
	Flags    Flags
	Commands []Command
}

const (
	headerSize = 20 // RPC header, flags, number of commands
	// maxCommands is more than any PDU of the protocol has.
	maxCommands = 16
	// fragment flags that all RTS PDUs have (MS-RPCH 2.2.3.6.1).
	wholeFragment = dcerpc.FlagFirst | dcerpc.FlagLast
)

// Append writes the PDU.
func (p *PDU) Append(dst []byte) ([]byte, error) {
	if len(p.Commands) > maxCommands {
		return nil, fmt.Errorf("rpch: %d commands are %w of %d", len(p.Commands), dcerpc.ErrTooLarge, maxCommands)
	}
	body := make([]byte, 0, 128)
	var err error
	for _, c := range p.Commands {
		if body, err = appendCommand(body, c); err != nil {
			return nil, err
		}
	}
	if headerSize+len(body) > dcerpc.MaxFragment {
		return nil, fmt.Errorf("rpch: a PDU of %d octets is %w of %d", headerSize+len(body), dcerpc.ErrTooLarge, dcerpc.MaxFragment)
	}
	h := dcerpc.Header{Type: dcerpc.TypeRTS, Flags: wholeFragment, FragLength: uint16(headerSize + len(body))}
	dst = h.Append(dst)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(p.Flags))
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(p.Commands)))
	return append(dst, body...), nil
}

// ParsePDU reads one RTS PDU, which must be all of b. Padding aliases b.
func ParsePDU(b []byte) (*PDU, error) {
	h, err := dcerpc.ParseHeader(b)
	if err != nil {
		return nil, err
	}
	switch {
	case h.Type != dcerpc.TypeRTS:
		return nil, fmt.Errorf("rpch: %v where an RTS PDU should be", h.Type)
	case int(h.FragLength) != len(b) || len(b) < headerSize:
		return nil, fmt.Errorf("rpch: an RTS PDU of %d octets in %d", h.FragLength, len(b))
	case h.Flags != wholeFragment || h.AuthLength != 0 || h.CallID != 0:
		return nil, fmt.Errorf("rpch: an RTS PDU with RPC flags %#x, %d octets of authentication, call %d", h.Flags, h.AuthLength, h.CallID)
	}
	p := &PDU{Flags: Flags(binary.LittleEndian.Uint16(b[16:]))}
	n := int(binary.LittleEndian.Uint16(b[18:]))
	if n > maxCommands {
		return nil, fmt.Errorf("rpch: %d commands are %w of %d", n, dcerpc.ErrTooLarge, maxCommands)
	}
	// Commands follow one another without gaps, but the Reader aligns what it
	// reads. Only Padding can end off a boundary, so each has its own Reader.
	rest := b[headerSize:]
	for range n {
		r := dcerpc.NewReader(rest)
		c := readCommand(r)
		if err := r.Err(); err != nil {
			return nil, fmt.Errorf("rpch: %w", err)
		}
		p.Commands = append(p.Commands, c)
		rest = r.Rest()
	}
	if len(rest) != 0 {
		return nil, fmt.Errorf("rpch: %d octets follow the last command", len(rest))
	}
	return p, nil
}

// ReadPDU reads an RTS PDU from a channel on which nothing else can be yet.
func ReadPDU(r io.Reader) (*PDU, error) {
	b, err := dcerpc.ReadFragment(r)
	if err != nil {
		return nil, err
	}
	return ParsePDU(b)
}

// Find is the PDU's i-th command, from 0 on, of those of the type C.
func Find[C Command](p *PDU, i int) (C, bool) {
	for _, c := range p.Commands {
		if c, ok := c.(C); ok {
			if i == 0 {
				return c, true
			}
			i--
		}
	}
	var none C
	return none, false
}

// find is Find where the PDU's kind says that the command is there.
func find[C Command](p *PDU, i int) C {
	c, _ := Find[C](p, i)
	return c
}
