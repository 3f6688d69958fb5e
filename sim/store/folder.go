package store

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The folders that every mailbox has. They cannot be renamed or deleted.
const (
	Inbox        = "Inbox"
	Drafts       = "Drafts"
	SentItems    = "Sent Items"
	DeletedItems = "Deleted Items"
	Outbox       = "Outbox"
	JunkEmail    = "Junk E-mail"
)

var reserved = []string{Inbox, Drafts, SentItems, DeletedItems, Outbox, JunkEmail}

// Errors of folder and item operations; test with errors.Is.
var (
	ErrNoFolder  = errors.New("no such folder")
	ErrNoItem    = errors.New("no such item")
	ErrExists    = errors.New("a folder of that name exists")
	ErrReserved  = errors.New("a reserved folder")
	ErrBadFolder = errors.New("not a usable folder name")
)

// Bounds on what clients may make.
const (
	maxFolders    = 1000
	maxFolderName = 255 // bytes
)

// A Folder describes a mailbox folder at one moment.
type Folder struct {
	Number      uint32 // names the folder within its mailbox; never given twice
	Name        string // with "/" between a folder and its parent
	UIDValidity uint32 // RFC 9051 section 2.3.1.1, as UIDNext
	UIDNext     uint32
	Total       int   // items
	Unseen      int   // of them without Seen
	Size        int64 // bytes
	Reserved    bool  // cannot be renamed or deleted
}

// folder keeps its items in the order of their UIDs, which is the order in
// which they came.
type folder struct {
	number  uint32
	name    string
	uidNext uint32
	items   []Item
	unseen  int
	size    int64
	feeds   []*Feed
}

func (f *folder) info() Folder {
	return Folder{
		Number: f.number, Name: f.name, UIDValidity: f.number, UIDNext: f.uidNext,
		Total: len(f.items), Unseen: f.unseen, Size: f.size, Reserved: f.reserved(),
	}
}

func (f *folder) reserved() bool { return slices.Contains(reserved, f.name) }

// index finds uid. While nothing is missing between the first item and it,
// which is the rule, that takes one step; otherwise a binary search.
func (f *folder) index(uid uint32) (int, bool) {
	if len(f.items) == 0 || uid < f.items[0].UID {
		return 0, false
	}
	if i := uint64(uid - f.items[0].UID); i < uint64(len(f.items)) && f.items[i].UID == uid {
		return int(i), true
	}
	return slices.BinarySearchFunc(f.items, uid, func(it Item, uid uint32) int { return cmp.Compare(it.UID, uid) })
}

func (f *folder) add(received time.Time, flags Flags, m *Message) Item {
	it := Item{UID: f.uidNext, Flags: flags, Received: received, Message: m}
	f.uidNext++
	f.items = append(f.items, it)
	f.count(it, 1)
	f.tell(Change{Kind: Added, UID: it.UID, Flags: flags})
	return it
}

func (f *folder) count(it Item, sign int) {
	f.size += int64(sign * it.Size())
	if !it.Flags.Has(Seen) {
		f.unseen += sign
	}
}

// mark sets and clears flags of the item at i, and tells whether that changed
// anything.
func (f *folder) mark(i int, set, clear Flags) bool {
	it := &f.items[i]
	flags := it.Flags&^clear | set
	if flags == it.Flags {
		return false
	}
	f.count(*it, -1)
	it.Flags = flags
	f.count(*it, 1)
	f.tell(Change{Kind: Flagging, UID: it.UID, Flags: flags})
	return true
}

// remove takes out the items at the given indices, which are in ascending
// order, and returns their UIDs and their bytes.
func (f *folder) remove(doomed []int) (uids []uint32, bytes int64) {
	if len(doomed) == 0 {
		return nil, 0
	}
	for _, i := range doomed {
		it := f.items[i]
		f.count(it, -1)
		bytes += int64(it.Size())
		uids = append(uids, it.UID)
		f.tell(Change{Kind: Expunged, UID: it.UID})
	}
	kept := f.items[:doomed[0]]
	for n, i := range doomed {
		next := len(f.items)
		if n+1 < len(doomed) {
			next = doomed[n+1]
		}
		kept = append(kept, f.items[i+1:next]...)
	}
	clear(f.items[len(kept):]) // lets go of the messages
	f.items = kept
	return uids, bytes
}

// addFolder makes a folder. Its number is its UIDVALIDITY too: a folder that
// is made again under an old name has a greater one (RFC 9051 section 2.3.1.1).
func (mb *Mailbox) addFolder(name string) *folder {
	mb.lastUsed++
	f := &folder{number: mb.lastUsed, name: name, uidNext: 1}
	mb.folders = append(mb.folders, f)
	return f
}

func (mb *Mailbox) folder(name string) (*folder, error) {
	for _, f := range mb.folders {
		if strings.EqualFold(f.name, name) {
			return f, nil
		}
	}
	return nil, fmt.Errorf("%w: %q", ErrNoFolder, name)
}

// checkName tells what is wrong with a new folder's name.
func checkName(name string) error {
	bad := len(name) > maxFolderName || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl)
	for part := range strings.SplitSeq(name, "/") {
		bad = bad || strings.TrimSpace(part) == ""
	}
	if bad {
		return fmt.Errorf("%w: %q", ErrBadFolder, name)
	}
	return nil
}
