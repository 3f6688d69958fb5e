package emsmdb

import "shutout/lab/protocol/dcerpc"

// Version is a client's or server's version in the three words that travel
// (MS-OXCRPC 3.1.4.1.3). They are carried as they are.
type Version [3]uint16

// ConnectExRequest are the input parameters of EcDoConnectEx (MS-OXCRPC
// 3.1.4.1), which opens a session.
type ConnectExRequest struct {
	UserDN          string // szUserDN: the mailbox owner's legacy distinguished name
	Flags           uint32 // 1 asks for administrative rights
	ConnectionMod   uint32 // ulConMod: a hash of UserDN for load balancing
	Limit           uint32 // cbLimit, 0
	CodePage        uint32 // ulCpid
	LCIDString      uint32
	LCIDSort        uint32
	Link            uint32 // ulIcxrLink: session to link to, 0xFFFFFFFF for none
	ConvertPages    uint16 // usFCanConvertCodePages, 1
	ClientVersion   Version
	TimeStamp       uint32 // of the session to link to
	Auxiliary       []byte // rgbAuxIn
	MaxAuxiliaryOut uint32 // room for the auxiliary buffer of the response
}

// Encode is the stub of the request.
func (q ConnectExRequest) Encode() ([]byte, error) {
	var w dcerpc.Writer
	w.String(q.UserDN)
	w.Uint32(q.Flags)
	w.Uint32(q.ConnectionMod)
	w.Uint32(q.Limit)
	w.Uint32(q.CodePage)
	w.Uint32(q.LCIDString)
	w.Uint32(q.LCIDSort)
	w.Uint32(q.Link)
	w.Uint16(q.ConvertPages)
	writeVersion(&w, q.ClientVersion)
	w.Uint32(q.TimeStamp)
	writeIn(&w, q.Auxiliary, MaxAuxiliary)
	w.Uint32(q.MaxAuxiliaryOut)
	return w.Finish()
}

// ParseConnectExRequest reads the stub of a request. Buffers alias it.
func ParseConnectExRequest(stub []byte) (ConnectExRequest, error) {
	r := dcerpc.NewReader(stub)
	q := ConnectExRequest{
		UserDN:          r.String(maxString),
		Flags:           r.Uint32(),
		ConnectionMod:   r.Uint32(),
		Limit:           r.Uint32(),
		CodePage:        r.Uint32(),
		LCIDString:      r.Uint32(),
		LCIDSort:        r.Uint32(),
		Link:            r.Uint32(),
		ConvertPages:    r.Uint16(),
		ClientVersion:   readVersion(r),
		TimeStamp:       r.Uint32(),
		Auxiliary:       readIn(r, MaxAuxiliary),
		MaxAuxiliaryOut: readRoom(r, MaxAuxiliary),
	}
	return q, finish(r, "EcDoConnectEx request")
}

// ConnectExResponse are the output parameters of EcDoConnectEx.
type ConnectExResponse struct {
	Session       dcerpc.ContextHandle // pcxh; zero on failure
	PollsMax      uint32               // pcmsPollsMax: longest time between polls, ms
	Retries       uint32               // pcRetry
	RetryDelay    uint32               // pcmsRetryDelay, ms
	Index         uint16               // picxr: the session's index, for Link
	DNPrefix      string
	DisplayName   string
	ServerVersion Version
	BestVersion   Version
	TimeStamp     uint32
	Auxiliary     []byte // rgbAuxOut
	Result        ErrorCode
}

// Encode is the stub of the response. A call that failed returns its empty
// strings as null pointers.
func (p ConnectExResponse) Encode() ([]byte, error) {
	var w dcerpc.Writer
	w.Handle(p.Session)
	w.Uint32(p.PollsMax)
	w.Uint32(p.Retries)
	w.Uint32(p.RetryDelay)
	w.Uint16(p.Index)
	for _, s := range []string{p.DNPrefix, p.DisplayName} {
		there := s != "" || p.Result == None
		if w.Pointer(there); there {
			w.String(s)
		}
	}
	writeVersion(&w, p.ServerVersion)
	writeVersion(&w, p.BestVersion)
	w.Uint32(p.TimeStamp)
	writeOut(&w, p.Auxiliary, MaxAuxiliary)
	w.Uint32(uint32(p.Result))
	return w.Finish()
}

// ParseConnectExResponse reads the stub of a response.
func ParseConnectExResponse(stub []byte) (ConnectExResponse, error) {
	r := dcerpc.NewReader(stub)
	p := ConnectExResponse{
		Session:       r.Handle(),
		PollsMax:      r.Uint32(),
		Retries:       r.Uint32(),
		RetryDelay:    r.Uint32(),
		Index:         r.Uint16(),
		DNPrefix:      readPointedString(r),
		DisplayName:   readPointedString(r),
		ServerVersion: readVersion(r),
		BestVersion:   readVersion(r),
		TimeStamp:     r.Uint32(),
		Auxiliary:     readOut(r, MaxAuxiliary),
		Result:        ErrorCode(r.Uint32()),
	}
	return p, finish(r, "EcDoConnectEx response")
}

// Disconnect is the input parameter of EcDoDisconnect
// (MS-OXCRPC 3.1.4.3): the session that ends.
type Disconnect struct{ Session dcerpc.ContextHandle }

// Encode is the stub of the request.
func (q Disconnect) Encode() ([]byte, error) {
	var w dcerpc.Writer
	w.Handle(q.Session)
	return w.Finish()
}

// ParseDisconnect reads the stub of a request.
func ParseDisconnect(stub []byte) (Disconnect, error) {
	r := dcerpc.NewReader(stub)
	q := Disconnect{Session: r.Handle()}
	return q, finish(r, "EcDoDisconnect request")
}

// DisconnectResponse are the output parameters of EcDoDisconnect.
type DisconnectResponse struct {
	Session dcerpc.ContextHandle // zero
	Result  ErrorCode
}

// Encode is the stub of the response.
func (p DisconnectResponse) Encode() ([]byte, error) {
	var w dcerpc.Writer
	w.Handle(p.Session)
	w.Uint32(uint32(p.Result))
	return w.Finish()
}

// ParseDisconnectResponse reads the stub of a response.
func ParseDisconnectResponse(stub []byte) (DisconnectResponse, error) {
	r := dcerpc.NewReader(stub)
	p := DisconnectResponse{Session: r.Handle(), Result: ErrorCode(r.Uint32())}
	return p, finish(r, "EcDoDisconnect response")
}
