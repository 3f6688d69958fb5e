package dcerpc

import (
	"fmt"
	"strings"
)

// A Context is one interface that a client wants to use, under a number of its
// choice, and the transfer syntaxes that it can speak (C706 12.6.3.1,
// p_cont_elem_t).
type Context struct {
	ID       uint16
	Abstract SyntaxID
	Transfer []SyntaxID
}

// Bind is a bind, or with Alter an alter_context (C706 12.6.4.3 and 12.6.4.1).
type Bind struct {
	Alter            bool
	MaxXmit, MaxRecv uint16 // largest fragment that the sender sends and takes, octets
	Group            uint32 // association group; 0 asks for a new one
	Contexts         []Context
}

// Type is TypeBind or TypeAlterContext.
func (b *Bind) Type() Type {
	if b.Alter {
		return TypeAlterContext
	}
	return TypeBind
}

func (b *Bind) write(w *Writer) {
	w.Uint16(b.MaxXmit)
	w.Uint16(b.MaxRecv)
	w.Uint32(b.Group)
	w.count("contexts", len(b.Contexts))
	for _, c := range b.Contexts {
		w.Uint16(c.ID)
		if len(c.Transfer) > 255 {
			w.Fail(fmt.Errorf("dcerpc: %d transfer syntaxes", len(c.Transfer)))
		}
		w.Uint8(uint8(len(c.Transfer)))
		w.Uint8(0)
		w.syntax(c.Abstract)
		for _, t := range c.Transfer {
			w.syntax(t)
		}
	}
}

func (b *Bind) read(r *Reader, _ Flags) {
	b.MaxXmit, b.MaxRecv, b.Group = r.Uint16(), r.Uint16(), r.Uint32()
	n := r.count()
	for range n {
		c := Context{ID: r.Uint16()}
		transfers := r.Uint8()
		r.Uint8()
		c.Abstract = r.syntax()
		for range transfers {
			c.Transfer = append(c.Transfer, r.syntax())
		}
		if r.err != nil {
			return
		}
		b.Contexts = append(b.Contexts, c)
	}
}

// A ContextResult is the server's answer about one context (C706 12.6.3.1,
// p_cont_def_result_t).
type ContextResult uint16

const (
	Accepted         ContextResult = 0
	UserRejected     ContextResult = 1
	ProviderRejected ContextResult = 2
	NegotiateAck     ContextResult = 3 // an offer of features; Reason has those that the server takes (MS-RPCE 2.2.2.4)
)

// Why a provider rejected a context (C706 12.6.3.1, p_provider_reason_t).
const (
	ReasonAbstractSyntax uint16 = 1 // the interface is not served
	ReasonTransferSyntax uint16 = 2 // none of the transfer syntaxes is spoken
	ReasonLocalLimit     uint16 = 3
)

// A Result answers one context of a bind, in its place.
type Result struct {
	Result   ContextResult
	Reason   uint16
	Transfer SyntaxID // the chosen one, if accepted
}

// BindAck is a bind_ack, or with Alter an alter_context_resp (C706 12.6.4.4
// and 12.6.4.2).
type BindAck struct {
	Alter            bool
	MaxXmit, MaxRecv uint16
	Group            uint32
	SecondaryAddr    string // the port as text; empty in the answer to alter_context
	Results          []Result
}

// Type is TypeBindAck or TypeAlterResp.
func (b *BindAck) Type() Type {
	if b.Alter {
		return TypeAlterResp
	}
	return TypeBindAck
}

func (b *BindAck) write(w *Writer) {
	w.Uint16(b.MaxXmit)
	w.Uint16(b.MaxRecv)
	w.Uint32(b.Group)
	if n := len(b.SecondaryAddr); n > 0 {
		if n >= MaxFragment || strings.IndexByte(b.SecondaryAddr, 0) >= 0 {
			w.Fail(fmt.Errorf("dcerpc: a secondary address of %d octets, or with a NUL", n))
		}
		w.Uint16(uint16(n + 1))
		w.Bytes([]byte(b.SecondaryAddr))
		w.Uint8(0)
	} else {
		w.Uint16(0)
	}
	w.Align(4)
	w.count("results", len(b.Results))
	for _, res := range b.Results {
		w.Uint16(uint16(res.Result))
		w.Uint16(res.Reason)
		w.syntax(res.Transfer)
	}
}

func (b *BindAck) read(r *Reader, _ Flags) {
	b.MaxXmit, b.MaxRecv, b.Group = r.Uint16(), r.Uint16(), r.Uint32()
	addr := r.Bytes(int(r.Uint16()))
	if n := len(addr); n > 0 {
		if strings.IndexByte(string(addr), 0) != n-1 {
			r.failf("a secondary address without a NUL at its end, or with one before it")
			return
		}
		b.SecondaryAddr = string(addr[:n-1])
	}
	r.Align(4)
	n := r.count()
	for range n {
		res := Result{Result: ContextResult(r.Uint16()), Reason: r.Uint16(), Transfer: r.syntax()}
		if r.err != nil {
			return
		}
		b.Results = append(b.Results, res)
	}
}

// Why a bind was refused as a whole (C706 12.6.3.1, p_reject_reason_t; the
// last two MS-RPCE 2.2.2.5).
const (
	NakNotSpecified    uint16 = 0
	NakCongestion      uint16 = 1
	NakLocalLimit      uint16 = 2
	NakProtocolVersion uint16 = 4
	NakAuthType        uint16 = 8
	NakChecksum        uint16 = 9
)

// BindNak refuses a bind (C706 12.6.4.5). The versions that the server speaks
// are 5.0 always; what Windows puts after them (extended error information) is
// not kept.
type BindNak struct{ Reason uint16 }

// Type is TypeBindNak.
func (*BindNak) Type() Type { return TypeBindNak }

func (b *BindNak) write(w *Writer) {
	w.Uint16(b.Reason)
	w.Bytes([]byte{1, 5, 0})
}

func (b *BindNak) read(r *Reader, _ Flags) {
	b.Reason = r.Uint16()
	r.Rest()
}

// Auth3 is the third leg of an authentication, to which there is no answer
// (MS-RPCE, rpc_auth_3 PDU). All that matters is in the trailer.
type Auth3 struct{}

// Type is TypeAuth3.
func (*Auth3) Type() Type { return TypeAuth3 }

func (*Auth3) write(w *Writer) { w.Uint32(0) } // "pad": may be set to anything

func (*Auth3) read(r *Reader, _ Flags) {
	if len(r.data) > 16 {
		r.failf("an rpc_auth_3 of %d octets", len(r.data))
		return
	}
	r.Rest()
}

// count is the number of a list's elements: one octet and three reserved.
func (r *Reader) count() int {
	n := r.Uint8()
	r.Bytes(3)
	return int(n)
}

func (w *Writer) count(what string, n int) {
	if n > 255 {
		w.Fail(fmt.Errorf("dcerpc: %d %s", n, what))
	}
	w.Bytes([]byte{byte(n), 0, 0, 0})
}

func (r *Reader) syntax() SyntaxID {
	return SyntaxID{UUID: r.UUID(), Major: r.Uint16(), Minor: r.Uint16()}
}

func (w *Writer) syntax(s SyntaxID) {
	w.UUID(s.UUID)
	w.Uint16(s.Major)
	w.Uint16(s.Minor)
}

// Negotiate is the answer to a bind or alter_context by a server that speaks
// NDR: each interface that serves says yes to is accepted if NDR is offered
// for it, an offer of features is answered with those in the argument that the
// client has too, all else is rejected. The caller fills in SecondaryAddr, and
// Group if the client asked for a new one.
func Negotiate(b *Bind, features uint16, serves func(SyntaxID) bool) *BindAck {
	ack := &BindAck{Alter: b.Alter, MaxXmit: b.MaxRecv, MaxRecv: b.MaxXmit, Group: b.Group}
	for _, c := range b.Contexts {
		ack.Results = append(ack.Results, negotiate(c, features, serves))
	}
	return ack
}

func negotiate(c Context, features uint16, serves func(SyntaxID) bool) Result {
	if len(c.Transfer) == 1 {
		if bits, ok := c.Transfer[0].Features(); ok {
			return Result{Result: NegotiateAck, Reason: bits & features}
		}
	}
	if !serves(c.Abstract) {
		return Result{Result: ProviderRejected, Reason: ReasonAbstractSyntax}
	}
	for _, t := range c.Transfer {
		if t == NDR {
			return Result{Transfer: NDR}
		}
	}
	return Result{Result: ProviderRejected, Reason: ReasonTransferSyntax}
}
