package mapi

import "shutout/lab/protocol/mapi/wire"

// TableStatus is how far a table has come with the last change to it (MS-OXCTABL
// 2.2.2.1.3).
type TableStatus uint8

const (
	TableComplete       TableStatus = 0x00
	TableSorting        TableStatus = 0x09
	TableSortError      TableStatus = 0x0A
	TableSettingColumns TableStatus = 0x0B
	TableColumnsError   TableStatus = 0x0D
)

// TableAsync in the flags of RopSetColumns and RopSortTable lets the server
// answer before it is done.
const TableAsync uint8 = 0x01

// SetColumnsRequest chooses the columns of a table (MS-OXCROPS 2.2.5.1.1).
type SetColumnsRequest struct {
	LogonID, Input uint8
	Flags          uint8 // 0 or TableAsync
	Tags           []PropTag
}

func (*SetColumnsRequest) Rop() RopID { return RopSetColumns }

func (r *SetColumnsRequest) fields(c *wire.Codec) {
	wire.U8(c, &r.LogonID)
	wire.U8(c, &r.Input)
	wire.U8(c, &r.Flags)
	wire.List[uint16](c, &r.Tags, 4, tag)
}

// SetColumnsResponse is the answer (MS-OXCROPS 2.2.5.1.2).
type SetColumnsResponse struct {
	Index  uint8
	Status TableStatus
}

func (*SetColumnsResponse) Rop() RopID { return RopSetColumns }

func (r *SetColumnsResponse) fields(c *wire.Codec) {
	head(c, &r.Index)
	wire.U8(c, &r.Status)
}

// SortDirection is the Order of a SortOrder (MS-OXCDATA 2.13.1).
type SortDirection uint8

const (
	SortAscending       SortDirection = 0x00
	SortDescending      SortDirection = 0x01
	SortMaximumCategory SortDirection = 0x04
)

// SortOrder is one column to sort by (MS-OXCDATA 2.13.1).
type SortOrder struct {
	Tag   PropTag
	Order SortDirection
}

func (o *SortOrder) fields(c *wire.Codec) {
	wire.U32(c, &o.Tag)
	wire.U8(c, &o.Order)
}

// SortTableRequest sorts a table (MS-OXCROPS 2.2.5.2.1). The first orders are
// categories, the first of which are expanded.
type SortTableRequest struct {
	LogonID, Input       uint8
	Flags                uint8 // 0 or TableAsync
	Categories, Expanded uint16
	Orders               []SortOrder
}

func (*SortTableRequest) Rop() RopID { return RopSortTable }

func (r *SortTableRequest) fields(c *wire.Codec) {
	wire.U8(c, &r.LogonID)
	wire.U8(c, &r.Input)
	wire.U8(c, &r.Flags)
	// The other counts stand between the count of the list and the items.
	if c.Writing && len(r.Orders) > 0xFFFF {
		c.Fail("%d sort orders", len(r.Orders))
	}
	n := uint16(len(r.Orders))
	wire.U16(c, &n)
	wire.U16(c, &r.Categories)
	wire.U16(c, &r.Expanded)
	if r.Categories > n || r.Expanded > r.Categories {
		c.Fail("%d sort orders, %d of them categories, %d of those expanded", n, r.Categories, r.Expanded)
	}
	if !c.Writing {
		if int(n)*5 > c.Left() {
			c.Fail("%d sort orders announced, %d octets left", n, c.Left())
		}
		if c.Err != nil || n == 0 {
			return
		}
		r.Orders = make([]SortOrder, n)
	}
	for i := range r.Orders {
		r.Orders[i].fields(c)
	}
}

// SortTableResponse is the answer (MS-OXCROPS 2.2.5.2.2).
type SortTableResponse struct {
	Index  uint8
	Status TableStatus
}

func (*SortTableResponse) Rop() RopID { return RopSortTable }

func (r *SortTableResponse) fields(c *wire.Codec) {
	head(c, &r.Index)
	wire.U8(c, &r.Status)
}

// Flags of RopQueryRows (MS-OXCTABL 2.2.2.5.1).
const (
	QueryNoAdvance     uint8 = 0x01 // leave the cursor where it is
	QueryPackedBuffers uint8 = 0x02
)

// QueryRowsRequest reads rows from the cursor on (MS-OXCROPS 2.2.5.4.1).
type QueryRowsRequest struct {
	LogonID, Input uint8
	Flags          uint8
	Forward        bool
	RowCount       uint16 // at most
}

func (*QueryRowsRequest) Rop() RopID { return RopQueryRows }

func (r *QueryRowsRequest) fields(c *wire.Codec) {
	wire.U8(c, &r.LogonID)
	wire.U8(c, &r.Input)
	wire.U8(c, &r.Flags)
	wire.Flag(c, &r.Forward)
	wire.U16(c, &r.RowCount)
}

// Bookmark is where a table's cursor stands (MS-OXCTABL 2.2.2.1.1).
type Bookmark uint8

const (
	BookmarkBeginning Bookmark = 0x00
	BookmarkCurrent   Bookmark = 0x01
	BookmarkEnd       Bookmark = 0x02
)

// QueryRowsResponse is the rows (MS-OXCROPS 2.2.5.4.2).
type QueryRowsResponse struct {
	Index   uint8
	Origin  Bookmark
	Columns []PropTag // of the rows; does not travel
	Rows    []Row
}

func (*QueryRowsResponse) Rop() RopID { return RopQueryRows }

func (r *QueryRowsResponse) fields(c *wire.Codec) {
	head(c, &r.Index)
	wire.U8(c, &r.Origin)
	wire.List[uint16](c, &r.Rows, 1, func(c *wire.Codec, row *Row) { propertyRow(c, r.Columns, row) })
}

// SeekRowRequest moves the cursor of a table by rows from a bookmark
// (MS-OXCROPS 2.2.5.8.1).
type SeekRowRequest struct {
	LogonID, Input uint8
	Origin         Bookmark
	RowCount       int32 // backwards if negative
	WantMoved      bool
}

func (*SeekRowRequest) Rop() RopID { return RopSeekRow }

func (r *SeekRowRequest) fields(c *wire.Codec) {
	wire.U8(c, &r.LogonID)
	wire.U8(c, &r.Input)
	wire.U8(c, &r.Origin)
	wire.U32(c, &r.RowCount)
	wire.Flag(c, &r.WantMoved)
}

// SeekRowResponse is the moved cursor (MS-OXCROPS 2.2.5.8.2).
type SeekRowResponse struct {
	Index uint8
	Less  bool  // the table ended before
	Moved int32 // rows, if they were wanted
}

func (*SeekRowResponse) Rop() RopID { return RopSeekRow }

func (r *SeekRowResponse) fields(c *wire.Codec) {
	head(c, &r.Index)
	wire.Flag(c, &r.Less)
	wire.U32(c, &r.Moved)
}
