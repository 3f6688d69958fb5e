package ews

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/lab/protocol/ews"
	"shutout/sim/directory"
	"shutout/sim/server/webtest"
	"shutout/sim/store"
)

func TestHTTP(t *testing.T) {
	w := newWorld(t, "ex2010")
	c := newCaller(t, w)
	get, err := ews.Request{Op: ews.GetFolder{Shape: idsOnly, Folders: inbox}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	status := func(method, kind string, body []byte, want int) *http.Response {
		t.Helper()
		resp := c.request(method, kind, body)
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s of %s: %s, want %d", method, kind, resp.Status, want)
		}
		return resp
	}
	status("GET", "", nil, 200)
	status("PUT", ews.ContentType, get, 405)
	status("POST", "application/json", get, 415)
	status("POST", ews.ContentType, []byte("<x"), 500)
	status("POST", ews.ContentType, get[:len(get)/2], 500)
	if resp := status("POST", "text/xml", get, 200); resp.Header.Get("Content-Type") != "text/xml; charset=utf-8" {
		t.Errorf("the answer is %q", resp.Header.Get("Content-Type"))
	}
	c.password = "wrong"
	status("POST", ews.ContentType, get, 401)
	c.password = ""
	resp := status("GET", "", nil, 401)
	if !slices.ContainsFunc(resp.Header.Values("WWW-Authenticate"), func(s string) bool { return strings.HasPrefix(s, "Basic ") }) {
		t.Errorf("Basic is not offered: %q", resp.Header)
	}
}

func TestVersions(t *testing.T) {
	for _, v := range []struct{ profile, schema, beyond string }{
		{"ex2007", ews.Exchange2007SP1, ews.Exchange2010}, {"ex2010", ews.Exchange2010SP2, ews.Exchange2013},
		{"ex2013", ews.Exchange2013SP1, ews.Exchange2016}, {"ex2016", ews.Exchange2016, "Exchange2099"},
		{"ex2019", ews.Exchange2016, "Exchange2099"},
	} {
		w := newWorld(t, v.profile)
		c := newCaller(t, w)
		for _, version := range []string{"", ews.Exchange2007SP1, v.schema} {
			c.version = version
			c.good(ews.GetFolder{Shape: idsOnly, Folders: inbox})
		}
		c.version = v.beyond
		c.wantCode(ews.GetFolder{Shape: idsOnly, Folders: inbox}, ews.ErrorInvalidServerVersion)
		c.version = ews.Exchange2007SP1 // which has no streams, whoever speaks it
		c.wantCode(ews.Subscribe{Folders: inbox, Events: everything}, ews.ErrorSchemaValidation)
	}
}

func TestFolders(t *testing.T) {
	w := newWorld(t, "ex2010")
	c := newCaller(t, w)
	w.Deliver("one")
	c.with(func(s *store.Session) {
		for _, name := range []string{"Projects/2026/March", "Projects", "Old/News"} {
			if _, err := s.CreateFolder(w.Now(), name); err != nil {
				t.Fatal(err)
			}
		}
	})
	f := c.good(ews.GetFolder{Shape: ews.Shape{Base: ews.Default}, Folders: inbox}).Folders[0]
	if f.Name != "Inbox" || *f.Total != 1 || *f.Unread != 1 || *f.Children != 0 {
		t.Errorf("inbox %+v", f)
	}
	again := c.good(ews.GetFolder{Shape: ews.Shape{Base: ews.AllProperties}, Folders: []ews.FolderRef{{ID: f.ID}}}).Folders[0]
	if again.ID != f.ID || again.Class != "IPF.Note" {
		t.Errorf("by its id %+v", again)
	}
	top := c.good(ews.GetFolder{Shape: idsOnly, Folders: []ews.FolderRef{ews.Distinguished(ews.MsgFolderRoot)}}).Folders[0]
	if again.Parent != top.ID {
		t.Errorf("the inbox is in %+v, not in %+v", again.Parent, top.ID)
	}
	if m := c.good(ews.ConvertID{To: ewsFormat, IDs: []ews.AlternateID{{Format: ewsFormat, ID: top.ID.ID, Mailbox: "x@y"}}}); m.ID.Mailbox != webtest.Dana {
		t.Errorf("the mailbox is %+v", m.ID)
	}
	name := ews.Field{URI: "folder:DisplayName"}
	find := func(op ews.FindFolder) (list []string) {
		t.Helper()
		op.Shape.Base = ews.Default
		for _, f := range c.good(op).Page.Folders {
			list = append(list, f.Name)
		}
		return list
	}
	all := find(ews.FindFolder{Traversal: ews.Deep, Parents: []ews.FolderRef{ews.Distinguished(ews.Root)}})
	for _, want := range []string{"Top of Information Store", "Calendar", "Sent Items", "Projects", "2026/March", "Old/News"} {
		if !slices.Contains(all, want) {
			t.Errorf("%q is not among %q", want, all)
		}
	}
	if got := find(ews.FindFolder{Traversal: ews.Shallow, Parents: []ews.FolderRef{ews.Distinguished(ews.MsgFolderRoot)}, Restriction: &ews.Condition{
		Op: "IsEqualTo", Field: name, Value: "projects"}}); !slices.Equal(got, []string{"Projects"}) {
		t.Errorf("by name: %q", got)
	}
	page := c.good(ews.FindFolder{Traversal: ews.Shallow, Shape: ews.Shape{Base: ews.Default}, View: &ews.View{Max: 2, Offset: 1},
		Parents: []ews.FolderRef{ews.Distinguished(ews.MsgFolderRoot)}}).Page
	if len(page.Folders) != 2 || page.Folders[0].Name != "Contacts" || page.Last || page.Next != 3 || page.Total != 13 {
		t.Errorf("page %+v", page)
	}
	for ref, want := range map[ews.FolderRef]ews.ResponseCode{
		ews.Distinguished("archiveroot"):                                   ews.ErrorFolderNotFound,
		{ID: ews.ID{ID: "AQMk"}}:                                           ews.ErrorInvalidIDMalformed,
		{Distinguished: ews.Inbox, Mailbox: webtest.Erin}:                  ews.ErrorAccessDenied,
		{ID: ews.ID{ID: c.list(ews.Inbox)[0].ID.ID}}:                       ews.ErrorInvalidIDMalformed,
		{Distinguished: ews.Inbox, Mailbox: strings.ToUpper(webtest.Dana)}: ews.NoError,
	} {
		c.wantCode(ews.GetFolder{Shape: idsOnly, Folders: []ews.FolderRef{ref}}, want)
	}
}

func TestFindItem(t *testing.T) {
	w := newWorld(t, "ex2010")
	c := newCaller(t, w)
	for _, s := range []string{"beta", "alpha", "gamma"} {
		w.Deliver(s)
		w.Pass(time.Minute)
	}
	c.with(func(s *store.Session) { s.Mark(w.Now(), store.Inbox, []uint32{2}, store.Seen|store.Flagged, 0) })
	uid := ews.Field{Tag: "0x0E23", Type: "Integer"}
	for _, tt := range []struct {
		op   ews.FindItem
		want string
	}{
		{ews.FindItem{}, "gamma alpha beta"},
		{ews.FindItem{Sort: []ews.Sort{{Field: ews.FieldReceived}}}, "beta alpha gamma"},
		{ews.FindItem{Sort: []ews.Sort{{Field: ews.FieldSubject, Descending: true}}}, "gamma beta alpha"},
		{ews.FindItem{Sort: []ews.Sort{{Field: ews.FieldIsRead}, {Field: uid}}}, "beta gamma alpha"},
		{ews.FindItem{View: &ews.View{Max: 1}}, "gamma"},
		{ews.FindItem{View: &ews.View{Max: 5, Offset: 2}}, "beta"},
		{ews.FindItem{View: &ews.View{Max: 1, Offset: 1, FromEnd: true}}, "alpha"},
		{ews.FindItem{View: &ews.View{Offset: 9}}, ""},
		{ews.FindItem{Traversal: ews.Associated}, ""},
		{ews.FindItem{Parents: []ews.FolderRef{ews.Distinguished(ews.Calendar)}}, ""},
		{ews.FindItem{Restriction: &ews.Condition{Op: "IsEqualTo", Field: ews.FieldIsRead, Value: "false"}}, "gamma beta"},
		{ews.FindItem{Restriction: &ews.Condition{Op: "IsNotEqualTo", Field: ews.FieldIsRead, Value: "false"}}, "alpha"},
		{ews.FindItem{Restriction: &ews.Condition{Op: "Contains", Field: ews.FieldSubject, Value: "ALPH", Mode: "Prefixed", Compare: "IgnoreCase"}}, "alpha"},
		{ews.FindItem{Restriction: &ews.Condition{Op: "Contains", Field: ews.FieldSubject, Value: "ALPH", Mode: "Substring", Compare: "Exact"}}, ""},
		{ews.FindItem{Restriction: &ews.Condition{Op: "IsGreaterThan", Field: ews.FieldReceived, Value: "2026-01-15T09:00:30Z"}}, "gamma alpha"},
		{ews.FindItem{Restriction: &ews.Condition{Op: "Exists", Field: ews.Field{Tag: "0x1090", Type: "Integer"}}}, "alpha"},
		{ews.FindItem{Restriction: &ews.Condition{Op: "Excludes", Field: ews.Field{Tag: "0xe07", Type: "Integer"}, Value: "0x1"}}, "gamma beta"},
		{ews.FindItem{Restriction: &ews.Condition{Op: "IsEqualTo", Field: ews.Field{Set: "InternetHeaders", Name: "message-id", Type: "String"}, Value: "<beta@corp.example>"}}, "beta"},
		{ews.FindItem{Restriction: &ews.Condition{Op: "And", Operands: []ews.Condition{
			{Op: "Not", Operands: []ews.Condition{{Op: "IsEqualTo", Field: uid, Value: "1"}}},
			{Op: "Or", Operands: []ews.Condition{{Op: "IsLessThanOrEqualTo", Field: uid, Value: "2"}, {Op: "IsEqualTo", Field: uid, Value: "x"}}}}}}, "alpha"},
	} {
		op := tt.op
		op.Shape = subjects
		if op.Traversal == "" {
			op.Traversal = ews.Shallow
		}
		if op.Parents == nil {
			op.Parents = inbox
		}
		if got := strings.Join(titles(c.good(op).Page.Items), " "); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.op, got, tt.want)
		}
	}
	p := c.good(ews.FindItem{Traversal: ews.Shallow, Shape: ews.Shape{Base: ews.Default, Extra: []ews.Field{uid, {Tag: "0x1090", Type: "Integer"}}}, View: &ews.View{Max: 2}, Parents: inbox}).Page
	first := p.Items[0]
	if p.Total != 3 || p.Next != 2 || p.Last || first.From == nil || first.From.Address != webtest.Erin || first.Read != ews.False || first.Size == nil ||
		len(first.Properties) != 1 || first.Properties[0].Value != "3" || p.Items[1].Properties[1].Value != "2" || first.Body != nil || first.MIME != nil {
		t.Errorf("page %+v", p)
	}
}

func TestGetItem(t *testing.T) {
	w := newWorld(t, "ex2010")
	c := newCaller(t, w)
	w.Deliver("one")
	id := c.list(ews.Inbox)[0].ID
	item := c.good(ews.GetItem{Shape: ews.Shape{Base: ews.IDOnly, MIME: true}, Items: []ews.ID{id}}).Items[0]
	if item.ID != id || !strings.Contains(string(item.MIME), "\r\n.dotted line\r\n") || item.Subject != "" {
		t.Errorf("MIME %+v", item)
	}
	item = c.good(ews.GetItem{Shape: ews.Shape{Base: ews.Default, Body: ews.BodyText}, Items: []ews.ID{id}}).Items[0]
	if item.Subject != "one" || item.Body == nil || item.Body.Text != "Hello.\r\n.dotted line\r\n" || item.To[0].Address != webtest.Dana || item.MIME != nil {
		t.Errorf("default %+v", item)
	}
	item = c.good(ews.GetItem{Shape: ews.Shape{Base: ews.AllProperties, Body: ews.BodyHTML, Extra: []ews.Field{{Tag: "0x007D", Type: "String"}}}, Items: []ews.ID{id}}).Items[0]
	if item.Body.Type != ews.BodyHTML || item.InternetMessageID != "<one@corp.example>" || !strings.HasPrefix(item.Properties[0].Value, "From: Erin") {
		t.Errorf("all %+v", item)
	}
	m, err := c.ask(ews.GetItem{Shape: idsOnly, Items: []ews.ID{{ID: "x"}, id, {ID: strings.Repeat("A", 24)}}})
	if err != nil || len(m) != 3 || m[0].Code != ews.ErrorInvalidIDMalformed || m[1].Err() != nil || m[2].Err() == nil {
		t.Errorf("three items: %+v, %v", m, err)
	}
	c.with(func(s *store.Session) { s.Delete(w.Now(), store.Inbox, []uint32{1}) })
	c.wantCode(ews.GetItem{Shape: idsOnly, Items: []ews.ID{id}}, ews.ErrorItemNotFound)
}

// A response has room for so much, however often the request names a large
// message.
func TestResponseIsBounded(t *testing.T) {
	w := webtest.New(t, "ex2010")
	f := New(w.World.World, "cas1").(*frontEnd)
	f.budget = 1 << 20
	w.Serve(f)
	c := newCaller(t, w)
	c.with(func(s *store.Session) {
		s.Append(w.Now(), store.Inbox, 0, w.Now(), store.ParseMessage([]byte("Subject: large\r\n\r\n"+strings.Repeat("x", 128<<10))))
	})
	id := c.list(ews.Inbox)[0].ID
	m, err := c.ask(ews.GetItem{Shape: ews.Shape{Base: ews.IDOnly, MIME: true}, Items: slices.Repeat([]ews.ID{id}, 8)})
	if err != nil || len(m) != 8 || m[0].Err() != nil || m[7].Code != ews.ErrorDataSizeLimitExceeded {
		t.Errorf("%d messages, %v", len(m), err)
	}
	c.wantCode(ews.GetItem{Shape: idsOnly, Items: slices.Repeat([]ews.ID{id}, maxParts+1)}, ews.ErrorInvalidRequest)
	c.wantCode(ews.GetItem{Shape: ews.Shape{Base: ews.IDOnly, Extra: slices.Repeat([]ews.Field{ews.FieldSubject}, maxProperties+1)}, Items: []ews.ID{id}}, ews.ErrorInvalidRequest)
}

func TestChanges(t *testing.T) {
	w := newWorld(t, "ex2010")
	c := newCaller(t, w)
	for _, s := range []string{"one", "two", "three"} {
		w.Deliver(s)
	}
	id := func(subject string) ews.ID {
		for _, i := range c.list(ews.Inbox) {
			if i.Subject == subject {
				return i.ID
			}
		}
		return ews.ID{}
	}
	property := func(tag, value string) ews.Update {
		f := ews.Field{Tag: tag, Type: "Integer"}
		return ews.Update{Op: ews.SetField, Field: f, Item: ews.Item{Kind: ews.KindMessage, Properties: []ews.Property{{Field: f, Value: value}}}}
	}
	update := func(u ...ews.Update) store.Flags {
		t.Helper()
		c.good(ews.UpdateItem{Disposition: ews.SaveOnly, Conflict: "AlwaysOverwrite", Changes: []ews.ItemChange{{Item: id("one"), Updates: u}}})
		var flags store.Flags
		c.with(func(s *store.Session) {
			it, _ := s.Get(w.Now(), store.Inbox, 1)
			flags = it.Flags
		})
		return flags
	}
	read := ews.Update{Op: ews.SetField, Field: ews.FieldIsRead, Item: ews.Item{Kind: ews.KindMessage, Read: ews.True}}
	deleted := ews.Field{Set: "Common", ID: "34160", Type: "Integer"}
	if got := update(read, property("0x1090", "2"), property("0x1081", "102"),
		ews.Update{Op: ews.SetField, Field: deleted, Item: ews.Item{Kind: ews.KindMessage, Properties: []ews.Property{{Field: deleted, Value: "1"}}}}); got != store.Seen|store.Flagged|store.Answered|store.Deleted {
		t.Errorf("flags %b", got)
	}
	read.Item.Read = ews.False
	if got := update(read, property("0x1090", "0"), ews.Update{Op: ews.DeleteField, Field: deleted}); got != store.Answered {
		t.Errorf("flags %b", got)
	}
	copied := c.good(ews.CopyItem{To: ews.Distinguished(ews.Drafts), Items: []ews.ID{id("one")}}).Items[0].ID
	moved := c.good(ews.MoveItem{To: ews.Distinguished(ews.DeletedItems), Items: []ews.ID{id("two")}}).Items[0].ID
	c.good(ews.DeleteItem{Type: "MoveToDeletedItems", Items: []ews.ID{id("three")}})
	c.good(ews.DeleteItem{Type: "HardDelete", Items: []ews.ID{copied}})
	for folder, want := range map[string]string{ews.Inbox: "one", ews.DeletedItems: "two three", ews.Drafts: ""} {
		if got := strings.Join(titles(c.list(folder)), " "); got != want {
			t.Errorf("%s: %q, want %q", folder, got, want)
		}
	}
	c.good(ews.GetItem{Shape: idsOnly, Items: []ews.ID{moved}})
	c.wantCode(ews.DeleteItem{Type: "HardDelete", Items: []ews.ID{copied}}, ews.ErrorItemNotFound)
	c.wantCode(ews.MoveItem{To: ews.Distinguished(ews.Calendar), Items: []ews.ID{moved}}, ews.ErrorInvalidOperation)
	c.wantCode(ews.CopyItem{To: ews.Distinguished("nowhere"), Items: []ews.ID{moved}}, ews.ErrorFolderNotFound)
}

func TestMailboxRefusals(t *testing.T) {
	get := ews.GetFolder{Shape: idsOnly, Folders: inbox}
	for _, tt := range []struct {
		name   string
		refuse func(w *webtest.World)
		want   ews.ResponseCode
		reason string
	}{
		{"flag", func(w *webtest.World) { w.SwitchOff(directory.EWS) }, ews.ErrorAccessDenied, "no mailbox-info-cache: ews flag off"},
		{"rights", func(w *webtest.World) {
			w.Do(func(now time.Time) { w.Store.SetPermission(now, "dana", store.Self, 0) })
		}, ews.ErrorAccessDenied, "no mailbox-info-cache: SELF has no full access"},
		{"Disable-Mailbox", func(w *webtest.World) { w.Do(func(now time.Time) { w.Store.Disconnect(now, "dana") }) },
			ews.ErrorNonExistentMailbox, "no store: mailbox disconnected"},
		{"restart", func(w *webtest.World) { w.Do(func(now time.Time) { w.Store.Restart(now, "mbx1") }) },
			ews.ErrorMailboxStoreUnavailable, "no service:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, "ex2010")
			tt.refuse(w)
			c := newCaller(t, w)
			c.wantCode(get, tt.want)
			w.WantReason("dana-ews", tt.reason)
		})
	}
}

// With Basic it is the token that lets a disabled user in, until it lapses.
func TestTokenOutlivesDisable(t *testing.T) {
	w := newWorld(t, "ex2010")
	c := newCaller(t, w)
	get := ews.GetFolder{Shape: idsOnly, Folders: inbox}
	c.good(get)
	w.DisableAccount()
	w.Pass(14 * time.Minute)
	c.good(get)
	w.WantReason("dana-ews", "iis-token-cache: token reused")
	w.Pass(15 * time.Minute)
	if _, err := c.ask(get); err == nil || !strings.HasPrefix(err.Error(), "401") {
		t.Errorf("after the token has lapsed: %v", err)
	}
	w.WantReason("dana-ews", "no directory: account disabled")
}
