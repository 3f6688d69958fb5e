package store_test

import (
	"testing"

	"shutout/sim/store"
)

func TestFeed(t *testing.T) {
	w := newWorld(t)
	x := filled(w, 2)
	feed, err := x.Watch(w.now(), store.Inbox)
	w.do(err)
	if feed.Pending() {
		t.Error("a new feed has changes")
	}
	other := w.logon("dana")
	w.st.Deliver(w.now(), "dana", store.Inbox, mail(3))
	_, err = other.Mark(w.now(), store.Inbox, []uint32{1, 2}, store.Seen, 0)
	w.do(err)
	_, err = other.Move(w.now(), store.Inbox, []uint32{2}, store.JunkEmail)
	w.do(err)
	equal(t, "changes", feed.Take(), []store.Change{
		{Kind: store.Added, UID: 3}, {Kind: store.Flagging, UID: 1, Flags: store.Seen},
		{Kind: store.Flagging, UID: 2, Flags: store.Seen}, {Kind: store.Expunged, UID: 2},
	})
	equal(t, "taken", feed.Take(), nil)
	feed.Close()
	w.st.Deliver(w.now(), "dana", store.Inbox, mail(4))
	equal(t, "closed", feed.Take(), nil)

	lost := []store.Change{{Kind: store.Lost}}
	watch := func(x *store.Session, folder string) *store.Feed {
		fd, err := x.Watch(w.now(), folder)
		w.do(err)
		return fd
	}
	_, err = x.CreateFolder(w.now(), "Gone")
	w.do(err)
	feed = watch(x, "Gone")
	w.do(other.DeleteFolder(w.now(), "Gone"))
	equal(t, "folder deleted", feed.Take(), lost)

	feed = watch(x, store.Inbox)
	for range 1 << 17 {
		_, err = other.Mark(w.now(), store.Inbox, []uint32{1}, store.Flagged, 0)
		w.do(err)
		_, err = other.Mark(w.now(), store.Inbox, []uint32{1}, 0, store.Flagged)
		w.do(err)
	}
	equal(t, "too much", feed.Take(), lost)

	feed = watch(x, store.Inbox)
	w.st.Sever(w.now(), "dana", "test")
	equal(t, "severed", feed.Take(), lost)
	w.st.Deliver(w.now(), "dana", store.Inbox, mail(5))
	equal(t, "after the end", feed.Take(), nil)
}
