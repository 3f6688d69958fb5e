package ews

import "shutout/lab/protocol/ews/xmltree"

// Disposition is what becomes of a message that is made or changed
// (MessageDispositionType).
type Disposition string

const (
	SaveOnly        Disposition = "SaveOnly"
	SendOnly        Disposition = "SendOnly"
	SendAndSaveCopy Disposition = "SendAndSaveCopy"
)

// CreateItem makes items, and sends those that are messages if it says so.
type CreateItem struct {
	Disposition Disposition // "" for items that are not messages
	SaveTo      *FolderRef  // SavedItemFolderId; nil for the usual folder
	Items       []Item
}

func (CreateItem) Name() string { return "CreateItem" }

func (o CreateItem) node() xmltree.Node {
	var l list
	if o.SaveTo != nil {
		l.add(msg("SavedItemFolderId", o.SaveTo.node()))
	}
	items := msg("Items")
	for _, i := range o.Items {
		items.Children = append(items.Children, i.node())
	}
	l.add(items)
	return with(msg(o.Name(), l...), "MessageDisposition", string(o.Disposition))
}

func parseCreateItem(n *xmltree.Node) (o CreateItem, err error) {
	if o.Disposition, err = optional(n, n.Attr("MessageDisposition"), SaveOnly, SendOnly, SendAndSaveCopy); err != nil {
		return o, err
	}
	err = each(n, func(c *xmltree.Node) (err error) {
		switch inMessages(c) {
		case "SavedItemFolderId":
			var r FolderRef
			r, err = parseTarget(c)
			o.SaveTo = &r
		case "Items":
			o.Items, err = parseItems(c)
		}
		return err
	})
	if err == nil && len(o.Items) == 0 {
		err = missing(n, "Items")
	}
	return o, err
}

func parseItems(n *xmltree.Node) (items []Item, err error) {
	return items, each(n, func(c *xmltree.Node) error {
		i, err := parseItem(c)
		items = append(items, i)
		return err
	})
}

// UpdateItem changes items.
type UpdateItem struct {
	Disposition Disposition
	Conflict    string // ConflictResolution, for example "AlwaysOverwrite"
	Changes     []ItemChange
}

// An ItemChange is what is to change in one item.
type ItemChange struct {
	Item    ID
	Updates []Update
}

// UpdateOp is what becomes of a field.
type UpdateOp string

const (
	SetField    UpdateOp = "SetItemField"
	AppendField UpdateOp = "AppendToItemField"
	DeleteField UpdateOp = "DeleteItemField"
)

// An Update is the change of one field. Item holds that field's new value and
// nothing else; it is not read for DeleteField.
type Update struct {
	Op    UpdateOp
	Field Field
	Item  Item
}

func (UpdateItem) Name() string { return "UpdateItem" }

func (o UpdateItem) node() xmltree.Node {
	changes := msg("ItemChanges")
	for _, c := range o.Changes {
		updates := typ("Updates")
		for _, u := range c.Updates {
			n := typ(string(u.Op), u.Field.node())
			if u.Op != DeleteField {
				n.Children = append(n.Children, u.Item.node())
			}
			updates.Children = append(updates.Children, n)
		}
		changes.Children = append(changes.Children, typ("ItemChange", c.Item.node("ItemId"), updates))
	}
	return with(with(msg(o.Name(), changes), "MessageDisposition", string(o.Disposition)), "ConflictResolution", o.Conflict)
}

func parseUpdateItem(n *xmltree.Node) (o UpdateItem, err error) {
	if o.Disposition, err = optional(n, n.Attr("MessageDisposition"), SaveOnly, SendOnly, SendAndSaveCopy); err != nil {
		return o, err
	}
	if o.Conflict, err = optional(n, n.Attr("ConflictResolution"), "NeverOverwrite", "AutoResolve", "AlwaysOverwrite"); err != nil {
		return o, err
	}
	changes := n.Child(nsMessages, "ItemChanges")
	if changes == nil || len(changes.Children) == 0 {
		return o, missing(n, "ItemChanges")
	}
	return o, each(changes, func(c *xmltree.Node) error {
		id, updates := c.Child(nsTypes, "ItemId"), c.Child(nsTypes, "Updates")
		if inTypes(c) != "ItemChange" || id == nil || updates == nil {
			return schemaError(c, "is not an ItemChange with ItemId and Updates")
		}
		var change ItemChange
		var err error
		if change.Item, err = parseID(id); err != nil {
			return err
		}
		err = each(updates, func(c *xmltree.Node) error {
			u, err := parseUpdate(c)
			change.Updates = append(change.Updates, u)
			return err
		})
		o.Changes = append(o.Changes, change)
		return err
	})
}

func parseUpdate(n *xmltree.Node) (u Update, err error) {
	if u.Op, err = oneOf(n, inTypes(n), SetField, AppendField, DeleteField); err != nil {
		return u, err
	}
	want := 2
	if u.Op == DeleteField {
		want = 1
	}
	if len(n.Children) != want {
		return u, schemaError(n, "does not hold one field and its value")
	}
	if u.Field, err = parseField(&n.Children[0]); err != nil || want == 1 {
		return u, err
	}
	u.Item, err = parseItem(&n.Children[1])
	return u, err
}

// DeleteItem deletes items.
type DeleteItem struct {
	Type  string // "HardDelete", "SoftDelete" or "MoveToDeletedItems"
	Items []ID
}

func (DeleteItem) Name() string { return "DeleteItem" }

func (o DeleteItem) node() xmltree.Node {
	return with(msg(o.Name(), msg("ItemIds", itemIDs(o.Items)...)), "DeleteType", o.Type)
}

func parseDeleteItem(n *xmltree.Node) (o DeleteItem, err error) {
	if o.Type, err = oneOf(n, n.Attr("DeleteType"), "HardDelete", "SoftDelete", "MoveToDeletedItems"); err != nil {
		return o, err
	}
	ids := n.Child(nsMessages, "ItemIds")
	if ids == nil {
		return o, missing(n, "ItemIds")
	}
	o.Items, err = parseItemIDs(ids)
	return o, err
}
