package dcerpc

import "fmt"

// A BindError is a bind that the server refused as a whole.
type BindError struct{ Reason uint16 }

func (e *BindError) Error() string {
	return fmt.Sprintf("dcerpc: the server refuses the bind, reason %d", e.Reason)
}

// A FaultError is a call, or an alter_context, that ended in a fault.
type FaultError struct {
	Status        uint32
	DidNotExecute bool // the server says that it had not begun the call
}

func (e *FaultError) Error() string { return fmt.Sprintf("dcerpc: fault 0x%08x", e.Status) }

// A Handshake authenticates while binding (MS-RPCE 3.3.1.5.2).
type Handshake struct {
	Type      AuthType
	Level     AuthLevel
	ContextID uint32
	// HeaderSign offers to sign headers too. NTLM with extended session
	// security signs them in any case.
	HeaderSign bool
	// Next makes the next token, from nil at first and from each of the
	// server's tokens after that. more says that an answer to the token is
	// expected; after the last one an empty token sends nothing.
	Next func(challenge []byte) (token []byte, more bool, err error)
}

// Bind asks for the contexts, and for several calls at a time, so that [Conn.Send]
// may leave one to the server while others go on. With a handshake it goes on until that is done;
// Protect comes after it, if the level asks for it. Whether each context was
// accepted is for the caller to see.
func (c *Conn) Bind(contexts []Context, h *Handshake) (*BindAck, error) {
	bind := &Bind{MaxXmit: uint16(c.limits.Fragment), MaxRecv: uint16(c.limits.Fragment), Contexts: contexts}
	if h == nil {
		ack, _, err := c.bind(bind, FlagMultiplex, nil)
		return ack, err
	}
	var first *BindAck
	var challenge []byte
	for {
		token, more, err := h.Next(challenge)
		if err != nil {
			return nil, err
		}
		if first != nil && len(token) == 0 {
			return first, nil
		}
		auth := &Auth{Type: h.Type, Level: h.Level, ContextID: h.ContextID, Token: token}
		if first != nil && !more {
			// The last token of three needs no answer, so it travels alone,
			// under the call id of the bind.
			return first, c.WritePDU(&PDU{Flags: whole, CallID: c.callID, Body: new(Auth3), Auth: auth})
		}
		flags := FlagMultiplex
		if h.HeaderSign {
			flags |= FlagHeaderSign
		}
		ack, answer, err := c.bind(bind, flags, auth)
		if err != nil {
			return nil, err
		}
		if first == nil {
			first = ack
			alter := *bind
			alter.Alter, alter.Group = true, ack.Group
			bind = &alter
		}
		if answer == nil {
			if more {
				return nil, fmt.Errorf("dcerpc: the server does not go on with the authentication")
			}
			return first, nil
		}
		challenge = answer.Token
	}
}

// bind sends one bind or alter_context and reads its answer.
func (c *Conn) bind(b *Bind, flags Flags, auth *Auth) (*BindAck, *Auth, error) {
	c.callID++
	if err := c.WritePDU(&PDU{Flags: whole | flags, CallID: c.callID, Body: b, Auth: auth}); err != nil {
		return nil, nil, err
	}
	p, err := c.ReadPDU()
	if err != nil {
		return nil, nil, err
	}
	switch body := p.Body.(type) {
	case *BindAck:
		if body.Alter != b.Alter {
			break
		}
		if len(body.Results) != len(b.Contexts) {
			return nil, nil, fmt.Errorf("dcerpc: %d results for %d contexts", len(body.Results), len(b.Contexts))
		}
		return body, p.Auth, nil
	case *BindNak:
		return nil, nil, &BindError{Reason: body.Reason}
	case *Fault:
		return nil, nil, faultError(p, body)
	}
	return nil, nil, fmt.Errorf("dcerpc: %v in answer to %v", p.Body.Type(), b.Type())
}

func faultError(p *PDU, f *Fault) error {
	return &FaultError{Status: f.Status, DidNotExecute: p.Flags&FlagDidNotExecute != 0}
}

// Send sends a request without waiting for its answer, for calls that the
// server holds. It returns the call's id.
func (c *Conn) Send(q *Request) (uint32, error) {
	c.callID++
	return c.callID, c.WriteMessage(&PDU{CallID: c.callID, Body: q})
}

// Receive reads the answer to the call with the id, which must be the next
// answer. The errors FaultError and ErrShutdown are the server's; the
// connection is of use after the first only.
func (c *Conn) Receive(id uint32) ([]byte, error) {
	p, err := c.ReadMessage()
	if err != nil {
		return nil, err
	}
	switch body := p.Body.(type) {
	case *Response:
		if p.CallID == id {
			return body.Stub, nil
		}
	case *Fault:
		if p.CallID == id {
			return nil, faultError(p, body)
		}
	case *Signal:
		if body.Kind == TypeShutdown {
			return nil, ErrShutdown
		}
	}
	return nil, fmt.Errorf("dcerpc: %v of call %d where the answer to call %d should be", p.Body.Type(), p.CallID, id)
}

// Call sends a request and reads its answer.
func (c *Conn) Call(q *Request) ([]byte, error) {
	id, err := c.Send(q)
	if err != nil {
		return nil, err
	}
	return c.Receive(id)
}

// Reply answers a call that ReadMessage returned.
func (c *Conn) Reply(call *PDU, stub []byte) error {
	return c.WriteMessage(&PDU{CallID: call.CallID, Body: &Response{ContextID: contextOf(call), Stub: stub}})
}

// Fault answers a call with a fault. The call counts as not begun: use it for
// what is found before the call has any effect.
func (c *Conn) Fault(call *PDU, status uint32) error {
	return c.WriteMessage(&PDU{Flags: FlagDidNotExecute, CallID: call.CallID, Body: &Fault{ContextID: contextOf(call), Status: status}})
}

func contextOf(call *PDU) uint16 {
	if q, ok := call.Body.(*Request); ok {
		return q.ContextID
	}
	return 0
}
