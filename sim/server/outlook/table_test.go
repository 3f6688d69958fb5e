package outlook

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"shutout/lab/protocol/mapi"
	"shutout/sim/store"
)

func TestTable(t *testing.T) {
	b, x, in := newOutlook(t)
	names := func(p *mapi.QueryRowsResponse) string {
		var list []string
		for _, row := range p.Rows {
			list = append(list, row[1].(string))
		}
		return fmt.Sprint(strings.Join(list, " "), " ", p.Origin)
	}
	for _, step := range []struct {
		q    mapi.QueryRowsRequest
		want string
	}{
		{mapi.QueryRowsRequest{Forward: true, RowCount: 2, Flags: mapi.QueryNoAdvance}, "three two 0"},
		{mapi.QueryRowsRequest{Forward: true, RowCount: 2}, "three two 1"},
		{mapi.QueryRowsRequest{Forward: true, RowCount: 2}, "one 2"},
		{mapi.QueryRowsRequest{Forward: true, RowCount: 2}, " 2"},
		{mapi.QueryRowsRequest{RowCount: 2}, "two one 1"},
		{mapi.QueryRowsRequest{RowCount: 9}, "three 0"},
	} {
		if got := names(b.rows(x, in.table, &step.q)); got != step.want {
			t.Errorf("%+v: %q, want %q", step.q, got, step.want)
		}
	}
	// The cursor stays before the row that it stood before.
	b.rows(x, in.table, &mapi.QueryRowsRequest{Forward: true, RowCount: 1})
	b.mail("four")
	if got := names(b.rows(x, in.table, &mapi.QueryRowsRequest{Forward: true, RowCount: 1})); got != "two 1" {
		t.Errorf("after new mail: %q", got)
	}
	b.Do(func(now time.Time) {
		items, _ := x.mailbox.Range(now, store.Inbox, 0, 1<<32-1)
		x.mailbox.Delete(now, store.Inbox, []uint32{items[3].UID, items[2].UID, items[1].UID})
	})
	if got := names(b.rows(x, in.table, &mapi.QueryRowsRequest{Forward: true, RowCount: 1})); got != "one 2" {
		t.Errorf("after three are gone: %q", got)
	}
	seek := func(q mapi.SeekRowRequest) mapi.SeekRowResponse {
		return *b.rops(x, []uint32{in.table}, &q).Rops[0].(*mapi.SeekRowResponse)
	}
	if got := seek(mapi.SeekRowRequest{Origin: mapi.BookmarkEnd, RowCount: -5, WantMoved: true}); !got.Less || got.Moved != -1 {
		t.Errorf("sought %+v", got)
	}

	// What was read meanwhile shows, though the row stays where it is.
	flags := func() mapi.Value {
		p := b.rops(x, []uint32{in.table}, &mapi.SeekRowRequest{}, &mapi.QueryRowsRequest{Forward: true, RowCount: 1})
		return p.Rops[1].(*mapi.QueryRowsResponse).Rows[0][5]
	}
	if got := flags(); got != int32(0) {
		t.Errorf("flags %v", got)
	}
	b.Do(func(now time.Time) {
		items, _ := x.mailbox.Range(now, store.Inbox, 0, 1<<32-1)
		x.mailbox.Mark(now, store.Inbox, []uint32{items[0].UID}, store.Seen, 0)
	})
	if got := flags(); got != int32(flagRead) {
		t.Errorf("flags of a message that was read: %v", got)
	}

	b.mail("Beta")
	b.mail("alpha")
	b.rops(x, []uint32{in.table}, &mapi.SortTableRequest{Orders: []mapi.SortOrder{{Tag: mapi.TagSubject}}})
	b.mail("beat")
	if got := b.subjects(x, in); got != "alpha beat Beta one" {
		t.Errorf("by subject: %s", got)
	}
	for name, q := range map[string]*mapi.SortTableRequest{
		"by body":    {Orders: []mapi.SortOrder{{Tag: mapi.TagBody}}},
		"categories": {Categories: 1, Orders: []mapi.SortOrder{{Tag: mapi.TagSubject}}},
	} {
		if code := b.refused(x, []uint32{in.table}, q); code != mapi.CodeNotSupported {
			t.Errorf("%s: %v", name, code)
		}
	}
}

// What does not fit into an answer comes with the next.
func TestRowsThatDoNotFit(t *testing.T) {
	b, x, in := newOutlook(t)
	for i := range 300 {
		b.mail(fmt.Sprintf("%d %s", i, strings.Repeat("long ", 60)))
	}
	seen := 0
	for range 50 {
		p := b.rows(x, in.table, &mapi.QueryRowsRequest{Forward: true, RowCount: 1000})
		if seen += len(p.Rows); len(p.Rows) == 0 {
			break
		}
		if s := p.Rows[0][1].(string); len(s) > maxShort {
			t.Fatalf("%d characters in a row", len(s))
		}
	}
	if seen != 303 {
		t.Errorf("%d rows", seen)
	}
}

func TestFolders(t *testing.T) {
	b, x, in := newOutlook(t)
	b.Do(func(now time.Time) {
		x.mailbox.CreateFolder(now, "Projects")
		x.mailbox.CreateFolder(now, "Projects/Secret")
	})
	list := func(id mapi.ID, flags mapi.TableFlags) string {
		p := b.rops(x, []uint32{in.logon, mapi.NoHandle, mapi.NoHandle},
			&mapi.OpenFolderRequest{Output: 1, FolderID: id},
			&mapi.GetHierarchyTableRequest{Input: 1, Output: 2, Flags: flags},
			&mapi.SetColumnsRequest{Input: 2, Tags: []mapi.PropTag{mapi.TagDisplayName, mapi.TagFolderID, mapi.TagContentCount, mapi.TagSubfolders}},
			&mapi.QueryRowsRequest{Input: 2, Forward: true, RowCount: 100})
		var names []string
		for _, row := range p.Rops[3].(*mapi.QueryRowsResponse).Rows {
			name := row[0].(string)
			if row[3].(bool) {
				name += "/"
			}
			names = append(names, name)
		}
		return strings.Join(names, ", ")
	}
	for _, c := range []struct {
		folder mapi.SpecialFolder
		flags  mapi.TableFlags
		want   string
	}{
		{mapi.FolderRoot, 0, "Top of Information Store/"},
		{mapi.FolderIPMSubtree, 0, "Inbox, Drafts, Sent Items, Deleted Items, Outbox, Junk E-mail, Projects/"},
		{mapi.FolderIPMSubtree, mapi.TableDepth, "Inbox, Drafts, Sent Items, Deleted Items, Outbox, Junk E-mail, Projects/, Secret"},
		{mapi.FolderInbox, 0, ""},
		{mapi.FolderViews, 0, ""},
	} {
		if got := list(in.folders[c.folder], c.flags); got != c.want {
			t.Errorf("below %d: %s", c.folder, got)
		}
	}
	p := b.rops(x, []uint32{in.logon},
		&mapi.GetReceiveFolderRequest{MessageClass: "IPM.Note"},
		&mapi.GetPropertiesSpecificRequest{Tags: []mapi.PropTag{mapi.TagDisplayName}})
	if got := p.Rops[0].(*mapi.GetReceiveFolderResponse).FolderID; got != in.folders[mapi.FolderInbox] {
		t.Errorf("mail goes to %x", got)
	}
	if got := p.Rops[1].(*mapi.GetPropertiesSpecificResponse).Row[0]; got != "Dana Reyes" {
		t.Errorf("the mailbox is %v's", got)
	}
}
