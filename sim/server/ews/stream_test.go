package ews

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/ews"
	"shutout/sim/clientaccess"
	"shutout/sim/server/webtest"
	"shutout/sim/store"
)

// heard is one response of a stream, in few words, and when it came.
type heard struct {
	at   time.Duration
	what string
}

// listen reads a streaming response to its end.
func (c *caller) listen(minutes int, ids ...string) (list []heard) {
	c.t.Helper()
	body, err := ews.Request{Version: c.version, Op: ews.GetStreamingEvents{Subscriptions: ids, Timeout: time.Duration(minutes) * time.Minute}}.Encode()
	if err != nil {
		c.t.Fatal(err)
	}
	resp := c.request(http.MethodPost, ews.ContentType, body)
	if resp == nil {
		return append(list, heard{c.w.Elapsed(), "no answer"})
	}
	defer resp.Body.Close()
	s := ews.NewStream(resp.Body)
	for {
		r, err := s.Next()
		if err != nil {
			if err != io.EOF {
				list = append(list, heard{c.w.Elapsed(), "cut off"})
			}
			return list
		}
		for _, m := range r.Messages {
			list = append(list, heard{c.w.Elapsed(), words(m)})
		}
	}
}

func words(m ews.Message) string {
	list := []string{}
	if m.Code != ews.NoError {
		list = append(list, string(m.Code))
	}
	for _, n := range m.Notifications {
		for _, e := range n.Events {
			list = append(list, strings.TrimSuffix(string(e.Type), "Event"))
		}
	}
	if m.Connection != "" {
		list = append(list, string(m.Connection))
	}
	return strings.Join(list, " ")
}

func (c *caller) subscribe(folders []ews.FolderRef, events ...ews.EventType) string {
	c.t.Helper()
	return c.good(ews.Subscribe{Folders: folders, Events: events}).Subscription
}

var everything = []ews.EventType{ews.NewMailEvent, ews.CreatedEvent, ews.ModifiedEvent, ews.DeletedEvent}

// during listens as an attempt, while d passes.
func (c *caller) during(d time.Duration, minutes int, ids ...string) (list []heard) {
	c.t.Helper()
	done := c.w.Go("dana-ews", func() { list = c.listen(minutes, ids...) })
	c.w.Pass(d)
	<-done
	return list
}

func TestStreaming(t *testing.T) {
	w := newWorld(t, "ex2010", "ews.status_interval=4m")
	c := newCaller(t, w)
	id := c.subscribe(inbox, everything...)
	at := func(d time.Duration, f func(s *store.Session)) {
		w.Event(w.Elapsed()+d, func(now time.Time) {
			s, _ := w.Store.Logon(now, store.Request{User: "dana", Protocol: "mapi"})
			defer s.Close(now)
			f(s)
		})
	}
	w.Event(3*time.Minute, func(now time.Time) { w.Mail(now, "dana", "news") })
	at(5*time.Minute, func(s *store.Session) { s.Mark(w.Now(), store.Inbox, []uint32{1}, store.Seen, 0) })
	at(6*time.Minute, func(s *store.Session) { s.Delete(w.Now(), store.Inbox, []uint32{1}) })
	at(7*time.Minute, func(s *store.Session) { s.CreateFolder(w.Now(), "Elsewhere") })
	got := c.during(time.Hour, 10, id)
	want := []heard{{0, "OK"}, {3 * time.Minute, "NewMail Created"}, {4 * time.Minute, "Status"}, {5 * time.Minute, "Modified"},
		{6 * time.Minute, "Deleted"}, {8 * time.Minute, "Status"}, {10 * time.Minute, "Closed"}}
	if !slices.Equal(got, want) {
		t.Errorf("heard %v, want %v", got, want)
	}
	w.WantIdle()

	// What happens while nobody listens is told first.
	w.Deliver("missed")
	began := w.Elapsed()
	got = c.during(time.Hour, 1, id)
	if want := []heard{{began, "OK"}, {began, "NewMail Created"}, {began + time.Minute, "Closed"}}; !slices.Equal(got, want) {
		t.Errorf("heard %v, want %v", got, want)
	}

	all := c.subscribe(nil, ews.CreatedEvent)
	c.with(func(s *store.Session) {
		s.CreateFolder(w.Now(), "New")
		s.Append(w.Now(), "New", 0, w.Now(), store.ParseMessage([]byte("Subject: x\r\n\r\n")))
	})
	if got := c.during(time.Hour, 1, all); len(got) != 3 || got[1].what != "Created" {
		t.Errorf("all folders: %v", got)
	}
	c.good(ews.Unsubscribe{Subscription: all})
	c.wantCode(ews.Unsubscribe{Subscription: all}, ews.ErrorSubscriptionNotFound)
	if got := c.during(time.Minute, 1, id, all); len(got) != 1 || got[0].what != string(ews.ErrorSubscriptionNotFound) {
		t.Errorf("a subscription that is none: %v", got)
	}
}

// A streaming connection is not authenticated again: it tells a disabled user
// of new mail. What follows is up to the token.
func TestStreamOutlivesDisable(t *testing.T) {
	w := newWorld(t, "ex2010")
	c := newCaller(t, w)
	id := c.subscribe(inbox, ews.NewMailEvent)
	var got []heard
	done := w.Go("dana-ews", func() { got = c.listen(30, id) })
	w.Pass(time.Second)
	w.DisableAccount()
	w.Event(w.Elapsed()+25*time.Minute, func(now time.Time) { w.Mail(now, "dana", "secret") })
	w.Decisions("dana-ews")
	w.Pass(time.Hour)
	<-done
	if !slices.ContainsFunc(got, func(h heard) bool { return h.what == "NewMail" }) {
		t.Errorf("heard %v", got)
	}
	ds := w.Decisions("dana-ews")
	if len(ds) != 1 || ds[0].Layer != lab.LayerHanging || !ds[0].Allowed || ds[0].Rule != "connection timeout 30m" {
		t.Errorf("decisions %+v", ds)
	}
	if _, err := c.ask(ews.GetFolder{Shape: idsOnly, Folders: inbox}); err == nil || !strings.HasPrefix(err.Error(), "401") {
		t.Errorf("afterwards: %v", err)
	}
}

func TestStreamIsCutOff(t *testing.T) {
	for _, tt := range []struct {
		name string
		cut  func(w *webtest.World, now time.Time)
		want string
	}{
		{"recycle", func(w *webtest.World, now time.Time) { w.CAS.Server("cas1").RecyclePool(now, clientaccess.PoolEWS) }, "cut off"},
		{"reset", func(w *webtest.World, now time.Time) { w.CAS.Server("cas1").Reset(now, clientaccess.ResetOptions{}) }, "cut off"},
		{"store", func(w *webtest.World, now time.Time) { w.Store.Sever(now, "dana", "test") }, "ErrorMailboxStoreUnavailable Closed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, "ex2010", "ews.status_interval=1h")
			c := newCaller(t, w)
			id := c.subscribe(inbox, ews.NewMailEvent)
			w.Event(10*time.Minute, func(now time.Time) { tt.cut(w, now) })
			got := c.during(time.Hour, 30, id)
			if last := got[len(got)-1]; len(got) != 2 || last.what != tt.want {
				t.Errorf("heard %v", got)
			}
			w.WantIdle()
			again := c.during(time.Hour, 1, id)
			if lost := again[0].what == string(ews.ErrorSubscriptionNotFound); lost != (tt.name != "store") {
				t.Errorf("the subscription afterwards: %v", again)
			}
		})
	}
}

// One request listens to a subscription. The one before it ends.
func TestStreamIsTakenOver(t *testing.T) {
	w := newWorld(t, "ex2010", "ews.status_interval=1h")
	c, other := newCaller(t, w), newCaller(t, w)
	id := c.subscribe(inbox, ews.NewMailEvent)
	var first []heard
	done := w.Go("dana-ews", func() { first = c.listen(30, id) })
	w.Pass(5 * time.Minute)
	second := other.during(time.Hour, 1, id)
	<-done
	if want := []heard{{0, "OK"}, {5 * time.Minute, "Closed"}}; !slices.Equal(first, want) {
		t.Errorf("the first heard %v, want %v", first, want)
	}
	if len(second) != 2 || second[1].at != 6*time.Minute {
		t.Errorf("the second heard %v", second)
	}
}

// A client that does not read must not hold the world up.
func TestStreamEndsInTime(t *testing.T) {
	w := newWorld(t, "ex2010", "ews.status_interval=1s")
	c := newCaller(t, w)
	id := c.subscribe(inbox, ews.NewMailEvent)
	got := c.during(time.Hour, 30, id)
	if last := got[len(got)-1]; last.what != "Closed" || last.at > 2*time.Minute || last.at < 30*time.Second {
		t.Errorf("%d responses, the last is %v", len(got), last)
	}
}

func TestSubscriptionsAreBounded(t *testing.T) {
	w := newWorld(t, "ex2010")
	c := newCaller(t, w)
	first := c.subscribe(inbox, ews.NewMailEvent)
	last := ""
	for range maxSubscriptions {
		last = c.subscribe(inbox, ews.NewMailEvent)
	}
	c.wantCode(ews.Unsubscribe{Subscription: first}, ews.ErrorSubscriptionNotFound)
	c.good(ews.Unsubscribe{Subscription: last})
	c.wantCode(ews.Subscribe{Folders: []ews.FolderRef{ews.Distinguished("nowhere")}, Events: everything}, ews.ErrorFolderNotFound)
}
