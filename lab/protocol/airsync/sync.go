package airsync

import (
	"time"

	"shutout/lab/protocol/wbxml"
)

var (
	tSync           = Pages.MustTag("AirSync:Sync")
	tSyncStatus     = Pages.MustTag("AirSync:Status")
	tSyncLimit      = Pages.MustTag("AirSync:Limit")
	tSyncWait       = Pages.MustTag("AirSync:Wait")
	tSyncHeartbeat  = Pages.MustTag("AirSync:HeartbeatInterval")
	tSyncWindow     = Pages.MustTag("AirSync:WindowSize")
	tSyncPartial    = Pages.MustTag("AirSync:Partial")
	tCollections    = Pages.MustTag("AirSync:Collections")
	tCollection     = Pages.MustTag("AirSync:Collection")
	tSyncClass      = Pages.MustTag("AirSync:Class")
	tSyncKey        = Pages.MustTag("AirSync:SyncKey")
	tCollectionID   = Pages.MustTag("AirSync:CollectionId")
	tDeletesAsMoves = Pages.MustTag("AirSync:DeletesAsMoves")
	tGetChanges     = Pages.MustTag("AirSync:GetChanges")
	tMoreAvailable  = Pages.MustTag("AirSync:MoreAvailable")
	tOptions        = Pages.MustTag("AirSync:Options")
	tFilterType     = Pages.MustTag("AirSync:FilterType")
	tTruncation     = Pages.MustTag("AirSync:Truncation")
	tMIMESupport    = Pages.MustTag("AirSync:MIMESupport")
	tMIMETruncation = Pages.MustTag("AirSync:MIMETruncation")

	tBodyPreference = Pages.MustTag("AirSyncBase:BodyPreference")
	tTruncationSize = Pages.MustTag("AirSyncBase:TruncationSize")
	tAllOrNone      = Pages.MustTag("AirSyncBase:AllOrNone")
)

// ClassEmail is the kind of items that mail folders hold.
const ClassEmail = "Email"

// classSMS marks the options for text messages, which share the collection.
const classSMS = "SMS"

// SyncRequest asks for the changes in folders and reports those of the client
// (MS-ASCMD 2.2.1.21). With Wait or Heartbeat the server holds the answer back
// until something changes. An empty request repeats the previous one and has
// an empty body (from version 12.1 on).
type SyncRequest struct {
	Collections []SyncCollection
	Wait        time.Duration // whole minutes, version 12.1; 0 leaves it out
	Heartbeat   time.Duration // whole seconds, version 14.0; 0 leaves it out
	WindowSize  int           // most changes in the whole response; 0 leaves it out
	Partial     bool          // other collections as in the previous request
}

// SyncCollection is one folder of a request.
type SyncCollection struct {
	Class          string // ClassEmail; required below version 12.1, not written from 14.0 on
	SyncKey        string // InitialKey, or the key of the last response
	ID             string // the folder's server id
	DeletesAsMoves Flag   // Unset means True
	GetChanges     Flag   // see WantsChanges
	WindowSize     int    // most changes in the response; 0 leaves it out
	Options        SyncOptions
	Commands       []SyncCommand
}

// WantsChanges tells whether the response shall have the server's changes.
// Left out, that is so with every key but the initial one (MS-ASCMD, GetChanges).
func (c *SyncCollection) WantsChanges() bool {
	return c.GetChanges.Or(c.SyncKey != InitialKey)
}

// SyncOptions say what to send of an item. Zero leaves a field out.
type SyncOptions struct {
	FilterType     int // how far back: 0 all, 1 a day, 2 three days, 3 a week … (MS-ASCMD, FilterType)
	Truncation     int // version 2.5: size class of bodies (MS-ASCMD, Truncation)
	MIMESupport    int // 0 never, 1 for signed and encrypted items, 2 always
	MIMETruncation int
	Bodies         []BodyPreference // from version 12.0 on
}

// BodyPreference is a format that the client takes (MS-ASAIRS, BodyPreference).
type BodyPreference struct {
	Type           BodyType
	TruncationSize int // octets; 0 for the whole body
	AllOrNone      bool
}

// Encode is the request's body in version v; empty if the request says
// nothing.
func (r SyncRequest) Encode(v Version) ([]byte, error) {
	if len(r.Collections) == 0 && r.Wait == 0 && r.Heartbeat == 0 && r.WindowSize == 0 && !r.Partial {
		return nil, nil
	}
	var l list
	if len(r.Collections) > 0 {
		collections := make(list, 0, len(r.Collections))
		for i := range r.Collections {
			c, err := r.Collections[i].nodes(v)
			if err != nil {
				return nil, err
			}
			collections.add(wbxml.Elem(tCollection, c...))
		}
		l.add(wbxml.Elem(tCollections, collections...))
	}
	if err := l.duration(tSyncWait, r.Wait, time.Minute); err != nil {
		return nil, err
	}
	if err := l.duration(tSyncHeartbeat, r.Heartbeat, time.Second); err != nil {
		return nil, err
	}
	l.number(tSyncWindow, r.WindowSize)
	l.present(tSyncPartial, r.Partial)
	return encode(wbxml.Elem(tSync, l...))
}

func (c *SyncCollection) nodes(v Version) (list, error) {
	l := make(list, 0, 8)
	if v < V140 {
		l.text(tSyncClass, c.Class)
	}
	l.text(tSyncKey, c.SyncKey)
	l.text(tCollectionID, c.ID)
	l.flag(tDeletesAsMoves, c.DeletesAsMoves)
	l.flag(tGetChanges, c.GetChanges)
	l.number(tSyncWindow, c.WindowSize)

	var o list
	o.number(tFilterType, c.Options.FilterType)
	o.number(tTruncation, c.Options.Truncation)
	for _, b := range c.Options.Bodies {
		if v < V120 {
			return nil, schemaError(tBodyPreference, "does not exist below version 12.0")
		}
		var p list
		p.number(tBodyType, int(b.Type))
		p.number(tTruncationSize, b.TruncationSize)
		if b.AllOrNone {
			p.flag(tAllOrNone, True)
		}
		o.add(wbxml.Elem(tBodyPreference, p...))
	}
	o.number(tMIMESupport, c.Options.MIMESupport)
	o.number(tMIMETruncation, c.Options.MIMETruncation)
	if len(o) > 0 {
		l.add(wbxml.Elem(tOptions, o...))
	}
	return l.commands(c.Commands, v)
}

// ParseSyncRequest reads a request's body.
func ParseSyncRequest(body []byte) (SyncRequest, error) {
	var r SyncRequest
	if len(body) == 0 {
		return r, nil
	}
	root, err := decode(body, tSync)
	if err != nil {
		return r, err
	}
	for i := range root.Children {
		n := &root.Children[i]
		switch n.Tag {
		case tCollections:
			r.Collections, err = parseCollections(n, parseCollection)
		case tSyncWait:
			r.Wait, err = duration(n, time.Minute)
		case tSyncHeartbeat:
			r.Heartbeat, err = duration(n, time.Second)
		case tSyncWindow:
			r.WindowSize, err = number(n)
		case tSyncPartial:
			r.Partial = true
		}
		if err != nil {
			return SyncRequest{}, err
		}
	}
	return r, nil
}

// parseCollections reads each Collection of a request or a response.
func parseCollections[T any](parent *wbxml.Node, parse func(*wbxml.Node) (T, error)) ([]T, error) {
	var collections []T
	for i := range parent.Children {
		if n := &parent.Children[i]; n.Tag == tCollection {
			c, err := parse(n)
			if err != nil {
				return nil, err
			}
			collections = append(collections, c)
		}
	}
	return collections, nil
}

func parseCollection(parent *wbxml.Node) (SyncCollection, error) {
	var c SyncCollection
	for i := range parent.Children {
		n := &parent.Children[i]
		var err error
		switch n.Tag {
		case tSyncClass:
			c.Class = n.Value()
		case tSyncKey:
			c.SyncKey = n.Value()
		case tCollectionID:
			c.ID = n.Value()
		case tDeletesAsMoves:
			c.DeletesAsMoves, err = option(n)
		case tGetChanges:
			c.GetChanges, err = option(n)
		case tSyncWindow:
			c.WindowSize, err = number(n)
		case tOptions:
			if class := n.Child(tSyncClass); class == nil || class.Value() != classSMS {
				c.Options, err = parseOptions(n)
			}
		case tCommands:
			c.Commands, err = parseCommands(n)
		}
		if err != nil {
			return SyncCollection{}, err
		}
	}
	switch {
	case c.SyncKey == "":
		return SyncCollection{}, schemaError(tSyncKey, "is missing")
	case c.ID == "":
		return SyncCollection{}, schemaError(tCollectionID, "is missing")
	}
	return c, nil
}

func parseOptions(parent *wbxml.Node) (SyncOptions, error) {
	var o SyncOptions
	for i := range parent.Children {
		n := &parent.Children[i]
		var err error
		switch n.Tag {
		case tFilterType:
			o.FilterType, err = number(n)
		case tTruncation:
			o.Truncation, err = number(n)
		case tMIMESupport:
			o.MIMESupport, err = number(n)
		case tMIMETruncation:
			o.MIMETruncation, err = number(n)
		case tBodyPreference:
			var b BodyPreference
			b, err = parseBodyPreference(n)
			o.Bodies = append(o.Bodies, b)
		}
		if err != nil {
			return SyncOptions{}, err
		}
	}
	return o, nil
}

func parseBodyPreference(parent *wbxml.Node) (BodyPreference, error) {
	var b BodyPreference
	for i := range parent.Children {
		n := &parent.Children[i]
		var err error
		switch n.Tag {
		case tBodyType:
			var t int
			t, err = positive(n)
			b.Type = BodyType(t)
		case tTruncationSize:
			b.TruncationSize, err = truncationSize(n)
		case tAllOrNone:
			var f Flag
			f, err = flag(n)
			b.AllOrNone = f == True
		}
		if err != nil {
			return BodyPreference{}, err
		}
	}
	if b.Type == 0 {
		return BodyPreference{}, schemaError(tBodyType, "is missing")
	}
	return b, nil
}

// truncationSize is an unsigned number of 32 bits (MS-ASAIRS, TruncationSize);
// clients send the highest one for "all of it".
func truncationSize(n *wbxml.Node) (int, error) {
	if n.Value() == "4294967295" {
		return 0, nil
	}
	return number(n)
}
