package imap

import (
	"cmp"
	"errors"
	"slices"
	"sort"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"

	"shutout/sim/store"
)

// view is the selected folder as the client knows it. Sequence numbers are
// places in it, so it changes only when the client is told (RFC 3501 section
// 7.4.1).
type view struct {
	number   uint32 // the folder's, see store.Folder
	folder   string // its name at the latest command
	readOnly bool
	uids     []uint32 // ascending; the message with sequence number n is at n-1
	feed     *store.Feed
	pending  []store.Change // not told yet
}

func (v *view) close() {
	if v != nil {
		v.feed.Close()
	}
}

// take fetches what happened in the folder since the last time.
func (v *view) take() { v.pending = append(v.pending, v.feed.Take()...) }

// own has f change the folder and forgets the changes, because the client is
// told of them by the answer to its command.
func (v *view) own(f func() error) error {
	v.take()
	err := f()
	v.feed.Take()
	return err
}

// target is a message that a command names.
type target struct {
	seq uint32
	uid uint32
}

// targets resolves a set of sequence numbers or UIDs to messages of the view,
// in ascending order. Numbers that do not exist are passed over.
func (v *view) targets(set imap.NumSet) []target {
	var spans [][2]int // places in uids, the end not included
	last := uint32(len(v.uids))
	switch set := set.(type) {
	case imap.SeqSet:
		for _, r := range set {
			from, to := bounds(r.Start, r.Stop, last)
			spans = append(spans, [2]int{int(max(from, 1)) - 1, int(min(to, last))})
		}
	case imap.UIDSet:
		highest := uint32(0)
		if last > 0 {
			highest = v.uids[last-1]
		}
		for _, r := range set {
			from, to := bounds(uint32(r.Start), uint32(r.Stop), highest)
			i := sort.Search(len(v.uids), func(i int) bool { return v.uids[i] >= from })
			j := sort.Search(len(v.uids), func(i int) bool { return v.uids[i] > to })
			spans = append(spans, [2]int{i, j})
		}
	}
	slices.SortFunc(spans, func(a, b [2]int) int { return cmp.Compare(a[0], b[0]) })
	var list []target
	next := 0
	for _, s := range spans {
		for i := max(s[0], next); i < s[1]; i++ {
			list = append(list, target{uint32(i + 1), v.uids[i]})
		}
		next = max(next, s[1])
	}
	return list
}

// bounds resolves "*", which is 0, to the highest number. A range may be
// written either way round (RFC 3501 section 9, seq-range).
func bounds(a, b, highest uint32) (from, to uint32) {
	if a == 0 {
		a = highest
	}
	if b == 0 {
		b = highest
	}
	return min(a, b), max(a, b)
}

func uidsOf(list []target) []uint32 {
	uids := make([]uint32, len(list))
	for i, t := range list {
		uids[i] = t.uid
	}
	return uids
}

// sequence is the number that the client knows a message by, 0 for none.
func (v *view) sequence(uid uint32) uint32 {
	if i, ok := slices.BinarySearch(v.uids, uid); ok {
		return uint32(i + 1)
	}
	return 0
}

var errFolderGone = errors.New("the selected folder is gone")

// update is one thing to tell the client.
type update struct {
	kind  store.ChangeKind
	seq   uint32 // of the message; for Added the number of messages
	uid   uint32
	flags store.Flags
}

// news applies what happened to the view and returns what to tell. Without
// allowExpunge it stops before the first removal.
func (v *view) news(allowExpunge bool) ([]update, error) {
	v.take()
	var list []update
	grown := false
	exists := func() {
		if grown {
			list = append(list, update{kind: store.Added, seq: uint32(len(v.uids))})
		}
		grown = false
	}
	for len(v.pending) > 0 {
		c := v.pending[0]
		if c.Kind == store.Expunged && !allowExpunge {
			break
		}
		v.pending = v.pending[1:]
		switch c.Kind {
		case store.Added:
			v.uids = append(v.uids, c.UID)
			grown = true
		case store.Expunged:
			if seq := v.sequence(c.UID); seq > 0 {
				exists()
				v.uids = slices.Delete(v.uids, int(seq)-1, int(seq))
				list = append(list, update{kind: c.Kind, seq: seq})
			}
		case store.Flagging:
			if seq := v.sequence(c.UID); seq > 0 {
				exists()
				list = append(list, update{kind: c.Kind, seq: seq, uid: c.UID, flags: c.Flags})
			}
		case store.Lost:
			return nil, errFolderGone
		}
	}
	exists()
	return list, nil
}

func (u update) write(w *imapserver.UpdateWriter) error {
	switch u.kind {
	case store.Added:
		return w.WriteNumMessages(u.seq)
	case store.Expunged:
		return w.WriteExpunge(u.seq)
	default:
		return w.WriteMessageFlags(u.seq, imap.UID(u.uid), flagList(u.flags))
	}
}
