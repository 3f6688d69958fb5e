package mapi

import (
	"math"

	"shutout/lab/protocol/mapi/wire"
)

// RecipientType says what a recipient is to a message (MS-OXCMSG 2.2.3.1.2).
type RecipientType uint8

const (
	RecipientTo  RecipientType = 0x01
	RecipientCc  RecipientType = 0x02
	RecipientBcc RecipientType = 0x03
)

// AddressKind is the kind of address in a RecipientRow (MS-OXCDATA 2.8.3.1).
type AddressKind uint8

const (
	AddressNone     AddressKind = 0 // or the one that AddressType names
	AddressX500     AddressKind = 1
	AddressMSMail   AddressKind = 2
	AddressSMTP     AddressKind = 3
	AddressFax      AddressKind = 4
	AddressPOS      AddressKind = 5
	AddressPrivate1 AddressKind = 6 // personal distribution lists
	AddressPrivate2 AddressKind = 7
)

// RecipientRow is one recipient of a message (MS-OXCDATA 2.8.3.2). Strings that
// are empty are left out.
type RecipientRow struct {
	Kind                  AddressKind
	OtherTransport        bool // a different transport delivers to this recipient
	PlainText             bool // the recipient cannot take rich text
	SameTransmittableName bool // the transmittable name is DisplayName
	String8               bool // the strings travel in 8-bit characters, as they are
	AddressPrefixUsed     uint8
	DisplayType           uint8
	X500DN                string // without the prefix, which is the server's DnPrefix
	EntryID, SearchKey    []byte // of a personal distribution list
	AddressType           string // with AddressNone
	EmailAddress          string
	DisplayName           string
	SimpleDisplayName     string
	TransmittableName     string
	Properties            Row // by the first columns of the list that the row is in
}

// The bits of RecipientFlags (MS-OXCDATA 2.8.3.1).
const (
	rcptKind          = 0x0007
	rcptEmail         = 0x0008
	rcptDisplayName   = 0x0010
	rcptTransmittable = 0x0020
	rcptSameName      = 0x0040
	rcptOtherTrans    = 0x0080
	rcptPlainText     = 0x0100
	rcptUnicode       = 0x0200
	rcptSimpleName    = 0x0400
	rcptReserved      = 0x7800
	rcptAddressType   = 0x8000
)

// bits are the flags that go with what the row has.
func (r *RecipientRow) bits() uint16 {
	flags := uint16(r.Kind)
	for _, f := range []struct {
		bit uint16
		set bool
	}{
		{rcptEmail, r.EmailAddress != ""},
		{rcptDisplayName, r.DisplayName != ""},
		{rcptTransmittable, r.TransmittableName != ""},
		{rcptSameName, r.SameTransmittableName},
		{rcptOtherTrans, r.OtherTransport},
		{rcptPlainText, r.PlainText},
		{rcptUnicode, !r.String8},
		{rcptSimpleName, r.SimpleDisplayName != ""},
		{rcptAddressType, r.AddressType != ""},
	} {
		if f.set {
			flags |= f.bit
		}
	}
	return flags
}

func (r *RecipientRow) fields(c *wire.Codec, columns []PropTag) {
	if c.Writing && r.Kind > AddressPrivate2 {
		c.Fail("recipient address kind %d", r.Kind)
		return
	}
	flags := r.bits()
	wire.U16(c, &flags)
	if !c.Writing {
		r.Kind = AddressKind(flags & rcptKind)
		r.SameTransmittableName = flags&rcptSameName != 0
		r.OtherTransport = flags&rcptOtherTrans != 0
		r.PlainText = flags&rcptPlainText != 0
		r.String8 = flags&rcptUnicode == 0
	}
	switch {
	case flags&rcptReserved != 0:
		c.Fail("recipient flags 0x%04X", flags)
	case flags&rcptAddressType != 0 && r.Kind != AddressNone:
		c.Fail("an address type for a recipient of kind %d", r.Kind)
	case r.Kind == AddressX500:
		wire.U8(c, &r.AddressPrefixUsed)
		wire.U8(c, &r.DisplayType)
		wire.String8(c, &r.X500DN)
	case r.Kind >= AddressPrivate1:
		wire.Bytes16(c, &r.EntryID)
		wire.Bytes16(c, &r.SearchKey)
	case flags&rcptAddressType != 0:
		wire.String8(c, &r.AddressType)
	}
	text := wire.String16
	if r.String8 {
		text = wire.String8
	}
	for _, f := range []struct {
		bit uint16
		s   *string
	}{
		{rcptEmail, &r.EmailAddress}, {rcptDisplayName, &r.DisplayName},
		{rcptSimpleName, &r.SimpleDisplayName}, {rcptTransmittable, &r.TransmittableName},
	} {
		if flags&f.bit != 0 {
			text(c, f.s)
		}
	}
	n := uint16(len(r.Properties))
	if wire.U16(c, &n); int(n) > len(columns) {
		c.Fail("a recipient with %d properties of %d columns", n, len(columns))
		return
	}
	propertyRow(c, columns[:n], &r.Properties)
}

// sizedRecipient is a row behind its size in two octets. A nil row is a size of 0.
func sizedRecipient(c *wire.Codec, row **RecipientRow, columns []PropTag) {
	if !c.Writing {
		var data []byte
		if wire.Bytes16(c, &data); c.Err != nil || len(data) == 0 {
			*row = nil
			return
		}
		start := c.Pos - len(data)
		inner := &wire.Codec{Buf: c.Buf[:c.Pos], Pos: start}
		*row = new(RecipientRow)
		(*row).fields(inner, columns)
		inner.End("the recipient")
		c.Err = inner.Err
		return
	}
	var data []byte
	if *row != nil {
		inner := wire.Appending(nil)
		if (*row).fields(inner, columns); inner.Err != nil {
			c.Err = inner.Err
			return
		}
		data = inner.Buf
	}
	if len(data) > math.MaxUint16 {
		c.Fail("a recipient of %d octets", len(data))
	}
	wire.Bytes16(c, &data)
}

// ModifyRecipient is one change to the recipients of a message (MS-OXCROPS,
// ModifyRecipientRow).
type ModifyRecipient struct {
	RowID uint32
	Type  RecipientType
	Row   *RecipientRow // nil takes the recipient away
}

// OpenRecipient is one recipient of an opened message (MS-OXCROPS 2.2.6.1.2.1).
type OpenRecipient struct {
	Type     RecipientType
	CodePage uint16
	Row      *RecipientRow
}
