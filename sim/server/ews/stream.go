package ews

import (
	"net/http"
	"slices"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/ews"
	"shutout/sim/clientaccess"
	"shutout/sim/network"
)

// maxStream is the most that one streaming response carries; then it ends, and
// the client asks anew. It is what the lab's network holds for a client that
// does not read meanwhile, and says nothing about Exchange.
const maxStream = 40 << 10

// stream answers with a response that stays open ("GetStreamingEvents
// operation"): an envelope at once, one for whatever happens, a sign of life now
// and then, and one that says that the connection closes. The request is not
// authenticated again meanwhile (L10). It is called with the world's lock,
// which it lets go of while it writes or waits.
func (c *call) stream(op ews.GetStreamingEvents) {
	s := streaming{call: c, began: c.now, until: c.now.Add(op.Timeout)}
	var lost []string
	for _, id := range op.Subscriptions {
		if sub := c.subscription(id); sub == nil {
			lost = append(lost, id)
		} else if !slices.Contains(s.subs, sub) {
			s.subs = append(s.subs, sub)
		}
	}
	c.begin()
	if lost != nil {
		s.write(noSubscription(lost...))
		return
	}
	s.run()
}

// begin sends the head of the response.
func (c *call) begin() {
	h := c.rw.Header()
	h.Set("Content-Type", ews.ContentType)
	h.Set("Cache-Control", "private")
	c.rw.WriteHeader(http.StatusOK)
}

// streaming is a streaming response.
type streaming struct {
	*call
	subs         []*subscription
	began, until time.Time
	written      int // octets
}

func (s *streaming) run() {
	c := s.call
	s.write(ews.Message{Code: ews.NoError, Connection: ews.ConnectionOK})
	if c.conn == nil { // without the lab's network there is nothing to wait at
		s.tell()
		s.close()
		return
	}
	g := c.w.Net.Gate(c.conn)
	defer g.Done()
	defer c.w.Store.Subscribe(c.user.SAM(), func(time.Time) { g.Wake() })()
	c.session.OnSever(func(string) { g.Wake() })
	held := c.cas.Hold(c.now, clientaccess.PoolEWS, c.user.SAM(), func(time.Time, string) { network.Abort(c.conn) })
	defer held.Close()
	s.take(g)
	defer s.release(g)
	alive := c.now.Add(c.w.Params.EWS.StatusInterval)
	for {
		s.tell()
		if !c.now.Before(s.until) || s.written >= maxStream {
			s.close()
			return
		}
		why := s.wait(g, alive)
		switch _, severed := c.session.Severed(); {
		case why == network.Gone:
			return
		case severed:
			m := *failed(ews.ErrorMailboxStoreUnavailable, "The mailbox database is temporarily unavailable.")
			m.Connection = ews.ConnectionClosed
			s.write(m)
			return
		case !s.mine(g): // another request listens now, or the client wants no more
			s.close()
			return
		}
		if !c.now.Before(alive) && c.now.Before(s.until) {
			s.status()
			alive = c.now.Add(c.w.Params.EWS.StatusInterval)
		}
	}
}

// wait lets the world go on until there may be something to do.
func (s *streaming) wait(g *network.Gate, alive time.Time) network.Wake {
	until := s.until
	if alive.Before(until) {
		until = alive
	}
	s.w.Unlock()
	why := g.Wait(until)
	s.w.Lock()
	s.now = s.w.Now()
	return why
}

// take makes this request the one that listens to its subscriptions. Whoever
// did so before is told.
func (s *streaming) take(g *network.Gate) {
	for _, sub := range s.subs {
		if sub.holder != nil {
			sub.holder.Wake()
		}
		sub.holder = g
	}
}

func (s *streaming) release(g *network.Gate) {
	for _, sub := range s.subs {
		if sub.holder == g {
			sub.holder = nil
		}
	}
}

// mine tells whether the subscriptions are all there, and this request's.
func (s *streaming) mine(g *network.Gate) bool {
	return !slices.ContainsFunc(s.subs, func(sub *subscription) bool {
		return sub.holder != g || !slices.Contains(s.table.list, sub)
	})
}

// tell sends what happened.
func (s *streaming) tell() {
	var list []ews.Notification
	for _, sub := range s.subs {
		if events := s.news(sub); len(events) > 0 {
			list = append(list, ews.Notification{Subscription: sub.id, Events: events})
		}
	}
	if list == nil {
		return
	}
	s.record(lab.Decision{
		At: s.now, Layer: lab.LayerHanging, Server: s.host, Allowed: true,
		Reason: "streaming connection held open, not authenticated again", Rule: "connection timeout " + lab.Duration(s.until.Sub(s.began)),
		Since: s.began, Until: s.until,
	})
	s.write(ews.Message{Code: ews.NoError, Notifications: list})
}

// status sends a sign of life.
func (s *streaming) status() {
	var list []ews.Notification
	for _, sub := range s.subs {
		list = append(list, ews.Notification{Subscription: sub.id, Events: []ews.Event{{Type: ews.StatusEvent}}})
	}
	s.write(ews.Message{Code: ews.NoError, Notifications: list})
}

func (s *streaming) close() {
	s.write(ews.Message{Code: ews.NoError, Connection: ews.ConnectionClosed})
}

// write sends one envelope, without the world's lock. That the client is gone
// shows at the gate.
func (s *streaming) write(m ews.Message) {
	body, err := ews.Response{Server: s.version, Op: "GetStreamingEvents", Messages: []ews.Message{m}}.Encode()
	if err != nil {
		return
	}
	s.written += len(body)
	s.w.Unlock()
	s.rw.Write(body)
	http.NewResponseController(s.rw).Flush()
	s.w.Lock()
	s.now = s.w.Now()
}
