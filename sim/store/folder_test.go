package store_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"shutout/sim/store"

	"pgregory.net/rapid"
)

func mail(n int) *store.Message {
	return store.ParseMessage([]byte(fmt.Sprintf("Subject: %d\r\n\r\n", n)))
}

// filled is dana's session with n items in the inbox.
func filled(w *world, n int) *store.Session {
	x := w.logon("dana")
	for i := range n {
		w.st.Deliver(w.now(), "dana", store.Inbox, mail(i+1))
	}
	return x
}

func TestReservedFolders(t *testing.T) {
	w := newWorld(t)
	folders, err := w.logon("dana").Folders(w.now())
	w.do(err)
	var names []string
	for i, f := range folders {
		names = append(names, f.Name)
		if f.Number != uint32(i+1) || f.UIDValidity == 0 || f.UIDNext != 1 || !f.Reserved {
			t.Errorf("%+v", f)
		}
	}
	equal(t, "names", names, []string{"Inbox", "Drafts", "Sent Items", "Deleted Items", "Outbox", "Junk E-mail"})
}

func TestListRangeGet(t *testing.T) {
	w := newWorld(t)
	x := filled(w, 9)
	_, err := x.Delete(w.now(), "inbox", []uint32{1, 4, 5, 9, 77})
	w.do(err) // left: 2 3 6 7 8
	for _, tt := range []struct {
		n    int
		want []uint32
	}{{-1, nil}, {0, nil}, {2, []uint32{8, 7}}, {99, []uint32{8, 7, 6, 3, 2}}} {
		items, err := x.List(w.now(), "INBOX", tt.n)
		w.do(err)
		equal(t, fmt.Sprint("newest ", tt.n), uidsOf(items), tt.want)
	}
	for _, tt := range []struct {
		from, to uint32
		want     []uint32
	}{
		{0, math.MaxUint32, []uint32{2, 3, 6, 7, 8}}, {2, 2, []uint32{2}}, {3, 6, []uint32{3, 6}},
		{4, 5, nil}, {9, 20, nil}, {0, 1, nil}, {7, 3, nil}, {5, 7, []uint32{6, 7}}, {8, 8, []uint32{8}},
	} {
		items, err := x.Range(w.now(), store.Inbox, tt.from, tt.to)
		w.do(err)
		equal(t, fmt.Sprint("range ", tt.from, tt.to), uidsOf(items), tt.want)
	}
	for uid := range uint32(12) {
		it, err := x.Get(w.now(), store.Inbox, uid)
		if there := slices.Contains([]uint32{2, 3, 6, 7, 8}, uid); (err == nil) != there || there && it.Subject != fmt.Sprint(uid) {
			t.Errorf("get %d: %v %v", uid, it, err)
		}
		if err != nil && !errors.Is(err, store.ErrNoItem) {
			t.Errorf("get %d: %v", uid, err)
		}
	}
	if _, err := x.List(w.now(), "nowhere", 1); !errors.Is(err, store.ErrNoFolder) {
		t.Errorf("list of an unknown folder: %v", err)
	}
}

func TestSnapshotsDoNotChange(t *testing.T) {
	w := newWorld(t)
	x := filled(w, 3)
	items, err := x.List(w.now(), store.Inbox, 3)
	w.do(err)
	_, err = x.Mark(w.now(), store.Inbox, []uint32{3}, store.Seen|store.Deleted, 0)
	w.do(err)
	_, err = x.Expunge(w.now(), store.Inbox, nil)
	w.do(err)
	if items[0].UID != 3 || items[0].Flags != 0 {
		t.Errorf("%+v", items[0])
	}
}

func TestMarkExpungeCopyMove(t *testing.T) {
	w := newWorld(t)
	x := filled(w, 5)
	size := w.mailbox("dana").Size()
	items, err := x.Mark(w.now(), store.Inbox, []uint32{4, 2, 2, 9}, store.Seen|store.Deleted, 0)
	w.do(err)
	equal(t, "marked", uidsOf(items), []uint32{2, 4})
	items, err = x.Mark(w.now(), store.Inbox, []uint32{2}, store.Answered, store.Seen)
	w.do(err)
	if items[0].Flags != store.Deleted|store.Answered {
		t.Errorf("flags %b", items[0].Flags)
	}
	if f, _ := x.Folder(w.now(), store.Inbox); f.Unseen != 4 {
		t.Errorf("unseen %d", f.Unseen)
	}
	gone, err := x.Expunge(w.now(), store.Inbox, []uint32{1, 2, 3})
	w.do(err)
	equal(t, "uid expunge", gone, []uint32{2})
	gone, err = x.Expunge(w.now(), store.Inbox, []uint32{})
	w.do(err)
	equal(t, "expunge of nothing", gone, nil)
	gone, err = x.Expunge(w.now(), store.Inbox, nil)
	w.do(err)
	equal(t, "expunge", gone, []uint32{4})

	tr, err := x.Copy(w.now(), store.Inbox, []uint32{5, 1, 8}, store.JunkEmail)
	w.do(err)
	equal(t, "copied from", tr.From, []uint32{1, 5})
	equal(t, "copied to", tr.To, []uint32{1, 2})
	tr, err = x.Copy(w.now(), store.Inbox, []uint32{3}, store.Inbox)
	w.do(err)
	equal(t, "copied within", tr.To, []uint32{6})
	tr, err = x.Move(w.now(), store.Inbox, []uint32{3, 6}, store.DeletedItems)
	w.do(err)
	equal(t, "moved to", tr.To, []uint32{1, 2})
	uids, err := x.UIDs(w.now(), store.Inbox)
	w.do(err)
	equal(t, "left", uids, []uint32{1, 5})
	if f, _ := x.Folder(w.now(), store.DeletedItems); f.UIDValidity != tr.UIDValidity || f.Total != 2 {
		t.Errorf("%+v %+v", f, tr)
	}
	if _, err := x.Move(w.now(), store.Inbox, []uint32{1}, "nowhere"); !errors.Is(err, store.ErrNoFolder) {
		t.Errorf("move to an unknown folder: %v", err)
	}
	one := int64(mail(1).Size())
	if got := w.mailbox("dana").Size(); got != size+one { // 5 - 2 expunged + 3 copied
		t.Errorf("size %d, want %d", got, size+one)
	}
}

func TestFolderNames(t *testing.T) {
	w := newWorld(t)
	x := w.logon("dana")
	create := func(name string) store.Folder {
		f, err := x.CreateFolder(w.now(), name)
		w.do(err)
		return f
	}
	old := create("Work")
	create("Work/2011")
	create("work/2012/June")
	create("Workshop")
	long := string(slices.Repeat([]byte{'x'}, 256))
	for name, want := range map[string]error{
		"": store.ErrBadFolder, "a//b": store.ErrBadFolder, "a\nb": store.ErrBadFolder, " / ": store.ErrBadFolder, long: store.ErrBadFolder,
		"\xff": store.ErrBadFolder, "WORK": store.ErrExists, "inbox": store.ErrExists,
	} {
		if _, err := x.CreateFolder(w.now(), name); !errors.Is(err, want) {
			t.Errorf("create %.20q: %v", name, err)
		}
	}
	for _, tt := range []struct {
		from, to string
		want     error
	}{
		{"INBOX", "Post", store.ErrReserved}, {"none", "x", store.ErrNoFolder}, {"Work", "workshop", store.ErrExists},
		{"Work", "Work/a", store.ErrBadFolder}, {"Work", "a//b", store.ErrBadFolder}, {"Work", "WORK", nil}, {"work", "Archive", nil},
	} {
		if err := x.RenameFolder(w.now(), tt.from, tt.to); !errors.Is(err, tt.want) {
			t.Errorf("rename %q to %q: %v", tt.from, tt.to, err)
		}
	}
	var names []string
	for _, f := range w.mailbox("dana").Folders()[6:] {
		names = append(names, f.Name)
	}
	equal(t, "names", names, []string{"Archive", "Archive/2011", "Archive/2012/June", "Workshop"})
	if f, err := x.FolderByNumber(w.now(), old.Number); err != nil || f.Name != "Archive" {
		t.Errorf("by number: %+v %v", f, err)
	}

	_, err := x.Append(w.now(), "Archive", 0, w.now(), mail(1))
	w.do(err)
	size := w.mailbox("dana").Size()
	w.do(x.DeleteFolder(w.now(), "archive"))
	if got := w.mailbox("dana").Size(); got != size-int64(mail(1).Size()) {
		t.Errorf("size %d after %d", got, size)
	}
	if err := x.DeleteFolder(w.now(), "inbox"); !errors.Is(err, store.ErrReserved) {
		t.Errorf("delete inbox: %v", err)
	}
	if f := create("Archive"); f.UIDValidity <= old.UIDValidity {
		t.Errorf("made again with UIDVALIDITY %d after %d", f.UIDValidity, old.UIDValidity)
	}
	if _, err := x.FolderByNumber(w.now(), old.Number); !errors.Is(err, store.ErrNoFolder) {
		t.Errorf("a deleted folder's number: %v", err)
	}
}

func TestFolderCountIsBounded(t *testing.T) {
	w := newWorld(t)
	x := w.logon("dana")
	for i := range 2000 {
		if _, err := x.CreateFolder(w.now(), fmt.Sprint(i)); err != nil {
			if n := len(w.mailbox("dana").Folders()); n != 1000 {
				t.Errorf("stopped at %d folders", n)
			}
			return
		}
	}
	t.Error("folders without end")
}

// TestFoldersStayOrdered plays random operations against a plain model: UIDs
// grow and are never given twice, folders stay in order, counts add up, and a
// feed replayed over an old view gives the new one.
func TestFoldersStayOrdered(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		x := w.logon("dana")
		base := w.mailbox("dana").Size()
		names := []string{store.Inbox, store.JunkEmail}
		type view struct {
			feed  *store.Feed
			flags map[uint32]store.Flags
			last  uint32 // the greatest UID seen
		}
		views := map[string]*view{}
		for _, name := range names {
			feed, err := x.Watch(w.now(), name)
			w.do(err)
			views[name] = &view{feed: feed, flags: map[uint32]store.Flags{}}
		}
		folder := rapid.SampledFrom(names)
		uids := rapid.SliceOf(rapid.Uint32Range(0, 30))
		flags := rapid.Map(rapid.Uint8Range(0, 31), func(b uint8) store.Flags { return store.Flags(b) })
		check := func(rt *rapid.T) {
			total := base
			for _, name := range names {
				v := views[name]
				for _, c := range v.feed.Take() {
					switch c.Kind {
					case store.Added:
						if c.UID <= v.last {
							rt.Fatalf("%s: UID %d after %d", name, c.UID, v.last)
						}
						v.last = c.UID
						v.flags[c.UID] = c.Flags
					case store.Expunged:
						if _, ok := v.flags[c.UID]; !ok {
							rt.Fatalf("%s: %d expunged, but it was not there", name, c.UID)
						}
						delete(v.flags, c.UID)
					case store.Flagging:
						v.flags[c.UID] = c.Flags
					}
				}
				items, err := x.Range(w.now(), name, 0, math.MaxUint32)
				w.do(err)
				info, err := x.Folder(w.now(), name)
				w.do(err)
				unseen, size, last := 0, int64(0), uint32(0)
				for _, it := range items {
					if it.UID <= last || it.UID >= info.UIDNext {
						rt.Fatalf("%s: UID %d after %d, UIDNEXT %d", name, it.UID, last, info.UIDNext)
					}
					last = it.UID
					size += int64(it.Size())
					if !it.Flags.Has(store.Seen) {
						unseen++
					}
					if have, ok := v.flags[it.UID]; !ok || have != it.Flags {
						rt.Fatalf("%s: view has %b for %d, folder %b", name, have, it.UID, it.Flags)
					}
					if got, err := x.Get(w.now(), name, it.UID); err != nil || got != it {
						rt.Fatalf("%s: get %d: %v %v", name, it.UID, got, err)
					}
				}
				if len(items) != len(v.flags) || len(items) != info.Total || unseen != info.Unseen || size != info.Size {
					rt.Fatalf("%s: %d items, %d unseen, %d bytes, view %d; folder says %+v",
						name, len(items), unseen, size, len(v.flags), info)
				}
				total += size
			}
			if got := w.mailbox("dana").Size(); got != total {
				rt.Fatalf("mailbox of %d bytes holds %d", got, total)
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"": check,
			"deliver": func(rt *rapid.T) {
				w.st.Deliver(w.now(), "dana", folder.Draw(rt, "to"), mail(rapid.IntRange(1, 1e6).Draw(rt, "mail")))
			},
			"mark": func(rt *rapid.T) {
				_, err := x.Mark(w.now(), folder.Draw(rt, "in"), uids.Draw(rt, "uids"), flags.Draw(rt, "set"), flags.Draw(rt, "clear"))
				w.do(err)
			},
			"delete": func(rt *rapid.T) {
				_, err := x.Delete(w.now(), folder.Draw(rt, "in"), uids.Draw(rt, "uids"))
				w.do(err)
			},
			"expunge": func(rt *rapid.T) {
				_, err := x.Expunge(w.now(), folder.Draw(rt, "in"), nil)
				w.do(err)
			},
			"copy": func(rt *rapid.T) {
				_, err := x.Copy(w.now(), folder.Draw(rt, "from"), uids.Draw(rt, "uids"), folder.Draw(rt, "to"))
				w.do(err)
			},
			"move": func(rt *rapid.T) {
				_, err := x.Move(w.now(), folder.Draw(rt, "from"), uids.Draw(rt, "uids"), folder.Draw(rt, "to"))
				w.do(err)
			},
		})
	})
}
