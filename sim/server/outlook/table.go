package outlook

import (
	"slices"

	"shutout/lab/protocol/mapi"
)

// Bounds on what a client may ask of a table.
const (
	maxColumns = 256
	maxOrders  = 8
)

// view is what tables of messages and of folders have in common.
type view struct {
	columns []mapi.PropTag // nil: not set yet
	at      int            // the row that the cursor stands before
	last    answered       // dropped whenever anything changes
}

// answered is the last answer to RopQueryRows. A client that has no news asks
// the same again and again.
type answered struct {
	q         mapi.QueryRowsRequest
	from, to  int    // where the cursor was, and where it went
	responses []byte // nil: there is none
}

func (v *view) base() *view { return v }

// table is a table of either kind.
type table interface {
	base() *view
	// refresh brings the table up to date and tells how many rows it has.
	refresh(r *run) (int, mapi.ErrorCode)
	row(r *run, i int) (mapi.Row, bool)
}

// hierarchy is the table of a folder's subfolders.
type hierarchy struct {
	view
	folder *folder
	deep   bool
	rows   []*entry
}

func (r *run) hierarchyTable(q *mapi.GetHierarchyTableRequest) (mapi.Response, mapi.ErrorCode) {
	if code := r.mayAdd(q.Output); code != mapi.Success {
		return nil, code
	}
	f, code := input[*folder](r, q.Input)
	if code != mapi.Success {
		return nil, code
	}
	t := &hierarchy{folder: f, deep: q.Flags&mapi.TableDepth != 0}
	n, code := t.refresh(r)
	if code != mapi.Success {
		return nil, code
	}
	r.add(q.Output, t)
	return &mapi.GetHierarchyTableResponse{Index: q.Output, RowCount: uint32(n)}, mapi.Success
}

// tableAt finds a table by its handle's index.
func (r *run) tableAt(index uint8) (table, mapi.ErrorCode) { return input[table](r, index) }

func (r *run) setColumns(q *mapi.SetColumnsRequest) (mapi.Response, mapi.ErrorCode) {
	t, code := r.tableAt(q.Input)
	switch {
	case code != mapi.Success:
		return nil, code
	case len(q.Tags) == 0 || len(q.Tags) > maxColumns:
		return nil, mapi.CodeInvalidParameter
	}
	t.base().columns, t.base().last = slices.Clone(q.Tags), answered{}
	return &mapi.SetColumnsResponse{Index: q.Input}, mapi.Success
}

// queryRows reads rows from the cursor on, as many as there is room for
// (MS-OXCTABL 3.2.5.5). It appends the response itself.
func (r *run) queryRows(q *mapi.QueryRowsRequest) (mapi.Response, mapi.ErrorCode) {
	t, code := r.tableAt(q.Input)
	if code != mapi.Success {
		return nil, code
	}
	v := t.base()
	if v.columns == nil {
		return nil, mapi.CodeNullObject
	}
	total, code := t.refresh(r)
	if code != mapi.Success {
		return nil, code
	}
	room := r.room() - smallest
	if l := &v.last; l.responses != nil && l.q == *q && l.from == v.at && len(l.responses) <= room {
		r.out, v.at = append(r.out, l.responses...), l.to
		return nil, mapi.Success
	}
	p := &mapi.QueryRowsResponse{Index: q.Input, Columns: v.columns}
	var scratch []byte
	at, step := v.at, 1
	if !q.Forward {
		at, step = v.at-1, -1
	}
	for ; at >= 0 && at < total && len(p.Rows) < int(q.RowCount); at += step {
		row, ok := t.row(r, at)
		if !ok {
			continue
		}
		var err error
		if scratch, err = mapi.AppendRow(scratch[:0], v.columns, row); err != nil {
			return nil, mapi.CodeGeneralFailure
		}
		if room -= len(scratch); room < 0 {
			break
		}
		p.Rows = append(p.Rows, row)
	}
	if room < 0 && len(p.Rows) == 0 {
		return nil, mapi.CodeBufferTooSmall
	}
	if !q.Forward {
		slices.Reverse(p.Rows) // they come in the table's order
		at++
	}
	from := v.at
	if q.Flags&mapi.QueryNoAdvance == 0 {
		v.at = at
	}
	p.Origin = bookmark(v.at, total)
	n := len(r.out)
	if !r.put(p) {
		return nil, mapi.CodeGeneralFailure // room was left for all of it
	}
	if v.last = (answered{}); room >= 0 {
		v.last = answered{q: *q, from: from, to: v.at, responses: slices.Clone(r.out[n:])}
	}
	return nil, mapi.Success
}

func bookmark(at, total int) mapi.Bookmark {
	switch {
	case at == 0:
		return mapi.BookmarkBeginning
	case at >= total:
		return mapi.BookmarkEnd
	default:
		return mapi.BookmarkCurrent
	}
}

func (r *run) seekRow(q *mapi.SeekRowRequest) (mapi.Response, mapi.ErrorCode) {
	t, code := r.tableAt(q.Input)
	if code != mapi.Success {
		return nil, code
	}
	total, code := t.refresh(r)
	if code != mapi.Success {
		return nil, code
	}
	v, from := t.base(), 0
	switch q.Origin {
	case mapi.BookmarkBeginning:
	case mapi.BookmarkCurrent:
		from = v.at
	case mapi.BookmarkEnd:
		from = total
	default:
		return nil, mapi.CodeInvalidParameter
	}
	want := from + int(q.RowCount)
	v.at = max(0, min(want, total))
	p := &mapi.SeekRowResponse{Index: q.Input, Less: v.at != want}
	if q.WantMoved {
		p.Moved = int32(v.at - from)
	}
	return p, mapi.Success
}

func (t *hierarchy) refresh(r *run) (int, mapi.ErrorCode) {
	rows, err := r.subfolders(t.folder, t.deep)
	if err != nil {
		return 0, r.code(err)
	}
	t.rows, t.last = rows, answered{}
	t.at = min(t.at, len(rows))
	return len(rows), mapi.Success
}

func (t *hierarchy) row(_ *run, i int) (mapi.Row, bool) {
	row := make(mapi.Row, len(t.columns))
	for j, tag := range t.columns {
		n, ok := t.rows[i].value(tag.ID())
		row[j] = short(cell(tag.Type(), true, n, ok))
	}
	return row, true
}

// maxShort is how much of a string a table shows, in characters (MS-OXCTABL
// 2.2.2.1, strings are cut at 255 characters or later).
const maxShort = 255

// short cuts a long string for a row.
func short(v mapi.Value) mapi.Value {
	s, ok := v.(string)
	if !ok || len(s) <= maxShort {
		return v
	}
	n := 0
	for i := range s {
		if n++; n > maxShort {
			return s[:i]
		}
	}
	return v
}
