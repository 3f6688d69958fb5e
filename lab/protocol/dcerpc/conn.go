package dcerpc

import (
	"errors"
	"fmt"
	"io"
)

// Limits bound what a Conn sends and takes. A zero field means the value in
// DefaultLimits.
type Limits struct {
	Fragment int // largest fragment that is sent, and offered at bind time, octets
	Message  int // octets of a whole stub, all fragments together
}

// DefaultLimits are the fragments that Windows offers on TCP, and stubs that
// have room for the largest buffers of MS-OXCRPC (0x40000 and 0x1008 octets)
// and a little more.
var DefaultLimits = Limits{Fragment: 5840, Message: 512 << 10}

// Errors that callers may want to tell apart.
var (
	ErrShutdown    = errors.New("dcerpc: the server asks to close the connection")
	ErrUnprotected = errors.New("dcerpc: a fragment without protection on a protected connection")
)

// A Protector signs or encrypts fragments, as a security provider does once
// its handshake is over (MS-RPCE 3.3.1.5.2). fragment is the whole PDU up to the
// token, all of which is signed; fragment[stub:trailer] is the stub with its
// padding, which at LevelPrivacy is encrypted in place.
type Protector interface {
	// TokenSize is the length of each token that Protect returns, 1 or more.
	TokenSize() int
	Protect(fragment []byte, stub, trailer int) (token []byte, err error)
	Unprotect(fragment []byte, stub, trailer int, token []byte) error
}

// A Conn carries PDUs over a stream, for a client or a server. It is for one
// goroutine at a time, but one may read while another writes.
type Conn struct {
	rw     io.ReadWriter
	limits Limits
	xmit   int  // largest fragment to send
	bound  bool // the other end has said what it takes
	callID uint32

	protector Protector
	auth      Auth // type, level and context id of protected fragments
}

// NewConn begins a connection on which nothing has been sent.
func NewConn(rw io.ReadWriter, limits Limits) *Conn {
	if limits.Fragment == 0 {
		limits.Fragment = DefaultLimits.Fragment
	}
	if limits.Message == 0 {
		limits.Message = DefaultLimits.Message
	}
	limits.Fragment = min(max(limits.Fragment, MinFragment), MaxFragment)
	return &Conn{rw: rw, limits: limits, xmit: limits.Fragment}
}

// Protect has every request and response from now on signed or encrypted, and
// refuses those that are not. The trailer's type, level and context id are
// taken from auth. Call it when no fragment is on its way.
func (c *Conn) Protect(auth Auth, p Protector) { c.auth, c.protector = auth, p }

// protected tells which PDUs a Protector handles.
func protected(t Type) bool { return t == TypeRequest || t == TypeResponse }

// ReadPDU reads one fragment. A bind or bind_ack sets how large fragments to
// the other end may be.
func (c *Conn) ReadPDU() (*PDU, error) {
	b, err := ReadFragment(c.rw)
	if err != nil {
		return nil, err
	}
	if c.protector != nil {
		if err := c.unprotect(b); err != nil {
			return nil, err
		}
	}
	p, err := ParsePDU(b)
	if err != nil {
		return nil, err
	}
	switch body := p.Body.(type) {
	case *Bind:
		err = c.peerTakes(body.MaxRecv, body.Alter)
	case *BindAck:
		err = c.peerTakes(body.MaxRecv, body.Alter)
	}
	return p, err
}

func (c *Conn) peerTakes(n uint16, alter bool) error {
	if alter || c.bound {
		return nil // the first bind settled it, and others may be writing by now
	}
	if n < MinFragment {
		return fmt.Errorf("dcerpc: the other end takes fragments of %d octets only; %d is the least", n, MinFragment)
	}
	c.xmit, c.bound = min(c.limits.Fragment, int(n)), true
	return nil
}

// stubOffset is where the stub of a request or response begins in its PDU.
func stubOffset(h Header) int {
	if h.Type == TypeRequest && h.Flags&FlagObject != 0 {
		return headerSize + 24
	}
	return headerSize + 8
}

func (c *Conn) unprotect(b []byte) error {
	h, err := ParseHeader(b)
	if err != nil || !protected(h.Type) {
		return err
	}
	if h.AuthLength == 0 {
		return ErrUnprotected
	}
	token := len(b) - int(h.AuthLength)
	trailer := token - trailerSize
	if trailer < stubOffset(h) {
		return fmt.Errorf("dcerpc: %v of %d octets with a token of %d", h.Type, len(b), h.AuthLength)
	}
	if got := AuthLevel(b[trailer+1]); AuthType(b[trailer]) != c.auth.Type || got != c.auth.Level {
		return fmt.Errorf("dcerpc: %v at authentication type %d, level %d, not %d, %d", h.Type, b[trailer], got, c.auth.Type, c.auth.Level)
	}
	return c.protector.Unprotect(b[:token:token], stubOffset(h), trailer, b[token:])
}

// WritePDU writes one fragment, with one Write.
func (c *Conn) WritePDU(p *PDU) error {
	guard := c.protector != nil && protected(p.Body.Type())
	if guard {
		q := *p
		q.Auth = &Auth{Type: c.auth.Type, Level: c.auth.Level, ContextID: c.auth.ContextID, Token: make([]byte, c.protector.TokenSize())}
		p = &q
	}
	b, err := p.Append(nil)
	if err != nil {
		return err
	}
	if guard {
		h, err := ParseHeader(b)
		if err != nil {
			return err
		}
		end := len(b) - len(p.Auth.Token)
		token, err := c.protector.Protect(b[:end:end], stubOffset(h), end-trailerSize)
		if err != nil {
			return err
		}
		if copy(b[end:], token) != len(token) || len(token) != len(p.Auth.Token) {
			return fmt.Errorf("dcerpc: a token of %d octets, %d were announced", len(token), len(p.Auth.Token))
		}
	}
	_, err = c.rw.Write(b)
	return err
}

// WriteMessage writes a PDU, a request or response in as many fragments as
// the other end needs (C706 12.6.3.2).
func (c *Conn) WriteMessage(p *PDU) error {
	switch body := p.Body.(type) {
	case *Request:
		return c.writeFragments(p, body.Stub, objectSize(body.Object), func(stub []byte, left int) Body {
			f := *body
			f.Stub, f.AllocHint = stub, uint32(left)
			return &f
		})
	case *Response:
		return c.writeFragments(p, body.Stub, 0, func(stub []byte, left int) Body {
			f := *body
			f.Stub, f.AllocHint = stub, uint32(left)
			return &f
		})
	}
	p.Flags |= whole
	return c.WritePDU(p)
}

func objectSize(o *UUID) int {
	if o == nil {
		return 0
	}
	return len(o)
}

// room is how many octets of a stub fit into a fragment beside an object UUID
// of so many octets and the trailer.
func (c *Conn) room(object int, auth *Auth) int {
	n := c.xmit - headerSize - 8 - object
	if c.protector != nil {
		n -= trailerSize + c.protector.TokenSize()
	} else if auth != nil {
		n -= trailerSize + len(auth.Token)
	}
	return n &^ 15 // no padding but in the last fragment
}

func (c *Conn) writeFragments(p *PDU, stub []byte, object int, body func(stub []byte, left int) Body) error {
	if len(stub) > c.limits.Message {
		return fmt.Errorf("dcerpc: a stub of %d octets is %w of %d", len(stub), ErrTooLarge, c.limits.Message)
	}
	room := c.room(object, p.Auth)
	if room <= 0 {
		return fmt.Errorf("dcerpc: the token leaves no room in fragments of %d octets", c.xmit)
	}
	first := FlagFirst
	for {
		n := min(room, len(stub))
		f := PDU{Flags: p.Flags&^whole | first, CallID: p.CallID, Body: body(stub[:n], len(stub)), Auth: p.Auth}
		if n == len(stub) {
			f.Flags |= FlagLast
		}
		if err := c.WritePDU(&f); err != nil {
			return err
		}
		if stub, first = stub[n:], 0; len(stub) == 0 {
			return nil
		}
	}
}

// ReadMessage reads a PDU, and of a request or response all fragments, whose
// stubs it joins. A call that the client gives up between its fragments
// (orphaned) is passed over; that it cancels one there is not told.
func (c *Conn) ReadMessage() (*PDU, error) {
	var p *PDU
	for {
		f, err := c.ReadPDU()
		if err != nil {
			if p != nil && errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		if p == nil {
			if stubOf(f.Body) == nil {
				return f, nil
			}
			if f.Flags&FlagFirst == 0 {
				return nil, fmt.Errorf("dcerpc: call %d begins with a later fragment", f.CallID)
			}
			p = f
		} else if done, err := c.join(p, f); err != nil {
			return nil, err
		} else if done {
			p = nil
			continue
		}
		if n := len(*stubOf(p.Body)); n > c.limits.Message {
			return nil, fmt.Errorf("dcerpc: a stub of %d octets is %w of %d", n, ErrTooLarge, c.limits.Message)
		}
		if p.Flags&FlagLast != 0 {
			return p, nil
		}
	}
}

// stubOf is where the stub of a request or response is held, nil for others.
func stubOf(b Body) *[]byte {
	switch b := b.(type) {
	case *Request:
		return &b.Stub
	case *Response:
		return &b.Stub
	}
	return nil
}

// join adds a later fragment to its call. It tells whether the call is over
// without having come to an end.
func (c *Conn) join(p, f *PDU) (over bool, err error) {
	if s, ok := f.Body.(*Signal); ok && f.CallID == p.CallID && s.Kind != TypeShutdown {
		return s.Kind == TypeOrphaned, nil
	}
	if f.Body.Type() != p.Body.Type() || f.CallID != p.CallID || f.Flags&FlagFirst != 0 {
		return false, fmt.Errorf("dcerpc: %v of call %d between the fragments of call %d", f.Body.Type(), f.CallID, p.CallID)
	}
	stub := stubOf(p.Body)
	*stub = append(*stub, *stubOf(f.Body)...) // the fragments' stubs have no spare capacity, so this copies
	p.Flags |= f.Flags & FlagLast
	return false, nil
}
