package ews

import (
	"strconv"
	"time"

	"shutout/lab/protocol/ews/xmltree"
)

// EventType is what a subscription tells of (NotificationEventTypeType), and
// the name of the element in which it tells it.
type EventType string

const (
	NewMailEvent  EventType = "NewMailEvent"
	CreatedEvent  EventType = "CreatedEvent"
	DeletedEvent  EventType = "DeletedEvent"
	ModifiedEvent EventType = "ModifiedEvent"
	MovedEvent    EventType = "MovedEvent"
	CopiedEvent   EventType = "CopiedEvent"

	// StatusEvent says that nothing happened. Nobody subscribes to it.
	StatusEvent EventType = "StatusEvent"
)

var eventTypes = []EventType{NewMailEvent, CreatedEvent, DeletedEvent, ModifiedEvent, MovedEvent, CopiedEvent}

// Subscribe asks for a streaming subscription (StreamingSubscriptionRequest;
// Exchange 2010 SP1). Those by pull and push are not modelled.
type Subscribe struct {
	Folders []FolderRef // empty for all folders
	Events  []EventType
}

func (Subscribe) Name() string { return "Subscribe" }

func (o Subscribe) node() xmltree.Node {
	n := msg("StreamingSubscriptionRequest")
	if len(o.Folders) == 0 {
		n = with(n, "SubscribeToAllFolders", "true")
	} else {
		n.Children = list{typ("FolderIds", folderRefs(o.Folders)...)}
	}
	events := typ("EventTypes")
	for _, e := range o.Events {
		events.Children = append(events.Children, withText(typ("EventType"), string(e)))
	}
	n.Children = append(n.Children, events)
	return msg(o.Name(), n)
}

func parseSubscribe(n *xmltree.Node) (o Subscribe, err error) {
	r := n.Child(nsMessages, "StreamingSubscriptionRequest")
	if r == nil {
		return o, missing(n, "StreamingSubscriptionRequest")
	}
	all := false
	if s := r.Attr("SubscribeToAllFolders"); s != "" {
		if all, err = boolean(r, s); err != nil {
			return o, err
		}
	}
	err = each(r, func(c *xmltree.Node) (err error) {
		switch inTypes(c) {
		case "FolderIds":
			o.Folders, err = parseFolderRefs(c)
		case "EventTypes":
			err = each(c, func(e *xmltree.Node) error {
				v, err := oneOf(e, e.Text, eventTypes...)
				o.Events = append(o.Events, v)
				return err
			})
		}
		return err
	})
	switch {
	case err != nil:
		return o, err
	case all != (o.Folders == nil):
		return o, schemaError(r, "must name folders or all folders")
	case o.Events == nil:
		return o, missing(r, "EventTypes")
	}
	return o, nil
}

// Unsubscribe ends a subscription.
type Unsubscribe struct{ Subscription string }

func (Unsubscribe) Name() string { return "Unsubscribe" }

func (o Unsubscribe) node() xmltree.Node {
	return msg(o.Name(), withText(msg("SubscriptionId"), o.Subscription))
}

func parseUnsubscribe(n *xmltree.Node) (o Unsubscribe, err error) {
	id := n.Child(nsMessages, "SubscriptionId")
	if id == nil || id.Text == "" {
		return o, missing(n, "SubscriptionId")
	}
	return Unsubscribe{id.Text}, nil
}

// GetStreamingEvents asks for a response that stays open and carries events as
// they happen. Each is a whole envelope; read them with Stream.
type GetStreamingEvents struct {
	Subscriptions []string
	Timeout       time.Duration // ConnectionTimeout: 1 to 30 minutes, in whole ones
}

func (GetStreamingEvents) Name() string { return "GetStreamingEvents" }

func (o GetStreamingEvents) node() xmltree.Node {
	ids := msg("SubscriptionIds")
	for _, id := range o.Subscriptions {
		ids.Children = append(ids.Children, withText(typ("SubscriptionId"), id))
	}
	return msg(o.Name(), ids, withText(msg("ConnectionTimeout"), strconv.Itoa(int(o.Timeout/time.Minute))))
}

func parseGetStreamingEvents(n *xmltree.Node) (o GetStreamingEvents, err error) {
	err = each(n, func(c *xmltree.Node) (err error) {
		switch inMessages(c) {
		case "SubscriptionIds":
			err = each(c, func(id *xmltree.Node) error {
				// The reference's own example has it in the wrong namespace.
				if inTypes(id) != "SubscriptionId" && inMessages(id) != "SubscriptionId" || id.Text == "" {
					return schemaError(id, "is not a SubscriptionId")
				}
				o.Subscriptions = append(o.Subscriptions, id.Text)
				return nil
			})
		case "ConnectionTimeout":
			var minutes int
			minutes, err = number(c, c.Text, 1, 30)
			o.Timeout = time.Duration(minutes) * time.Minute
		}
		return err
	})
	if err == nil && (len(o.Subscriptions) == 0 || o.Timeout == 0) {
		err = missing(n, "SubscriptionIds or ConnectionTimeout")
	}
	return o, err
}

// A Notification is what happened to one subscription.
type Notification struct {
	Subscription string
	Events       []Event
}

// An Event is one thing that happened, to an item or to a folder. StatusEvent
// has no more than its type.
type Event struct {
	Type   EventType
	Time   time.Time
	Item   ID // the item, or
	Folder ID // the folder
	Parent ID // where it is
}

func (n Notification) node() xmltree.Node {
	l := list{withText(typ("SubscriptionId"), n.Subscription)}
	for _, e := range n.Events {
		var f list
		f.time(typ("TimeStamp"), e.Time)
		if e.Folder != (ID{}) {
			f.add(e.Folder.node("FolderId"))
		}
		if e.Item != (ID{}) {
			f.add(e.Item.node("ItemId"))
		}
		if e.Parent != (ID{}) {
			f.add(e.Parent.node("ParentFolderId"))
		}
		l.add(typ(string(e.Type), f...))
	}
	return msg("Notification", l...)
}

func parseNotification(n *xmltree.Node) (o Notification, err error) {
	err = each(n, func(c *xmltree.Node) error {
		switch kind := EventType(inTypes(c)); kind {
		case "SubscriptionId":
			o.Subscription = c.Text
		case NewMailEvent, CreatedEvent, DeletedEvent, ModifiedEvent, MovedEvent, CopiedEvent, StatusEvent:
			e, err := parseEvent(c, kind)
			o.Events = append(o.Events, e)
			return err
		}
		return nil
	})
	if err == nil && o.Subscription == "" {
		err = missing(n, "SubscriptionId")
	}
	return o, err
}

func parseEvent(n *xmltree.Node, kind EventType) (Event, error) {
	e := Event{Type: kind}
	err := each(n, func(c *xmltree.Node) (err error) {
		switch inTypes(c) {
		case "TimeStamp":
			e.Time, err = timeOf(c)
		case "FolderId":
			e.Folder, err = parseID(c)
		case "ItemId":
			e.Item, err = parseID(c)
		case "ParentFolderId":
			e.Parent, err = parseID(c)
		}
		return err
	})
	if err == nil && kind != StatusEvent && e.Item == (ID{}) && e.Folder == (ID{}) {
		err = missing(n, "ItemId or FolderId")
	}
	return e, err
}
