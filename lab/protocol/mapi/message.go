package mapi

import (
	"strings"

	"shutout/lab/protocol/mapi/wire"
)

// OpenMessageRequest opens a message (MS-OXCROPS 2.2.6.1).
type OpenMessageRequest struct {
	LogonID, Input, Output uint8
	CodePage               uint16 // for 8-bit strings; 0x0FFF is that of the logon
	FolderID               ID
	Mode                   OpenMode
	MessageID              ID
}

func (*OpenMessageRequest) Rop() RopID { return RopOpenMessage }

func (r *OpenMessageRequest) fields(c *wire.Codec) {
	wire.U8(c, &r.LogonID)
	wire.U8(c, &r.Input)
	wire.U8(c, &r.Output)
	wire.U16(c, &r.CodePage)
	wire.U64(c, &r.FolderID)
	wire.U8(c, &r.Mode)
	wire.U64(c, &r.MessageID)
}

// OpenMessageResponse is an opened message (MS-OXCROPS 2.2.6.1.2).
type OpenMessageResponse struct {
	Index              uint8
	HasNamedProperties bool
	SubjectPrefix      string // as in "RE: "
	NormalizedSubject  string // the subject without the prefix
	RecipientCount     uint16 // may be more than Recipients, which are those that fit
	RecipientColumns   []PropTag
	Recipients         []OpenRecipient
}

func (*OpenMessageResponse) Rop() RopID { return RopOpenMessage }

func (r *OpenMessageResponse) fields(c *wire.Codec) {
	head(c, &r.Index)
	wire.Flag(c, &r.HasNamedProperties)
	typedString(c, &r.SubjectPrefix)
	typedString(c, &r.NormalizedSubject)
	wire.U16(c, &r.RecipientCount)
	wire.List[uint16](c, &r.RecipientColumns, 4, tag)
	wire.List[uint8](c, &r.Recipients, 7, func(c *wire.Codec, o *OpenRecipient) {
		var reserved uint16
		wire.U8(c, &o.Type)
		wire.U16(c, &o.CodePage)
		wire.U16(c, &reserved)
		sizedRecipient(c, &o.Row, r.RecipientColumns)
	})
}

// The kinds of TypedString (MS-OXCDATA 2.11.7).
const (
	stringAbsent  = 0x00
	stringEmpty   = 0x01
	string8Bit    = 0x02
	stringReduced = 0x03 // UTF-16 of which all high octets are 0 and left out
	stringUnicode = 0x04
)

// typedString writes Unicode and reads all kinds, but no 8-bit characters
// beyond ASCII, which could be of any code page.
func typedString(c *wire.Codec, s *string) {
	kind := uint8(stringUnicode)
	if *s == "" {
		kind = stringEmpty
	}
	wire.U8(c, &kind)
	switch kind {
	case stringAbsent, stringEmpty:
	case stringUnicode:
		wire.String16(c, s)
	case string8Bit, stringReduced:
		wire.String8(c, s)
		if *s = fromLatin1(*s); kind == string8Bit && strings.ContainsFunc(*s, func(r rune) bool { return r > 0x7F }) {
			c.Fail("an 8-bit string in an unknown code page: %q", *s)
		}
	default:
		c.Fail("a string of kind 0x%02X", kind)
	}
}

func fromLatin1(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

// CreateMessageRequest makes a message that is not stored before it is saved
// (MS-OXCROPS 2.2.6.2).
type CreateMessageRequest struct {
	LogonID, Input, Output uint8
	CodePage               uint16 // as in OpenMessageRequest
	FolderID               ID
	Associated             bool // a hidden message
}

func (*CreateMessageRequest) Rop() RopID { return RopCreateMessage }

func (r *CreateMessageRequest) fields(c *wire.Codec) {
	wire.U8(c, &r.LogonID)
	wire.U8(c, &r.Input)
	wire.U8(c, &r.Output)
	wire.U16(c, &r.CodePage)
	wire.U64(c, &r.FolderID)
	wire.Flag(c, &r.Associated)
}

// CreateMessageResponse is the new message, which seldom has an identifier yet.
type CreateMessageResponse struct {
	Index        uint8
	HasMessageID bool
	MessageID    ID
}

func (*CreateMessageResponse) Rop() RopID { return RopCreateMessage }

func (r *CreateMessageResponse) fields(c *wire.Codec) {
	head(c, &r.Index)
	if wire.Flag(c, &r.HasMessageID); r.HasMessageID {
		wire.U64(c, &r.MessageID)
	}
}

// Flags of RopSaveChangesMessage (MS-OXCMSG 2.2.3.3.1).
const (
	SaveKeepOpenReadOnly  uint8 = 0x01
	SaveKeepOpenReadWrite uint8 = 0x02
	SaveForce             uint8 = 0x04 // over changes by others
)

// SaveChangesMessageRequest stores a message (MS-OXCROPS 2.2.6.3).
type SaveChangesMessageRequest struct {
	LogonID       uint8
	ResponseIndex uint8 // which the response has as its Index
	Input         uint8
	Flags         uint8
}

func (*SaveChangesMessageRequest) Rop() RopID { return RopSaveChangesMessage }

func (r *SaveChangesMessageRequest) fields(c *wire.Codec) {
	wire.U8(c, &r.LogonID)
	wire.U8(c, &r.ResponseIndex)
	wire.U8(c, &r.Input)
	wire.U8(c, &r.Flags)
}

// SaveChangesMessageResponse is the stored message (MS-OXCROPS 2.2.6.3.2).
type SaveChangesMessageResponse struct {
	Index     uint8 // ResponseIndex of the request
	Input     uint8
	MessageID ID
}

func (*SaveChangesMessageResponse) Rop() RopID { return RopSaveChangesMessage }

func (r *SaveChangesMessageResponse) fields(c *wire.Codec) {
	head(c, &r.Index)
	wire.U8(c, &r.Input)
	wire.U64(c, &r.MessageID)
}

// ModifyRecipientsRequest adds, changes and takes away recipients (MS-OXCROPS
// 2.2.6.5).
type ModifyRecipientsRequest struct {
	LogonID, Input uint8
	Columns        []PropTag // of the Properties in the rows
	Recipients     []ModifyRecipient
}

func (*ModifyRecipientsRequest) Rop() RopID { return RopModifyRecipients }

func (r *ModifyRecipientsRequest) fields(c *wire.Codec) {
	wire.U8(c, &r.LogonID)
	wire.U8(c, &r.Input)
	wire.List[uint16](c, &r.Columns, 4, tag)
	wire.List[uint16](c, &r.Recipients, 7, func(c *wire.Codec, m *ModifyRecipient) {
		wire.U32(c, &m.RowID)
		wire.U8(c, &m.Type)
		sizedRecipient(c, &m.Row, r.Columns)
	})
}

// ModifyRecipientsResponse is success.
type ModifyRecipientsResponse struct {
	Index uint8
}

func (*ModifyRecipientsResponse) Rop() RopID { return RopModifyRecipients }

func (r *ModifyRecipientsResponse) fields(c *wire.Codec) { head(c, &r.Index) }

// Flags of RopSubmitMessage (MS-OXOMSG, SubmitFlags).
const (
	SubmitPreprocess   uint8 = 0x01
	SubmitNeedsSpooler uint8 = 0x02
)

// SubmitMessageRequest puts a message into the queue for sending (MS-OXCROPS
// 2.2.7.1).
type SubmitMessageRequest struct {
	LogonID, Input uint8
	Flags          uint8
}

func (*SubmitMessageRequest) Rop() RopID { return RopSubmitMessage }

func (r *SubmitMessageRequest) fields(c *wire.Codec) {
	wire.U8(c, &r.LogonID)
	wire.U8(c, &r.Input)
	wire.U8(c, &r.Flags)
}

// SubmitMessageResponse is success.
type SubmitMessageResponse struct {
	Index uint8
}

func (*SubmitMessageResponse) Rop() RopID { return RopSubmitMessage }

func (r *SubmitMessageResponse) fields(c *wire.Codec) { head(c, &r.Index) }

// TransportSendRequest sends a message without the queue (MS-OXCROPS
// 2.2.7.6.1).
type TransportSendRequest struct {
	LogonID, Input uint8
}

func (*TransportSendRequest) Rop() RopID { return RopTransportSend }

func (r *TransportSendRequest) fields(c *wire.Codec) {
	wire.U8(c, &r.LogonID)
	wire.U8(c, &r.Input)
}

// TransportSendResponse is what the server changed on the sent message.
type TransportSendResponse struct {
	Index        uint8
	NoProperties bool
	Properties   []Property
}

func (*TransportSendResponse) Rop() RopID { return RopTransportSend }

func (r *TransportSendResponse) fields(c *wire.Codec) {
	head(c, &r.Index)
	wire.Flag(c, &r.NoProperties)
	wire.List[uint16](c, &r.Properties, minProperty, func(c *wire.Codec, p *Property) { p.fields(c) })
}
