package dcerpc

import "fmt"

// Request is a call, or a fragment of one (C706 12.6.4.9).
type Request struct {
	AllocHint uint32 // octets of the stub from this fragment on; only a hint, 0 for none
	ContextID uint16
	Opnum     uint16
	Object    *UUID
	Stub      []byte
}

// Type is TypeRequest.
func (*Request) Type() Type { return TypeRequest }

func (q *Request) write(w *Writer) {
	w.Uint32(q.AllocHint)
	w.Uint16(q.ContextID)
	w.Uint16(q.Opnum)
	if q.Object != nil {
		w.UUID(*q.Object)
	}
	w.Bytes(q.Stub)
}

func (q *Request) read(r *Reader, f Flags) {
	q.AllocHint, q.ContextID, q.Opnum = r.Uint32(), r.Uint16(), r.Uint16()
	if f&FlagObject != 0 {
		u := r.UUID()
		q.Object = &u
	}
	q.Stub = r.Rest()
}

// Response is what a call returned, or a fragment of it (C706 12.6.4.10).
type Response struct {
	AllocHint uint32
	ContextID uint16
	Cancels   uint8
	Stub      []byte
}

// Type is TypeResponse.
func (*Response) Type() Type { return TypeResponse }

func (p *Response) write(w *Writer) {
	w.Uint32(p.AllocHint)
	w.Uint16(p.ContextID)
	w.Uint8(p.Cancels)
	w.Uint8(0)
	w.Bytes(p.Stub)
}

func (p *Response) read(r *Reader, _ Flags) {
	p.AllocHint, p.ContextID, p.Cancels = r.Uint32(), r.Uint16(), r.Uint8()
	r.Uint8()
	p.Stub = r.Rest()
}

// Status codes of a fault: the first two are Windows codes (MS-ERREF 2.2), the
// others C706 appendix E.
const (
	StatusAccessDenied    uint32 = 0x00000005
	StatusBadStub         uint32 = 0x000006F7 // RPC_X_BAD_STUB_DATA
	StatusServerTooBusy   uint32 = 0x1C010014 // nca_server_too_busy
	StatusOpRange         uint32 = 0x1C010002 // nca_op_rng_error: no such opnum
	StatusUnknownIf       uint32 = 0x1C010003 // nca_unk_if
	StatusProtocol        uint32 = 0x1C01000B // nca_proto_error
	StatusContextMismatch uint32 = 0x1C00001A // nca_s_fault_context_mismatch: the handle names nothing here
	StatusNoMemory        uint32 = 0x1C00001B // nca_s_fault_remote_no_memory
)

// Fault says that a call failed below its own return value (C706 12.6.4.7).
type Fault struct {
	AllocHint uint32
	ContextID uint16
	Cancels   uint8
	Reserved  uint8 // bit 0: Stub has extended error information (MS-RPCE, fault PDU)
	Status    uint32
	Stub      []byte
}

// Type is TypeFault.
func (*Fault) Type() Type { return TypeFault }

func (p *Fault) write(w *Writer) {
	w.Uint32(p.AllocHint)
	w.Uint16(p.ContextID)
	w.Uint8(p.Cancels)
	w.Uint8(p.Reserved)
	w.Uint32(p.Status)
	w.Uint32(0)
	w.Bytes(p.Stub)
}

func (p *Fault) read(r *Reader, _ Flags) {
	p.AllocHint, p.ContextID, p.Cancels, p.Reserved = r.Uint32(), r.Uint16(), r.Uint8(), r.Uint8()
	p.Status = r.Uint32()
	r.Uint32()
	p.Stub = r.Rest()
}

// Signal is a PDU without a body: shutdown asks the client to close the
// connection, co_cancel and orphaned say that the client lost interest in a
// call (C706 12.6.4.11, 12.6.4.6 and 12.6.4.8).
type Signal struct{ Kind Type }

// Type is the kind.
func (s *Signal) Type() Type { return s.Kind }

func (s *Signal) write(w *Writer) {
	if s.Kind != TypeShutdown && s.Kind != TypeCancel && s.Kind != TypeOrphaned {
		w.Fail(fmt.Errorf("dcerpc: %v needs a body", s.Kind))
	}
}

func (s *Signal) read(*Reader, Flags) {}
