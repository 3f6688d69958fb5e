package ews

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"shutout/lab/protocol/ews"
	"shutout/sim/server/webtest"
)

// FuzzPost sends anything, twice, to a mailbox that is empty and to one that is
// not, whose owner has a subscription.
func FuzzPost(f *testing.F) {
	w := newWorld(f, "ex2010")
	w.Deliver("mail")
	c := newCaller(f, w)
	id, folder := c.list(ews.Inbox)[0].ID, c.good(ews.GetFolder{Shape: idsOnly, Folders: inbox}).Folders[0].ID
	for _, op := range []ews.Operation{
		ews.GetFolder{Shape: ews.Shape{Base: ews.AllProperties}, Folders: append(inbox, ews.FolderRef{ID: folder})},
		ews.FindFolder{Traversal: ews.Deep, Shape: idsOnly, Parents: []ews.FolderRef{ews.Distinguished(ews.Root)},
			Restriction: &ews.Condition{Op: "Exists", Field: ews.Field{Tag: "0x3613", Type: "String"}}},
		ews.FindItem{Traversal: ews.Shallow, Shape: ews.Shape{Base: ews.AllProperties, Extra: []ews.Field{{Tag: "0xe23", Type: "Integer"}}},
			View: &ews.View{Max: 1, Offset: 1, FromEnd: true}, Sort: []ews.Sort{{Field: ews.FieldSubject}}, Parents: inbox,
			Restriction: &ews.Condition{Op: "Not", Operands: []ews.Condition{{Op: "IsEqualTo", Field: ews.FieldIsRead, Value: "true"}}}},
		ews.GetItem{Shape: ews.Shape{Base: ews.AllProperties, MIME: true}, Items: []ews.ID{id}},
		ews.CreateItem{Disposition: ews.SendAndSaveCopy, Items: []ews.Item{typed("x", webtest.Erin), written("y", webtest.Erin)}},
		ews.CreateItem{Disposition: ews.SaveOnly, Items: []ews.Item{typed("x")}},
		ews.SendItem{Save: true, Items: []ews.ID{id}},
		ews.UpdateItem{Disposition: ews.SaveOnly, Changes: []ews.ItemChange{{Item: id, Updates: []ews.Update{
			{Op: ews.SetField, Field: ews.FieldIsRead, Item: ews.Item{Kind: ews.KindMessage, Read: ews.True}}}}}},
		ews.DeleteItem{Type: "MoveToDeletedItems", Items: []ews.ID{id}},
		ews.MoveItem{To: ews.Distinguished(ews.Drafts), Items: []ews.ID{id}},
		ews.CopyItem{To: ews.FolderRef{ID: folder}, Items: []ews.ID{id}},
		ews.SyncFolderItems{Shape: idsOnly, Folder: inbox[0], State: "AQEC", Ignore: []ews.ID{id}, Max: 1},
		ews.Subscribe{Events: everything},
		ews.Unsubscribe{Subscription: "Y2FzMS8x"},
		ews.GetStreamingEvents{Subscriptions: []string{"Y2FzMS8x"}, Timeout: time.Minute},
		ews.GetFolder{Shape: idsOnly, Folders: []ews.FolderRef{{Distinguished: ews.Inbox, Mailbox: webtest.Erin}}},
		ews.GetInboxRules{}, ews.GetInboxRules{Mailbox: webtest.Erin},
		ews.UpdateInboxRules{RemoveBlob: true, Changes: []ews.RuleChange{
			{Op: ews.CreateRule, Rule: ews.Rule{Name: "a", Priority: 1, Enabled: true, Forward: []ews.Mailbox{{Address: webtest.Erin}}}},
			{Op: ews.DeleteRule, Rule: ews.Rule{ID: ruleID(1)}},
		}},
		ews.ConvertID{To: ewsFormat, IDs: []ews.AlternateID{{Format: ewsFormat, ID: id.ID}}},
	} {
		body, err := ews.Request{Version: ews.Exchange2010, Op: op}.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, mails := range []int{0, 3} {
			w := webtest.New(t, "ex2010")
			for range mails {
				w.Deliver("mail")
			}
			h := New(w.World.World, "cas1")
			if mails > 0 {
				sub, err := ews.Request{Op: ews.Subscribe{Folders: inbox, Events: everything}}.Encode()
				if err != nil {
					t.Fatal(err)
				}
				if rec := post(h, sub); rec.Code != http.StatusOK {
					t.Fatalf("a good Subscribe: %d", rec.Code)
				}
				w.Deliver("more")
			}
			for range 2 {
				rec := post(h, body)
				if rec.Code != http.StatusOK && rec.Code != ews.StatusFault {
					t.Errorf("%d %s", rec.Code, rec.Body)
				}
				s := ews.NewStream(bytes.NewReader(rec.Body.Bytes()))
				if r, err := s.Next(); rec.Code == http.StatusOK && (err != nil || len(r.Messages) == 0) {
					t.Errorf("an answer that is none: %v\n%s", err, rec.Body)
				}
			}
			if mb, _ := w.Store.Mailbox("dana"); len(mb.Sessions()) != 0 {
				t.Errorf("%d logons are left", len(mb.Sessions()))
			}
		}
	})
}
