package ews

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"time"

	"shutout/sim/store"
)

// state is what a client has of one folder. Items that follow each other and
// are alike make one run, so that a state stays small.
type state struct {
	folder uint32
	high   uint32 // the highest UID that was looked at
	runs   []run  // by UID
}

type run struct {
	from, n uint32
	seen    bool
}

var errState = errors.New("not a sync state")

// String is the state as clients keep it.
func (s *state) String() string {
	b := binary.AppendUvarint(nil, uint64(s.folder))
	b = binary.AppendUvarint(b, uint64(s.high))
	next := uint32(1)
	for _, r := range s.runs {
		b = binary.AppendUvarint(b, uint64(r.from-next))
		b = binary.AppendUvarint(b, uint64(r.n)<<1|uint64(one(r.seen)))
		next = r.from + r.n
	}
	return base64.StdEncoding.EncodeToString(b)
}

// parseState reads a state of a folder. It may come from anybody.
func parseState(text string, f store.Folder) (state, error) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return state{}, errState
	}
	ok := true
	take := func() uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 || v > math.MaxUint32<<1 {
			ok = false
			return 0
		}
		b = b[n:]
		return v
	}
	folder, high := take(), take()
	s := state{folder: f.Number, high: uint32(high)}
	if !ok || folder != uint64(f.Number) || high >= uint64(f.UIDNext) {
		return state{}, errState
	}
	next := uint64(1)
	for len(b) > 0 && ok {
		from := next + take()
		n := take()
		if next = from + n>>1; !ok || n>>1 == 0 || next > high+1 {
			return state{}, errState
		}
		s.runs = append(s.runs, run{uint32(from), uint32(n >> 1), n&1 == 1})
	}
	if !ok {
		return state{}, errState
	}
	return s, nil
}

// begin is the state of a client that has the folder as it is now.
func begin(f store.Folder, items []store.Item) state {
	s := state{folder: f.Number, high: f.UIDNext - 1}
	for i := range items {
		s.add(items[i].UID, items[i].Flags.Has(store.Seen))
	}
	return s
}

// add notes an item, whose UID is above all that are known.
func (s *state) add(uid uint32, seen bool) {
	if k := len(s.runs) - 1; k >= 0 && s.runs[k].from+s.runs[k].n == uid && s.runs[k].seen == seen {
		s.runs[k].n++
		return
	}
	s.runs = append(s.runs, run{uid, 1, seen})
}

// count is how many items the state has, and how many of them are unread.
func (s *state) count() (total, unseen int) {
	for _, r := range s.runs {
		total += int(r.n)
		if !r.seen {
			unseen += int(r.n)
		}
	}
	return total, unseen
}

// changed tells whether a folder differs from the state. It may miss a pair of
// read flags that changed in opposite directions; the next change shows them.
func (s *state) changed(f store.Folder) bool {
	total, unseen := s.count()
	return f.UIDNext-1 > s.high || f.Total != total || f.Unseen != unseen
}

// delta is what happened in a folder since a state.
type delta struct {
	gone    []uint32
	changed []store.Item // read, or marked unread
	added   []store.Item
	more    bool
}

func (d *delta) size() int { return len(d.gone) + len(d.changed) + len(d.added) }

// advance brings a state up to date with its folder by at most most changes, and
// tells which they are.
func (s *state) advance(now time.Time, x *store.Session, f store.Folder, most int) (delta, error) {
	var d delta
	if !s.changed(f) {
		return d, nil
	}
	fresh, err := x.Range(now, f.Name, s.high+1, math.MaxUint32)
	if err != nil {
		return d, err
	}
	next := state{folder: s.folder, high: s.high, runs: slices.Clone(s.runs)}
	unread := 0
	for i := range fresh {
		unread += one(!fresh[i].Flags.Has(store.Seen))
	}
	if total, unseen := s.count(); f.Total-len(fresh) != total || f.Unseen-unread != unseen {
		if err := next.compare(now, x, f.Name, most, &d); err != nil {
			return d, err
		}
	}
	if room := max(most-d.size(), 0); len(fresh) > room {
		fresh, d.more = fresh[:room], true
	}
	for i := range fresh {
		next.add(fresh[i].UID, fresh[i].Flags.Has(store.Seen))
		next.high = fresh[i].UID
	}
	if d.added = append(d.added, fresh...); !d.more {
		next.high = f.UIDNext - 1
	}
	*s = next
	return d, nil
}

// compare looks for items that are gone or were read, and for those that the
// state should have and has not.
func (s *state) compare(now time.Time, x *store.Session, folder string, most int, d *delta) error {
	items, err := x.Range(now, folder, 0, s.high)
	if err != nil {
		return err
	}
	runs := s.runs
	s.runs = nil
	i := 0
	missing := func(below uint32) {
		for ; i < len(items) && items[i].UID < below; i++ {
			if d.size() >= most {
				d.more = true
				continue
			}
			d.added = append(d.added, items[i])
			s.add(items[i].UID, items[i].Flags.Has(store.Seen))
		}
	}
	for _, r := range runs {
		for k := range r.n {
			uid := r.from + k
			missing(uid)
			there := i < len(items) && items[i].UID == uid
			seen := there && items[i].Flags.Has(store.Seen)
			switch {
			case there && seen == r.seen:
				s.add(uid, seen)
			case d.size() >= most:
				d.more = true
				s.add(uid, r.seen)
			case there:
				d.changed = append(d.changed, items[i])
				s.add(uid, seen)
			default:
				d.gone = append(d.gone, uid)
			}
			if there {
				i++
			}
		}
	}
	missing(math.MaxUint32)
	return nil
}
