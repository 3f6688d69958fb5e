package outlook

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/mapi"
	"shutout/sim/directory"
	"shutout/sim/server/servertest"
	"shutout/sim/store"
)

// owner is the activity that the tests act for.
const owner = "dana-outlook"

// bench is an organisation with a service, and one client of it.
type bench struct {
	*servertest.World
	svc  *Service
	conn net.Conn // of the activity
	dn   string
}

func newBench(tb testing.TB, version, host string, settings ...string) *bench {
	tb.Helper()
	w := servertest.New(tb, version, settings...)
	b := &bench{World: w, svc: New(w.World, host), dn: w.Dir.LegacyDN("dana")}
	l, err := w.Net.Listen(host, 135)
	if err != nil {
		tb.Fatal(err)
	}
	w.At(0, owner, func(ctx context.Context) {
		if _, err := w.Net.Dial(ctx, owner, "home", host+":135"); err != nil {
			tb.Error(err)
		}
	})
	accepted := make(chan net.Conn, 1)
	go func() {
		c, _ := l.Accept()
		accepted <- c
		buf := make([]byte, 1)
		c.Read(buf)
	}()
	w.Run(0)
	b.conn = <-accepted
	b.Decisions(owner)
	return b
}

// connect opens dana's session, or another user's on dana's mailbox.
func (b *bench) connect(path lab.Path, user string) (x *Session, code mapi.ErrorCode) {
	b.TB.Helper()
	b.Do(func(now time.Time) {
		o, ok := b.Dir.PDC().Lookup(user)
		if !ok {
			b.TB.Fatal("no " + user)
		}
		x, code = b.svc.Connect(now, Caller{User: o, Path: path, Conn: b.conn}, b.dn)
	})
	return x, code
}

func (b *bench) mustConnect(path lab.Path) *Session {
	b.TB.Helper()
	x, code := b.connect(path, "dana")
	if code != mapi.Success {
		b.TB.Fatalf("connect: %v", code)
	}
	return x
}

// execute carries ROPs out and returns the answers.
func (b *bench) execute(x *Session, handles []uint32, rops ...mapi.Request) (mapi.ResponseBuffer, mapi.ErrorCode) {
	b.TB.Helper()
	payload, err := mapi.RequestBuffer{Rops: rops, Handles: handles}.Encode()
	if err != nil {
		b.TB.Fatal(err)
	}
	buffer, err := mapi.AppendPayload(nil, payload, mapi.FlagLast)
	if err != nil {
		b.TB.Fatal(err)
	}
	var answer []byte
	var code mapi.ErrorCode
	b.Do(func(now time.Time) { answer, code = x.Execute(now, b.conn, buffer, 1<<16) })
	if code != mapi.Success {
		return mapi.ResponseBuffer{}, code
	}
	payloads, err := mapi.ParsePayloads(answer)
	if err != nil {
		b.TB.Fatal(err)
	}
	p, err := mapi.ParseResponses(payloads[0], mapi.Sent{Rops: rops, Columns: func(uint8) []mapi.PropTag { return listColumns }})
	if err != nil {
		b.TB.Fatal(err)
	}
	return p, code
}

// rops is execute when all must work.
func (b *bench) rops(x *Session, handles []uint32, rops ...mapi.Request) mapi.ResponseBuffer {
	b.TB.Helper()
	p, code := b.execute(x, handles, rops...)
	if code != mapi.Success {
		b.TB.Fatalf("execute: %v", code)
	}
	for _, r := range p.Rops {
		if err := mapi.Err(r); err != nil {
			b.TB.Fatal(err)
		}
	}
	return p
}

// ping is a small use of the mailbox.
func (b *bench) ping(x *Session) mapi.ErrorCode {
	b.TB.Helper()
	_, code := b.execute(x, []uint32{mapi.NoHandle}, &mapi.LogonRequest{Flags: mapi.LogonPrivate}, &mapi.ReleaseRequest{})
	return code
}

var listColumns = []mapi.PropTag{mapi.TagMID, mapi.TagSubject, mapi.TagSenderEmailAddress, mapi.TagMessageDeliveryTime, mapi.TagMessageSize, mapi.TagMessageFlags}

// inbox is what a client has after it has signed in.
type inbox struct {
	logon, folder, table, news uint32
	folders                    [13]mapi.ID
}

func (b *bench) openInbox(x *Session) inbox {
	b.TB.Helper()
	p := b.rops(x, []uint32{mapi.NoHandle}, &mapi.LogonRequest{Flags: mapi.LogonPrivate, OpenFlags: mapi.OpenUsePerMDBReplidMap, ESSDN: b.dn})
	in := inbox{logon: p.Handles[0], folders: p.Rops[0].(*mapi.LogonResponse).Folders}
	p = b.rops(x, []uint32{in.logon, mapi.NoHandle, mapi.NoHandle, mapi.NoHandle},
		&mapi.OpenFolderRequest{Output: 1, FolderID: in.folders[mapi.FolderInbox]},
		&mapi.GetContentsTableRequest{Input: 1, Output: 2},
		&mapi.SetColumnsRequest{Input: 2, Tags: listColumns},
		&mapi.SortTableRequest{Input: 2, Orders: []mapi.SortOrder{{Tag: mapi.TagMessageDeliveryTime, Order: mapi.SortDescending}}},
		&mapi.RegisterNotificationRequest{Input: 1, Output: 3, Types: mapi.NotifyNewMail, FolderID: in.folders[mapi.FolderInbox]},
	)
	in.folder, in.table, in.news = p.Handles[1], p.Handles[2], p.Handles[3]
	return in
}

func (b *bench) subjects(x *Session, in inbox) string {
	b.TB.Helper()
	p := b.rops(x, []uint32{in.table},
		&mapi.SeekRowRequest{Origin: mapi.BookmarkBeginning},
		&mapi.QueryRowsRequest{Forward: true, RowCount: 50})
	var list []string
	for _, row := range p.Rops[1].(*mapi.QueryRowsResponse).Rows {
		list = append(list, row[1].(string))
	}
	return strings.Join(list, " ")
}

func (b *bench) mail(subject string) {
	b.Do(func(now time.Time) { b.Mail(now, "dana", subject) })
}

func (b *bench) pass(d time.Duration) { b.Run(b.Elapsed() + d) }

// send writes a message and submits it.
func (b *bench) send(x *Session, in inbox, to, subject, body string) mapi.ErrorCode {
	b.TB.Helper()
	p, code := b.execute(x, []uint32{in.logon, mapi.NoHandle},
		&mapi.CreateMessageRequest{Output: 1, FolderID: in.folders[mapi.FolderOutbox]},
		&mapi.SetPropertiesRequest{Input: 1, Properties: []mapi.Property{
			{Tag: mapi.TagMessageClass, Value: "IPM.Note"}, {Tag: mapi.TagSubject, Value: subject}, {Tag: mapi.TagBody, Value: body},
		}},
		&mapi.ModifyRecipientsRequest{Input: 1, Recipients: []mapi.ModifyRecipient{
			{Type: mapi.RecipientTo, Row: &mapi.RecipientRow{Kind: mapi.AddressSMTP, EmailAddress: to, DisplayName: to}},
		}},
		&mapi.SubmitMessageRequest{Input: 1},
		&mapi.ReleaseRequest{Input: 1},
	)
	if code != mapi.Success {
		return code
	}
	for _, r := range p.Rops {
		if no, ok := r.(*mapi.ErrorResponse); ok {
			return no.Code
		}
	}
	return mapi.Success
}

func (b *bench) folder(user, folder string) (subjects []string) {
	b.Do(func(now time.Time) {
		s, d := b.Store.Logon(now, store.Request{User: user, Protocol: directory.OWA})
		if !d.Allowed {
			b.TB.Fatal(d.Reason)
		}
		defer s.Close(now)
		items, _ := s.Range(now, folder, 0, 1<<32-1)
		for _, it := range items {
			subjects = append(subjects, it.Subject)
		}
	})
	return subjects
}

func TestReadAndSend(t *testing.T) {
	b := newBench(t, "ex2010", "cas1")
	for _, s := range []string{"one", "two", "three"} {
		b.mail(s)
		b.pass(time.Minute)
	}
	x := b.mustConnect(lab.OutlookRPC)
	in := b.openInbox(x)
	if got := b.subjects(x, in); got != "three two one" {
		t.Errorf("inbox: %s", got)
	}
	b.mail("four")
	if got := b.subjects(x, in); got != "four three two one" {
		t.Errorf("after another one: %s", got)
	}

	if code := b.send(x, in, "erin@corp.example", "hello", "Hi, Erin"); code != mapi.Success {
		t.Errorf("send: %v", code)
	}
	b.pass(time.Minute)
	if got := b.folder("erin", store.Inbox); len(got) != 1 || got[0] != "hello" {
		t.Errorf("erin has %q", got)
	}
	if got := b.folder("dana", store.SentItems); len(got) != 1 || got[0] != "hello" {
		t.Errorf("sent items: %q", got)
	}
	if got := b.folder("dana", store.Outbox); len(got) != 0 {
		t.Errorf("outbox: %q", got)
	}
}
