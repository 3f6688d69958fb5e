package mapi

import "shutout/lab/protocol/mapi/wire"

// Row is the values of one row of a table, or of one object, in the order of
// the columns asked for. A cell is a Value, or nil if the object has no such
// property, or a CellError if the value could not be given.
type Row []Value

// CellError is why a row lacks a value. CodeNotFound is the usual one;
// CodeOutOfMemory says that the value must be read as a stream (MS-OXCPRPT,
// RopGetPropertiesSpecific).
type CellError ErrorCode

// AppendRow appends the row with the given columns.
func AppendRow(dst []byte, columns []PropTag, row Row) ([]byte, error) {
	c := wire.Appending(dst)
	if propertyRow(c, columns, &row); c.Err != nil {
		return nil, c.Err
	}
	return c.Buf, nil
}

// ParseRow reads one row with the given columns, and nothing behind it.
func ParseRow(data []byte, columns []PropTag) (Row, error) {
	c := wire.Reading(data)
	var row Row
	propertyRow(c, columns, &row)
	if c.End("the row"); c.Err != nil {
		return nil, c.Err
	}
	return row, nil
}

// The flag before each value of a FlaggedPropertyRow (MS-OXCDATA 2.11.5).
const (
	cellPresent = 0x00
	cellAbsent  = 0x01
	cellError   = 0x0A
)

// propertyRow is a StandardPropertyRow when all values are there, and a
// FlaggedPropertyRow otherwise (MS-OXCDATA 2.8.1).
func propertyRow(c *wire.Codec, columns []PropTag, row *Row) {
	if c.Writing && len(*row) != len(columns) {
		c.Fail("a row of %d values for %d columns", len(*row), len(columns))
		return
	}
	var flagged uint8
	for _, v := range *row {
		if _, missing := v.(CellError); missing || v == nil {
			flagged = 1
		}
	}
	wire.U8(c, &flagged)
	if !c.Writing {
		if *row = nil; flagged > 1 {
			c.Fail("a row that begins with 0x%02X", flagged)
		}
		if len(columns) > c.Left() {
			c.Fail("%d values are due, %d octets left", len(columns), c.Left())
		}
		if c.Err != nil {
			return
		}
		*row = make(Row, len(columns))
	}
	for i, column := range columns {
		if flagged == 0 {
			value(c, column.Type(), &(*row)[i])
		} else {
			cell(c, column.Type(), &(*row)[i])
		}
		if c.Err != nil {
			return
		}
	}
}

// cell is a FlaggedPropertyValue, or a FlaggedPropertyValueWithType for a
// column without type (MS-OXCDATA 2.11.5 and 2.11.6).
func cell(c *wire.Codec, t PropType, v *Value) {
	var typed TypedValue
	if t == TypeUnspecified {
		typed, _ = (*v).(TypedValue)
		wire.U16(c, &typed.Type)
	}
	flag := uint8(cellPresent)
	code, failed := (*v).(CellError)
	switch {
	case failed:
		flag = cellError
	case *v == nil:
		flag = cellAbsent
	}
	wire.U8(c, &flag)
	switch flag {
	case cellPresent:
		if t != TypeUnspecified {
			value(c, t, v)
			return
		}
		if typed.Type == TypeUnspecified {
			c.Fail("a value without type")
			return
		}
		if value(c, typed.Type, &typed.Value); !c.Writing {
			*v = typed
		}
	case cellAbsent:
	case cellError:
		if wire.U32(c, &code); !c.Writing {
			*v = code
		}
	default:
		c.Fail("a value with the flag 0x%02X", flag)
	}
}
