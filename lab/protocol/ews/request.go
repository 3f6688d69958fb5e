package ews

import (
	"shutout/lab/protocol/ews/xmltree"
)

// A Request is what a client posts.
type Request struct {
	// Version is the schema that the client wants to be answered in
	// (RequestServerVersion), for example Exchange2010SP1; "" for the oldest.
	Version string
	// Impersonate is the SMTP address that the client wants to act for
	// (ExchangeImpersonation), "" for itself.
	Impersonate string
	Op          Operation
}

// An Operation is one of GetFolder, FindFolder, FindItem, GetItem, CreateItem,
// SendItem, UpdateItem, DeleteItem, MoveItem, CopyItem, SyncFolderItems,
// Subscribe, Unsubscribe, GetStreamingEvents, ConvertID, GetInboxRules and
// UpdateInboxRules.
type Operation interface {
	Name() string // for example "GetFolder"
	node() xmltree.Node
}

var operations = map[string]func(*xmltree.Node) (Operation, error){
	"GetFolder":          parse(parseGetFolder),
	"FindFolder":         parse(parseFindFolder),
	"FindItem":           parse(parseFindItem),
	"GetItem":            parse(parseGetItem),
	"CreateItem":         parse(parseCreateItem),
	"SendItem":           parse(parseSendItem),
	"UpdateItem":         parse(parseUpdateItem),
	"DeleteItem":         parse(parseDeleteItem),
	"MoveItem":           parse(parseMoveItem),
	"CopyItem":           parse(parseCopyItem),
	"SyncFolderItems":    parse(parseSyncFolderItems),
	"Subscribe":          parse(parseSubscribe),
	"Unsubscribe":        parse(parseUnsubscribe),
	"GetStreamingEvents": parse(parseGetStreamingEvents),
	"ConvertId":          parse(parseConvertID),
	"GetInboxRules":      parse(parseGetInboxRules),
	"UpdateInboxRules":   parse(parseUpdateInboxRules),
}

func parse[O Operation](f func(*xmltree.Node) (O, error)) func(*xmltree.Node) (Operation, error) {
	return func(n *xmltree.Node) (Operation, error) { return f(n) }
}

// Encode writes the envelope.
func (r Request) Encode() ([]byte, error) {
	var header list
	if r.Version != "" {
		header.add(with(typ("RequestServerVersion"), "Version", r.Version))
	}
	if r.Impersonate != "" {
		header.add(typ("ExchangeImpersonation", typ("ConnectingSID", withText(typ("PrimarySmtpAddress"), r.Impersonate))))
	}
	return envelope(header, r.Op.node())
}

// ParseRequest reads a request. An error wraps xmltree.ErrXML or is a
// *SchemaError; the latter's Element is the operation's name if this package
// does not know it.
func ParseRequest(body []byte) (Request, error) {
	n, err := xmltree.Parse(body, Limits)
	if err != nil {
		return Request{}, err
	}
	header, op, err := open(n)
	if err != nil {
		return Request{}, err
	}
	var r Request
	if header != nil {
		if err := each(header, r.header); err != nil {
			return Request{}, err
		}
	}
	read := operations[inMessages(op)]
	if read == nil {
		return Request{}, schemaError(op, "is not an operation that is known here")
	}
	r.Op, err = read(op)
	if err != nil {
		return Request{}, err
	}
	return r, nil
}

func (r *Request) header(n *xmltree.Node) error {
	switch inTypes(n) {
	case "RequestServerVersion":
		if r.Version = n.Attr("Version"); r.Version == "" {
			return missing(n, "Version")
		}
	case "ExchangeImpersonation":
		// Who is meant must be understood, or the caller's own rights would
		// be taken for somebody else's.
		sid := n.Child(nsTypes, "ConnectingSID")
		if sid == nil || len(sid.Children) != 1 {
			return missing(n, "ConnectingSID")
		}
		switch c := &sid.Children[0]; inTypes(c) {
		case "PrimarySmtpAddress", "SmtpAddress", "PrincipalName":
			if r.Impersonate = c.Text; r.Impersonate == "" {
				return schemaError(c, "is empty")
			}
		default:
			return schemaError(c, "does not name who is meant")
		}
	}
	return nil
}

// GetFolder asks for folders by ID.
type GetFolder struct {
	Shape   Shape
	Folders []FolderRef
}

func (GetFolder) Name() string { return "GetFolder" }

func (o GetFolder) node() xmltree.Node {
	return msg(o.Name(), o.Shape.node("FolderShape"), msg("FolderIds", folderRefs(o.Folders)...))
}

func parseGetFolder(n *xmltree.Node) (o GetFolder, err error) {
	err = each(n, func(c *xmltree.Node) (err error) {
		switch inMessages(c) {
		case "FolderShape":
			o.Shape, err = parseShape(c)
		case "FolderIds":
			o.Folders, err = parseFolderRefs(c)
		}
		return err
	})
	if err == nil && (o.Shape.Base == "" || o.Folders == nil) {
		err = missing(n, "FolderShape or FolderIds")
	}
	return o, err
}

// GetItem asks for items by ID.
type GetItem struct {
	Shape Shape
	Items []ID
}

func (GetItem) Name() string { return "GetItem" }

func (o GetItem) node() xmltree.Node {
	return msg(o.Name(), o.Shape.node("ItemShape"), msg("ItemIds", itemIDs(o.Items)...))
}

func parseGetItem(n *xmltree.Node) (o GetItem, err error) {
	err = each(n, func(c *xmltree.Node) (err error) {
		switch inMessages(c) {
		case "ItemShape":
			o.Shape, err = parseShape(c)
		case "ItemIds":
			o.Items, err = parseItemIDs(c)
		}
		return err
	})
	if err == nil && (o.Shape.Base == "" || o.Items == nil) {
		err = missing(n, "ItemShape or ItemIds")
	}
	return o, err
}

// ConvertID asks for IDs in another format. A client learns by it whose mailbox
// a folder is in. Formats are for example "EwsId".
type ConvertID struct {
	To  string
	IDs []AlternateID
}

// An AlternateID is an ID in a format, with the mailbox that it belongs to.
type AlternateID struct{ Format, ID, Mailbox string }

func (ConvertID) Name() string { return "ConvertId" }

func (o ConvertID) node() xmltree.Node {
	ids := msg("SourceIds")
	for _, id := range o.IDs {
		ids.Children = append(ids.Children, id.node(typ("AlternateId")))
	}
	return with(msg(o.Name(), ids), "DestinationFormat", o.To)
}

// node fills the element in which the ID is to stand.
func (id AlternateID) node(n xmltree.Node) xmltree.Node {
	return with(with(with(n, "Format", id.Format), "Id", id.ID), "Mailbox", id.Mailbox)
}

func parseAlternateID(n *xmltree.Node) (AlternateID, error) {
	id := AlternateID{n.Attr("Format"), n.Attr("Id"), n.Attr("Mailbox")}
	if id.Format == "" || id.ID == "" {
		return AlternateID{}, missing(n, "Format or Id")
	}
	return id, nil
}

func parseConvertID(n *xmltree.Node) (ConvertID, error) {
	o := ConvertID{To: n.Attr("DestinationFormat")}
	ids := n.Child(nsMessages, "SourceIds")
	if o.To == "" || ids == nil || len(ids.Children) == 0 {
		return ConvertID{}, missing(n, "DestinationFormat or SourceIds")
	}
	return o, each(ids, func(c *xmltree.Node) error {
		if inTypes(c) != "AlternateId" {
			return schemaError(c, "is not an AlternateId")
		}
		id, err := parseAlternateID(c)
		o.IDs = append(o.IDs, id)
		return err
	})
}
