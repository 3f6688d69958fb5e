package mapi

import (
	"math"
	"time"
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

func (p *Property) fields(c *codec) {
	u32(c, &p.Tag)
	if p.Tag.Type() == TypeUnspecified {
		c.fail("property %v has no type", p.Tag)
		return
	}
	value(c, p.Tag.Type(), &p.Value)
}

const minProperty = 5 // octets: a tag and a Boolean

// as reads or writes a value of one Go type. When writing, the value must have
// that type.
func as[T any](c *codec, v *Value, field func(*codec, *T)) {
	var typed T
	if c.writing {
		var ok bool
		if typed, ok = (*v).(T); !ok {
			c.fail("a value of Go type %T where %T is due", *v, typed)
			return
		}
	}
	field(c, &typed)
	if !c.writing && c.err == nil {
		*v = typed
	}
}

// value is a PropertyValue (MS-OXCDATA 2.11.2). Within ROP buffers, binary data
// stands behind a 16-bit count and multiple values behind a 32-bit one
// (MS-OXCDATA 2.11.1.1).
func value(c *codec, t PropType, v *Value) {
	if t&multivalueInstance == multivalueInstance {
		t &^= multivalueInstance
	}
	switch t {
	case TypeUnspecified:
		as(c, v, typedValue)
	case TypeInteger16:
		as(c, v, func(c *codec, n *int16) {
			u := uint16(*n)
			u16(c, &u)
			*n = int16(u)
		})
	case TypeInteger32:
		as(c, v, u32[int32])
	case TypeInteger64:
		as(c, v, u64[int64])
	case TypeErrorCode:
		as(c, v, u32[ErrorCode])
	case TypeBoolean:
		as(c, v, boolean)
	case TypeString:
		as(c, v, string16)
	case TypeString8:
		as(c, v, string8)
	case TypeTime:
		as(c, v, filetime)
	case TypeGUID:
		as(c, v, guid)
	case TypeBinary, TypeServerID:
		as(c, v, bytes16)
	case TypeMultipleInt32:
		as(c, v, func(c *codec, l *[]int32) { list[uint32](c, l, 4, u32[int32]) })
	case TypeMultipleString:
		as(c, v, func(c *codec, l *[]string) { list[uint32](c, l, 2, string16) })
	case TypeMultipleString8:
		as(c, v, func(c *codec, l *[]string) { list[uint32](c, l, 1, string8) })
	case TypeMultipleBinary:
		as(c, v, func(c *codec, l *[][]byte) { list[uint32](c, l, 2, bytes16) })
	default:
		c.fail("property type 0x%04X is not modelled", uint16(t))
	}
}

func typedValue(c *codec, v *TypedValue) {
	u16(c, &v.Type)
	if v.Type == TypeUnspecified {
		c.fail("a typed value without type")
		return
	}
	value(c, v.Type, &v.Value)
}

// boolean is PtypBoolean, which is 0 or 1 and nothing else.
func boolean(c *codec, v *bool) {
	if !c.writing && c.left() > 0 && c.buf[c.pos] > 1 {
		c.fail("a Boolean of 0x%02X", c.buf[c.pos])
	}
	flag(c, v)
}

const (
	filetimeEpoch = 11644473600 // seconds from 1601 to 1970
	filetimeTick  = 10_000_000  // in a second
)

// filetime is PtypTime: steps of 100 ns since 1601 (MS-DTYP 2.3.3).
func filetime(c *codec, t *time.Time) {
	var ticks uint64
	if c.writing {
		sec, rest := t.Unix()+filetimeEpoch, uint64(t.Nanosecond()/100)
		if sec < 0 || uint64(sec) > (math.MaxUint64-rest)/filetimeTick {
			c.fail("the time %v is not one that FILETIME can say", *t)
			return
		}
		ticks = uint64(sec)*filetimeTick + rest
	}
	u64(c, &ticks)
	if !c.writing {
		*t = time.Unix(int64(ticks/filetimeTick)-filetimeEpoch, int64(ticks%filetimeTick)*100).UTC()
	}
}
