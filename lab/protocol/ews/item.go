package ews

import (
	"encoding/base64"
	"strings"
	"time"

	"shutout/lab/protocol/ews/xmltree"
)

// A Folder is what is told of a folder (Folder and its kin). What is empty is
// left out.
type Folder struct {
	Kind       string // the element, for example KindFolder
	ID         ID
	Parent     ID
	Class      string // for example "IPF.Note"
	Name       string
	Total      *int // items in it
	Children   *int // folders in it
	Properties []Property
	Unread     *int
}

func (f Folder) node() xmltree.Node {
	var l list
	if f.ID != (ID{}) {
		l.add(f.ID.node("FolderId"))
	}
	if f.Parent != (ID{}) {
		l.add(f.Parent.node("ParentFolderId"))
	}
	l.text(typ("FolderClass"), f.Class)
	l.text(typ("DisplayName"), f.Name)
	l.number(typ("TotalCount"), f.Total)
	l.number(typ("ChildFolderCount"), f.Children)
	for _, p := range f.Properties {
		l.add(p.node())
	}
	l.number(typ("UnreadCount"), f.Unread)
	return typ(f.Kind, l...)
}

func parseFolder(n *xmltree.Node) (Folder, error) {
	if !isFolder(n) {
		return Folder{}, schemaError(n, "is not a folder")
	}
	f := Folder{Kind: n.Name.Local}
	return f, each(n, func(c *xmltree.Node) (err error) {
		switch inTypes(c) {
		case "FolderId":
			f.ID, err = parseID(c)
		case "ParentFolderId":
			f.Parent, err = parseID(c)
		case "FolderClass":
			f.Class = c.Text
		case "DisplayName":
			f.Name = c.Text
		case "TotalCount":
			f.Total, err = count(c)
		case "ChildFolderCount":
			f.Children, err = count(c)
		case "ExtendedProperty":
			f.Properties, err = appendProperty(f.Properties, c)
		case "UnreadCount":
			f.Unread, err = count(c)
		}
		return err
	})
}

func appendProperty(l []Property, n *xmltree.Node) ([]Property, error) {
	p, err := parseProperty(n)
	return append(l, p), err
}

// A Body is an item's text. Type is BodyHTML or BodyText.
type Body struct {
	Type      BodyType
	Truncated bool // Text is only its beginning
	Text      string
}

// A Mailbox is a sender or recipient (Mailbox, EmailAddressType).
type Mailbox struct {
	Name    string
	Address string
	Routing string // "SMTP", or "EX" for a legacy distinguished name; "" for SMTP in requests
}

// Importance of an item.
type Importance string

const (
	Low    Importance = "Low"
	Normal Importance = "Normal"
	High   Importance = "High"
)

// An Item is what is told of an item, or what one is to be made of (Message
// and its kin). What is empty is left out.
type Item struct {
	Kind           string // the element, for example KindMessage
	MIME           []byte // the whole message; nil for none
	ID             ID
	Parent         ID
	Class          string // for example "IPM.Note"
	Subject        string
	Sensitivity    string // for example "Normal"
	Body           *Body
	Received       time.Time
	Size           *int // octets
	Importance     Importance
	Draft          Flag
	Sent           time.Time
	Created        time.Time
	DisplayCc      string
	DisplayTo      string
	HasAttachments Flag
	Properties     []Property
	Modified       time.Time

	// Of a Message.
	Sender            *Mailbox
	To, Cc, Bcc       []Mailbox
	From              *Mailbox
	InternetMessageID string
	Read              Flag
}

// node writes the elements in the order of the schema's ItemType and
// MessageType, which Exchange insists on.
func (i Item) node() xmltree.Node {
	var l list
	if i.MIME != nil {
		l.add(with(withText(typ("MimeContent"), base64.StdEncoding.EncodeToString(i.MIME)), "CharacterSet", "UTF-8"))
	}
	if i.ID != (ID{}) {
		l.add(i.ID.node("ItemId"))
	}
	if i.Parent != (ID{}) {
		l.add(i.Parent.node("ParentFolderId"))
	}
	l.text(typ("ItemClass"), i.Class)
	l.text(typ("Subject"), i.Subject)
	l.text(typ("Sensitivity"), i.Sensitivity)
	if b := i.Body; b != nil {
		n := with(withText(typ("Body"), b.Text), "BodyType", string(b.Type))
		if b.Truncated {
			n = with(n, "IsTruncated", "true")
		}
		l.add(n)
	}
	l.time(typ("DateTimeReceived"), i.Received)
	l.number(typ("Size"), i.Size)
	l.text(typ("Importance"), string(i.Importance))
	l.flag(typ("IsDraft"), i.Draft)
	l.time(typ("DateTimeSent"), i.Sent)
	l.time(typ("DateTimeCreated"), i.Created)
	l.text(typ("DisplayCc"), i.DisplayCc)
	l.text(typ("DisplayTo"), i.DisplayTo)
	l.flag(typ("HasAttachments"), i.HasAttachments)
	for _, p := range i.Properties {
		l.add(p.node())
	}
	l.time(typ("LastModifiedTime"), i.Modified)
	l.mailbox("Sender", i.Sender)
	l.mailboxes("ToRecipients", i.To)
	l.mailboxes("CcRecipients", i.Cc)
	l.mailboxes("BccRecipients", i.Bcc)
	l.mailbox("From", i.From)
	l.text(typ("InternetMessageId"), i.InternetMessageID)
	l.flag(typ("IsRead"), i.Read)
	return typ(i.Kind, l...)
}

func (l *list) mailbox(local string, m *Mailbox) {
	if m != nil {
		l.add(typ(local, m.node()))
	}
}

func (l *list) mailboxes(local string, all []Mailbox) {
	if len(all) == 0 {
		return
	}
	n := typ(local)
	for _, m := range all {
		n.Children = append(n.Children, m.node())
	}
	l.add(n)
}

func (m Mailbox) node() xmltree.Node {
	var l list
	l.text(typ("Name"), m.Name)
	l.text(typ("EmailAddress"), m.Address)
	l.text(typ("RoutingType"), m.Routing)
	return typ("Mailbox", l...)
}

func parseItem(n *xmltree.Node) (Item, error) {
	if !isItem(n) {
		return Item{}, schemaError(n, "is not an item")
	}
	i := Item{Kind: n.Name.Local}
	return i, each(n, func(c *xmltree.Node) (err error) {
		switch inTypes(c) {
		case "MimeContent":
			i.MIME, err = parseMIME(c)
		case "ItemId":
			i.ID, err = parseID(c)
		case "ParentFolderId":
			i.Parent, err = parseID(c)
		case "ItemClass":
			i.Class = c.Text
		case "Subject":
			i.Subject = c.Text
		case "Sensitivity":
			i.Sensitivity = c.Text
		case "Body":
			i.Body, err = parseBody(c)
		case "DateTimeReceived":
			i.Received, err = timeOf(c)
		case "Size":
			i.Size, err = count(c)
		case "Importance":
			i.Importance, err = oneOf(c, c.Text, Low, Normal, High)
		case "IsDraft":
			i.Draft, err = flag(c)
		case "DateTimeSent":
			i.Sent, err = timeOf(c)
		case "DateTimeCreated":
			i.Created, err = timeOf(c)
		case "DisplayCc":
			i.DisplayCc = c.Text
		case "DisplayTo":
			i.DisplayTo = c.Text
		case "HasAttachments":
			i.HasAttachments, err = flag(c)
		case "ExtendedProperty":
			i.Properties, err = appendProperty(i.Properties, c)
		case "LastModifiedTime":
			i.Modified, err = timeOf(c)
		case "Sender":
			i.Sender, err = parseMailbox(c)
		case "ToRecipients":
			i.To, err = parseMailboxes(c)
		case "CcRecipients":
			i.Cc, err = parseMailboxes(c)
		case "BccRecipients":
			i.Bcc, err = parseMailboxes(c)
		case "From":
			i.From, err = parseMailbox(c)
		case "InternetMessageId":
			i.InternetMessageID = c.Text
		case "IsRead":
			i.Read, err = flag(c)
		}
		return err
	})
}

// parseMIME takes base64 with the white space that an xs:base64Binary may hold.
func parseMIME(n *xmltree.Node) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(strings.Map(func(r rune) rune {
		if r == ' ' || r == '\t' || r == '\r' || r == '\n' {
			return -1
		}
		return r
	}, n.Text))
	if err != nil {
		return nil, schemaError(n, "is not base64")
	}
	return b, nil
}

func parseBody(n *xmltree.Node) (*Body, error) {
	kind, err := oneOf(n, n.Attr("BodyType"), BodyHTML, BodyText)
	if err != nil {
		return nil, err
	}
	b := &Body{Type: kind, Text: n.Text}
	if v := n.Attr("IsTruncated"); v != "" {
		b.Truncated, err = boolean(n, v)
	}
	return b, err
}

func parseMailbox(n *xmltree.Node) (*Mailbox, error) {
	all, err := parseMailboxes(n)
	if err != nil {
		return nil, err
	}
	if len(all) != 1 {
		return nil, schemaError(n, "does not hold one Mailbox")
	}
	return &all[0], nil
}

func parseMailboxes(n *xmltree.Node) ([]Mailbox, error) {
	var all []Mailbox
	return all, each(n, func(c *xmltree.Node) error {
		if inTypes(c) != "Mailbox" {
			return schemaError(c, "is not a Mailbox")
		}
		all = append(all, readMailbox(c))
		return nil
	})
}

// readMailbox reads an EmailAddressType, whatever the element is called.
func readMailbox(n *xmltree.Node) (m Mailbox) {
	for i := range n.Children {
		switch f := &n.Children[i]; inTypes(f) {
		case "Name":
			m.Name = f.Text
		case "EmailAddress":
			m.Address = f.Text
		case "RoutingType":
			m.Routing = f.Text
		}
	}
	return m
}
