package ews

import (
	"strconv"

	"shutout/lab/protocol/ews/xmltree"
)

// MaxSync is the most changes that one response may carry
// (MaxChangesReturned).
const MaxSync = 512

// SyncFolderItems asks what has changed in a folder since State.
type SyncFolderItems struct {
	Shape  Shape
	Folder FolderRef
	State  string // SyncState of the response before; "" for all there is
	Ignore []ID
	Max    int // 1 to MaxSync
}

func (SyncFolderItems) Name() string { return "SyncFolderItems" }

func (o SyncFolderItems) node() xmltree.Node {
	l := list{o.Shape.node("ItemShape"), msg("SyncFolderId", o.Folder.node())}
	l.text(msg("SyncState"), o.State)
	if len(o.Ignore) > 0 {
		l.add(msg("Ignore", itemIDs(o.Ignore)...))
	}
	l.add(withText(msg("MaxChangesReturned"), strconv.Itoa(o.Max)))
	return msg(o.Name(), l...)
}

func parseSyncFolderItems(n *xmltree.Node) (o SyncFolderItems, err error) {
	err = each(n, func(c *xmltree.Node) (err error) {
		switch inMessages(c) {
		case "ItemShape":
			o.Shape, err = parseShape(c)
		case "SyncFolderId":
			o.Folder, err = parseTarget(c)
		case "SyncState":
			o.State = c.Text
		case "Ignore":
			o.Ignore, err = parseItemIDs(c)
		case "MaxChangesReturned":
			o.Max, err = number(c, c.Text, 1, MaxSync)
		}
		return err
	})
	if err == nil && (o.Shape.Base == "" || o.Folder == (FolderRef{}) || o.Max == 0) {
		err = missing(n, "ItemShape, SyncFolderId or MaxChangesReturned")
	}
	return o, err
}

// ChangeOp is what happened to an item.
type ChangeOp string

const (
	Created     ChangeOp = "Create"
	Updated     ChangeOp = "Update"
	Deleted     ChangeOp = "Delete"
	ReadChanged ChangeOp = "ReadFlagChange"
)

// A Change is one item of a synchronisation. Deleted fills Item.ID only,
// ReadChanged also Item.Read; Item.Kind is then "".
type Change struct {
	Op   ChangeOp
	Item Item
}

func (c Change) node() xmltree.Node {
	switch c.Op {
	case Deleted:
		return typ(string(c.Op), c.Item.ID.node("ItemId"))
	case ReadChanged:
		return typ(string(c.Op), c.Item.ID.node("ItemId"), withText(typ("IsRead"), strconv.FormatBool(c.Item.Read == True)))
	}
	return typ(string(c.Op), c.Item.node())
}

func parseChange(n *xmltree.Node) (c Change, err error) {
	if c.Op, err = oneOf(n, inTypes(n), Created, Updated, Deleted, ReadChanged); err != nil {
		return c, err
	}
	if c.Op == Created || c.Op == Updated {
		if len(n.Children) != 1 {
			return c, schemaError(n, "does not hold one item")
		}
		c.Item, err = parseItem(&n.Children[0])
		return c, err
	}
	err = each(n, func(f *xmltree.Node) (err error) {
		switch {
		case inTypes(f) == "ItemId":
			c.Item.ID, err = parseID(f)
		case inTypes(f) == "IsRead" && c.Op == ReadChanged:
			c.Item.Read, err = flag(f)
		}
		return err
	})
	if err == nil && (c.Item.ID == (ID{}) || c.Op == ReadChanged && c.Item.Read == Unset) {
		err = missing(n, "ItemId or IsRead")
	}
	return c, err
}
