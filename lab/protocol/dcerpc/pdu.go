package dcerpc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Type is the type of a PDU (C706 12.6.4, MS-RPCE 2.2.2).
type Type uint8

// The types that travel over a connection.
const (
	TypeRequest      Type = 0
	TypeResponse     Type = 2
	TypeFault        Type = 3
	TypeBind         Type = 11
	TypeBindAck      Type = 12
	TypeBindNak      Type = 13
	TypeAlterContext Type = 14
	TypeAlterResp    Type = 15
	TypeAuth3        Type = 16
	TypeShutdown     Type = 17
	TypeCancel       Type = 18
	TypeOrphaned     Type = 19
	TypeRTS          Type = 20 // RPC over HTTP only (MS-RPCH 2.2.3.6.1); not parsed here
)

var typeNames = map[Type]string{
	TypeRequest: "request", TypeResponse: "response", TypeFault: "fault", TypeBind: "bind", TypeBindAck: "bind_ack",
	TypeBindNak: "bind_nak", TypeAlterContext: "alter_context", TypeAlterResp: "alter_context_resp", TypeAuth3: "rpc_auth_3",
	TypeShutdown: "shutdown", TypeCancel: "co_cancel", TypeOrphaned: "orphaned", TypeRTS: "rts",
}

// String is the specification's name.
func (t Type) String() string {
	if name, ok := typeNames[t]; ok {
		return name
	}
	return fmt.Sprintf("PDU type %d", uint8(t))
}

// Flags are the pfc_flags of a PDU (C706 12.6.3.1).
type Flags uint8

const (
	FlagFirst         Flags = 0x01 // first fragment
	FlagLast          Flags = 0x02 // last fragment
	FlagCancelPending Flags = 0x04 // in a request or response
	FlagHeaderSign    Flags = 0x04 // in a bind, alter_context and their answers (MS-RPCE, PFC_SUPPORT_HEADER_SIGN)
	FlagMultiplex     Flags = 0x10 // several calls at a time on one connection
	FlagDidNotExecute Flags = 0x20 // in a fault: the call was not begun
	FlagMaybe         Flags = 0x40
	FlagObject        Flags = 0x80 // in a request: an object UUID follows

	whole = FlagFirst | FlagLast
)

const (
	headerSize  = 16
	trailerSize = 8 // sec_trailer without the token (MS-RPCE 2.2.2.11)

	// MaxFragment is what the 16 bits of frag_length can say.
	MaxFragment = 1<<16 - 1
	// MinFragment is what every implementation must be able to receive
	// (C706 12.6.3.1, MustRecvFragSize).
	MinFragment = 1432
)

// drep is the data representation: little-endian, ASCII, IEEE (C706 14.1).
var drep = [4]byte{0x10, 0, 0, 0}

// A Header is what all PDUs begin with (C706 12.6.3.1).
type Header struct {
	Type       Type
	Flags      Flags
	FragLength uint16 // octets of the whole PDU
	AuthLength uint16 // octets of the token in the authentication trailer
	CallID     uint32
}

// ParseHeader reads the first 16 octets of a PDU.
func ParseHeader(b []byte) (Header, error) {
	if len(b) < headerSize {
		return Header{}, fmt.Errorf("dcerpc: a PDU header of %d octets", len(b))
	}
	h := Header{
		Type:       Type(b[2]),
		Flags:      Flags(b[3]),
		FragLength: binary.LittleEndian.Uint16(b[8:]),
		AuthLength: binary.LittleEndian.Uint16(b[10:]),
		CallID:     binary.LittleEndian.Uint32(b[12:]),
	}
	switch {
	case b[0] != 5 || b[1] > 1:
		return Header{}, fmt.Errorf("dcerpc: protocol version %d.%d, not 5.0 or 5.1", b[0], b[1])
	case [2]byte(b[4:6]) != [2]byte(drep[:2]): // the other two octets are reserved
		return Header{}, fmt.Errorf("dcerpc: data representation % x; only little-endian, ASCII, IEEE is read", b[4:8])
	case h.FragLength < headerSize:
		return Header{}, fmt.Errorf("dcerpc: a fragment of %d octets", h.FragLength)
	case h.AuthLength != 0 && int(h.FragLength) < headerSize+trailerSize+int(h.AuthLength):
		return Header{}, fmt.Errorf("dcerpc: a fragment of %d octets with a token of %d", h.FragLength, h.AuthLength)
	}
	return h, nil
}

// Append writes the header.
func (h Header) Append(dst []byte) []byte {
	dst = append(dst, 5, 0, byte(h.Type), byte(h.Flags))
	dst = append(dst, drep[:]...)
	dst = binary.LittleEndian.AppendUint16(dst, h.FragLength)
	dst = binary.LittleEndian.AppendUint16(dst, h.AuthLength)
	return binary.LittleEndian.AppendUint32(dst, h.CallID)
}

// ReadFragment reads the octets of one PDU, whatever its type. The error is
// io.EOF if the stream ends before it, and io.ErrUnexpectedEOF inside it.
func ReadFragment(r io.Reader) ([]byte, error) {
	var head [headerSize]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	h, err := ParseHeader(head[:])
	if err != nil {
		return nil, err
	}
	b := make([]byte, h.FragLength)
	copy(b, head[:])
	if _, err := io.ReadFull(r, b[headerSize:]); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return b, nil
}

// AuthType is a security provider (MS-RPCE 2.2.1.1.7).
type AuthType uint8

const (
	AuthNegotiate AuthType = 0x09 // SPNEGO
	AuthNTLM      AuthType = 0x0A
	AuthKerberos  AuthType = 0x10
)

// AuthLevel is how much of the traffic is protected (MS-RPCE 2.2.1.1.8).
type AuthLevel uint8

const (
	LevelConnect   AuthLevel = 2 // only who connects
	LevelPacket    AuthLevel = 4 // each fragment's sender; Windows raises LevelCall (3) to it
	LevelIntegrity AuthLevel = 5 // and that it is unchanged
	LevelPrivacy   AuthLevel = 6 // and nobody else reads it
)

// Auth is the authentication trailer (MS-RPCE 2.2.2.11, sec_trailer). The
// token belongs to the security provider.
type Auth struct {
	Type      AuthType
	Level     AuthLevel
	ContextID uint32
	Token     []byte
}

// A Body is what a PDU holds between header and trailer: Bind, BindAck,
// BindNak, Auth3, Request, Response, Fault or Signal, each as a pointer.
type Body interface {
	Type() Type
	write(*Writer)
	read(*Reader, Flags)
}

// A PDU is one fragment, or, in the message functions of Conn, a whole call.
type PDU struct {
	Flags  Flags
	CallID uint32
	Body   Body
	Auth   *Auth
}

// ParsePDU reads one PDU, which must be all of b. Stubs and tokens alias b.
func ParsePDU(b []byte) (*PDU, error) {
	h, err := ParseHeader(b)
	if err != nil {
		return nil, err
	}
	if len(b) != int(h.FragLength) {
		return nil, fmt.Errorf("dcerpc: a fragment of %d octets in %d", h.FragLength, len(b))
	}
	p := &PDU{Flags: h.Flags, CallID: h.CallID}
	if p.Body = newBody(h.Type); p.Body == nil {
		return nil, fmt.Errorf("dcerpc: %v is not a PDU of this protocol", h.Type)
	}
	end := len(b)
	if h.AuthLength > 0 {
		end -= trailerSize + int(h.AuthLength)
		t := b[end:]
		p.Auth = &Auth{Type: AuthType(t[0]), Level: AuthLevel(t[1]), ContextID: binary.LittleEndian.Uint32(t[4:]), Token: t[trailerSize:]}
		pad := int(t[2])
		if pad > end-headerSize {
			return nil, fmt.Errorf("dcerpc: %v: %d octets of padding in a body of %d", h.Type, pad, end-headerSize)
		}
		end -= pad
	}
	r := NewReader(b[headerSize:end:end])
	p.Body.read(r, h.Flags)
	// Some clients write more contexts into a bind than they count (impacket
	// does, into the second), and Windows lets it pass.
	if _, lax := p.Body.(*Bind); r.err == nil && r.pos != len(r.data) && !lax {
		r.failf("%d octets follow the body", len(r.data)-r.pos)
	}
	if r.err != nil {
		return nil, fmt.Errorf("%v: %w", h.Type, r.err)
	}
	return p, nil
}

// Append writes the PDU. FlagObject is set or cleared as the body needs it.
func (p *PDU) Append(dst []byte) ([]byte, error) {
	w := Writer{buf: make([]byte, 0, 256)}
	p.Body.write(&w)
	h := Header{Type: p.Body.Type(), Flags: p.Flags, CallID: p.CallID}
	if q, ok := p.Body.(*Request); ok {
		h.Flags &^= FlagObject
		if q.Object != nil {
			h.Flags |= FlagObject
		}
	}
	if p.Auth != nil {
		if len(p.Auth.Token) == 0 || len(p.Auth.Token) > MaxFragment {
			return nil, fmt.Errorf("dcerpc: %v: a token of %d octets", h.Type, len(p.Auth.Token))
		}
		body := len(w.buf)
		w.padForTrailer(h.Type)
		w.Bytes([]byte{byte(p.Auth.Type), byte(p.Auth.Level), byte(len(w.buf) - body), 0})
		w.Uint32(p.Auth.ContextID)
		w.Bytes(p.Auth.Token)
		h.AuthLength = uint16(len(p.Auth.Token))
	}
	b, err := w.Finish()
	if err != nil {
		return nil, err
	}
	if headerSize+len(b) > MaxFragment {
		return nil, fmt.Errorf("dcerpc: %v of %d octets is %w of %d", h.Type, headerSize+len(b), ErrTooLarge, MaxFragment)
	}
	h.FragLength = uint16(headerSize + len(b))
	return append(h.Append(dst), b...), nil
}

// padForTrailer pads to the 4 octets that the trailer must be aligned to, and
// a stub to whole blocks of 16, as Windows does for ciphers (MS-RPCE
// 2.2.2.11). A stub begins 8 or 24 octets into the body.
func (w *Writer) padForTrailer(t Type) {
	w.Align(4)
	for (t == TypeRequest || t == TypeResponse) && len(w.buf)%16 != 8 {
		w.Uint32(0)
	}
}

func newBody(t Type) Body {
	switch t {
	case TypeRequest:
		return new(Request)
	case TypeResponse:
		return new(Response)
	case TypeFault:
		return new(Fault)
	case TypeBind:
		return new(Bind)
	case TypeAlterContext:
		return &Bind{Alter: true}
	case TypeBindAck:
		return new(BindAck)
	case TypeAlterResp:
		return &BindAck{Alter: true}
	case TypeBindNak:
		return new(BindNak)
	case TypeAuth3:
		return new(Auth3)
	case TypeShutdown, TypeCancel, TypeOrphaned:
		return &Signal{Kind: t}
	}
	return nil
}
