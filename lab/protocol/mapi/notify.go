package mapi

import "shutout/lab/protocol/mapi/wire"

// NotificationFlags are the kind of an event in the lower 12 bits, of which a
// registration may have many, and what is known of it in the upper 4 (MS-OXCNOTIF
// 2.2.1.4.1.2).
type NotificationFlags uint16

const (
	NotifyNewMail         NotificationFlags = 0x0002
	NotifyObjectCreated   NotificationFlags = 0x0004
	NotifyObjectDeleted   NotificationFlags = 0x0008
	NotifyObjectModified  NotificationFlags = 0x0010
	NotifyObjectMoved     NotificationFlags = 0x0020
	NotifyObjectCopied    NotificationFlags = 0x0040
	NotifySearchCompleted NotificationFlags = 0x0080
	NotifyTableModified   NotificationFlags = 0x0100
	NotifyExtended        NotificationFlags = 0x0400

	NotifyTotalCount   NotificationFlags = 0x1000 // Total is there
	NotifyUnreadCount  NotificationFlags = 0x2000 // Unread is there
	NotifySearchFolder NotificationFlags = 0x4000 // the event is in a search folder
	NotifyMessage      NotificationFlags = 0x8000 // the event is about a message

	notifyKind NotificationFlags = 0x0FFF
)

// RegisterNotificationRequest asks for events (MS-OXCROPS 2.2.14.1). Changes to
// an open table need no registration.
type RegisterNotificationRequest struct {
	LogonID, Input, Output uint8
	Types                  NotificationFlags
	Reserved               uint8 // only with NotifyExtended
	WholeStore             bool  // or else:
	FolderID, MessageID    ID
}

func (*RegisterNotificationRequest) Rop() RopID { return RopRegisterNotification }

func (r *RegisterNotificationRequest) fields(c *wire.Codec) {
	wire.U8(c, &r.LogonID)
	wire.U8(c, &r.Input)
	wire.U8(c, &r.Output)
	if wire.U16(c, &r.Types); r.Types&NotifyExtended != 0 {
		wire.U8(c, &r.Reserved)
	}
	if wire.Flag(c, &r.WholeStore); !r.WholeStore {
		wire.U64(c, &r.FolderID)
		wire.U64(c, &r.MessageID)
	}
}

// RegisterNotificationResponse is success. The handle at Index is the one that
// notifications carry.
type RegisterNotificationResponse struct {
	Index uint8
}

func (*RegisterNotificationResponse) Rop() RopID { return RopRegisterNotification }

func (r *RegisterNotificationResponse) fields(c *wire.Codec) { head(c, &r.Index) }

// PendingResponse says that a session has more notifications (MS-OXCROPS 2.2.14.3.1).
type PendingResponse struct {
	SessionIndex uint16
}

func (*PendingResponse) Rop() RopID { return RopPending }

func (r *PendingResponse) fields(c *wire.Codec) { wire.U16(c, &r.SessionIndex) }

// NotifyResponse is an event (MS-OXCROPS 2.2.14.2.1).
type NotifyResponse struct {
	Handle  uint32 // of the registration, or of the table
	LogonID uint8
	Notification
}

func (*NotifyResponse) Rop() RopID { return RopNotify }

func (r *NotifyResponse) fields(c *wire.Codec) {
	wire.U32(c, &r.Handle)
	wire.U8(c, &r.LogonID)
	r.Notification.fields(c)
}

// TableEvent is what happened to a table (MS-OXCNOTIF 2.2.1.4.1.2).
type TableEvent uint16

const (
	TableChanged            TableEvent = 0x0001
	TableRowAdded           TableEvent = 0x0003
	TableRowDeleted         TableEvent = 0x0004
	TableRowModified        TableEvent = 0x0005
	TableRestrictionChanged TableEvent = 0x0007
)

// RowKey names a row of a table.
type RowKey struct {
	FolderID  ID
	MessageID ID     // only with NotifyMessage
	Instance  uint32 // likewise
}

func (k *RowKey) fields(c *wire.Codec, message bool) {
	if wire.U64(c, &k.FolderID); message {
		wire.U64(c, &k.MessageID)
		wire.U32(c, &k.Instance)
	}
}

// TagsUnknown as TagCount says that any property may have changed.
const TagsUnknown uint16 = 0xFFFF

// Notification is the NotificationData of an event (MS-OXCNOTIF 2.2.1.4.1.2).
// Flags say which of the other fields travel.
type Notification struct {
	Flags NotificationFlags

	// With NotifyTableModified:
	Table       TableEvent
	Row         RowKey // of a row added, deleted or modified
	InsertAfter RowKey // where a row added or modified now stands; zero is the first place
	RowData     []byte // the row added or modified: ParseRow with the table's columns

	// With the other kinds:
	FolderID, MessageID ID
	ParentFolderID      ID     // objects created, deleted, moved or copied
	OldFolderID         ID     // objects moved or copied
	OldMessageID        ID     // messages moved or copied
	OldParentFolderID   ID     // folders moved or copied
	TagCount            uint16 // objects created or modified: the number of Tags, or TagsUnknown
	Tags                []PropTag
	Total, Unread       uint32 // messages in the folder

	// With NotifyNewMail:
	MessageFlags uint32 // as TagMessageFlags
	MessageClass string
	Unicode      bool // how MessageClass travels
}

// Kind is the flags without those that say what is known.
func (n *Notification) Kind() NotificationFlags { return n.Flags & notifyKind }

func (n *Notification) fields(c *wire.Codec) {
	wire.U16(c, &n.Flags)
	switch kind := n.Kind(); kind {
	case NotifyTableModified:
		n.table(c)
	case NotifyNewMail, NotifyObjectCreated, NotifyObjectDeleted, NotifyObjectModified,
		NotifyObjectMoved, NotifyObjectCopied, NotifySearchCompleted:
		n.object(c)
	default:
		c.Fail("a notification of kind 0x%04X", uint16(kind))
	}
	if n.Flags&NotifyTotalCount != 0 {
		wire.U32(c, &n.Total)
	}
	if n.Flags&NotifyUnreadCount != 0 {
		wire.U32(c, &n.Unread)
	}
	if n.Kind() == NotifyNewMail {
		n.newMail(c)
	}
}

func (n *Notification) table(c *wire.Codec) {
	message := n.Flags&NotifyMessage != 0
	wire.U16(c, &n.Table)
	switch n.Table {
	case TableRowAdded, TableRowModified:
		n.Row.fields(c, message)
		n.InsertAfter.fields(c, message)
		wire.Bytes16(c, &n.RowData)
	case TableRowDeleted:
		n.Row.fields(c, message)
	case TableChanged, TableRestrictionChanged:
	default:
		c.Fail("a table event of kind 0x%04X", uint16(n.Table))
	}
}

func (n *Notification) object(c *wire.Codec) {
	kind := n.Kind()
	message, search := n.Flags&NotifyMessage != 0, n.Flags&NotifySearchFolder != 0
	moved := kind == NotifyObjectMoved || kind == NotifyObjectCopied
	if wire.U64(c, &n.FolderID); message {
		wire.U64(c, &n.MessageID)
	}
	if moved || kind == NotifyObjectCreated || kind == NotifyObjectDeleted {
		if message == search { // a message in a search folder, or a folder
			wire.U64(c, &n.ParentFolderID)
		}
	}
	if moved {
		if wire.U64(c, &n.OldFolderID); message {
			wire.U64(c, &n.OldMessageID)
		} else {
			wire.U64(c, &n.OldParentFolderID)
		}
	}
	if kind == NotifyObjectCreated || kind == NotifyObjectModified {
		n.tags(c)
	}
}

func (n *Notification) tags(c *wire.Codec) {
	if wire.U16(c, &n.TagCount); n.TagCount == TagsUnknown {
		return
	}
	if c.Writing && len(n.Tags) != int(n.TagCount) {
		c.Fail("%d tags with the count %d", len(n.Tags), n.TagCount)
		return
	}
	if !c.Writing && n.TagCount > 0 {
		if int(n.TagCount)*4 > c.Left() {
			c.Fail("%d tags announced, %d octets left", n.TagCount, c.Left())
			return
		}
		n.Tags = make([]PropTag, n.TagCount)
	}
	for i := range n.Tags {
		wire.U32(c, &n.Tags[i])
	}
}

func (n *Notification) newMail(c *wire.Codec) {
	wire.U32(c, &n.MessageFlags)
	if wire.Flag(c, &n.Unicode); n.Unicode {
		wire.String16(c, &n.MessageClass)
	} else {
		wire.String8(c, &n.MessageClass)
	}
}
