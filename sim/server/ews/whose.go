package ews

import (
	"strings"

	"shutout/lab/protocol/ews"
)

// whose is the address of the mailbox that a request is about: somebody else's
// if the request names it, or "" for the caller's own. A request is about one
// mailbox; what it names of another one is refused part by part.
func (c *call) whose(op ews.Operation) string {
	for _, ref := range named(op) {
		if ref.Mailbox != "" && !c.own(ref.Mailbox) {
			return ref.Mailbox
		}
	}
	for _, id := range identified(op) {
		if mb := c.mailboxOf(id.ID); mb != "" && !c.own(mb) {
			return mb
		}
	}
	return ""
}

// named are the folders that a request names.
func named(op ews.Operation) []ews.FolderRef {
	switch op := op.(type) {
	case ews.GetFolder:
		return op.Folders
	case ews.FindFolder:
		return op.Parents
	case ews.FindItem:
		return op.Parents
	case ews.SyncFolderItems:
		return []ews.FolderRef{op.Folder}
	case ews.GetInboxRules:
		return []ews.FolderRef{{Mailbox: op.Mailbox}}
	case ews.UpdateInboxRules:
		return []ews.FolderRef{{Mailbox: op.Mailbox}}
	}
	return nil
}

// identified are the items that a request names by their identifiers alone.
func identified(op ews.Operation) []ews.ID {
	switch op := op.(type) {
	case ews.GetItem:
		return op.Items
	case ews.UpdateItem:
		var ids []ews.ID
		for _, c := range op.Changes {
			ids = append(ids, c.Item)
		}
		return ids
	case ews.DeleteItem:
		return op.Items
	}
	return nil
}

// mailboxOf is the address of the mailbox that an identifier belongs to, "" when
// it names none.
func (c *call) mailboxOf(id string) string {
	tag, ok := tagOf(id)
	if !ok {
		return ""
	}
	for _, mb := range c.w.Store.Mailboxes() {
		if mailboxTag(mb) == tag {
			return mb.Mail()
		}
	}
	return ""
}

// here tells whether an address is one of the mailbox that the request is about.
func (c *call) here(address string) bool {
	o, _, ok := c.cas.Directory().Get(c.now, address)
	return ok && strings.EqualFold(o.SAM(), c.session.Mailbox().User())
}
