package ews

import (
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/lab/protocol/ews"
	"shutout/sim/directory"
	"shutout/sim/server/webtest"
	"shutout/sim/store"
)

// typed is a message that the server is to put together.
func typed(subject string, to ...string) ews.Item {
	i := ews.Item{Kind: ews.KindMessage, Subject: subject, Body: &ews.Body{Type: ews.BodyText, Text: "Hello."}}
	for _, a := range to {
		i.To = append(i.To, ews.Mailbox{Address: a})
	}
	return i
}

// written is a message that the client has put together.
func written(subject, to string) ews.Item {
	return ews.Item{Kind: ews.KindMessage, MIME: []byte("From: dana@corp.example\r\nTo: " + to + "\r\nSubject: " + subject + "\r\n\r\nHello.\r\n")}
}

func TestSend(t *testing.T) {
	w := newWorld(t, "ex2010")
	c := newCaller(t, w)
	create := func(d ews.Disposition, i ews.Item) ews.Message {
		t.Helper()
		m := c.good(ews.CreateItem{Disposition: d, Items: []ews.Item{i}})
		w.Pass(1e9)
		return m
	}
	create(ews.SendOnly, typed("typed", webtest.Erin))
	create(ews.SendAndSaveCopy, written("written", webtest.Erin))
	hidden := typed("hidden")
	hidden.Bcc = []ews.Mailbox{{Address: webtest.Erin}}
	create(ews.SendAndSaveCopy, hidden)
	html := typed("html", webtest.Erin)
	html.Body = &ews.Body{Type: ews.BodyHTML, Text: "<b>Hello</b>"}
	create(ews.SendOnly, html)
	w.WantReason("dana-ews", "transport: message taken from the mailbox")
	if got := w.Subjects("erin", store.Inbox); !slices.Equal(got, []string{"typed", "written", "hidden", "html"}) {
		t.Errorf("erin has %q", got)
	}
	if got := titles(c.list(ews.SentItems)); !slices.Equal(got, []string{"written", "hidden"}) {
		t.Errorf("sent items %q", got)
	}
	w.Do(func(now time.Time) {
		s, _ := w.Store.Logon(now, store.Request{User: "erin", Protocol: "mapi"})
		defer s.Close(now)
		items, _ := s.Range(now, store.Inbox, 0, 9)
		if raw := string(items[0].Raw); !strings.Contains(raw, `From: "Dana Reyes" <dana@corp.example>`) || !strings.Contains(raw, "Message-ID: <ews-") {
			t.Errorf("typed became\n%s", raw)
		}
		if raw := string(items[2].Raw); strings.Contains(raw, "erin@corp.example") && strings.Contains(raw, "\nBcc:") {
			t.Errorf("hidden shows whom it went to\n%s", raw)
		}
		if !strings.Contains(string(items[3].Raw), "Content-Type: text/html") {
			t.Error("the HTML text became something else")
		}
	})

	// A draft is kept and sent later; messages may be put anywhere.
	draft := create(ews.SaveOnly, written("draft", webtest.Erin)).Items[0]
	old := written("old", webtest.Dana)
	old.Properties = []ews.Property{{Field: ews.Field{Tag: "0xe07", Type: "Integer"}, Value: "1"},
		{Field: ews.Field{Tag: "0xe06", Type: "SystemTime"}, Value: "2020-01-01T00:00:00Z"}}
	c.good(ews.CreateItem{Disposition: ews.SaveOnly, SaveTo: &inbox[0], Items: []ews.Item{old}})
	c.with(func(s *store.Session) {
		d, err := s.Get(w.Now(), store.Drafts, 1)
		if err != nil || d.Flags != store.Draft|store.Seen {
			t.Errorf("draft %v %+v", err, d.Flags)
		}
		o, err := s.Get(w.Now(), store.Inbox, 1)
		if err != nil || o.Flags != store.Seen || o.Received.Year() != 2020 {
			t.Errorf("old %v %+v", err, o)
		}
	})
	c.good(ews.SendItem{Save: true, Items: []ews.ID{draft.ID}})
	w.Pass(1e9)
	if got := w.Subjects("erin", store.Inbox); !slices.Contains(got, "draft") {
		t.Errorf("erin has %q", got)
	}
	if got := titles(c.list(ews.SentItems)); !slices.Contains(got, "draft") || len(c.list(ews.Drafts)) != 0 {
		t.Errorf("sent items %q, drafts %+v", got, c.list(ews.Drafts))
	}
	c.wantCode(ews.SendItem{Save: true, Items: []ews.ID{draft.ID}}, ews.ErrorItemNotFound)
}

func TestSendRefusals(t *testing.T) {
	from := typed("x", webtest.Erin)
	from.From = &ews.Mailbox{Address: webtest.Erin}
	notMail := ews.Item{Kind: ews.KindMessage, MIME: []byte("no header at all")}
	for name, tt := range map[string]struct {
		item ews.Item
		set  func(w *webtest.World)
		want ews.ResponseCode
	}{
		"nobody":     {item: typed("x"), want: ews.ErrorMissingRecipients},
		"no mail":    {item: notMail, want: ews.ErrorInvalidRequest},
		"no address": {item: typed("x", "erin"), want: ews.ErrorInvalidRecipients},
		"not a mail": {item: ews.Item{Kind: "Contact"}, want: ews.ErrorInvalidOperation},
		"send as":    {item: from, want: ews.ErrorSendAsDenied},
		"too large":  {item: typed("x", webtest.Erin), set: func(w *webtest.World) { w.Change(directory.Set("submissionContLength", "0")) }, want: ews.ErrorMessageSizeExceeded},
		"too many":   {item: typed("x", webtest.Erin, webtest.Dana), set: func(w *webtest.World) { w.Change(directory.Set("msExchRecipLimit", "1")) }, want: ews.ErrorInvalidRecipients},
		"quota": {item: typed("x", webtest.Erin), set: func(w *webtest.World) {
			w.Change(directory.Set("mDBUseDefaults", "FALSE"), directory.Set("mDBOverQuotaLimit", "0"))
		}, want: ews.ErrorQuotaExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "ex2010")
			if tt.set != nil {
				tt.set(w)
			}
			c := newCaller(t, w)
			c.wantCode(ews.CreateItem{Disposition: ews.SendAndSaveCopy, Items: []ews.Item{tt.item}}, tt.want)
			if n := len(c.list(ews.SentItems)); n != 0 {
				t.Errorf("%d copies of what was refused", n)
			}
		})
	}
	w := newWorld(t, "ex2010")
	c := newCaller(t, w)
	c.wantCode(ews.CreateItem{Items: []ews.Item{typed("x", webtest.Erin)}}, ews.ErrorInvalidRequest)
	c.wantCode(ews.CreateItem{Disposition: ews.SaveOnly, SaveTo: new(ews.Distinguished(ews.Tasks)), Items: []ews.Item{typed("x")}}, ews.ErrorInvalidOperation)
	w.Change(directory.Set("mDBUseDefaults", "FALSE"), directory.Set("mDBOverHardQuotaLimit", "0"))
	c.wantCode(ews.CreateItem{Disposition: ews.SaveOnly, Items: []ews.Item{typed("x")}}, ews.ErrorQuotaExceeded)
}
