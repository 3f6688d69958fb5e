package emsmdb

import "shutout/lab/protocol/dcerpc"

// Flags of EcDoRpcExt2 (MS-OXCRPC 3.1.4.2, pulFlags).
const (
	NoCompression uint32 = 0x1
	NoXorMagic    uint32 = 0x2
	Chain         uint32 = 0x4 // several buffers in the response, one after the other
)

// RpcExt2Request are the input parameters of EcDoRpcExt2 (MS-OXCRPC 3.1.4.2),
// which passes ROPs.
type RpcExt2Request struct {
	Session         dcerpc.ContextHandle
	Flags           uint32
	Buffer          []byte // rgbIn: an extended buffer of ROPs
	MaxBufferOut    uint32 // pcbOut: room for the buffer of the response
	Auxiliary       []byte
	MaxAuxiliaryOut uint32
}

// Encode is the stub of the request.
func (q RpcExt2Request) Encode() ([]byte, error) {
	var w dcerpc.Writer
	w.Handle(q.Session)
	w.Uint32(q.Flags)
	writeIn(&w, q.Buffer, MaxBuffer)
	w.Uint32(q.MaxBufferOut)
	writeIn(&w, q.Auxiliary, MaxAuxiliary)
	w.Uint32(q.MaxAuxiliaryOut)
	return w.Finish()
}

// ParseRpcExt2Request reads the stub of a request. Buffers alias it.
func ParseRpcExt2Request(stub []byte) (RpcExt2Request, error) {
	r := dcerpc.NewReader(stub)
	q := RpcExt2Request{
		Session:         r.Handle(),
		Flags:           r.Uint32(),
		Buffer:          readIn(r, MaxBuffer),
		MaxBufferOut:    readRoom(r, MaxBuffer),
		Auxiliary:       readIn(r, MaxAuxiliary),
		MaxAuxiliaryOut: readRoom(r, MaxAuxiliary),
	}
	return q, finish(r, "EcDoRpcExt2 request")
}

// RpcExt2Response are the output parameters of EcDoRpcExt2.
type RpcExt2Response struct {
	Session   dcerpc.ContextHandle // zero if the server has ended the session
	Flags     uint32               // 0
	Buffer    []byte               // rgbOut
	Auxiliary []byte               // rgbAuxOut
	TransTime uint32               // pulTransTime: time that the server took, ms
	Result    ErrorCode
}

// Encode is the stub of the response.
func (p RpcExt2Response) Encode() ([]byte, error) {
	var w dcerpc.Writer
	w.Handle(p.Session)
	w.Uint32(p.Flags)
	writeOut(&w, p.Buffer, MaxBuffer)
	writeOut(&w, p.Auxiliary, MaxAuxiliary)
	w.Uint32(p.TransTime)
	w.Uint32(uint32(p.Result))
	return w.Finish()
}

// ParseRpcExt2Response reads the stub of a response.
func ParseRpcExt2Response(stub []byte) (RpcExt2Response, error) {
	r := dcerpc.NewReader(stub)
	p := RpcExt2Response{
		Session:   r.Handle(),
		Flags:     r.Uint32(),
		Buffer:    readOut(r, MaxBuffer),
		Auxiliary: readOut(r, MaxAuxiliary),
		TransTime: r.Uint32(),
		Result:    ErrorCode(r.Uint32()),
	}
	return p, finish(r, "EcDoRpcExt2 response")
}
