package ews

import (
	"slices"
	"strings"

	"shutout/lab/protocol/ews"
	"shutout/sim/store"
)

// place is a folder as clients see it. Those that the store does not have are
// always empty; clients expect them in every mailbox.
type place struct {
	store.Folder
	parent   uint32 // its number; 0 for the root
	label    string // the display name
	kind     string // the element
	class    string
	known    string // its distinguished name, "" for none
	children int
	unreal   bool // not in the store
}

// unreal numbers the folders that the store does not have, above all that the
// store gives.
const unreal uint32 = 0xFFFF_FF00

const (
	rootNumber = unreal + iota
	topNumber
)

var unrealPlaces = []place{
	{Folder: store.Folder{Number: rootNumber}, kind: ews.KindFolder, known: ews.Root},
	{Folder: store.Folder{Number: topNumber}, parent: rootNumber, label: "Top of Information Store", kind: ews.KindFolder, known: ews.MsgFolderRoot},
	{Folder: store.Folder{Number: unreal + 2}, parent: topNumber, label: "Calendar", kind: "CalendarFolder", class: "IPF.Appointment", known: ews.Calendar},
	{Folder: store.Folder{Number: unreal + 3}, parent: topNumber, label: "Contacts", kind: "ContactsFolder", class: "IPF.Contact", known: ews.Contacts},
	{Folder: store.Folder{Number: unreal + 4}, parent: topNumber, label: "Tasks", kind: "TasksFolder", class: "IPF.Task", known: ews.Tasks},
	{Folder: store.Folder{Number: unreal + 5}, parent: topNumber, label: "Notes", kind: ews.KindFolder, class: "IPF.StickyNote", known: ews.Notes},
	{Folder: store.Folder{Number: unreal + 6}, parent: topNumber, label: "Journal", kind: ews.KindFolder, class: "IPF.Journal", known: ews.Journal},
}

var distinguished = map[string]string{
	store.Inbox: ews.Inbox, store.Drafts: ews.Drafts, store.SentItems: ews.SentItems,
	store.DeletedItems: ews.DeletedItems, store.Outbox: ews.Outbox, store.JunkEmail: ews.JunkEmail,
}

// tree lists every folder.
func (c *call) tree() []place {
	if c.places != nil {
		return c.places
	}
	real, err := c.session.Folders(c.now)
	if err != nil {
		return nil // the session has ended, so that nothing is found
	}
	list := append(make([]place, 0, len(unrealPlaces)+len(real)), unrealPlaces...)
	for i := range list {
		list[i].unreal, list[i].UIDNext = true, 1
	}
	numbers := make(map[string]uint32, len(real))
	for _, f := range real {
		numbers[strings.ToLower(f.Name)] = f.Number
	}
	for _, f := range real {
		p := place{Folder: f, parent: topNumber, label: f.Name, kind: ews.KindFolder, class: "IPF.Note", known: distinguished[f.Name]}
		for i := strings.LastIndexByte(f.Name, '/'); i >= 0; i = strings.LastIndexByte(f.Name[:i], '/') {
			// A folder's parents need not exist in the store.
			if n, ok := numbers[strings.ToLower(f.Name[:i])]; ok {
				p.parent, p.label = n, f.Name[i+1:]
				break
			}
		}
		list = append(list, p)
	}
	index := make(map[uint32]int, len(list))
	for i := range list {
		index[list[i].Number] = i
	}
	for i := range list {
		if list[i].parent != 0 {
			list[index[list[i].parent]].children++
		}
	}
	c.places = list
	return list
}

// folder finds the folder that a client names.
func (c *call) folder(ref ews.FolderRef) (*place, *ews.Message) {
	if ref.Mailbox != "" && !c.here(ref.Mailbox) {
		return nil, failed(ews.ErrorAccessDenied, "Access is denied. Check credentials and try again.")
	}
	if ref.Distinguished != "" && ref.Mailbox == "" && !strings.EqualFold(c.session.Mailbox().User(), c.user.SAM()) {
		return nil, failed(ews.ErrorInvalidRequest, "The folders of a request must be of one mailbox.")
	}
	number := uint32(0)
	if ref.Distinguished == "" {
		t, no := c.parse(folderKind, ref.ID.ID)
		if no != nil {
			return nil, no
		}
		number = t.folder
	}
	list := c.tree()
	for i := range list {
		p := &list[i]
		if number != 0 && p.Number == number || number == 0 && p.known != "" && p.known == ref.Distinguished {
			return p, nil
		}
	}
	return nil, failed(ews.ErrorFolderNotFound, "The specified folder could not be found in the store.")
}

// folderID names a folder in its present state.
func (c *call) folderID(p *place) ews.ID {
	state := p.UIDNext<<16 ^ uint32(p.Total)<<8 ^ uint32(p.Unseen)
	return ews.ID{ID: c.id(folderKind, target{folder: p.Number}), ChangeKey: changeKey(state)}
}

func (c *call) getFolder(op ews.GetFolder) []ews.Message {
	var out []ews.Message
	for _, ref := range op.Folders {
		p, no := c.folder(ref)
		if no != nil {
			out = append(out, *no)
			continue
		}
		out = append(out, ews.Message{Code: ews.NoError, Folders: []ews.Folder{c.describeFolder(p, op.Shape)}})
	}
	return out
}

// below tells whether a folder is somewhere within another.
func (c *call) below(p *place, ancestor uint32) bool {
	for p.parent != 0 {
		if p.parent == ancestor {
			return true
		}
		up := p.parent
		i := slices.IndexFunc(c.places, func(o place) bool { return o.Number == up })
		p = &c.places[i]
	}
	return false
}

// findFolder lists what is below folders.
func (c *call) findFolder(op ews.FindFolder) []ews.Message {
	var out []ews.Message
	for _, ref := range op.Parents {
		parent, no := c.folder(ref)
		if no != nil {
			out = append(out, *no)
			continue
		}
		var found []*place
		for i := range c.tree() {
			p := &c.places[i]
			in := p.parent == parent.Number
			switch op.Traversal {
			case ews.Deep:
				in = c.below(p, parent.Number)
			case ews.SoftDeleted:
				in = false
			}
			if in && (op.Restriction == nil || matches(op.Restriction, p)) {
				found = append(found, p)
			}
		}
		from, to, page := window(op.View, len(found))
		for _, p := range found[from:to] {
			if c.room -= itemOverhead; c.room < 0 {
				return append(out, tooMuch())
			}
			page.Folders = append(page.Folders, c.describeFolder(p, op.Shape))
		}
		out = append(out, ews.Message{Code: ews.NoError, Page: &page})
	}
	return out
}
