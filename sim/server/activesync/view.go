package activesync

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"shutout/sim/store"
)

// view is what a device has of one folder.
type view struct {
	items  []known // by UID
	high   uint32  // the highest UID that was looked at
	unseen int     // among items
}

type known struct {
	uid  uint32
	seen bool
}

// collection is the sync state of one folder: the view after the last
// response, and the one before it, because a device whose response was lost
// asks again with the previous key (MS-ASCMD, SyncKey).
type collection struct {
	key        int // number of the last key that was given out
	at, before view
}

// begin starts over, as the sync key 0 asks for.
func (c *collection) begin() {
	*c = collection{key: c.key}
}

// take finds the state that a request's sync key names, and makes it the
// current one. It returns false if the server has no such state.
func (c *collection) take(key string) bool {
	n, err := strconv.Atoi(key)
	switch {
	case err != nil || n <= 0:
		return false
	case n == c.key:
		return true
	case n == c.key-1:
		c.at = c.before
		return true
	}
	return false
}

// next gives out a new key for what is in c.at now; before is what the key of
// the request stood for.
func (c *collection) next(before view) string {
	c.key++
	c.before = before
	return strconv.Itoa(c.key)
}

// changed tells whether a folder differs from the view. It may miss a pair of
// read flags that changed in opposite directions; the next change shows them.
func (v *view) changed(f store.Folder) bool {
	return f.UIDNext-1 > v.high || f.Total != len(v.items) || f.Unseen != v.unseen
}

// delta is what happened in a folder since the view.
type delta struct {
	added   []store.Item
	changed []store.Item
	gone    []uint32
	more    bool
}

// advance brings the view up to date with the folder, by at most window
// changes, and tells which they are. Slices of an older view stay as they are.
func (v *view) advance(now time.Time, s *store.Session, folder string, window int) (delta, error) {
	var d delta
	f, err := s.Folder(now, folder)
	if err != nil || !v.changed(f) {
		return d, err
	}
	fresh, err := s.Range(now, folder, v.high+1, math.MaxUint32)
	if err != nil {
		return d, err
	}
	unseen := 0
	for i := range fresh {
		if !fresh[i].Flags.Has(store.Seen) {
			unseen++
		}
	}
	if f.Total-len(fresh) != len(v.items) || f.Unseen-unseen != v.unseen {
		if err := v.compare(now, s, folder, window, &d); err != nil {
			return d, err
		}
	}
	room := window - len(d.gone) - len(d.changed)
	if len(fresh) > room {
		fresh, d.more = fresh[:max(room, 0)], true
	}
	v.items = slices.Clip(v.items)
	for _, it := range fresh {
		v.add(it)
	}
	if !d.more {
		v.high = f.UIDNext - 1
	}
	d.added = fresh
	return d, nil
}

func (v *view) add(it store.Item) {
	k := known{uid: it.UID, seen: it.Flags.Has(store.Seen)}
	v.items = append(v.items, k)
	v.high = max(v.high, it.UID)
	if !k.seen {
		v.unseen++
	}
}

// compare looks for items that are gone or were read.
func (v *view) compare(now time.Time, s *store.Session, folder string, window int, d *delta) error {
	all, err := s.Range(now, folder, 0, v.high)
	if err != nil {
		return err
	}
	items := make([]known, 0, len(v.items))
	unseen, i := 0, 0
	for _, k := range v.items {
		for i < len(all) && all[i].UID < k.uid {
			i++
		}
		there := i < len(all) && all[i].UID == k.uid
		switch full := len(d.gone)+len(d.changed) >= window; {
		case there && all[i].Flags.Has(store.Seen) == k.seen:
		case full:
			d.more = true
		case !there:
			d.gone = append(d.gone, k.uid)
			continue
		default:
			k.seen = !k.seen
			d.changed = append(d.changed, all[i])
		}
		items = append(items, k)
		if !k.seen {
			unseen++
		}
	}
	v.items, v.unseen = items, unseen
	return nil
}

// find returns where the view has an item.
func (v *view) find(uid uint32) (int, bool) {
	return slices.BinarySearchFunc(v.items, uid, func(k known, uid uint32) int { return cmp.Compare(k.uid, uid) })
}

// drop forgets an item that the device itself has deleted.
func (v *view) drop(uid uint32) {
	if i, ok := v.find(uid); ok {
		if !v.items[i].seen {
			v.unseen--
		}
		v.items = slices.Concat(v.items[:i], v.items[i+1:])
	}
}

// mark notes a read flag that the device itself has set.
func (v *view) mark(uid uint32, seen bool) {
	i, ok := v.find(uid)
	if !ok || v.items[i].seen == seen {
		return
	}
	v.items = slices.Clone(v.items)
	v.items[i].seen = seen
	if seen {
		v.unseen--
	} else {
		v.unseen++
	}
}
