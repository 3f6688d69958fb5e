package store

import "slices"

// ChangeKind says what happened to an item, or to a feed.
type ChangeKind uint8

const (
	Added    ChangeKind = iota + 1
	Expunged            // removed, or moved to another folder
	Flagging            // flags changed
	// Lost is the last change of a feed: the folder or the session is gone,
	// or more happened than the feed holds. Read the folder anew.
	Lost
)

// A Change is one event in a folder.
type Change struct {
	Kind  ChangeKind
	UID   uint32 // of the item; 0 with Lost
	Flags Flags  // after the change
}

// maxPending bounds the changes that wait in one feed, about 1.5 MB.
const maxPending = 1 << 17

// A Feed collects what changes in one folder from the moment it was made, for
// a client that keeps a view of the folder. A client's own changes are in it
// as well.
type Feed struct {
	folder  *folder // nil when closed or lost
	pending []Change
}

// Take returns the changes since the previous call, oldest first, and forgets
// them.
func (fd *Feed) Take() []Change {
	list := fd.pending
	fd.pending = nil
	return list
}

// Pending tells whether Take has anything to return.
func (fd *Feed) Pending() bool { return len(fd.pending) > 0 }

// Close ends the feed. It may be called more than once.
func (fd *Feed) Close() {
	if fd.folder != nil {
		fd.folder.feeds = slices.DeleteFunc(fd.folder.feeds, func(other *Feed) bool { return other == fd })
		fd.folder = nil
	}
	fd.pending = nil
}

// lose ends the feed from the store's side.
func (fd *Feed) lose() {
	fd.Close()
	fd.pending = []Change{{Kind: Lost}}
}

func (f *folder) watch() *Feed {
	fd := &Feed{folder: f}
	f.feeds = append(f.feeds, fd)
	return fd
}

func (f *folder) tell(c Change) {
	full := false
	for _, fd := range f.feeds {
		fd.pending = append(fd.pending, c)
		full = full || len(fd.pending) > maxPending
	}
	if full {
		f.dropFeeds(func(fd *Feed) bool { return len(fd.pending) > maxPending })
	}
}

func (f *folder) dropFeeds(chosen func(*Feed) bool) {
	for _, fd := range slices.Clone(f.feeds) {
		if chosen(fd) {
			fd.lose()
		}
	}
}
