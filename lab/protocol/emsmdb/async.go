package emsmdb

import "shutout/lab/protocol/dcerpc"

// AsyncConnectExRequest is the input parameter of EcDoAsyncConnectEx
// (MS-OXCRPC 3.1.4.4), which binds a session to the handle that
// EcDoAsyncWaitEx waits with.
type AsyncConnectExRequest struct{ Session dcerpc.ContextHandle }

// Encode is the stub of the request.
func (q AsyncConnectExRequest) Encode() ([]byte, error) {
	var w dcerpc.Writer
	w.Handle(q.Session)
	return w.Finish()
}

// ParseAsyncConnectExRequest reads the stub of a request.
func ParseAsyncConnectExRequest(stub []byte) (AsyncConnectExRequest, error) {
	r := dcerpc.NewReader(stub)
	q := AsyncConnectExRequest{Session: r.Handle()}
	return q, finish(r, "EcDoAsyncConnectEx request")
}

// AsyncConnectExResponse are the output parameters of EcDoAsyncConnectEx.
type AsyncConnectExResponse struct {
	Async  dcerpc.ContextHandle // pacxh
	Result ErrorCode
}

// Encode is the stub of the response.
func (p AsyncConnectExResponse) Encode() ([]byte, error) {
	var w dcerpc.Writer
	w.Handle(p.Async)
	w.Uint32(uint32(p.Result))
	return w.Finish()
}

// ParseAsyncConnectExResponse reads the stub of a response.
func ParseAsyncConnectExResponse(stub []byte) (AsyncConnectExResponse, error) {
	r := dcerpc.NewReader(stub)
	p := AsyncConnectExResponse{Async: r.Handle(), Result: ErrorCode(r.Uint32())}
	return p, finish(r, "EcDoAsyncConnectEx response")
}

// AsyncWaitExRequest are the input parameters of EcDoAsyncWaitEx (MS-OXCRPC
// 3.3.4.1), which the server holds until there is news.
type AsyncWaitExRequest struct {
	Async dcerpc.ContextHandle
	Flags uint32 // ulFlagsIn, 0
}

// Encode is the stub of the request.
func (q AsyncWaitExRequest) Encode() ([]byte, error) {
	var w dcerpc.Writer
	w.Handle(q.Async)
	w.Uint32(q.Flags)
	return w.Finish()
}

// ParseAsyncWaitExRequest reads the stub of a request.
func ParseAsyncWaitExRequest(stub []byte) (AsyncWaitExRequest, error) {
	r := dcerpc.NewReader(stub)
	q := AsyncWaitExRequest{Async: r.Handle(), Flags: r.Uint32()}
	return q, finish(r, "EcDoAsyncWaitEx request")
}

// AsyncWaitExResponse are the output parameters of EcDoAsyncWaitEx.
type AsyncWaitExResponse struct {
	Flags  uint32 // pulFlagsOut: NotificationPending, or 0 when the wait was over
	Result ErrorCode
}

// Encode is the stub of the response.
func (p AsyncWaitExResponse) Encode() ([]byte, error) {
	var w dcerpc.Writer
	w.Uint32(p.Flags)
	w.Uint32(uint32(p.Result))
	return w.Finish()
}

// ParseAsyncWaitExResponse reads the stub of a response.
func ParseAsyncWaitExResponse(stub []byte) (AsyncWaitExResponse, error) {
	r := dcerpc.NewReader(stub)
	p := AsyncWaitExResponse{Flags: r.Uint32(), Result: ErrorCode(r.Uint32())}
	return p, finish(r, "EcDoAsyncWaitEx response")
}
