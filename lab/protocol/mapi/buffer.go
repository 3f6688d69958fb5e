package mapi

import (
	"encoding/binary"
	"math"

	"shutout/lab/protocol/mapi/wire"
)

// A Request is one of the ...Request types of this package, by pointer.
type Request interface {
	Rop() RopID
	fields(*wire.Codec) // everything behind the RopId
}

// A Response is one of the ...Response types of this package, by pointer.
type Response interface {
	Rop() RopID
	fields(*wire.Codec) // everything behind the RopId
}

// NoHandle is an entry of the handle table that has no object yet; a request
// whose answer makes an object puts it there (MS-OXCROPS 2.2.1).
const NoHandle uint32 = 0xFFFFFFFF

// RequestBuffer is the payload of a call (MS-OXCROPS, ROP Input Buffer).
type RequestBuffer struct {
	Rops    []Request
	Handles []uint32 // the table that the indices in the ROPs point into
}

// ResponseBuffer is the payload of the answer (MS-OXCROPS, ROP Output Buffer).
type ResponseBuffer struct {
	Rops    []Response
	Handles []uint32
}

// Encode is the payload, without RPC_HEADER_EXT.
func (b RequestBuffer) Encode() ([]byte, error) { return encodeBuffer(b.Rops, b.Handles) }

// Encode is the payload, without RPC_HEADER_EXT.
func (b ResponseBuffer) Encode() ([]byte, error) { return encodeBuffer(b.Rops, b.Handles) }

func encodeBuffer[R interface {
	Rop() RopID
	fields(*wire.Codec)
}](rops []R, handles []uint32) ([]byte, error) {
	c := wire.Appending(make([]byte, 2, 256))
	for _, r := range rops {
		id := r.Rop()
		wire.U8(c, &id)
		if r.fields(c); c.Err != nil {
			return nil, c.Err
		}
	}
	if len(c.Buf) > math.MaxUint16 {
		c.Fail("a list of ROPs of %d octets", len(c.Buf))
		return nil, c.Err
	}
	binary.LittleEndian.PutUint16(c.Buf, uint16(len(c.Buf)))
	for i := range handles {
		wire.U32(c, &handles[i])
	}
	return c.Buf, nil
}

// split reads RopSize and the table behind the list. The codec that comes back
// stands at the first ROP and ends with the list.
func split(payload []byte) (*wire.Codec, []uint32, error) {
	c := wire.Reading(payload)
	var size uint16
	wire.U16(c, &size)
	switch table := len(payload) - int(size); {
	case c.Err != nil:
	case size < 2 || table < 0:
		c.Fail("RopSize is %d in a payload of %d octets", size, len(payload))
	case table%4 != 0:
		c.Fail("a handle table of %d octets", table)
	}
	if c.Err != nil {
		return nil, nil, c.Err
	}
	var handles []uint32
	for t := payload[size:]; len(t) > 0; t = t[4:] {
		handles = append(handles, binary.LittleEndian.Uint32(t))
	}
	c.Buf = c.Buf[:size]
	return c, handles, nil
}

var requests = map[RopID]func() Request{
	RopRelease:               func() Request { return new(ReleaseRequest) },
	RopOpenFolder:            func() Request { return new(OpenFolderRequest) },
	RopOpenMessage:           func() Request { return new(OpenMessageRequest) },
	RopGetHierarchyTable:     func() Request { return new(GetHierarchyTableRequest) },
	RopGetContentsTable:      func() Request { return new(GetContentsTableRequest) },
	RopCreateMessage:         func() Request { return new(CreateMessageRequest) },
	RopGetPropertiesSpecific: func() Request { return new(GetPropertiesSpecificRequest) },
	RopGetPropertiesAll:      func() Request { return new(GetPropertiesAllRequest) },
	RopSetProperties:         func() Request { return new(SetPropertiesRequest) },
	RopSaveChangesMessage:    func() Request { return new(SaveChangesMessageRequest) },
	RopModifyRecipients:      func() Request { return new(ModifyRecipientsRequest) },
	RopSetColumns:            func() Request { return new(SetColumnsRequest) },
	RopSortTable:             func() Request { return new(SortTableRequest) },
	RopQueryRows:             func() Request { return new(QueryRowsRequest) },
	RopSeekRow:               func() Request { return new(SeekRowRequest) },
	RopGetReceiveFolder:      func() Request { return new(GetReceiveFolderRequest) },
	RopRegisterNotification:  func() Request { return new(RegisterNotificationRequest) },
	RopOpenStream:            func() Request { return new(OpenStreamRequest) },
	RopReadStream:            func() Request { return new(ReadStreamRequest) },
	RopWriteStream:           func() Request { return new(WriteStreamRequest) },
	RopCommitStream:          func() Request { return new(CommitStreamRequest) },
	RopSubmitMessage:         func() Request { return new(SubmitMessageRequest) },
	RopTransportSend:         func() Request { return new(TransportSendRequest) },
	RopLogon:                 func() Request { return new(LogonRequest) },
}

// AppendResponse appends one response as it stands in the list of an answer, so
// that whoever writes the answer knows when it is full.
func AppendResponse(dst []byte, r Response) ([]byte, error) {
	c := wire.Appending(dst)
	id := r.Rop()
	wire.U8(c, &id)
	if r.fields(c); c.Err != nil {
		return dst, c.Err
	}
	return c.Buf, nil
}

// ParseRequests reads the payload of a call. Byte strings alias the payload.
// With an [UnknownRopError] come the requests before it.
func ParseRequests(payload []byte) (RequestBuffer, error) {
	c, handles, err := split(payload)
	if err != nil {
		return RequestBuffer{}, err
	}
	b := RequestBuffer{Handles: handles}
	for c.Left() > 0 {
		var id RopID
		wire.U8(c, &id)
		newRequest, ok := requests[id]
		if !ok {
			return b, &UnknownRopError{ID: id, Offset: c.Pos - 1}
		}
		r := newRequest()
		if r.fields(c); c.Err != nil {
			return RequestBuffer{}, c.Err
		}
		b.Rops = append(b.Rops, r)
	}
	return b, nil
}
