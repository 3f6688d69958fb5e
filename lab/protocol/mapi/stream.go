package mapi

import "shutout/lab/protocol/mapi/wire"

// WriteStreamRequest writes octets where the stream stands (MS-OXCROPS 2.2.9.3.1).
type WriteStreamRequest struct {
	LogonID, Input uint8
	Data           []byte
}

func (*WriteStreamRequest) Rop() RopID { return RopWriteStream }

func (r *WriteStreamRequest) fields(c *wire.Codec) {
	wire.U8(c, &r.LogonID)
	wire.U8(c, &r.Input)
	wire.Bytes16(c, &r.Data)
}

// WriteStreamResponse is how many of the octets were written (MS-OXCROPS
// 2.2.9.3.2).
type WriteStreamResponse struct {
	Index   uint8
	Written uint16
}

func (*WriteStreamResponse) Rop() RopID { return RopWriteStream }

func (r *WriteStreamResponse) fields(c *wire.Codec) {
	head(c, &r.Index)
	wire.U16(c, &r.Written)
}

// CommitStreamRequest makes what was written the value of the property
// (MS-OXCROPS 2.2.9.5.1).
type CommitStreamRequest struct {
	LogonID, Input uint8
}

func (*CommitStreamRequest) Rop() RopID { return RopCommitStream }

func (r *CommitStreamRequest) fields(c *wire.Codec) {
	wire.U8(c, &r.LogonID)
	wire.U8(c, &r.Input)
}

// CommitStreamResponse is success.
type CommitStreamResponse struct {
	Index uint8
}

func (*CommitStreamResponse) Rop() RopID { return RopCommitStream }

func (r *CommitStreamResponse) fields(c *wire.Codec) { head(c, &r.Index) }
