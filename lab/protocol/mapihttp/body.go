package mapihttp

import (
	"fmt"
	"time"

	"shutout/lab/protocol/mapi"
	"shutout/lab/protocol/mapi/wire"
)

// A body lists its fields once for reading and writing.
type body interface{ fields(*wire.Codec) }

func encode(b body) ([]byte, error) {
	c := wire.Appending(nil)
	b.fields(c)
	return c.Buf, c.Err
}

func parse(b body, data []byte, what RequestType) error {
	c := wire.Reading(data)
	b.fields(c)
	c.End("the body")
	if c.Err != nil {
		return fmt.Errorf("mapihttp: %s: %w", what, c.Err)
	}
	return nil
}

// respond reads a response's body, which is a Failure unless it begins with a
// StatusCode of 0.
func respond(b body, data []byte, what RequestType) error {
	var status uint32
	if wire.U32(wire.Reading(data), &status); status == 0 {
		return parse(b, data, what)
	}
	f := new(Failure)
	if err := parse(f, data, what); err != nil {
		return err
	}
	return f
}

// Failure is the body of a response of any type that did not succeed
// (MS-OXCMAPIHTTP 2.2.4.1.3). The functions that parse responses return it as
// their error.
type Failure struct {
	Status uint32 // not 0
	Aux    []byte
}

func (f *Failure) Error() string { return fmt.Sprintf("mapihttp: status code %d", f.Status) }

// Encode is the body.
func (f *Failure) Encode() ([]byte, error) { return encode(f) }

func (f *Failure) fields(c *wire.Codec) {
	if wire.U32(c, &f.Status); f.Status == 0 {
		c.Fail("a failure with the status code 0")
	}
	wire.Bytes32(c, &f.Aux)
}

// status is the StatusCode of a success.
func status(c *wire.Codec) {
	var code uint32
	if wire.U32(c, &code); code != 0 {
		c.Fail("status code %d in a success", code)
	}
}

// ConnectRequest makes a session context (MS-OXCMAPIHTTP 2.2.4.1.1). The fields
// are those of EcDoConnectEx (MS-OXCRPC 3.1.4.1). Aux here and below is an
// auxiliary buffer, which mapi.ParsePayloads unframes.
type ConnectRequest struct {
	UserDN     string // the user's legacy distinguished name, in ASCII
	Flags      uint32
	CodePage   uint32 // for strings that are not Unicode
	SortLCID   uint32
	StringLCID uint32
	Aux        []byte
}

// Encode is the request's body.
func (r ConnectRequest) Encode() ([]byte, error) { return encode(&r) }

// ParseConnectRequest reads a request's body.
func ParseConnectRequest(data []byte) (r ConnectRequest, err error) {
	err = parse(&r, data, Connect)
	return r, err
}

func (r *ConnectRequest) fields(c *wire.Codec) {
	wire.String8(c, &r.UserDN)
	wire.U32(c, &r.Flags)
	wire.U32(c, &r.CodePage)
	wire.U32(c, &r.SortLCID)
	wire.U32(c, &r.StringLCID)
	wire.Bytes32(c, &r.Aux)
}

// ConnectResponse is the answer (MS-OXCMAPIHTTP 2.2.4.1.2). With a Code other
// than Success there is no session context.
type ConnectResponse struct {
	Code        mapi.ErrorCode
	PollsMax    time.Duration // at most this long between polls; whole milliseconds
	RetryCount  uint32
	RetryDelay  time.Duration // whole milliseconds
	DNPrefix    string        // before the distinguished names in recipient rows
	DisplayName string
	Aux         []byte
}

// Encode is the response's body.
func (r ConnectResponse) Encode() ([]byte, error) { return encode(&r) }

// ParseConnectResponse reads a response's body. The error may be a *Failure.
func ParseConnectResponse(data []byte) (r ConnectResponse, err error) {
	err = respond(&r, data, Connect)
	return r, err
}

func (r *ConnectResponse) fields(c *wire.Codec) {
	status(c)
	wire.U32(c, &r.Code)
	interval(c, &r.PollsMax)
	wire.U32(c, &r.RetryCount)
	interval(c, &r.RetryDelay)
	wire.String8(c, &r.DNPrefix)
	wire.String16(c, &r.DisplayName)
	wire.Bytes32(c, &r.Aux)
}

func interval(c *wire.Codec, d *time.Duration) {
	ms := uint32(d.Milliseconds())
	if c.Writing && time.Duration(ms)*time.Millisecond != *d {
		c.Fail("%v is not a number of milliseconds in 32 bits", *d)
	}
	wire.U32(c, &ms)
	*d = time.Duration(ms) * time.Millisecond
}

// Flags of ExecuteRequest (MS-OXCMAPIHTTP 2.2.4.2.1).
const (
	ExecuteNoCompression uint32 = 0x1 // do not compress the answer
	ExecuteNoXorMagic    uint32 = 0x2 // do not obfuscate the answer
	ExecuteChain         uint32 = 0x4 // the answer may have several payloads
)

// ExecuteRequest carries ROPs (MS-OXCMAPIHTTP 2.2.4.2.1).
type ExecuteRequest struct {
	Flags     uint32
	RopBuffer []byte // mapi.AppendPayload of a mapi.RequestBuffer
	MaxRopOut uint32 // octets that the answer's RopBuffer may have
	Aux       []byte
}

// Encode is the request's body.
func (r ExecuteRequest) Encode() ([]byte, error) { return encode(&r) }

// ParseExecuteRequest reads a request's body. The buffers alias it.
func ParseExecuteRequest(data []byte) (r ExecuteRequest, err error) {
	err = parse(&r, data, Execute)
	return r, err
}

func (r *ExecuteRequest) fields(c *wire.Codec) {
	wire.U32(c, &r.Flags)
	wire.Bytes32(c, &r.RopBuffer)
	wire.U32(c, &r.MaxRopOut)
	wire.Bytes32(c, &r.Aux)
}

// ExecuteResponse carries the answers to the ROPs (MS-OXCMAPIHTTP 2.2.4.2.2).
type ExecuteResponse struct {
	Code      mapi.ErrorCode
	Flags     uint32 // 0
	RopBuffer []byte // mapi.ParsePayloads and mapi.ParseResponses read it
	Aux       []byte
}

// Encode is the response's body.
func (r ExecuteResponse) Encode() ([]byte, error) { return encode(&r) }

// ParseExecuteResponse reads a response's body. The buffers alias it. The error
// may be a *Failure.
func ParseExecuteResponse(data []byte) (r ExecuteResponse, err error) {
	err = respond(&r, data, Execute)
	return r, err
}

func (r *ExecuteResponse) fields(c *wire.Codec) {
	status(c)
	wire.U32(c, &r.Code)
	wire.U32(c, &r.Flags)
	wire.Bytes32(c, &r.RopBuffer)
	wire.Bytes32(c, &r.Aux)
}

// DisconnectRequest ends a session context (MS-OXCMAPIHTTP 2.2.4.3.1).
type DisconnectRequest struct {
	Aux []byte
}

// Encode is the request's body.
func (r DisconnectRequest) Encode() ([]byte, error) { return encode(&r) }

// ParseDisconnectRequest reads a request's body.
func ParseDisconnectRequest(data []byte) (r DisconnectRequest, err error) {
	err = parse(&r, data, Disconnect)
	return r, err
}

func (r *DisconnectRequest) fields(c *wire.Codec) { wire.Bytes32(c, &r.Aux) }

// DisconnectResponse is the answer (MS-OXCMAPIHTTP 2.2.4.3.2).
type DisconnectResponse struct {
	Code mapi.ErrorCode
	Aux  []byte
}

// Encode is the response's body.
func (r DisconnectResponse) Encode() ([]byte, error) { return encode(&r) }

// ParseDisconnectResponse reads a response's body. The error may be a *Failure.
func ParseDisconnectResponse(data []byte) (r DisconnectResponse, err error) {
	err = respond(&r, data, Disconnect)
	return r, err
}

func (r *DisconnectResponse) fields(c *wire.Codec) {
	status(c)
	wire.U32(c, &r.Code)
	wire.Bytes32(c, &r.Aux)
}

// NotificationWaitRequest asks for an answer when the session context has a
// notification, or after a time of the server's choice (MS-OXCMAPIHTTP 2.2.4.4.1).
type NotificationWaitRequest struct {
	Flags uint32 // 0
	Aux   []byte
}

// Encode is the request's body.
func (r NotificationWaitRequest) Encode() ([]byte, error) { return encode(&r) }

// ParseNotificationWaitRequest reads a request's body.
func ParseNotificationWaitRequest(data []byte) (r NotificationWaitRequest, err error) {
	err = parse(&r, data, NotificationWait)
	return r, err
}

func (r *NotificationWaitRequest) fields(c *wire.Codec) {
	wire.U32(c, &r.Flags)
	wire.Bytes32(c, &r.Aux)
}

// EventPending in a NotificationWaitResponse says that the next Execute will
// bring notifications.
const EventPending uint32 = 0x1

// NotificationWaitResponse is the answer (MS-OXCMAPIHTTP 2.2.4.4.2).
type NotificationWaitResponse struct {
	Code         mapi.ErrorCode
	EventPending uint32 // 0 or EventPending
	Aux          []byte
}

// Encode is the response's body.
func (r NotificationWaitResponse) Encode() ([]byte, error) { return encode(&r) }

// ParseNotificationWaitResponse reads a response's body. The error may be a
// *Failure.
func ParseNotificationWaitResponse(data []byte) (r NotificationWaitResponse, err error) {
	err = respond(&r, data, NotificationWait)
	return r, err
}

func (r *NotificationWaitResponse) fields(c *wire.Codec) {
	status(c)
	wire.U32(c, &r.Code)
	wire.U32(c, &r.EventPending)
	wire.Bytes32(c, &r.Aux)
}
