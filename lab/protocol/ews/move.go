package ews

import (
	"strconv"

	"shutout/lab/protocol/ews/xmltree"
)

// MoveItem moves items to another folder, where they have new IDs.
type MoveItem struct {
	To    FolderRef
	Items []ID
}

// CopyItem copies items to another folder.
type CopyItem struct {
	To    FolderRef
	Items []ID
}

func (MoveItem) Name() string { return "MoveItem" }
func (CopyItem) Name() string { return "CopyItem" }

func (o MoveItem) node() xmltree.Node { return transfer(o, o.To, o.Items) }
func (o CopyItem) node() xmltree.Node { return transfer(o, o.To, o.Items) }

func transfer(o Operation, to FolderRef, items []ID) xmltree.Node {
	return msg(o.Name(), msg("ToFolderId", to.node()), msg("ItemIds", itemIDs(items)...))
}

func parseMoveItem(n *xmltree.Node) (o MoveItem, err error) {
	o.To, o.Items, err = parseTransfer(n)
	return o, err
}

func parseCopyItem(n *xmltree.Node) (o CopyItem, err error) {
	o.To, o.Items, err = parseTransfer(n)
	return o, err
}

func parseTransfer(n *xmltree.Node) (to FolderRef, items []ID, err error) {
	err = each(n, func(c *xmltree.Node) (err error) {
		switch inMessages(c) {
		case "ToFolderId":
			to, err = parseTarget(c)
		case "ItemIds":
			items, err = parseItemIDs(c)
		}
		return err
	})
	if err == nil && (to == (FolderRef{}) || items == nil) {
		err = missing(n, "ToFolderId or ItemIds")
	}
	return to, items, err
}

// SendItem sends messages that are in a folder.
type SendItem struct {
	Save   bool // SaveItemToFolder
	Items  []ID
	SaveTo *FolderRef // SavedItemFolderId; nil for the usual folder
}

func (SendItem) Name() string { return "SendItem" }

func (o SendItem) node() xmltree.Node {
	l := list{msg("ItemIds", itemIDs(o.Items)...)}
	if o.SaveTo != nil {
		l.add(msg("SavedItemFolderId", o.SaveTo.node()))
	}
	return with(msg(o.Name(), l...), "SaveItemToFolder", strconv.FormatBool(o.Save))
}

func parseSendItem(n *xmltree.Node) (o SendItem, err error) {
	if o.Save, err = boolean(n, n.Attr("SaveItemToFolder")); err != nil {
		return o, err
	}
	err = each(n, func(c *xmltree.Node) (err error) {
		switch inMessages(c) {
		case "ItemIds":
			o.Items, err = parseItemIDs(c)
		case "SavedItemFolderId":
			var r FolderRef
			r, err = parseTarget(c)
			o.SaveTo = &r
		}
		return err
	})
	if err == nil && o.Items == nil {
		err = missing(n, "ItemIds")
	}
	return o, err
}
