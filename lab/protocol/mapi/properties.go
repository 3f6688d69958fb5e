package mapi

import (
	"encoding/binary"

	"shutout/lab/protocol/mapi/wire"
)

// GetPropertiesSpecificRequest asks for properties of an object (MS-OXCROPS
// 2.2.8.3.1).
type GetPropertiesSpecificRequest struct {
	LogonID, Input uint8
	SizeLimit      uint16 // octets of one value; 0 is no limit
	WantUnicode    bool   // for tags without type
	Tags           []PropTag
}

func (*GetPropertiesSpecificRequest) Rop() RopID { return RopGetPropertiesSpecific }

func (r *GetPropertiesSpecificRequest) fields(c *wire.Codec) {
	wire.U8(c, &r.LogonID)
	wire.U8(c, &r.Input)
	wire.U16(c, &r.SizeLimit)
	wire.Flag16(c, &r.WantUnicode)
	wire.List[uint16](c, &r.Tags, 4, tag)
}

// GetPropertiesSpecificResponse is the values in the order of the request's
// tags (MS-OXCROPS 2.2.8.3.2).
type GetPropertiesSpecificResponse struct {
	Index   uint8
	Columns []PropTag // the request's tags; they do not travel
	Row     Row
}

func (*GetPropertiesSpecificResponse) Rop() RopID { return RopGetPropertiesSpecific }

func (r *GetPropertiesSpecificResponse) fields(c *wire.Codec) {
	head(c, &r.Index)
	propertyRow(c, r.Columns, &r.Row)
}

// GetPropertiesAllRequest asks for all properties of an object (MS-OXCROPS
// 2.2.8.4.1).
type GetPropertiesAllRequest struct {
	LogonID, Input uint8
	SizeLimit      uint16 // octets of one value; 0 is no limit
	WantUnicode    bool
}

func (*GetPropertiesAllRequest) Rop() RopID { return RopGetPropertiesAll }

func (r *GetPropertiesAllRequest) fields(c *wire.Codec) {
	wire.U8(c, &r.LogonID)
	wire.U8(c, &r.Input)
	wire.U16(c, &r.SizeLimit)
	wire.Flag16(c, &r.WantUnicode)
}

// GetPropertiesAllResponse is the properties (MS-OXCROPS 2.2.8.4.2). One that is
// too large has the type TypeErrorCode.
type GetPropertiesAllResponse struct {
	Index      uint8
	Properties []Property
}

func (*GetPropertiesAllResponse) Rop() RopID { return RopGetPropertiesAll }

func (r *GetPropertiesAllResponse) fields(c *wire.Codec) {
	head(c, &r.Index)
	wire.List[uint16](c, &r.Properties, minProperty, func(c *wire.Codec, p *Property) { p.fields(c) })
}

// SetPropertiesRequest sets properties of an object (MS-OXCROPS 2.2.8.6.1).
type SetPropertiesRequest struct {
	LogonID, Input uint8
	Properties     []Property
}

func (*SetPropertiesRequest) Rop() RopID { return RopSetProperties }

func (r *SetPropertiesRequest) fields(c *wire.Codec) {
	wire.U8(c, &r.LogonID)
	wire.U8(c, &r.Input)
	var size uint16 // of the count and the values
	wire.U16(c, &size)
	start, whole := c.Pos, c.Buf
	if c.Writing {
		start = len(c.Buf)
	} else if int(size) > c.Left() {
		c.Fail("%d octets of properties announced, %d left", size, c.Left())
	} else {
		c.Buf = c.Buf[:c.Pos+int(size)]
	}
	wire.List[uint16](c, &r.Properties, minProperty, func(c *wire.Codec, p *Property) { p.fields(c) })
	if !c.Writing {
		c.End("the properties")
		c.Buf = whole
		return
	}
	n := len(c.Buf) - start
	if n > 0xFFFF {
		c.Fail("%d octets of properties", n)
	}
	if c.Err == nil {
		binary.LittleEndian.PutUint16(c.Buf[start-2:], uint16(n))
	}
}

// SetPropertiesResponse is the properties that were not set (MS-OXCROPS 2.2.8.6.2).
type SetPropertiesResponse struct {
	Index    uint8
	Problems []PropertyProblem
}

func (*SetPropertiesResponse) Rop() RopID { return RopSetProperties }

func (r *SetPropertiesResponse) fields(c *wire.Codec) {
	head(c, &r.Index)
	wire.List[uint16](c, &r.Problems, 10, func(c *wire.Codec, p *PropertyProblem) { p.fields(c) })
}

// OpenStreamRequest opens a property to be read in pieces (MS-OXCROPS 2.2.9.1.1).
type OpenStreamRequest struct {
	LogonID, Input, Output uint8
	Tag                    PropTag
	Mode                   OpenMode
}

func (*OpenStreamRequest) Rop() RopID { return RopOpenStream }

func (r *OpenStreamRequest) fields(c *wire.Codec) {
	wire.U8(c, &r.LogonID)
	wire.U8(c, &r.Input)
	wire.U8(c, &r.Output)
	wire.U32(c, &r.Tag)
	wire.U8(c, &r.Mode)
}

// OpenStreamResponse is the opened stream (MS-OXCROPS 2.2.9.1.2).
type OpenStreamResponse struct {
	Index uint8
	Size  uint32 // octets
}

func (*OpenStreamResponse) Rop() RopID { return RopOpenStream }

func (r *OpenStreamResponse) fields(c *wire.Codec) {
	head(c, &r.Index)
	wire.U32(c, &r.Size)
}

// ReadStreamMaximum as ByteCount says that MaximumByteCount counts (MS-OXCROPS
// 2.2.9.2.1).
const ReadStreamMaximum uint16 = 0xBABE

// ReadStreamRequest reads the next octets of a stream (MS-OXCROPS 2.2.9.2.1).
type ReadStreamRequest struct {
	LogonID, Input   uint8
	ByteCount        uint16
	MaximumByteCount uint32 // only with ReadStreamMaximum
}

func (*ReadStreamRequest) Rop() RopID { return RopReadStream }

func (r *ReadStreamRequest) fields(c *wire.Codec) {
	wire.U8(c, &r.LogonID)
	wire.U8(c, &r.Input)
	if wire.U16(c, &r.ByteCount); r.ByteCount == ReadStreamMaximum {
		wire.U32(c, &r.MaximumByteCount)
	}
}

// ReadStreamResponse is the octets; none at the stream's end (MS-OXCROPS
// 2.2.9.2.2). A string in a stream has no NUL at its end.
type ReadStreamResponse struct {
	Index uint8
	Data  []byte
}

func (*ReadStreamResponse) Rop() RopID { return RopReadStream }

func (r *ReadStreamResponse) fields(c *wire.Codec) {
	head(c, &r.Index)
	wire.Bytes16(c, &r.Data)
}
