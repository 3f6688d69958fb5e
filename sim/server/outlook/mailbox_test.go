package outlook

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"shutout/lab"
	"shutout/lab/protocol/mapi"
	"shutout/sim/directory"
	"shutout/sim/server/mailtext"
	"shutout/sim/store"
)

// newOutlook is dana's Outlook with three messages in the inbox.
func newOutlook(tb testing.TB, settings ...string) (*bench, *Session, inbox) {
	tb.Helper()
	b := newBench(tb, "ex2010", "cas1", settings...)
	for _, s := range []string{"one", "two", "three"} {
		b.mail(s)
		b.pass(time.Minute)
	}
	x := b.mustConnect(lab.OutlookRPC)
	return b, x, b.openInbox(x)
}

func (b *bench) rows(x *Session, table uint32, q *mapi.QueryRowsRequest) *mapi.QueryRowsResponse {
	b.TB.Helper()
	return b.rops(x, []uint32{table}, q).Rops[0].(*mapi.QueryRowsResponse)
}

// refused is the code of the last answer.
func (b *bench) refused(x *Session, handles []uint32, rops ...mapi.Request) mapi.ErrorCode {
	b.TB.Helper()
	p, code := b.execute(x, handles, rops...)
	if code != mapi.Success {
		b.TB.Fatal(code)
	}
	if no, ok := p.Rops[len(p.Rops)-1].(*mapi.ErrorResponse); ok {
		return no.Code
	}
	return mapi.Success
}

func TestMessage(t *testing.T) {
	b, x, in := newOutlook(t)
	row := b.rows(x, in.table, &mapi.QueryRowsRequest{Forward: true, RowCount: 1}).Rows[0]
	mid := mapi.ID(row[0].(int64))
	tags := []mapi.PropTag{
		mapi.TagSubject, mapi.TagSenderName, mapi.TagSenderEmailAddress, mapi.TagDisplayTo, mapi.TagMessageDeliveryTime,
		mapi.TagClientSubmitTime, mapi.TagMessageClass, mapi.TagMessageFlags, mapi.TagBody, mapi.TagInternetMessageID,
		mapi.Tag(mapi.TagSubject.ID(), mapi.TypeUnspecified), mapi.Tag(mapi.TagSubject.ID(), mapi.TypeString8), mapi.TagHTML,
	}
	p := b.rops(x, []uint32{in.logon, mapi.NoHandle},
		&mapi.OpenMessageRequest{Output: 1, FolderID: in.folders[mapi.FolderInbox], MessageID: mid},
		&mapi.GetPropertiesSpecificRequest{Input: 1, Tags: tags},
		&mapi.GetPropertiesAllRequest{Input: 1})
	if o := p.Rops[0].(*mapi.OpenMessageResponse); o.NormalizedSubject != "three" || len(o.Recipients) != 1 || o.Recipients[0].Row.EmailAddress != "dana@corp.example" {
		t.Errorf("opened %+v", o)
	}
	got := fmt.Sprint(p.Rops[1].(*mapi.GetPropertiesSpecificResponse).Row)
	const want = "[three Erin Cole erin@corp.example dana@corp.example 2026-01-15 09:02:00 +0000 UTC 2026-01-15 08:00:00 +0000 UTC " +
		"IPM.Note 0 Hello.\r\n.dotted line\r\n <three@corp.example> {30 three} three 2147746063]"
	if got != want {
		t.Errorf("properties\n got %q\nwant %q", got, want)
	}
	if n := len(p.Rops[2].(*mapi.GetPropertiesAllResponse).Properties); n != len(messageTags) {
		t.Errorf("%d properties of %d", n, len(messageTags))
	}
	for name, q := range map[string]*mapi.OpenMessageRequest{
		"no such message":       {Output: 1, FolderID: in.folders[mapi.FolderInbox], MessageID: mid + 1<<56},
		"in another folder":     {Output: 1, FolderID: in.folders[mapi.FolderOutbox], MessageID: mid},
		"no such folder":        {Output: 1, FolderID: 77, MessageID: mid},
		"in a folder of MAPI's": {Output: 1, FolderID: in.folders[mapi.FolderRoot], MessageID: mid},
	} {
		if code := b.refused(x, []uint32{in.logon, mapi.NoHandle}, q); code != mapi.CodeNotFound {
			t.Errorf("%s: %v", name, code)
		}
	}
}

func TestLongText(t *testing.T) {
	b, x, in := newOutlook(t)
	text := strings.Repeat("nähe", 9000)
	b.Do(func(now time.Time) {
		raw := "From: erin@corp.example\r\nSubject: long\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text
		b.Store.Deliver(now, "dana", store.Inbox, store.ParseMessage([]byte(raw)))
	})
	mid := mapi.ID(b.rows(x, in.table, &mapi.QueryRowsRequest{Forward: true, RowCount: 1}).Rows[0][0].(int64))
	p := b.rops(x, []uint32{in.logon, mapi.NoHandle, mapi.NoHandle},
		&mapi.OpenMessageRequest{Output: 1, FolderID: in.folders[mapi.FolderInbox], MessageID: mid},
		&mapi.GetPropertiesSpecificRequest{Input: 1, Tags: []mapi.PropTag{mapi.TagBody}},
		&mapi.OpenStreamRequest{Input: 1, Output: 2, Tag: mapi.TagBody})
	if v := p.Rops[1].(*mapi.GetPropertiesSpecificResponse).Row[0]; v != mapi.CellError(mapi.CodeOutOfMemory) {
		t.Errorf("a long text comes as %.20v", v)
	}
	if n := p.Rops[2].(*mapi.OpenStreamResponse).Size; n != 72000 {
		t.Errorf("a stream of %d octets", n)
	}
	var read []byte
	for range 10 {
		q := b.rops(x, p.Handles, &mapi.ReadStreamRequest{Input: 2, ByteCount: mapi.ReadStreamMaximum, MaximumByteCount: 1 << 20})
		read = append(read, q.Rops[0].(*mapi.ReadStreamResponse).Data...)
	}
	if fromUTF16(read) != text {
		t.Errorf("read %d octets that are not the text", len(read))
	}
}

// A stream that has been committed has nothing left to write when it is
// released, and what has been set since stays.
func TestReleaseAfterCommit(t *testing.T) {
	b, x, in := newOutlook(t)
	handles := b.draft(x, in, "first")[:2]
	p := b.rops(x, append(handles, mapi.NoHandle),
		&mapi.OpenStreamRequest{Input: 1, Output: 2, Tag: mapi.TagBody, Mode: mapi.OpenCreate},
		&mapi.WriteStreamRequest{Input: 2, Data: utf16le("second")}, &mapi.CommitStreamRequest{Input: 2},
		&mapi.SetPropertiesRequest{Input: 1, Properties: []mapi.Property{{Tag: mapi.TagBody, Value: "third"}}},
		&mapi.ReleaseRequest{Input: 2},
		&mapi.GetPropertiesSpecificRequest{Input: 1, Tags: []mapi.PropTag{mapi.TagBody}})
	if v := p.Rops[len(p.Rops)-1].(*mapi.GetPropertiesSpecificResponse).Row[0]; v != "third" {
		t.Errorf("the body is %v", v)
	}
}

func TestFromUTF16(t *testing.T) {
	for _, units := range [][]uint16{
		nil, {0}, {'a', 0, 'b', 0, 0}, {0xE4, 0x20AC}, {0xD83D, 0xDE00, 'x'}, // a pair
		{0xD83D}, {0xD83D, 'x'}, {0xDE00, 0xD83D}, {0xD83D, 0xD83D, 0xDE00}, // halves
	} {
		var raw []byte
		for _, u := range units {
			raw = append(raw, byte(u), byte(u>>8))
		}
		want := strings.TrimRight(string(utf16.Decode(units)), "\x00")
		if got := fromUTF16(append(raw, 'h')); got != want {
			t.Errorf("%x: %q, want %q", units, got, want)
		}
	}
}

// draft writes a message of a text as a stream and returns the handles.
func (b *bench) draft(x *Session, in inbox, text string) []uint32 {
	b.TB.Helper()
	p := b.rops(x, []uint32{in.logon, mapi.NoHandle, mapi.NoHandle},
		&mapi.CreateMessageRequest{Output: 1, FolderID: in.folders[mapi.FolderOutbox]},
		&mapi.SetPropertiesRequest{Input: 1, Properties: []mapi.Property{{Tag: mapi.TagSubject, Value: "Grüße"}}},
		&mapi.ModifyRecipientsRequest{Input: 1, Recipients: []mapi.ModifyRecipient{
			{RowID: 1, Type: mapi.RecipientTo, Row: &mapi.RecipientRow{Kind: mapi.AddressX500, X500DN: b.Dir.LegacyDN("erin"), DisplayName: "Erin"}},
			{RowID: 2, Type: mapi.RecipientBcc, Row: &mapi.RecipientRow{AddressType: "SMTP", EmailAddress: "dana@corp.example"}},
			{RowID: 3, Type: mapi.RecipientCc, Row: &mapi.RecipientRow{Kind: mapi.AddressSMTP, EmailAddress: "gone@corp.example"}},
			{RowID: 3},
		}},
		&mapi.OpenStreamRequest{Input: 1, Output: 2, Tag: mapi.TagBody, Mode: mapi.OpenCreate})
	for _, chunk := range []string{text[:len(text)/2], text[len(text)/2:]} {
		b.rops(x, p.Handles, &mapi.WriteStreamRequest{Input: 2, Data: utf16le(chunk)})
	}
	b.rops(x, p.Handles, &mapi.CommitStreamRequest{Input: 2}, &mapi.ReleaseRequest{Input: 2})
	return p.Handles
}

func TestSavedThenSubmitted(t *testing.T) {
	b, x, in := newOutlook(t)
	text := strings.Repeat("Ein langer Text. ", 500)
	handles := b.draft(x, in, text)
	b.rops(x, handles, &mapi.SaveChangesMessageRequest{Input: 1, Flags: mapi.SaveKeepOpenReadWrite})
	if got := b.folder("dana", store.Outbox); len(got) != 1 {
		t.Errorf("outbox when saved: %q", got)
	}
	b.rops(x, handles, &mapi.SaveChangesMessageRequest{Input: 1}, &mapi.SubmitMessageRequest{Input: 1})
	if got := b.folder("dana", store.Outbox); len(got) != 0 {
		t.Errorf("outbox when sent: %q", got)
	}
	if code := b.refused(x, handles, &mapi.SubmitMessageRequest{Input: 1}); code != mapi.CodeAccessDenied {
		t.Errorf("submitted twice: %v", code)
	}
	b.pass(time.Minute)
	b.Do(func(now time.Time) {
		for user, folder := range map[string]string{"erin": store.Inbox, "dana": store.Inbox} {
			s, _ := b.Store.Logon(now, store.Request{User: user, Protocol: directory.OWA})
			items, _ := s.List(now, folder, 1)
			s.Close(now)
			if len(items) != 1 || items[0].Subject != "Grüße" {
				t.Fatalf("%s has %+v", user, items)
			}
			raw := string(items[0].Raw)
			if strings.Contains(strings.ToLower(raw), "\r\nbcc:") || strings.Contains(raw, "gone@") ||
				!strings.Contains(raw, `To: "Erin" <erin@corp.example>`) || !strings.Contains(raw, "From: \"Dana Reyes\" <dana@corp.example>") {
				t.Errorf("%s got %.600s", user, raw)
			}
			if mailtext.Plain(items[0].Raw, 1<<20) != text+"\r\n" {
				t.Errorf("%s has not got the text", user)
			}
		}
	})
}

// A message that was saved is opened again, and sent then.
func TestStoredDraft(t *testing.T) {
	b, x, in := newOutlook(t)
	handles := b.draft(x, in, "later")
	p := b.rops(x, handles, &mapi.SaveChangesMessageRequest{Input: 1}, &mapi.ReleaseRequest{Input: 1})
	mid := p.Rops[0].(*mapi.SaveChangesMessageResponse).MessageID
	b.rops(x, []uint32{in.logon, mapi.NoHandle},
		&mapi.OpenMessageRequest{Output: 1, FolderID: in.folders[mapi.FolderOutbox], MessageID: mid, Mode: mapi.OpenReadWrite},
		&mapi.SubmitMessageRequest{Input: 1})
	b.pass(time.Minute)
	if got := b.folder("erin", store.Inbox); len(got) != 1 {
		t.Errorf("erin has %q", got)
	}
	if out, sent := b.folder("dana", store.Outbox), b.folder("dana", store.SentItems); len(out) != 0 || len(sent) != 1 {
		t.Errorf("outbox %q, sent %q", out, sent)
	}
	// What came by mail is nobody's to submit.
	row := b.rows(x, in.table, &mapi.QueryRowsRequest{Forward: true, RowCount: 1}).Rows[0]
	if code := b.refused(x, []uint32{in.logon, mapi.NoHandle},
		&mapi.OpenMessageRequest{Output: 1, FolderID: in.folders[mapi.FolderInbox], MessageID: mapi.ID(row[0].(int64))},
		&mapi.SubmitMessageRequest{Input: 1}); code != mapi.CodeAccessDenied {
		t.Errorf("a received message: %v", code)
	}
}

func TestSendRefused(t *testing.T) {
	for name, c := range map[string]struct {
		mods []directory.Mod
		code mapi.ErrorCode
	}{
		"size":       {[]directory.Mod{directory.Set("submissionContLength", "1")}, mapi.CodeMaxSubmissionExceeded},
		"recipients": {[]directory.Mod{directory.Set("msExchRecipLimit", "0")}, mapi.CodeTooManyRecipients},
		"quota":      {[]directory.Mod{directory.Set("mDBUseDefaults", "FALSE"), directory.Set("mDBOverQuotaLimit", "0")}, mapi.CodeQuotaExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			b, x, in := newOutlook(t)
			b.change(c.mods...)
			b.pass(3 * time.Hour) // longer than anybody remembers
			if code := b.send(x, in, "erin@corp.example", "x", strings.Repeat("long ", 400)); code != c.code {
				t.Errorf("%v, want %v", code, c.code)
			}
			if got := b.folder("dana", store.SentItems); len(got) != 0 {
				t.Errorf("sent items: %q", got)
			}
			if got := b.subjects(x, in); got != "three two one" {
				t.Errorf("reading: %s", got)
			}
		})
	}
	b, x, in := newOutlook(t)
	for to, code := range map[string]mapi.ErrorCode{
		"nobody": mapi.CodeInvalidRecipients, "a b@c": mapi.CodeInvalidRecipients,
	} {
		if got := b.send(x, in, to, "x", "x"); got != code {
			t.Errorf("to %q: %v", to, got)
		}
	}
	if code := b.refused(x, []uint32{in.logon, mapi.NoHandle},
		&mapi.CreateMessageRequest{Output: 1, FolderID: in.folders[mapi.FolderOutbox]},
		&mapi.SubmitMessageRequest{Input: 1}); code != mapi.CodeNoRecipients {
		t.Errorf("to nobody: %v", code)
	}
	p := b.rops(x, []uint32{in.logon, mapi.NoHandle},
		&mapi.CreateMessageRequest{Output: 1, FolderID: in.folders[mapi.FolderOutbox]},
		&mapi.SetPropertiesRequest{Input: 1, Properties: []mapi.Property{{Tag: mapi.TagHTML, Value: []byte("<p>")}}})
	if problems := p.Rops[1].(*mapi.SetPropertiesResponse).Problems; len(problems) != 1 || problems[0].Code != mapi.CodeNotSupported {
		t.Errorf("a body in HTML: %+v", problems)
	}
	if code := b.refused(x, []uint32{in.logon, mapi.NoHandle},
		&mapi.CreateMessageRequest{Output: 1, FolderID: in.folders[mapi.FolderOutbox]},
		&mapi.SetPropertiesRequest{Input: 1, Properties: []mapi.Property{{Tag: mapi.TagSentRepresentingEmail, Value: "erin@corp.example"}}},
		&mapi.ModifyRecipientsRequest{Input: 1, Recipients: []mapi.ModifyRecipient{
			{Type: mapi.RecipientTo, Row: &mapi.RecipientRow{Kind: mapi.AddressSMTP, EmailAddress: "erin@corp.example"}}}},
		&mapi.SubmitMessageRequest{Input: 1}); code != mapi.CodeSendAsDenied {
		t.Errorf("as erin: %v", code)
	}
}

func TestNotifications(t *testing.T) {
	b, x, in := newOutlook(t)
	pending := func() (yes bool) {
		b.Do(func(now time.Time) { yes = x.Pending(now) })
		return yes
	}
	heard := 0
	var stop func()
	b.Do(func(time.Time) { stop = x.OnNews(func() { heard++ }) })
	if pending() {
		t.Error("news at first")
	}
	b.mail("four")
	if !pending() || heard != 1 {
		t.Errorf("no news of new mail, heard %d times", heard)
	}
	p := b.rops(x, nil)
	if len(p.Rops) != 1 {
		t.Fatalf("answers %+v", p.Rops)
	}
	n, ok := p.Rops[0].(*mapi.NotifyResponse)
	if !ok || n.Handle != in.news || n.Flags != mapi.NotifyNewMail|mapi.NotifyMessage || n.FolderID != in.folders[mapi.FolderInbox] || n.MessageClass != "IPM.Note" {
		t.Errorf("told %+v", p.Rops[0])
	}
	if row := b.rows(x, in.table, &mapi.QueryRowsRequest{Forward: true, RowCount: 1}).Rows[0]; mapi.ID(row[0].(int64)) != n.MessageID {
		t.Errorf("told of %x, the newest is %x", n.MessageID, row[0])
	}
	if pending() {
		t.Error("told, and still pending")
	}
	if code := b.send(x, in, "erin@corp.example", "x", "x"); code != mapi.Success || pending() {
		t.Errorf("sending (%v) is news", code)
	}
	b.Do(func(time.Time) { stop(); stop() })
	b.mail("five")
	if heard != 2 { // new mail, and the copy in Sent Items
		t.Errorf("heard %d times", heard)
	}

	for range 2 * maxNews {
		b.mail("many")
	}
	told := 0
	for range 100 {
		p := b.rops(x, nil)
		more := false
		for _, r := range p.Rops {
			switch r.(type) {
			case *mapi.NotifyResponse:
				told++
			case *mapi.PendingResponse:
				more = true
			}
		}
		if more != pending() {
			t.Errorf("more is %v", more)
		}
		if !more {
			break
		}
	}
	if told != maxNews {
		t.Errorf("told %d times", told)
	}
	b.rops(x, []uint32{in.news}, &mapi.ReleaseRequest{})
	b.mail("six")
	if pending() {
		t.Error("told after the registration was released")
	}
	// When a session ends, nobody is called any more.
	b.Do(func(now time.Time) {
		x.OnNews(func() { t.Error("called after the end") })
		x.Close(now)
	})
	b.mail("seven")
}
