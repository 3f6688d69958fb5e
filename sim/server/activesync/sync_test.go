package activesync

import (
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/lab/protocol/airsync"
	"shutout/sim/store"
)

func TestFolderSync(t *testing.T) {
	w, _ := newWorld(t, "ex2010")
	d := newDevice(t, w)
	r := d.folders(airsync.InitialKey)
	if r.Status != airsync.StatusOK || len(r.Added) == 0 || r.Added[0].Type != airsync.FolderInbox || r.Added[0].ServerID != d.inbox {
		t.Fatalf("folders %+v", r)
	}
	again := d.folders(r.SyncKey)
	if again.SyncKey != r.SyncKey || len(again.Added)+len(again.Updated)+len(again.Deleted) != 0 {
		t.Errorf("nothing changed, but %+v", again)
	}
	edit := func(f func(s *store.Session, now time.Time) error) {
		w.Do(func(now time.Time) {
			s, _ := w.Store.Logon(now, store.Request{User: "dana", Protocol: "mapi"})
			defer s.Close(now)
			if err := f(s, now); err != nil {
				t.Fatal(err)
			}
		})
	}
	edit(func(s *store.Session, now time.Time) error {
		_, err := s.CreateFolder(now, "Projects/2026")
		return err
	})
	added := d.folders(r.SyncKey)
	if len(added.Added) != 1 || added.SyncKey == r.SyncKey {
		t.Fatalf("after a new folder: %+v", added)
	}
	if lost := d.folders(r.SyncKey); len(lost.Added) != 1 {
		t.Errorf("asking again with the previous key: %+v", lost)
	}
	now := d.folders(d.folders(airsync.InitialKey).SyncKey)
	edit(func(s *store.Session, at time.Time) error { return s.RenameFolder(at, "Projects/2026", "Old") })
	renamed := d.folders(now.SyncKey)
	if len(renamed.Updated) != 1 || renamed.Updated[0].DisplayName != "Old" {
		t.Errorf("after a rename: %+v", renamed)
	}
	edit(func(s *store.Session, at time.Time) error { return s.DeleteFolder(at, "Old") })
	if gone := d.folders(renamed.SyncKey); len(gone.Deleted) != 1 || gone.Deleted[0] != added.Added[0].ServerID {
		t.Errorf("after a removal: %+v", gone)
	}
	if bad := d.folders("999"); bad.Status != airsync.FolderSyncInvalidKey {
		t.Errorf("unknown key: %+v", bad)
	}
}

func TestSync(t *testing.T) {
	w, _ := newWorld(t, "ex2010")
	for _, s := range []string{"one", "two", "three"} {
		w.Deliver(s)
	}
	d := newDevice(t, w)
	d.window = 2
	if r := d.syncs(); len(r.Commands) != 0 {
		t.Errorf("the initial key brought items: %+v", r)
	}
	if r := d.syncs(); !slices.Equal(subjects(r), []string{"one", "two"}) || !r.MoreAvailable || !strings.HasPrefix(r.Commands[0].Email.Body.Data, "Hello.") {
		t.Errorf("first window: %+v", r)
	}
	previous := d.key
	if r := d.syncs(); !slices.Equal(subjects(r), []string{"three"}) || r.MoreAvailable {
		t.Errorf("second window: %+v", r)
	}
	d.key = previous // as if the response had been lost
	if r := d.syncs(); !slices.Equal(subjects(r), []string{"three"}) {
		t.Errorf("asking again with the previous key: %+v", r)
	}
	key := d.key
	if r := d.syncs(); len(r.Commands) != 0 || r.SyncKey != key {
		t.Errorf("nothing happened, but %+v", r)
	}

	// The device reads one and deletes two; it is not told of either.
	d.syncs(
		airsync.SyncCommand{Op: airsync.Change, ServerID: "1:1", Email: &airsync.Email{Read: airsync.True}},
		airsync.SyncCommand{Op: airsync.Delete, ServerID: "1:2"},
	)
	if r := d.syncs(); len(r.Commands) != 0 {
		t.Errorf("the device is told of its own changes: %+v", r.Commands)
	}
	if got := w.Subjects("dana", store.Inbox); !slices.Equal(got, []string{"one", "three"}) {
		t.Errorf("inbox %q", got)
	}
	if got := w.Subjects("dana", store.DeletedItems); !slices.Equal(got, []string{"two"}) {
		t.Errorf("deleted items %q", got)
	}

	// Somebody else reads three and removes one.
	w.Do(func(now time.Time) {
		s, _ := w.Store.Logon(now, store.Request{User: "dana", Protocol: "mapi"})
		defer s.Close(now)
		s.Mark(now, store.Inbox, []uint32{3}, store.Seen, 0)
		s.Delete(now, store.Inbox, []uint32{1})
	})
	d.window = 100
	r := d.syncs()
	if len(r.Commands) != 2 || r.Commands[0].Op != airsync.Delete || r.Commands[0].ServerID != "1:1" ||
		r.Commands[1].Op != airsync.Change || r.Commands[1].Email.Read != airsync.True {
		t.Errorf("changes made elsewhere: %+v", r.Commands)
	}
	r = d.syncs(airsync.SyncCommand{Op: airsync.Fetch, ServerID: "1:3"}, airsync.SyncCommand{Op: airsync.Fetch, ServerID: "1:77"})
	if len(r.Responses) != 2 || r.Responses[0].Email == nil || r.Responses[0].Email.Subject != "three" || r.Responses[1].Status != airsync.SyncObjectNotFound {
		t.Errorf("fetch: %+v", r.Responses)
	}
}

func TestSyncKeys(t *testing.T) {
	w, _ := newWorld(t, "ex2010")
	d := newDevice(t, w)
	ask := func(key, folder string) airsync.Status {
		r := d.sync(airsync.SyncRequest{Collections: []airsync.SyncCollection{{SyncKey: key, ID: folder}}})
		return r.Collections[0].Status
	}
	if got := ask("1", "1"); got != airsync.SyncInvalidKey {
		t.Errorf("a key of nobody: %v", got)
	}
	if got := ask("0", "99"); got != airsync.SyncHierarchyChanged {
		t.Errorf("a folder of nobody: %v", got)
	}
	d.syncs()
	if got := ask("77", "1"); got != airsync.SyncInvalidKey {
		t.Errorf("a wrong key: %v", got)
	}
	code, out := d.post(airsync.CmdSync, airsync.ContentType, nil)
	if r, err := airsync.ParseSyncResponse(out); code != 200 || err != nil || r.Status != airsync.SyncIncomplete {
		t.Errorf("an empty request: %d %+v %v", code, r, err)
	}
}
