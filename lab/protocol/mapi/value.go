package mapi

import (
	"math"
	"time"

	"shutout/lab/protocol/mapi/wire"
)

// Value is the value of a property. Its Go type goes with the property's type:
//
//	TypeInteger16      int16
//	TypeInteger32      int32
//	TypeInteger64      int64
//	TypeErrorCode      ErrorCode
//	TypeBoolean        bool
//	TypeString         string
//	TypeString8        string, the octets of the session's code page as they are
//	TypeTime           time.Time in UTC, in steps of 100 ns from 1601 on
//	TypeGUID           GUID
//	TypeBinary         []byte, TypeServerID likewise
//	TypeMultipleInt32  []int32
//	TypeMultipleString []string, TypeMultipleString8 likewise
//	TypeMultipleBinary [][]byte
//
// The value for TypeUnspecified is a TypedValue.
type Value any

// TypedValue is a value that brings its type along (MS-OXCDATA 2.11.3).
type TypedValue struct {
	Type  PropType
	Value Value
}

// Property is a value with its tag (MS-OXCDATA 2.11.4).
type Property struct {
	Tag   PropTag
	Value Value
}

func (p *Property) fields(c *wire.Codec) {
	wire.U32(c, &p.Tag)
	if p.Tag.Type() == TypeUnspecified {
		c.Fail("property %v has no type", p.Tag)
		return
	}
	value(c, p.Tag.Type(), &p.Value)
}

const minProperty = 5 // octets: a tag and a Boolean

// as reads or writes a value of one Go type. When writing, the value must have
// that type.
func as[T any](c *wire.Codec, v *Value, field func(*wire.Codec, *T)) {
	var typed T
	if c.Writing {
		var ok bool
		if typed, ok = (*v).(T); !ok {
			c.Fail("a value of Go type %T where %T is due", *v, typed)
			return
		}
	}
	field(c, &typed)
	if !c.Writing && c.Err == nil {
		*v = typed
	}
}

// value is a PropertyValue (MS-OXCDATA 2.11.2). Within ROP buffers, binary data
// stands behind a 16-bit count and multiple values behind a 32-bit one
// (MS-OXCDATA 2.11.1.1).
func value(c *wire.Codec, t PropType, v *Value) {
	if t&multivalueInstance == multivalueInstance {
		t &^= multivalueInstance
	}
	switch t {
	case TypeUnspecified:
		as(c, v, typedValue)
	case TypeInteger16:
		as(c, v, func(c *wire.Codec, n *int16) {
			u := uint16(*n)
			wire.U16(c, &u)
			*n = int16(u)
		})
	case TypeInteger32:
		as(c, v, wire.U32[int32])
	case TypeInteger64:
		as(c, v, wire.U64[int64])
	case TypeErrorCode:
		as(c, v, wire.U32[ErrorCode])
	case TypeBoolean:
		as(c, v, boolean)
	case TypeString:
		as(c, v, wire.String16)
	case TypeString8:
		as(c, v, wire.String8)
	case TypeTime:
		as(c, v, filetime)
	case TypeGUID:
		as(c, v, guid)
	case TypeBinary, TypeServerID:
		as(c, v, wire.Bytes16)
	case TypeMultipleInt32:
		as(c, v, func(c *wire.Codec, l *[]int32) { wire.List[uint32](c, l, 4, wire.U32[int32]) })
	case TypeMultipleString:
		as(c, v, func(c *wire.Codec, l *[]string) { wire.List[uint32](c, l, 2, wire.String16) })
	case TypeMultipleString8:
		as(c, v, func(c *wire.Codec, l *[]string) { wire.List[uint32](c, l, 1, wire.String8) })
	case TypeMultipleBinary:
		as(c, v, func(c *wire.Codec, l *[][]byte) { wire.List[uint32](c, l, 2, wire.Bytes16) })
	default:
		c.Fail("property type 0x%04X is not modelled", uint16(t))
	}
}

func typedValue(c *wire.Codec, v *TypedValue) {
	wire.U16(c, &v.Type)
	if v.Type == TypeUnspecified {
		c.Fail("a typed value without type")
		return
	}
	value(c, v.Type, &v.Value)
}

// boolean is PtypBoolean, which is 0 or 1 and nothing else.
func boolean(c *wire.Codec, v *bool) {
	if !c.Writing && c.Left() > 0 && c.Buf[c.Pos] > 1 {
		c.Fail("a Boolean of 0x%02X", c.Buf[c.Pos])
	}
	wire.Flag(c, v)
}

const (
	filetimeEpoch = 11644473600 // seconds from 1601 to 1970
	filetimeTick  = 10_000_000  // in a second
)

// filetime is PtypTime: steps of 100 ns since 1601 (MS-DTYP 2.3.3).
func filetime(c *wire.Codec, t *time.Time) {
	var ticks uint64
	if c.Writing {
		sec, rest := t.Unix()+filetimeEpoch, uint64(t.Nanosecond()/100)
		if sec < 0 || uint64(sec) > (math.MaxUint64-rest)/filetimeTick {
			c.Fail("the time %v is not one that FILETIME can say", *t)
			return
		}
		ticks = uint64(sec)*filetimeTick + rest
	}
	wire.U64(c, &ticks)
	if !c.Writing {
		*t = time.Unix(int64(ticks/filetimeTick)-filetimeEpoch, int64(ticks%filetimeTick)*100).UTC()
	}
}
