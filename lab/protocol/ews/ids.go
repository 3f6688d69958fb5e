package ews

import (
	"slices"

	"shutout/lab/protocol/ews/xmltree"
)

// An ID names an item or a folder (ItemId, FolderId). ChangeKey, which names
// its present state, may be left out of most requests.
type ID struct{ ID, ChangeKey string }

func (id ID) node(local string) xmltree.Node {
	return with(with(typ(local), "Id", id.ID), "ChangeKey", id.ChangeKey)
}

func parseID(n *xmltree.Node) (ID, error) {
	id := ID{n.Attr("Id"), n.Attr("ChangeKey")}
	if id.ID == "" {
		return ID{}, missing(n, "Id")
	}
	return id, nil
}

// Distinguished folders (DistinguishedFolderIdNameType); these are the ones
// that mail clients ask for.
const (
	Root          = "root"
	MsgFolderRoot = "msgfolderroot" // the top of the information store
	Inbox         = "inbox"
	Drafts        = "drafts"
	Outbox        = "outbox"
	SentItems     = "sentitems"
	DeletedItems  = "deleteditems"
	JunkEmail     = "junkemail"
	Calendar      = "calendar"
	Contacts      = "contacts"
	Tasks         = "tasks"
	Notes         = "notes"
	Journal       = "journal"
	SearchFolders = "searchfolders"
	VoiceMail     = "voicemail"
	PublicRoot    = "publicfoldersroot"
)

// A FolderRef names a folder by its ID or as a distinguished one, then perhaps
// somebody else's (DistinguishedFolderId, Mailbox).
type FolderRef struct {
	ID
	Distinguished string // "" for a folder named by ID
	Mailbox       string // SMTP address, "" for the caller's own
}

// Distinguished is the caller's own folder of that name.
func Distinguished(name string) FolderRef { return FolderRef{Distinguished: name} }

func (r FolderRef) node() xmltree.Node {
	if r.Distinguished == "" {
		return r.ID.node("FolderId")
	}
	n := with(with(typ("DistinguishedFolderId"), "Id", r.Distinguished), "ChangeKey", r.ChangeKey)
	if r.Mailbox != "" {
		n.Children = list{typ("Mailbox", withText(typ("EmailAddress"), r.Mailbox))}
	}
	return n
}

func parseFolderRef(n *xmltree.Node) (FolderRef, error) {
	switch inTypes(n) {
	case "FolderId":
		id, err := parseID(n)
		return FolderRef{ID: id}, err
	case "DistinguishedFolderId":
		r := FolderRef{ID: ID{ChangeKey: n.Attr("ChangeKey")}, Distinguished: n.Attr("Id")}
		if r.Distinguished == "" {
			return FolderRef{}, missing(n, "Id")
		}
		if m := n.Child(nsTypes, "Mailbox"); m != nil {
			if a := m.Child(nsTypes, "EmailAddress"); a != nil {
				r.Mailbox = a.Text
			}
			if r.Mailbox == "" {
				return FolderRef{}, missing(m, "EmailAddress")
			}
		}
		return r, nil
	}
	return FolderRef{}, schemaError(n, "is not a folder's id")
}

func folderRefs(refs []FolderRef) list {
	l := make(list, 0, len(refs))
	for _, r := range refs {
		l.add(r.node())
	}
	return l
}

func parseFolderRefs(n *xmltree.Node) ([]FolderRef, error) {
	var refs []FolderRef
	err := each(n, func(c *xmltree.Node) error {
		r, err := parseFolderRef(c)
		refs = append(refs, r)
		return err
	})
	if err == nil && len(refs) == 0 {
		err = missing(n, "folder")
	}
	return refs, err
}

// parseTarget reads the one folder that an element such as SyncFolderId holds.
func parseTarget(n *xmltree.Node) (FolderRef, error) {
	if len(n.Children) != 1 {
		return FolderRef{}, schemaError(n, "does not hold one folder's id")
	}
	return parseFolderRef(&n.Children[0])
}

func itemIDs(ids []ID) list {
	l := make(list, 0, len(ids))
	for _, id := range ids {
		l.add(id.node("ItemId"))
	}
	return l
}

func parseItemIDs(n *xmltree.Node) ([]ID, error) {
	var ids []ID
	err := each(n, func(c *xmltree.Node) error {
		if inTypes(c) != "ItemId" {
			return schemaError(c, "is not an item's id")
		}
		id, err := parseID(c)
		ids = append(ids, id)
		return err
	})
	if err == nil && len(ids) == 0 {
		err = missing(n, "ItemId")
	}
	return ids, err
}

// The kinds of folders and items that are told apart by their element's name.
var (
	folderKinds = []string{KindFolder, "CalendarFolder", "ContactsFolder", "TasksFolder", "SearchFolder"}
	itemKinds   = []string{KindMessage, "Item", "PostItem", "CalendarItem", "Contact", "DistributionList", "Task",
		"MeetingMessage", "MeetingRequest", "MeetingResponse", "MeetingCancellation"}
)

const (
	KindFolder  = "Folder"
	KindMessage = "Message"
)

func isFolder(n *xmltree.Node) bool { return slices.Contains(folderKinds, inTypes(n)) }
func isItem(n *xmltree.Node) bool   { return slices.Contains(itemKinds, inTypes(n)) }
