package store

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"shutout/lab"
)

// Folders lists the mailbox's folders, the reserved ones first, then in order
// of creation.
func (x *Session) Folders(now time.Time) ([]Folder, error) {
	if refused := x.use(now); refused != nil {
		return nil, refused
	}
	return x.mb.Folders(), nil
}

// Folder describes the folder of that name; case does not matter.
func (x *Session) Folder(now time.Time, name string) (Folder, error) {
	f, err := x.folder(now, name)
	if err != nil {
		return Folder{}, err
	}
	return f.info(), nil
}

// FolderByNumber describes the folder with that [Folder.Number].
func (x *Session) FolderByNumber(now time.Time, number uint32) (Folder, error) {
	if refused := x.use(now); refused != nil {
		return Folder{}, refused
	}
	for _, f := range x.mb.folders {
		if f.number == number {
			return f.info(), nil
		}
	}
	return Folder{}, fmt.Errorf("%w: number %d", ErrNoFolder, number)
}

func (x *Session) folder(now time.Time, name string) (*folder, error) {
	if refused := x.use(now); refused != nil {
		return nil, refused
	}
	return x.mb.folder(name)
}

// CreateFolder makes a folder. Its parents need not exist.
func (x *Session) CreateFolder(now time.Time, name string) (Folder, error) {
	if refused := x.use(now); refused != nil {
		return Folder{}, refused
	}
	if err := checkName(name); err != nil {
		return Folder{}, err
	}
	if _, err := x.mb.folder(name); err == nil {
		return Folder{}, fmt.Errorf("%w: %q", ErrExists, name)
	}
	if len(x.mb.folders) >= maxFolders {
		return Folder{}, fmt.Errorf("%w: more than %d folders", ErrBadFolder, maxFolders)
	}
	f := x.mb.addFolder(name)
	x.mb.notify(now)
	return f.info(), nil
}

// DeleteFolder removes a folder with its items; folders below it stay.
func (x *Session) DeleteFolder(now time.Time, name string) error {
	f, err := x.folder(now, name)
	if err != nil {
		return err
	}
	if f.reserved() {
		return fmt.Errorf("%w: %q", ErrReserved, f.name)
	}
	f.dropFeeds(func(*Feed) bool { return true })
	x.mb.size -= f.size
	x.mb.folders = slices.DeleteFunc(x.mb.folders, func(other *folder) bool { return other == f })
	x.mb.notify(now)
	return nil
}

// RenameFolder renames a folder and those below it (RFC 9051 section 6.3.6).
func (x *Session) RenameFolder(now time.Time, from, to string) error {
	f, err := x.folder(now, from)
	if err != nil {
		return err
	}
	if f.reserved() {
		return fmt.Errorf("%w: %q", ErrReserved, f.name)
	}
	below := fold(f.name) + "/"
	if strings.HasPrefix(fold(to), below) {
		return fmt.Errorf("%w: %q lies below %q", ErrBadFolder, to, f.name)
	}
	// Check every new name before the first rename, so that a failure leaves
	// all as it was.
	renames := map[*folder]string{f: to}
	for _, other := range x.mb.folders {
		if strings.HasPrefix(fold(other.name), below) {
			renames[other] = to + "/" + other.name[len(below):]
		}
	}
	for _, other := range x.mb.folders {
		name, ok := renames[other]
		if !ok {
			continue
		}
		if err := checkName(name); err != nil {
			return err
		}
		if taken, err := x.mb.folder(name); err == nil && renames[taken] == "" {
			return fmt.Errorf("%w: %q", ErrExists, name)
		}
	}
	for other, name := range renames {
		other.name = name
	}
	x.mb.notify(now)
	return nil
}

// List returns the newest n items of a folder, the newest first.
func (x *Session) List(now time.Time, folder string, n int) ([]Item, error) {
	f, err := x.folder(now, folder)
	if err != nil {
		return nil, err
	}
	n = max(0, min(n, len(f.items)))
	list := make([]Item, 0, n)
	for i := len(f.items) - 1; len(list) < n; i-- {
		list = append(list, f.items[i])
	}
	return list, nil
}

// Range returns the items with from <= UID <= to, in the order of their UIDs.
// Range(now, folder, 0, math.MaxUint32) is the whole folder.
func (x *Session) Range(now time.Time, folder string, from, to uint32) ([]Item, error) {
	f, err := x.folder(now, folder)
	if err != nil {
		return nil, err
	}
	i, _ := f.index(from)
	j, found := f.index(to)
	if found {
		j++
	}
	if j <= i {
		return nil, nil
	}
	return slices.Clone(f.items[i:j]), nil
}

// UIDs returns the UIDs of a folder in ascending order: item i has the IMAP
// sequence number i+1 in a view made now.
func (x *Session) UIDs(now time.Time, folder string) ([]uint32, error) {
	f, err := x.folder(now, folder)
	if err != nil {
		return nil, err
	}
	uids := make([]uint32, len(f.items))
	for i := range f.items {
		uids[i] = f.items[i].UID
	}
	return uids, nil
}

// Get returns one item.
func (x *Session) Get(now time.Time, folder string, uid uint32) (Item, error) {
	f, err := x.folder(now, folder)
	if err != nil {
		return Item{}, err
	}
	i, ok := f.index(uid)
	if !ok {
		return Item{}, fmt.Errorf("%w: %d in %s", ErrNoItem, uid, f.name)
	}
	return f.items[i], nil
}

// Append puts a message into a folder, as a client does with a draft or the
// copy of what it sent. A mailbox that is over its receive quota refuses.
func (x *Session) Append(now time.Time, folder string, flags Flags, received time.Time, m *Message) (Item, error) {
	f, err := x.folder(now, folder)
	if err != nil {
		return Item{}, err
	}
	if refused := x.mb.full(now); refused != nil {
		return Item{}, refused
	}
	it := f.add(received, flags, m)
	x.mb.size += int64(it.Size())
	x.mb.notify(now)
	return it, nil
}

// Mark sets and clears flags of items, and returns those of them that exist as
// they are now, in the order of their UIDs.
func (x *Session) Mark(now time.Time, folder string, uids []uint32, set, clear Flags) ([]Item, error) {
	f, err := x.folder(now, folder)
	if err != nil {
		return nil, err
	}
	changed := false
	var list []Item
	for _, i := range f.indices(uids) {
		changed = f.mark(i, set, clear) || changed
		list = append(list, f.items[i])
	}
	if changed {
		x.mb.notify(now)
	}
	return list, nil
}

// Delete removes items for good and returns the UIDs of those that were there,
// in ascending order.
func (x *Session) Delete(now time.Time, folder string, uids []uint32) ([]uint32, error) {
	f, err := x.folder(now, folder)
	if err != nil {
		return nil, err
	}
	return x.remove(now, f, f.indices(uids)), nil
}

// Expunge removes the items that have the flag Deleted; when only is not nil,
// just those among them (UID EXPUNGE, RFC 9051 section 6.4.9). It returns
// their UIDs in ascending order.
func (x *Session) Expunge(now time.Time, folder string, only []uint32) ([]uint32, error) {
	f, err := x.folder(now, folder)
	if err != nil {
		return nil, err
	}
	var doomed []int
	if only == nil {
		for i := range f.items {
			doomed = append(doomed, i)
		}
	} else {
		doomed = f.indices(only)
	}
	doomed = slices.DeleteFunc(doomed, func(i int) bool { return !f.items[i].Flags.Has(Deleted) })
	return x.remove(now, f, doomed), nil
}

func (x *Session) remove(now time.Time, f *folder, doomed []int) []uint32 {
	uids, bytes := f.remove(doomed)
	x.mb.size -= bytes
	if len(uids) > 0 {
		x.mb.notify(now)
	}
	return uids
}

// A Transfer tells which new UID each copied or moved item has. The UIDs of
// From and To belong together, both ascending (COPYUID, RFC 9051 section 7.1).
type Transfer struct {
	UIDValidity uint32 // of the destination
	From, To    []uint32
}

// Copy copies items to another folder, flags included.
func (x *Session) Copy(now time.Time, folder string, uids []uint32, dest string) (Transfer, error) {
	return x.transfer(now, folder, uids, dest, false)
}

// Move moves items to another folder; they get new UIDs there.
func (x *Session) Move(now time.Time, folder string, uids []uint32, dest string) (Transfer, error) {
	return x.transfer(now, folder, uids, dest, true)
}

func (x *Session) transfer(now time.Time, folder string, uids []uint32, dest string, move bool) (Transfer, error) {
	f, err := x.folder(now, folder)
	if err != nil {
		return Transfer{}, err
	}
	to, err := x.mb.folder(dest)
	if err != nil {
		return Transfer{}, err
	}
	if !move {
		if refused := x.mb.full(now); refused != nil {
			return Transfer{}, refused
		}
	}
	t := Transfer{UIDValidity: to.number}
	found := f.indices(uids)
	for _, i := range found {
		it := f.items[i] // a copy: add may be growing the same slice
		added := to.add(it.Received, it.Flags, it.Message)
		x.mb.size += int64(it.Size())
		t.From, t.To = append(t.From, it.UID), append(t.To, added.UID)
	}
	if len(t.From) == 0 {
		return t, nil
	}
	if move {
		_, bytes := f.remove(found)
		x.mb.size -= bytes
	}
	x.mb.notify(now)
	return t, nil
}

// Watch starts a feed of what changes in a folder. It is lost when the session
// ends.
func (x *Session) Watch(now time.Time, folder string) (*Feed, error) {
	f, err := x.folder(now, folder)
	if err != nil {
		return nil, err
	}
	x.feeds = slices.DeleteFunc(x.feeds, func(fd *Feed) bool { return fd.folder == nil })
	fd := f.watch()
	x.feeds = append(x.feeds, fd)
	return fd, nil
}

// MaySend tells whether the session's mailbox may send now, as
// [Store.MaySend] does, or why the session cannot be used.
func (x *Session) MaySend(now time.Time) lab.Decision {
	if refused := x.use(now); refused != nil {
		return refused.Decision
	}
	return x.mb.maySend(now)
}

// indices returns where the items with these UIDs are, in ascending order,
// without those that do not exist.
func (f *folder) indices(uids []uint32) []int {
	list := make([]int, 0, len(uids))
	for _, uid := range uids {
		if i, ok := f.index(uid); ok {
			list = append(list, i)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
