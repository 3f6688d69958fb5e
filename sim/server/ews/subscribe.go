package ews

import (
	"encoding/base64"
	"fmt"
	"slices"

	"shutout/lab/protocol/ews"
	"shutout/sim/clientaccess"
	"shutout/sim/network"
	"shutout/sim/store"
)

// maxSubscriptions bounds the subscriptions of one user. The oldest that nobody
// listens to gives way to a new one. The bound keeps the simulation's memory
// small and says nothing about Exchange.
const maxSubscriptions = 64

// subscription is what a client wants to be told of. It is not tied to a
// connection, and goes with the worker process.
type subscription struct {
	id      string
	user    string
	process *clientaccess.Process
	all     bool
	events  []ews.EventType
	watched map[uint32]*state // by folder number
	holder  *network.Gate     // of the request that listens; nil for none
}

// subscriptions are those of one front end, the oldest first.
type subscriptions struct {
	list []*subscription
	last uint64
}

// subscribe starts a streaming subscription ("Subscribe operation").
func (c *call) subscribe(op ews.Subscribe) ews.Message {
	s := &subscription{
		user: c.user.SAM(), process: c.cas.Process(clientaccess.PoolEWS), all: len(op.Folders) == 0,
		events: op.Events, watched: make(map[uint32]*state),
	}
	var places []place
	for _, ref := range op.Folders {
		p, no := c.folder(ref)
		if no != nil {
			return *no
		}
		places = append(places, *p)
	}
	if s.all {
		places = c.tree()
	}
	for i := range places {
		if p := &places[i]; !p.unreal {
			items, err := c.session.Range(c.now, p.Name, 0, p.UIDNext)
			if err != nil {
				return *storeError(err)
			}
			s.watched[p.Number] = new(begin(p.Folder, items))
		}
	}
	if !c.table.add(s) {
		return *failed(ews.ErrorExceededSubscriptions, "The user has too many subscriptions.")
	}
	c.table.last++
	s.id = base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s/%d", c.host, c.table.last))
	return ews.Message{Code: ews.NoError, Subscription: s.id}
}

// add enters a subscription, and drops those whose process has ended.
func (t *subscriptions) add(s *subscription) bool {
	t.list = slices.DeleteFunc(t.list, func(o *subscription) bool { return o.process != s.process })
	n, oldest := 0, -1
	for i, o := range t.list {
		if o.user != s.user {
			continue
		}
		if n++; oldest < 0 && o.holder == nil {
			oldest = i
		}
	}
	if n >= maxSubscriptions {
		if oldest < 0 {
			return false
		}
		t.list = slices.Delete(t.list, oldest, oldest+1)
	}
	t.list = append(t.list, s)
	return true
}

// subscription finds one of the caller's.
func (c *call) subscription(id string) *subscription {
	process := c.cas.Process(clientaccess.PoolEWS)
	i := slices.IndexFunc(c.table.list, func(s *subscription) bool {
		return s.id == id && s.user == c.user.SAM() && s.process == process
	})
	if i < 0 {
		return nil
	}
	return c.table.list[i]
}

func (c *call) unsubscribe(op ews.Unsubscribe) ews.Message {
	s := c.subscription(op.Subscription)
	if s == nil {
		return noSubscription(op.Subscription)
	}
	c.table.list = slices.DeleteFunc(c.table.list, func(o *subscription) bool { return o == s })
	if s.holder != nil {
		s.holder.Wake()
	}
	return ews.Message{Code: ews.NoError}
}

func noSubscription(ids ...string) ews.Message {
	m := *failed(ews.ErrorSubscriptionNotFound, "The specified subscription was not found.")
	m.Lost = ids
	return m
}

// maxEvents bounds what one notification tells of one folder; the next one goes
// on from there.
const maxEvents = 100

// news tells what happened to a subscription's folders since it was asked last.
func (c *call) news(s *subscription) []ews.Event {
	var list []ews.Event
	c.places = nil // as the mailbox is now
	for i := range c.tree() {
		p := &c.places[i]
		seen := s.watched[p.Number]
		if seen == nil {
			if p.unreal || !s.all {
				continue
			}
			seen = &state{folder: p.Number} // a folder that is new
			s.watched[p.Number] = seen
		}
		d, err := seen.advance(c.now, c.session, p.Folder, maxEvents)
		if err != nil {
			continue
		}
		tell := func(kind ews.EventType, id ews.ID) {
			if slices.Contains(s.events, kind) {
				list = append(list, ews.Event{Type: kind, Time: c.now, Item: id, Parent: c.folderID(p)})
			}
		}
		for _, uid := range d.gone {
			tell(ews.DeletedEvent, ews.ID{ID: c.id(itemKind, target{p.Number, uid})})
		}
		for k := range d.changed {
			tell(ews.ModifiedEvent, c.itemID(p.Number, &d.changed[k]))
		}
		for k := range d.added {
			id := c.itemID(p.Number, &d.added[k])
			if p.Name == store.Inbox && !d.added[k].Flags.Has(store.Draft) {
				tell(ews.NewMailEvent, id)
			}
			tell(ews.CreatedEvent, id)
		}
	}
	return list
}
