package ews

import (
	"html"
	"slices"

	"shutout/lab/protocol/ews"
	"shutout/sim/store"
)

// What the base shapes tell of a message beside its identifier ("Default
// property sets", by operation).
var (
	foundDefault = []string{
		"item:Subject", "item:Sensitivity", "item:Size", "item:DateTimeSent", "item:DateTimeCreated",
		"item:HasAttachments", "message:From", "message:IsRead",
	}
	gotDefault = append(slices.Clip(foundDefault), "item:Body", "item:ItemClass", "message:ToRecipients", "message:CcRecipients")
	foundAll   = append(slices.Clip(foundDefault), "item:ParentFolderId", "item:ItemClass", "item:DateTimeReceived", "item:Importance",
		"item:IsDraft", "item:DisplayCc", "item:DisplayTo", "item:LastModifiedTime", "message:Sender", "message:InternetMessageId")
	gotAll = append(slices.Clip(foundAll), "item:Body", "message:ToRecipients", "message:CcRecipients")
)

// describe tells of an item what a shape asks for, and takes its size from the
// response's room; ok is false when there is no room for it. Got is GetItem,
// which tells more than searches do.
func (c *call) describe(e *entry, s ews.Shape, got bool) (item ews.Item, ok bool) {
	item = ews.Item{Kind: ews.KindMessage, ID: c.itemID(e.in.Number, &e.Item)}
	var base []string
	switch {
	case s.Base == ews.Default && got:
		base = gotDefault
	case s.Base == ews.Default:
		base = foundDefault
	case s.Base == ews.AllProperties && got:
		base = gotAll
	case s.Base == ews.AllProperties:
		base = foundAll
	}
	for _, uri := range base {
		c.fill(&item, e, uri, s.Body)
	}
	if got && s.MIME {
		item.MIME = e.Raw
	}
	c.room -= itemOverhead
	for _, f := range s.Extra {
		if c.room < 0 {
			return item, false
		}
		switch {
		case f.Type != "":
			if v := e.value(f); v.kind != 0 {
				p := ews.Property{Field: f, Value: clean(v.String())}
				item.Properties = append(item.Properties, p)
				c.room -= len(p.Value)
			}
		case got || f != ews.FieldMIME && f != ews.FieldBody: // "FindItem operation"
			c.fill(&item, e, f.URI, s.Body)
		}
	}
	c.room -= len(item.MIME) / 3 * 4 // in base64
	if item.Body != nil {
		c.room -= len(item.Body.Text)
	}
	return item, c.room >= 0
}

// fill sets one element of an item.
func (c *call) fill(i *ews.Item, e *entry, uri string, body ews.BodyType) {
	switch uri {
	case "item:MimeContent":
		i.MIME = e.Raw
	case "item:ParentFolderId":
		i.Parent = c.folderID(e.in)
	case "item:ItemClass":
		i.Class = messageClass
	case "item:Subject":
		i.Subject = clean(e.Subject)
	case "item:Sensitivity":
		i.Sensitivity = "Normal"
	case "item:Body":
		i.Body = bodyOf(e, body)
	case "item:DateTimeReceived":
		i.Received = e.Received
	case "item:Size":
		i.Size = new(e.Size())
	case "item:Importance":
		i.Importance = ews.Normal
	case "item:IsDraft":
		i.Draft = ews.FlagOf(e.Flags.Has(store.Draft))
	case "item:DateTimeSent":
		i.Sent = e.date()
	case "item:DateTimeCreated":
		i.Created = e.Received
	case "item:DisplayCc":
		i.DisplayCc = display(e.addresses("Cc"))
	case "item:DisplayTo":
		i.DisplayTo = display(e.addresses("To"))
	case "item:HasAttachments":
		i.HasAttachments = ews.FlagOf(e.attachments())
	case "item:LastModifiedTime":
		i.Modified = e.Received
	case "message:Sender":
		i.Sender = e.from()
	case "message:From":
		i.From = e.from()
	case "message:ToRecipients":
		i.To = e.addresses("To")
	case "message:CcRecipients":
		i.Cc = e.addresses("Cc")
	case "message:InternetMessageId":
		i.InternetMessageID = clean(e.value(ews.FieldMessageID).text)
	case "message:IsRead":
		i.Read = ews.FlagOf(e.Flags.Has(store.Seen))
	}
}

// bodyOf is an item's text in the format that the client wants. Only plain
// text is kept apart from the rest of a mail here.
func bodyOf(e *entry, want ews.BodyType) *ews.Body {
	if want == ews.BodyHTML {
		return &ews.Body{Type: ews.BodyHTML, Text: "<html><body><pre>" + html.EscapeString(e.text()) + "</pre></body></html>"}
	}
	return &ews.Body{Type: ews.BodyText, Text: e.text()}
}

// describeFolder tells of a folder what a shape asks for.
func (c *call) describeFolder(p *place, s ews.Shape) ews.Folder {
	f := ews.Folder{Kind: p.kind, ID: c.folderID(p)}
	tell := func(uri string) {
		switch uri {
		case "folder:DisplayName":
			f.Name = clean(p.label)
		case "folder:FolderClass":
			f.Class = p.class
		case "folder:TotalCount":
			f.Total = new(p.Total)
		case "folder:UnreadCount":
			if p.kind == ews.KindFolder || p.kind == "TasksFolder" {
				f.Unread = new(p.Unseen)
			}
		case "folder:ChildFolderCount":
			f.Children = new(p.children)
		case "folder:ParentFolderId":
			for i := range c.places {
				if c.places[i].Number == p.parent {
					f.Parent = c.folderID(&c.places[i])
				}
			}
		}
	}
	if s.Base != ews.IDOnly {
		for _, uri := range []string{"folder:DisplayName", "folder:TotalCount", "folder:UnreadCount", "folder:ChildFolderCount"} {
			tell(uri)
		}
	}
	if s.Base == ews.AllProperties {
		tell("folder:FolderClass")
		tell("folder:ParentFolderId")
	}
	for _, field := range s.Extra {
		if field.Type == "" {
			tell(field.URI)
		} else if v := p.value(field); v.kind != 0 {
			f.Properties = append(f.Properties, ews.Property{Field: field, Value: clean(v.String())})
		}
	}
	return f
}
