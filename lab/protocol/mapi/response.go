package mapi

import "shutout/lab/protocol/mapi/wire"

// ErrorResponse is the answer to a ROP that failed, whichever it is: all have
// the same form.
type ErrorResponse struct {
	ID    RopID
	Index uint8 // the handle index that a success would have
	Code  ErrorCode
}

// Rop is the operation that failed.
func (r *ErrorResponse) Rop() RopID { return r.ID }

func (r *ErrorResponse) Error() string { return "mapi: " + r.ID.String() + ": " + r.Code.String() }

// Unwrap is the error code.
func (r *ErrorResponse) Unwrap() error { return r.Code }

func (r *ErrorResponse) fields(c *wire.Codec) {
	wire.U8(c, &r.Index)
	wire.U32(c, &r.Code)
	if r.Code == Success {
		c.Fail("a failed %v with the code for success", r.ID)
	}
	// These have their size in any case (MS-OXCROPS 2.2.9.2.2 and 2.2.9.3.2).
	if r.ID == RopReadStream || r.ID == RopWriteStream {
		var size uint16
		if wire.U16(c, &size); size != 0 {
			c.Fail("a failed %v with %d octets of data", r.ID, size)
		}
	}
}

// Err is the response as an error if it is a failure or a redirection, and nil
// otherwise. errors.Is and errors.As find the ErrorCode in it.
func Err(r Response) error {
	switch r := r.(type) {
	case *ErrorResponse:
		return r
	case *LogonRedirectResponse:
		return &ErrorResponse{ID: RopLogon, Index: r.Index, Code: CodeWrongServer}
	}
	return nil
}

// head is what all successful answers begin with: a handle index and a
// ReturnValue of 0.
func head(c *wire.Codec, index *uint8) {
	code := Success
	wire.U8(c, index)
	if wire.U32(c, &code); code != Success {
		c.Fail("return value %v where success was expected", code)
	}
}

// BufferTooSmallResponse says that not all responses fit. It is the last in its
// buffer (MS-OXCROPS 2.2.15.1).
type BufferTooSmallResponse struct {
	SizeNeeded uint16
	Requests   []byte // the part of the request list that was not executed
}

func (*BufferTooSmallResponse) Rop() RopID { return RopBufferTooSmall }

func (r *BufferTooSmallResponse) fields(c *wire.Codec) {
	wire.U16(c, &r.SizeNeeded)
	if c.Writing {
		c.Put(r.Requests)
	} else {
		r.Requests = c.Take(c.Left())
	}
}

// Sent is what a client must remember of a call to read its answer: rows in
// responses do not say which columns they have.
type Sent struct {
	Rops []Request // of the call, in their order

	// Columns gives the columns of a table that an earlier call set, by the
	// handle index in this one. It may be nil.
	Columns func(index uint8) []PropTag
}

var responses = map[RopID]func() Response{
	RopOpenFolder:            func() Response { return new(OpenFolderResponse) },
	RopOpenMessage:           func() Response { return new(OpenMessageResponse) },
	RopGetHierarchyTable:     func() Response { return new(GetHierarchyTableResponse) },
	RopGetContentsTable:      func() Response { return new(GetContentsTableResponse) },
	RopCreateMessage:         func() Response { return new(CreateMessageResponse) },
	RopGetPropertiesSpecific: func() Response { return new(GetPropertiesSpecificResponse) },
	RopGetPropertiesAll:      func() Response { return new(GetPropertiesAllResponse) },
	RopSetProperties:         func() Response { return new(SetPropertiesResponse) },
	RopSaveChangesMessage:    func() Response { return new(SaveChangesMessageResponse) },
	RopModifyRecipients:      func() Response { return new(ModifyRecipientsResponse) },
	RopSetColumns:            func() Response { return new(SetColumnsResponse) },
	RopSortTable:             func() Response { return new(SortTableResponse) },
	RopQueryRows:             func() Response { return new(QueryRowsResponse) },
	RopSeekRow:               func() Response { return new(SeekRowResponse) },
	RopGetReceiveFolder:      func() Response { return new(GetReceiveFolderResponse) },
	RopRegisterNotification:  func() Response { return new(RegisterNotificationResponse) },
	RopNotify:                func() Response { return new(NotifyResponse) },
	RopOpenStream:            func() Response { return new(OpenStreamResponse) },
	RopReadStream:            func() Response { return new(ReadStreamResponse) },
	RopWriteStream:           func() Response { return new(WriteStreamResponse) },
	RopCommitStream:          func() Response { return new(CommitStreamResponse) },
	RopSubmitMessage:         func() Response { return new(SubmitMessageResponse) },
	RopTransportSend:         func() Response { return new(TransportSendResponse) },
	RopPending:               func() Response { return new(PendingResponse) },
	RopLogon:                 func() Response { return new(LogonResponse) },
	RopBufferTooSmall:        func() Response { return new(BufferTooSmallResponse) },
}

// ParseResponses reads the payload of an answer. The responses must be those
// to the requests, in their order, with notifications anywhere between them;
// the last requests may stay without answer. Byte strings alias the payload.
//
// Packed payloads after the first repeat the answer to the last request; the
// Rops of their Sent are that request alone.
func ParseResponses(payload []byte, sent Sent) (ResponseBuffer, error) {
	c, handles, err := split(payload)
	if err != nil {
		return ResponseBuffer{}, err
	}
	p := responseParser{sent: sent}
	b := ResponseBuffer{Handles: handles}
	for c.Left() > 0 {
		r, err := p.next(c)
		if err != nil {
			return ResponseBuffer{}, err
		}
		b.Rops = append(b.Rops, r)
	}
	return b, nil
}

type responseParser struct {
	sent Sent
	at   int // the next request to be answered
}

func (p *responseParser) next(c *wire.Codec) (Response, error) {
	var id RopID
	wire.U8(c, &id)
	newResponse, ok := responses[id]
	if !ok {
		return nil, &UnknownRopError{ID: id, Offset: c.Pos - 1}
	}
	var r Response
	if unsolicited(id) {
		r = newResponse()
	} else {
		request := p.request(c, id)
		switch code := returnValue(c); {
		case code == CodeWrongServer && id == RopLogon:
			r = new(LogonRedirectResponse)
		case code != Success:
			r = &ErrorResponse{ID: id}
		default:
			r = newResponse()
			p.columns(c, r, request)
		}
	}
	if c.Err == nil {
		r.fields(c)
	}
	return r, c.Err
}

func unsolicited(id RopID) bool {
	return id == RopNotify || id == RopPending || id == RopBufferTooSmall
}

// request is the one that a response with the id answers.
func (p *responseParser) request(c *wire.Codec, id RopID) Request {
	for p.at < len(p.sent.Rops) && p.sent.Rops[p.at].Rop() == RopRelease { // has no response
		p.at++
	}
	if p.at == len(p.sent.Rops) {
		c.Fail("a response of %v, but all requests are answered", id)
		return nil
	}
	r := p.sent.Rops[p.at]
	if r.Rop() != id {
		c.Fail("a response of %v where one of %v is due", id, r.Rop())
	}
	p.at++
	return r
}

// returnValue looks ahead at the code behind the handle index.
func returnValue(c *wire.Codec) ErrorCode {
	ahead := *c
	var index uint8
	var code ErrorCode
	wire.U8(&ahead, &index)
	wire.U32(&ahead, &code)
	c.Err = ahead.Err
	return code
}

// columns tells a response which ones its rows have.
func (p *responseParser) columns(c *wire.Codec, r Response, request Request) {
	switch r := r.(type) {
	case *GetPropertiesSpecificResponse:
		if q, ok := request.(*GetPropertiesSpecificRequest); ok {
			r.Columns = q.Tags
		}
	case *QueryRowsResponse:
		if q, ok := request.(*QueryRowsRequest); ok {
			if r.Columns = p.table(q.Input); r.Columns == nil {
				c.Fail("rows of a table whose columns are not known")
			}
		}
	}
}

// table is the columns of the table at the index, as the requests that were
// answered already set them, or else an earlier call.
func (p *responseParser) table(index uint8) []PropTag {
	for i := p.at - 1; i >= 0; i-- {
		if q, ok := p.sent.Rops[i].(*SetColumnsRequest); ok && q.Input == index {
			return q.Tags
		}
	}
	if p.sent.Columns == nil {
		return nil
	}
	return p.sent.Columns(index)
}
