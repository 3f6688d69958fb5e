package airsync

import (
	"strings"
	"time"

	"shutout/lab/protocol/wbxml"
)

var (
	tEmailTo           = Pages.MustTag("Email:To")
	tEmailCc           = Pages.MustTag("Email:Cc")
	tEmailFrom         = Pages.MustTag("Email:From")
	tEmailReplyTo      = Pages.MustTag("Email:ReplyTo")
	tEmailSubject      = Pages.MustTag("Email:Subject")
	tEmailDateReceived = Pages.MustTag("Email:DateReceived")
	tEmailDisplayTo    = Pages.MustTag("Email:DisplayTo")
	tEmailThreadTopic  = Pages.MustTag("Email:ThreadTopic")
	tEmailImportance   = Pages.MustTag("Email:Importance")
	tEmailRead         = Pages.MustTag("Email:Read")
	tEmailMessageClass = Pages.MustTag("Email:MessageClass")
	tEmailInternetCPID = Pages.MustTag("Email:InternetCPID")
	tEmailContentClass = Pages.MustTag("Email:ContentClass")

	// The body below version 12.0.
	tEmailBody          = Pages.MustTag("Email:Body")
	tEmailBodySize      = Pages.MustTag("Email:BodySize")
	tEmailBodyTruncated = Pages.MustTag("Email:BodyTruncated")

	// The body from version 12.0 on.
	tBody          = Pages.MustTag("AirSyncBase:Body")
	tBodyType      = Pages.MustTag("AirSyncBase:Type")
	tBodySize      = Pages.MustTag("AirSyncBase:EstimatedDataSize")
	tBodyTruncated = Pages.MustTag("AirSyncBase:Truncated")
	tBodyData      = Pages.MustTag("AirSyncBase:Data")
	tNativeType    = Pages.MustTag("AirSyncBase:NativeBodyType")
)

// BodyType is the format of a body (MS-ASAIRS, Type).
type BodyType int

const (
	BodyPlain BodyType = 1
	BodyHTML  BodyType = 2
	BodyRTF   BodyType = 3
	BodyMIME  BodyType = 4
)

// A Body is what a server sends of an item's text (MS-ASAIRS, Body). Below
// version 12.0 it is always BodyPlain.
type Body struct {
	Type      BodyType
	Size      int  // octets of the whole body
	Truncated bool // Data is only its beginning
	Data      string
}

// An Email is the properties of a mail item (MS-ASEMAIL 2.2.2). A change
// carries only those that changed; what is empty is left out.
type Email struct {
	To, Cc, From, ReplyTo string // as in the header fields of these names
	Subject               string
	DateReceived          time.Time // to the millisecond, UTC
	DisplayTo             string
	ThreadTopic           string
	Importance            Flag // False low, Unset normal, True high
	Read                  Flag
	MessageClass          string // for example "IPM.Note"
	InternetCPID          string // code page; Exchange sends "65001"
	ContentClass          string // for example "urn:content-classes:message"
	Body                  *Body
	NativeBodyType        BodyType // the format in which the item is stored
}

// dateTime is the format of MS-ASDTYPE 2.3.
const dateTime = "2006-01-02T15:04:05.000Z"

// The values of Email:Importance (MS-ASEMAIL, Importance).
const (
	importanceLow    = "0"
	importanceNormal = "1"
	importanceHigh   = "2"
)

func (e *Email) nodes(v Version) (list, error) {
	l := make(list, 0, 14)
	l.text(tEmailTo, e.To)
	l.text(tEmailCc, e.Cc)
	l.text(tEmailFrom, e.From)
	l.text(tEmailReplyTo, e.ReplyTo)
	l.text(tEmailSubject, e.Subject)
	if !e.DateReceived.IsZero() {
		utc := e.DateReceived.UTC()
		if utc.Year() < 1 || utc.Year() > 9999 {
			return nil, schemaError(tEmailDateReceived, "is in the year %d", utc.Year())
		}
		l.text(tEmailDateReceived, utc.Format(dateTime))
	}
	l.text(tEmailDisplayTo, e.DisplayTo)
	l.text(tEmailThreadTopic, e.ThreadTopic)
	switch e.Importance {
	case False:
		l.text(tEmailImportance, importanceLow)
	case True:
		l.text(tEmailImportance, importanceHigh)
	}
	l.flag(tEmailRead, e.Read)
	if b := e.Body; b != nil {
		if v >= V120 {
			l.add(b.node())
		} else {
			if b.Type != BodyPlain {
				return nil, schemaError(tEmailBody, "below version 12.0 is plain text")
			}
			l.number(tEmailBodySize, b.Size)
			l.flag(tEmailBodyTruncated, FlagOf(b.Truncated))
			// Written even if empty: it says that there is a body.
			if b.Data == "" {
				l.present(tEmailBody, true)
			}
			l.text(tEmailBody, b.Data)
		}
	}
	l.text(tEmailMessageClass, e.MessageClass)
	l.text(tEmailInternetCPID, e.InternetCPID)
	if v >= V120 {
		l.text(tEmailContentClass, e.ContentClass)
		l.number(tNativeType, int(e.NativeBodyType))
	}
	return l, nil
}

func (b *Body) node() wbxml.Node {
	l := make(list, 0, 4)
	l.number(tBodyType, int(b.Type))
	l.number(tBodySize, b.Size)
	if b.Truncated {
		l.flag(tBodyTruncated, True)
	}
	l.text(tBodyData, b.Data)
	return wbxml.Elem(tBody, l...)
}

// parseEmail reads the properties of either way to write a body.
func parseEmail(data *wbxml.Node) (*Email, error) {
	e := new(Email)
	legacy := func() *Body {
		if e.Body == nil {
			e.Body = &Body{Type: BodyPlain}
		}
		return e.Body
	}
	for i := range data.Children {
		n := &data.Children[i]
		var err error
		switch n.Tag {
		case tEmailTo:
			e.To = n.Value()
		case tEmailCc:
			e.Cc = n.Value()
		case tEmailFrom:
			e.From = n.Value()
		case tEmailReplyTo:
			e.ReplyTo = n.Value()
		case tEmailSubject:
			e.Subject = n.Value()
		case tEmailDateReceived:
			e.DateReceived, err = parseDateTime(n)
		case tEmailDisplayTo:
			e.DisplayTo = n.Value()
		case tEmailThreadTopic:
			e.ThreadTopic = n.Value()
		case tEmailImportance:
			e.Importance, err = parseImportance(n)
		case tEmailRead:
			e.Read, err = flag(n)
		case tEmailMessageClass:
			e.MessageClass = n.Value()
		case tEmailInternetCPID:
			e.InternetCPID = n.Value()
		case tEmailContentClass:
			e.ContentClass = n.Value()
		case tEmailBody:
			legacy().Data = n.Value()
		case tEmailBodySize:
			legacy().Size, err = number(n)
		case tEmailBodyTruncated:
			var f Flag
			f, err = flag(n)
			legacy().Truncated = f == True
		case tBody:
			e.Body, err = parseBody(n)
		case tNativeType:
			var t int
			t, err = positive(n)
			e.NativeBodyType = BodyType(t)
		}
		if err != nil {
			return nil, err
		}
	}
	return e, nil
}

func parseBody(parent *wbxml.Node) (*Body, error) {
	b := new(Body)
	for i := range parent.Children {
		n := &parent.Children[i]
		var err error
		switch n.Tag {
		case tBodyType:
			var t int
			t, err = positive(n)
			b.Type = BodyType(t)
		case tBodySize:
			b.Size, err = number(n)
		case tBodyTruncated:
			var f Flag
			f, err = flag(n)
			b.Truncated = f == True
		case tBodyData:
			b.Data = n.Value()
		}
		if err != nil {
			return nil, err
		}
	}
	if b.Type == 0 {
		return nil, schemaError(tBodyType, "is missing")
	}
	return b, nil
}

func parseDateTime(n *wbxml.Node) (time.Time, error) {
	v := n.Value()
	t, err := time.Parse(time.RFC3339Nano, v)
	if err != nil || !strings.HasSuffix(v, "Z") || t.Year() < 1 {
		return time.Time{}, schemaError(n.Tag, "is not a date such as %s", dateTime)
	}
	return t.Truncate(time.Millisecond), nil
}

func parseImportance(n *wbxml.Node) (Flag, error) {
	switch n.Value() {
	case importanceLow:
		return False, nil
	case importanceNormal:
		return Unset, nil
	case importanceHigh:
		return True, nil
	}
	return Unset, schemaError(n.Tag, "is not 0, 1 or 2")
}
