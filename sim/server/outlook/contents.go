package outlook

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"shutout/lab/protocol/mapi"
	"shutout/sim/store"
)

// sortable are the properties that need no look into the mail.
var sortable = []uint16{
	mapi.TagMessageDeliveryTime.ID(), mapi.TagSubject.ID(), mapi.TagNormalizedSubject.ID(), idConversationTopic,
	mapi.TagSenderName.ID(), mapi.TagSentRepresentingName.ID(), mapi.TagDisplayTo.ID(), mapi.TagMessageSize.ID(),
	mapi.TagMessageFlags.ID(), mapi.TagMessageClass.ID(), mapi.TagMID.ID(), idImportance,
}

// contents is the table of a folder's messages. It keeps the UIDs in the order
// of the rows.
type contents struct {
	view
	folder uint32
	name   string
	hidden bool // the table of associated messages, of which there are none
	feed   *store.Feed
	orders []mapi.SortOrder
	uids   []uint32
	loaded bool
}

func (t *contents) close(*Session) {
	if t.feed != nil {
		t.feed.Close()
	}
}

func (r *run) contentsTable(q *mapi.GetContentsTableRequest) (mapi.Response, mapi.ErrorCode) {
	if code := r.mayAdd(q.Output); code != mapi.Success {
		return nil, code
	}
	f, code := input[*folder](r, q.Input)
	if code != mapi.Success {
		return nil, code
	}
	t := &contents{folder: f.number, hidden: f.number == 0 || q.Flags&(mapi.TableAssociated|mapi.TableSoftDeletes) != 0}
	if !t.hidden {
		info, err := r.x.mailbox.FolderByNumber(r.now, f.number)
		if err != nil {
			return nil, r.code(err)
		}
		t.name = info.Name
		if t.feed, err = r.x.mailbox.Watch(r.now, t.name); err != nil {
			return nil, r.code(err)
		}
	}
	n, code := t.refresh(r)
	if code != mapi.Success {
		t.close(r.x)
		return nil, code
	}
	r.add(q.Output, t)
	return &mapi.GetContentsTableResponse{Index: q.Output, RowCount: uint32(n)}, mapi.Success
}

func (r *run) sortTable(q *mapi.SortTableRequest) (mapi.Response, mapi.ErrorCode) {
	t, code := input[*contents](r, q.Input)
	switch {
	case code != mapi.Success:
		return nil, code
	case q.Categories > 0 || len(q.Orders) > maxOrders:
		return nil, mapi.CodeNotSupported
	}
	for _, o := range q.Orders {
		if !slices.Contains(sortable, o.Tag.ID()) {
			return nil, mapi.CodeNotSupported
		}
	}
	t.orders, t.loaded, t.at, t.last = slices.Clone(q.Orders), false, 0, answered{}
	return &mapi.SortTableResponse{Index: q.Input}, mapi.Success
}

// refresh takes over what has happened in the folder since the last time.
func (t *contents) refresh(r *run) (int, mapi.ErrorCode) {
	if t.hidden {
		return 0, mapi.Success
	}
	info, err := r.x.mailbox.FolderByNumber(r.now, t.folder)
	if err != nil {
		return 0, r.code(err)
	}
	t.name = info.Name // it may have another one now
	changes := t.feed.Take()
	if len(changes) > 0 {
		t.last = answered{}
	}
	for _, c := range changes {
		switch {
		case c.Kind == store.Lost: // more happened than it holds
			t.loaded = false
			if t.feed, err = r.x.mailbox.Watch(r.now, t.name); err != nil {
				return 0, r.code(err)
			}
		case c.Kind == store.Expunged && t.loaded:
			t.delete(c.UID)
		case c.Kind == store.Flagging && t.sortsBy(mapi.TagMessageFlags):
			t.loaded = false
		}
	}
	for _, c := range changes {
		if c.Kind == store.Added && t.loaded {
			t.insert(r, c.UID)
		}
	}
	if t.loaded {
		return len(t.uids), mapi.Success
	}
	items, err := r.x.mailbox.Range(r.now, t.name, 0, 1<<32-1)
	if err != nil {
		return 0, r.code(err)
	}
	slices.SortFunc(items, func(a, b store.Item) int { return t.compare(&a, &b) })
	t.uids = make([]uint32, len(items))
	for i := range items {
		t.uids[i] = items[i].UID
	}
	t.loaded, t.at = true, min(t.at, len(items))
	return len(t.uids), mapi.Success
}

func (t *contents) insert(r *run, uid uint32) {
	it, err := r.x.mailbox.Get(r.now, t.name, uid)
	if err != nil {
		return // it is gone again
	}
	i, _ := slices.BinarySearchFunc(t.uids, uid, func(other, _ uint32) int {
		o, err := r.x.mailbox.Get(r.now, t.name, other)
		if err != nil {
			return -1
		}
		return t.compare(&o, &it)
	})
	t.uids = slices.Insert(t.uids, i, uid)
	if i < t.at {
		t.at++
	}
}

func (t *contents) delete(uid uint32) {
	i := slices.Index(t.uids, uid)
	if i < 0 {
		return
	}
	t.uids = slices.Delete(t.uids, i, i+1)
	if i < t.at {
		t.at--
	}
}

func (t *contents) row(r *run, i int) (mapi.Row, bool) {
	it, err := r.x.mailbox.Get(r.now, t.name, t.uids[i])
	if err != nil {
		return nil, false
	}
	row := make(mapi.Row, len(t.columns))
	for j, tag := range t.columns {
		n, ok := itemValue(t.folder, &it, tag.ID())
		row[j] = short(cell(tag.Type(), true, n, ok))
	}
	return row, true
}

func (t *contents) sortsBy(tag mapi.PropTag) bool {
	return slices.ContainsFunc(t.orders, func(o mapi.SortOrder) bool { return o.Tag.ID() == tag.ID() })
}

// compare orders two messages. Of equal ones the later comes later, unless the
// table runs backwards.
func (t *contents) compare(a, b *store.Item) int {
	last := mapi.SortAscending
	for _, o := range t.orders {
		n := compareBy(t.folder, a, b, o.Tag.ID())
		if o.Order == mapi.SortDescending {
			n = -n
		}
		if n != 0 {
			return n
		}
		last = o.Order
	}
	n := cmp.Compare(a.UID, b.UID)
	if last == mapi.SortDescending {
		n = -n
	}
	return n
}

func compareBy(folder uint32, a, b *store.Item, id uint16) int {
	if id == mapi.TagMessageDeliveryTime.ID() { // what most tables are sorted by
		return a.Received.Compare(b.Received)
	}
	x, ok := itemValue(folder, a, id)
	y, _ := itemValue(folder, b, id)
	if !ok {
		return 0
	}
	switch v := x.v.(type) {
	case string:
		w, _ := y.v.(string)
		return cmp.Compare(strings.ToLower(v), strings.ToLower(w))
	case int32:
		w, _ := y.v.(int32)
		return cmp.Compare(v, w)
	case int64:
		w, _ := y.v.(int64)
		return cmp.Compare(v, w)
	case time.Time:
		w, _ := y.v.(time.Time)
		return v.Compare(w)
	}
	return 0
}
