package ews

import (
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"strings"
	"time"

	"shutout/lab/protocol/ews"
	"shutout/sim/store"
)

// A value is a property's, for searching, sorting and telling.
type value struct {
	kind valueKind // 0: the thing has no such property
	text string
	n    int64 // of everything but text
}

type valueKind uint8

const (
	text valueKind = iota + 1
	number
	boolean
	instant
)

func ofText(s string) value { return value{kind: text, text: s} }

func ofNumber[N int | int64 | uint32](n N) value { return value{kind: number, n: int64(n)} }

func ofBool(b bool) value {
	if b {
		return value{kind: boolean, n: 1}
	}
	return value{kind: boolean}
}

func ofTime(t time.Time) value {
	if t.IsZero() {
		return value{}
	}
	return value{kind: instant, n: t.UnixNano()}
}

// String is the form that EWS gives to the value.
func (v value) String() string {
	switch v.kind {
	case number:
		return strconv.FormatInt(v.n, 10)
	case boolean:
		return strconv.FormatBool(v.n != 0)
	case instant:
		return time.Unix(0, v.n).UTC().Format(time.RFC3339)
	}
	return v.text
}

// like reads a constant as a value of the same kind.
func (v value) like(constant string) (value, bool) {
	var err error
	c := value{kind: v.kind, text: constant}
	switch v.kind {
	case number:
		c.n, err = strconv.ParseInt(strings.TrimSpace(constant), 0, 64)
	case boolean:
		var b bool
		b, err = strconv.ParseBool(strings.TrimSpace(constant))
		c = ofBool(b)
	case instant:
		var t time.Time
		t, err = time.Parse(time.RFC3339, strings.TrimSpace(constant))
		c.n = t.UnixNano()
	}
	return c, err == nil
}

// valued is something with properties: an item or a folder.
type valued interface{ value(f ews.Field) value }

// commonSet is the property set PSETID_Common (MS-OXPROPS 1.3.2), and
// imapDeleted the identifier of PidLidImapDeleted in it.
const (
	commonSet   = "00062008-0000-0000-c000-000000000046"
	imapDeleted = "34160"
)

// Values of properties (MS-OXPROPS; MS-OXCMSG 2.2.1.6; MS-OXOMSG 2.2.1.5 and
// MS-OXOFLAG 2.2.1.1).
const (
	flagRead     = 1
	flagUnsent   = 8
	verbReply    = 102
	flaggedValue = 2
)

// value is a folder's property.
func (p *place) value(f ews.Field) value {
	switch f.URI {
	case "folder:DisplayName":
		return ofText(p.label)
	case "folder:FolderClass":
		return ofText(p.class)
	case "folder:TotalCount":
		return ofNumber(p.Total)
	case "folder:UnreadCount":
		return ofNumber(p.Unseen)
	case "folder:ChildFolderCount":
		return ofNumber(p.children)
	}
	switch f.PropertyID() {
	case 0x3001: // PidTagDisplayName
		return ofText(p.label)
	case 0x3613: // PidTagContainerClass
		return ofText(p.class)
	case 0x3602: // PidTagContentCount
		return ofNumber(p.Total)
	case 0x3603: // PidTagContentUnreadCount
		return ofNumber(p.Unseen)
	case 0x360A: // PidTagSubfolders
		return ofBool(p.children > 0)
	case 0x6751: // PidTagInternetArticleNumberNext
		return ofNumber(p.UIDNext)
	case 0x6752: // PidTagImapLastArticleId
		return ofNumber(p.UIDNext - 1)
	}
	return value{}
}

// value is an item's property.
func (e *entry) value(f ews.Field) value {
	if f.Type == "" {
		return e.property(f.URI)
	}
	switch {
	case f.Set == "Common" || strings.EqualFold(f.SetGUID, commonSet):
		if f.ID == imapDeleted {
			return ofNumber(one(e.Flags.Has(store.Deleted)))
		}
		return value{}
	case f.Set == "InternetHeaders":
		if values := e.header()[canonical(f.Name)]; len(values) > 0 {
			return ofText(decoded(values[0]))
		}
		return value{}
	}
	switch f.PropertyID() {
	case 0x0037, 0x0E1D: // PidTagSubject, PidTagNormalizedSubject
		return ofText(e.Subject)
	case 0x001A: // PidTagMessageClass
		return ofText(messageClass)
	case 0x0E06, 0x3007, 0x3008: // PidTagMessageDeliveryTime, PidTagCreationTime, PidTagLastModificationTime
		return ofTime(e.Received)
	case 0x0E07: // PidTagMessageFlags
		return ofNumber(flagRead*one(e.Flags.Has(store.Seen)) | flagUnsent*one(e.Flags.Has(store.Draft)))
	case 0x0E08: // PidTagMessageSize
		return ofNumber(e.Size())
	case 0x0E23: // PidTagInternetArticleNumber
		return ofNumber(e.UID)
	case 0x0FF9: // PidTagRecordKey
		b := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, e.in.Number), e.UID)
		return ofText(base64.StdEncoding.EncodeToString(b))
	case 0x1035: // PidTagInternetMessageId
		return e.property("message:InternetMessageId")
	case 0x1081: // PidTagLastVerbExecuted
		if e.Flags.Has(store.Answered) {
			return ofNumber(verbReply)
		}
	case 0x1090: // PidTagFlagStatus
		if e.Flags.Has(store.Flagged) {
			return ofNumber(flaggedValue)
		}
	case 0x10F3: // PidTagUrlCompName
		return ofText(strconv.FormatUint(uint64(e.UID), 10) + ".EML")
	case 0x007D: // PidTagTransportMessageHeaders
		return ofText(e.rawHeader())
	}
	return value{}
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// property is an item's property by the name of its element.
func (e *entry) property(uri string) value {
	switch uri {
	case "item:Subject":
		return ofText(e.Subject)
	case "item:ItemClass":
		return ofText(messageClass)
	case "item:DateTimeReceived", "item:DateTimeCreated", "item:LastModifiedTime":
		return ofTime(e.Received)
	case "item:DateTimeSent":
		return ofTime(e.date())
	case "item:Size":
		return ofNumber(e.Size())
	case "item:IsDraft":
		return ofBool(e.Flags.Has(store.Draft))
	case "item:HasAttachments":
		return ofBool(e.attachments())
	case "item:Importance":
		return ofText(string(ews.Normal))
	case "item:DisplayTo":
		return ofText(display(e.addresses("To")))
	case "item:DisplayCc":
		return ofText(display(e.addresses("Cc")))
	case "item:Body":
		return ofText(e.text())
	case "message:From", "message:Sender":
		return ofText(e.From)
	case "message:ToRecipients":
		return ofText(e.To)
	case "message:InternetMessageId":
		if e.MessageID == "" {
			return value{}
		}
		return ofText("<" + e.MessageID + ">")
	case "message:IsRead":
		return ofBool(e.Flags.Has(store.Seen))
	}
	return value{}
}
