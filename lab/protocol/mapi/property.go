package mapi

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"shutout/lab/protocol/mapi/wire"
)

// PropType is the type of a property (MS-OXCDATA 2.11.1).
type PropType uint16

const (
	TypeUnspecified     PropType = 0x0000 // in a request: any type, and the answer says which
	TypeInteger16       PropType = 0x0002
	TypeInteger32       PropType = 0x0003
	TypeErrorCode       PropType = 0x000A
	TypeBoolean         PropType = 0x000B
	TypeInteger64       PropType = 0x0014
	TypeString8         PropType = 0x001E
	TypeString          PropType = 0x001F
	TypeTime            PropType = 0x0040
	TypeGUID            PropType = 0x0048
	TypeServerID        PropType = 0x00FB
	TypeBinary          PropType = 0x0102
	TypeMultipleInt32   PropType = 0x1003
	TypeMultipleString8 PropType = 0x101E
	TypeMultipleString  PropType = 0x101F
	TypeMultipleBinary  PropType = 0x1102

	// A column of this type and a multiple one has a row for each of the values.
	multivalueInstance PropType = 0x3000
)

// PropTag is the identity and the type of a property (MS-OXCDATA 2.9).
type PropTag uint32

// Tag makes a property tag.
func Tag(id uint16, t PropType) PropTag { return PropTag(id)<<16 | PropTag(t) }

// ID is the property's identity.
func (t PropTag) ID() uint16 { return uint16(t >> 16) }

// Type is the property's type.
func (t PropTag) Type() PropType { return PropType(t) }

// String is the tag in hexadecimal, as in "0x0037001F".
func (t PropTag) String() string { return fmt.Sprintf("0x%08X", uint32(t)) }

// Tags that reading and sending mail needs (MS-OXPROPS), with Unicode strings.
const (
	TagMessageClass          PropTag = 0x001A001F
	TagSubject               PropTag = 0x0037001F
	TagClientSubmitTime      PropTag = 0x00390040
	TagSubjectPrefix         PropTag = 0x003D001F
	TagSentRepresentingName  PropTag = 0x0042001F
	TagSentRepresentingEmail PropTag = 0x0065001F
	TagRecipientType         PropTag = 0x0C150003
	TagSenderName            PropTag = 0x0C1A001F
	TagSenderAddressType     PropTag = 0x0C1E001F
	TagSenderEmailAddress    PropTag = 0x0C1F001F
	TagDeleteAfterSubmit     PropTag = 0x0E01000B
	TagDisplayTo             PropTag = 0x0E04001F
	TagMessageDeliveryTime   PropTag = 0x0E060040
	TagMessageFlags          PropTag = 0x0E070003
	TagMessageSize           PropTag = 0x0E080003
	TagSentMailSvrEID        PropTag = 0x674000FB
	TagNormalizedSubject     PropTag = 0x0E1D001F
	TagBody                  PropTag = 0x1000001F
	TagHTML                  PropTag = 0x10130102
	TagInternetMessageID     PropTag = 0x1035001F
	TagRowID                 PropTag = 0x30000003
	TagDisplayName           PropTag = 0x3001001F
	TagAddressType           PropTag = 0x3002001F
	TagEmailAddress          PropTag = 0x3003001F
	TagContentCount          PropTag = 0x36020003
	TagContentUnreadCount    PropTag = 0x36030003
	TagSubfolders            PropTag = 0x360A000B
	TagContainerClass        PropTag = 0x3613001F
	TagSMTPAddress           PropTag = 0x39FE001F
	TagFolderID              PropTag = 0x67480014
	TagMID                   PropTag = 0x674A0014
)

// ID names a folder (FID) or a message (MID) within a store: a replica and a
// counter (MS-OXCDATA 2.2.1.1 and 2.2.1.2). The number is the eight octets on
// the wire, the first one lowest, and is also the value of TagFolderID and TagMID.
type ID uint64

// MakeID makes an identifier from a replica id and the lower 48 bits of a
// counter. The counter travels with its highest octet first.
func MakeID(replica uint16, counter uint64) ID {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], counter&(1<<48-1))
	binary.LittleEndian.PutUint16(b[:], replica)
	return ID(binary.LittleEndian.Uint64(b[:]))
}

// Replica is the replica id that the identifier belongs to.
func (id ID) Replica() uint16 { return uint16(id) }

// Counter is the number of the folder or message within its replica.
func (id ID) Counter() uint64 {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(id))
	b[0], b[1] = 0, 0
	return binary.BigEndian.Uint64(b[:])
}

// GUID is 16 octets in their order on the wire (MS-DTYP 2.3.4.2).
type GUID [16]byte

// String is the usual form, as in "5e85c0a5-0d3c-4b41-9a0b-c6d9b7cf0b4a".
func (g GUID) String() string {
	b := [16]byte{g[3], g[2], g[1], g[0], g[5], g[4], g[7], g[6]}
	copy(b[8:], g[8:])
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func guid(c *wire.Codec, g *GUID) {
	if c.Writing {
		c.Put(g[:])
	} else if b := c.Take(len(g)); b != nil {
		copy(g[:], b)
	}
}

// PropertyProblem says why one property of a request was not set (MS-OXCDATA 2.7).
type PropertyProblem struct {
	Index uint16 // of the property in the request
	Tag   PropTag
	Code  ErrorCode
}

func (p *PropertyProblem) fields(c *wire.Codec) {
	wire.U16(c, &p.Index)
	wire.U32(c, &p.Tag)
	wire.U32(c, &p.Code)
}

func tag(c *wire.Codec, t *PropTag) { wire.U32(c, t) }
