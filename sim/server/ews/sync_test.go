package ews

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/lab/protocol/ews"
	"shutout/sim/store"
)

// told are changes in few words.
func told(r *ews.SyncResult) string {
	var list []string
	for _, ch := range r.Changes {
		switch ch.Op {
		case ews.Created:
			list = append(list, "+"+ch.Item.Subject)
		case ews.ReadChanged:
			list = append(list, fmt.Sprint("read ", ch.Item.Read == ews.True))
		default:
			list = append(list, string(ch.Op))
		}
	}
	if !r.Last {
		list = append(list, "…")
	}
	return strings.Join(list, ", ")
}

func TestSync(t *testing.T) {
	w := newWorld(t, "ex2010")
	c := newCaller(t, w)
	for _, s := range []string{"one", "two", "three"} {
		w.Deliver(s)
	}
	state := ""
	sync := func(most int, want string) {
		t.Helper()
		r := c.good(ews.SyncFolderItems{Shape: subjects, Folder: inbox[0], State: state, Max: most}).Sync
		if got := told(r); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		state = r.State
	}
	sync(2, "+one, +two, …")
	lost := state
	sync(2, "+three")
	state = lost // as if the response had been lost
	sync(2, "+three")
	same := state
	sync(2, "")
	if state != same {
		t.Error("nothing happened, but the state is another one")
	}
	c.with(func(s *store.Session) {
		s.Mark(w.Now(), store.Inbox, []uint32{2}, store.Seen, 0)
		s.Delete(w.Now(), store.Inbox, []uint32{1})
	})
	w.Deliver("four")
	sync(9, "Delete, read true, +four")
	sync(9, "")

	// What the client has sent there itself it does not want to be told of.
	w.Deliver("five")
	own := c.list(ews.Inbox)[3].ID
	r := c.good(ews.SyncFolderItems{Shape: subjects, Folder: inbox[0], State: state, Ignore: []ews.ID{own}, Max: 9}).Sync
	if got := told(r); got != "" || r.State == state {
		t.Errorf("told of what it wants to ignore: %q", got)
	}
	if r := c.good(ews.SyncFolderItems{Shape: subjects, Folder: ews.Distinguished(ews.Calendar), Max: 9}).Sync; told(r) != "" {
		t.Errorf("the calendar: %q", told(r))
	}
	for _, bad := range []string{"x", "AAAA", strings.Repeat("/", 40), base64.StdEncoding.EncodeToString([]byte{1, 200, 200, 1})} {
		c.wantCode(ews.SyncFolderItems{Shape: subjects, Folder: inbox[0], State: bad, Max: 9}, ews.ErrorInvalidSyncState)
	}
	c.wantCode(ews.SyncFolderItems{Shape: subjects, Folder: ews.Distinguished(ews.Drafts), State: state, Max: 9}, ews.ErrorInvalidSyncState)
}

// However small the steps, a client ends up with what the folder has.
func TestSyncConverges(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	w := newWorld(t, "ex2010")
	c := newCaller(t, w)
	have := map[string]bool{}
	state := ""
	for round := range 40 {
		c.with(func(s *store.Session) {
			for range r.IntN(4) {
				s.Append(w.Now(), store.Inbox, store.Flags(r.IntN(2)), w.Now(), store.ParseMessage(fmt.Appendf(nil, "Subject: %d\r\n\r\n", round)))
			}
			uids, _ := s.UIDs(w.Now(), store.Inbox)
			for _, uid := range uids {
				switch r.IntN(8) {
				case 0:
					s.Delete(w.Now(), store.Inbox, []uint32{uid})
				case 1:
					s.Mark(w.Now(), store.Inbox, []uint32{uid}, store.Seen, 0)
				case 2:
					s.Mark(w.Now(), store.Inbox, []uint32{uid}, 0, store.Seen)
				}
			}
		})
		for last := false; !last; {
			q := c.good(ews.SyncFolderItems{Shape: subjects, Folder: inbox[0], State: state, Max: 1 + r.IntN(3)}).Sync
			state, last = q.State, q.Last
			for _, ch := range q.Changes {
				switch ch.Op {
				case ews.Created, ews.ReadChanged:
					have[ch.Item.ID.ID] = ch.Item.Read == ews.True
				case ews.Deleted:
					delete(have, ch.Item.ID.ID)
				}
			}
		}
		list := c.list(ews.Inbox)
		if len(list) != len(have) {
			t.Fatalf("round %d: the client has %d items of %d", round, len(have), len(list))
		}
		unread, unreadThere := 0, 0
		for _, i := range list {
			if _, ok := have[i.ID.ID]; !ok {
				t.Fatalf("round %d: an item is missing", round)
			}
			unread += one(!have[i.ID.ID])
			unreadThere += one(i.Read == ews.False)
		}
		if unread != unreadThere { // which of them may show one change later
			t.Fatalf("round %d: %d unread, %d there", round, unread, unreadThere)
		}
	}
}

func TestStateIsSmall(t *testing.T) {
	var items []store.Item
	for uid := range uint32(10000) {
		items = append(items, store.Item{UID: uid + 1, Flags: store.Seen})
	}
	f := store.Folder{Number: 7, UIDNext: 10001, Total: 10000}
	s := begin(f, items)
	text := s.String()
	if len(text) > 20 {
		t.Errorf("a state of %d characters", len(text))
	}
	back, err := parseState(text, f)
	if err != nil || !slices.Equal(back.runs, s.runs) || back.high != s.high || back.changed(f) {
		t.Errorf("%+v became %+v, %v", s, back, err)
	}
}

// FuzzState reads any state and brings it up to date.
func FuzzState(f *testing.F) {
	f.Add("AQMAB")
	f.Add("AQMABwAB")
	f.Add("AQI=") // it should have two messages more
	f.Add((&state{folder: 1, high: 3, runs: []run{{1, 2, true}, {3, 1, false}}}).String())
	w := newWorld(f, "ex2010")
	for range 3 {
		w.Deliver("x")
	}
	f.Fuzz(func(t *testing.T, text string) {
		w.Do(func(now time.Time) {
			x, _ := w.Store.Logon(now, store.Request{User: "dana", Protocol: "ews"})
			defer x.Close(now)
			folder, err := x.Folder(now, store.Inbox)
			if err != nil {
				t.Fatal(err)
			}
			s, err := parseState(text, folder)
			if err != nil {
				return
			}
			if again, err := parseState(s.String(), folder); err != nil || !slices.Equal(again.runs, s.runs) {
				t.Fatalf("%+v became %+v, %v", s, again, err)
			}
			if d, err := s.advance(now, x, folder, 100); err != nil || d.more || s.changed(folder) {
				t.Fatalf("after %+v, %v it is %+v", d, err, s)
			}
		})
	})
}
