package client

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/mapi"
)

var outlookTime = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// complainer is as much of a testing.T as fakeMailbox needs.
type complainer interface {
	Error(args ...any)
	Errorf(format string, args ...any)
	Fatal(args ...any)
}

// fakeMailbox is a carrier with a server behind it that knows what Outlook asks
// for, and nothing else.
type fakeMailbox struct {
	t        complainer
	server   string   // the one that the client is connected to
	home     string   // the one that has the mailbox; "" for any
	subjects []string // of the inbox, the newest first
	long     string   // a text that must be read as a stream
	fail     map[mapi.RopID]mapi.ErrorCode
	die      error // of the next execute
	told     bool  // there is news

	log     []string
	waits   int
	stream  []byte
	sent    []string // recipient, subject, text
	to      string
	subject string
	text    string
}

func (f *fakeMailbox) connect(_ context.Context, password, dn string) error {
	if password != oldPass {
		return refused(stageSignIn, "wrong password")
	}
	f.log = append(f.log, "connect "+f.server)
	return nil
}
func (f *fakeMailbox) redirect(server string) { f.server = server }
func (f *fakeMailbox) news() bool             { n := f.told; f.told = false; return n }
func (f *fakeMailbox) wait(context.Context)   { f.waits++ }
func (f *fakeMailbox) leave()                 { f.log = append(f.log, "leave") }
func (f *fakeMailbox) drop()                  {}

func (f *fakeMailbox) execute(_ context.Context, stage string, buffer []byte, once bool) ([]byte, error) {
	if f.die != nil {
		err := f.die
		f.die = nil
		return nil, err
	}
	payloads, err := mapi.ParsePayloads(buffer)
	if err != nil {
		f.t.Fatal(err)
	}
	q, err := mapi.ParseRequests(payloads[0])
	if err != nil {
		f.t.Fatal(err)
	}
	var out mapi.ResponseBuffer
	var names []string
	for _, rop := range q.Rops {
		names = append(names, rop.Rop().String()[3:])
		if _, submit := rop.(*mapi.SubmitMessageRequest); submit && !once {
			f.t.Error("a message is submitted as if it could be twice")
		}
		if code := f.fail[rop.Rop()]; code != mapi.Success {
			out.Rops = append(out.Rops, &mapi.ErrorResponse{ID: rop.Rop(), Code: code})
		} else if r := f.answer(rop, q.Handles); r != nil {
			out.Rops = append(out.Rops, r)
		}
	}
	f.log = append(f.log, stage+": "+strings.Join(names, " "))
	if f.told {
		out.Rops = append(out.Rops, &mapi.NotifyResponse{Handle: 4, Notification: mapi.Notification{Flags: mapi.NotifyNewMail | mapi.NotifyMessage}})
	}
	out.Handles = q.Handles
	payload, err := out.Encode()
	if err != nil {
		f.t.Fatal(err)
	}
	answer, err := mapi.AppendPayload(nil, payload, mapi.FlagLast)
	if err != nil {
		f.t.Fatal(err)
	}
	return answer, nil
}

func (f *fakeMailbox) answer(rop mapi.Request, handles []uint32) mapi.Response {
	switch rop := rop.(type) {
	case *mapi.LogonRequest:
		if f.home != "" && f.home != f.server {
			return &mapi.LogonRedirectResponse{Flags: rop.Flags, ServerName: f.home}
		}
		handles[0] = 1
		r := &mapi.LogonResponse{Flags: mapi.LogonPrivate}
		for i := range r.Folders {
			r.Folders[i] = mapi.ID(100 + i)
		}
		return r
	case *mapi.OpenFolderRequest:
		if rop.FolderID != mapi.ID(100+mapi.FolderInbox) {
			f.t.Errorf("the client opens folder %d", rop.FolderID)
		}
		handles[rop.Output] = 2
		return &mapi.OpenFolderResponse{Index: rop.Output}
	case *mapi.GetContentsTableRequest:
		handles[rop.Output] = 3
		return &mapi.GetContentsTableResponse{Index: rop.Output}
	case *mapi.SetColumnsRequest:
		return &mapi.SetColumnsResponse{Index: rop.Input}
	case *mapi.SortTableRequest:
		return &mapi.SortTableResponse{Index: rop.Input}
	case *mapi.RegisterNotificationRequest:
		handles[rop.Output] = 4
		return &mapi.RegisterNotificationResponse{Index: rop.Output}
	case *mapi.SeekRowRequest:
		return &mapi.SeekRowResponse{}
	case *mapi.QueryRowsRequest:
		if handles[rop.Input] != 3 {
			f.t.Errorf("rows of handle %d", handles[rop.Input])
		}
		r := &mapi.QueryRowsResponse{Columns: columns}
		for i, s := range f.subjects {
			r.Rows = append(r.Rows, mapi.Row{int64(len(f.subjects) - i), s, "Erin", outlookTime, int32(2000), int32(0)})
		}
		return r
	case *mapi.OpenMessageRequest:
		handles[rop.Output] = 5
		return &mapi.OpenMessageResponse{Index: rop.Output}
	case *mapi.GetPropertiesSpecificRequest:
		r := &mapi.GetPropertiesSpecificResponse{Columns: rop.Tags, Row: mapi.Row{"s", "n", "e", "t", outlookTime, "text"}}
		if f.long != "" {
			r.Row[5] = mapi.CellError(mapi.CodeOutOfMemory)
		}
		return r
	case *mapi.OpenStreamRequest:
		handles[rop.Output] = 6
		if f.stream = nil; rop.Mode != mapi.OpenCreate {
			f.stream = utf16LE(f.long)
		}
		return &mapi.OpenStreamResponse{Index: rop.Output, Size: uint32(len(f.stream))}
	case *mapi.ReadStreamRequest:
		n := min(len(f.stream), int(rop.ByteCount))
		r := &mapi.ReadStreamResponse{Data: f.stream[:n]}
		f.stream = f.stream[n:]
		return r
	case *mapi.WriteStreamRequest:
		f.stream = append(f.stream, rop.Data...)
		return &mapi.WriteStreamResponse{Written: uint16(len(rop.Data))}
	case *mapi.CommitStreamRequest:
		f.text = string(f.stream)
		return &mapi.CommitStreamResponse{}
	case *mapi.CreateMessageRequest:
		if rop.FolderID != mapi.ID(100+mapi.FolderOutbox) {
			f.t.Errorf("the client writes in folder %d", rop.FolderID)
		}
		handles[rop.Output] = 7
		f.text, f.stream = "", nil
		return &mapi.CreateMessageResponse{Index: rop.Output}
	case *mapi.SetPropertiesRequest:
		for _, p := range rop.Properties {
			switch p.Tag {
			case mapi.TagSubject:
				f.subject = p.Value.(string)
			case mapi.TagBody:
				f.text = p.Value.(string)
			}
		}
		return &mapi.SetPropertiesResponse{}
	case *mapi.ModifyRecipientsRequest:
		f.to = rop.Recipients[0].Row.EmailAddress
		return &mapi.ModifyRecipientsResponse{}
	case *mapi.SubmitMessageRequest:
		f.sent = append(f.sent, f.to, f.subject, f.text)
		return &mapi.SubmitMessageResponse{}
	case *mapi.ReleaseRequest:
		return nil
	}
	f.t.Errorf("the client asks for %v", rop.Rop())
	return nil
}

// outlookOf is a client of the fake mailbox.
func outlookOf(t *testing.T, f *fakeMailbox) lab.Client {
	t.Helper()
	l := newTestLab(t, lab.OutlookRPC)
	l.env.Login.MailboxDN = "/o=CORP/cn=Recipients/cn=dana"
	f.t = t
	line := newLine(l.env)
	return &client{path: paths[lab.OutlookRPC], line: line, open: func() session { return newOutlook(line, f) }}
}

// took returns what the mailbox was asked since the last call.
func (f *fakeMailbox) took() string {
	text := strings.Join(f.log, "; ")
	f.log = nil
	return text
}

const openSession = "connect ; open mailbox: Logon; open mailbox: OpenFolder GetContentsTable SetColumns SortTable RegisterNotification Release; "

func TestOutlookReadsTheNewest(t *testing.T) {
	f := &fakeMailbox{subjects: []string{"one"}}
	c := outlookOf(t, f)
	for _, step := range []struct {
		what string
		do   func()
		want string
	}{
		{"first", func() {}, openSession + "read: SeekRow QueryRows; read: OpenMessage GetPropertiesSpecific Release"},
		{"idle", func() {}, "read: SeekRow QueryRows"},
		{"new mail", func() { f.subjects = []string{"two", "one"} }, "read: SeekRow QueryRows; read: OpenMessage GetPropertiesSpecific Release"},
		{"idle again", func() {}, "read: SeekRow QueryRows"},
		{"a long text", func() { f.subjects, f.long = append([]string{"three"}, f.subjects...), strings.Repeat("é", 20000) },
			"read: SeekRow QueryRows; read: OpenMessage GetPropertiesSpecific Release; read: OpenMessage OpenStream ReadStream; " +
				"read: ReadStream; read: ReadStream; read: ReadStream; read: Release Release"},
		{"gone meanwhile", func() {
			f.subjects, f.long = append([]string{"four"}, f.subjects...), ""
			f.fail = map[mapi.RopID]mapi.ErrorCode{mapi.RopOpenMessage: mapi.CodeNotFound}
		}, "read: SeekRow QueryRows; read: OpenMessage GetPropertiesSpecific Release"},
		{"an empty inbox", func() { f.subjects, f.fail = nil, nil }, "read: SeekRow QueryRows"},
	} {
		step.do()
		check(t, step.what, do(c, lab.Read), nil)
		if got := f.took(); got != step.want {
			t.Errorf("%s:\n got %s\nwant %s", step.what, got, step.want)
		}
	}
}

func TestOutlookReceives(t *testing.T) {
	f := &fakeMailbox{subjects: []string{"other"}}
	c := outlookOf(t, f)
	check(t, "not there", do(c, lab.Receive), &lab.Failure{Kind: lab.Refused, Stage: "receive", Text: "the message is not in the inbox", Absent: true})
	f.subjects, f.told = []string{"other 2", "probe 7", "other"}, true
	check(t, "there", do(c, lab.Receive), nil)
	if f.waits != 2 || f.told {
		t.Errorf("%d waits, news taken %v", f.waits, !f.told)
	}
}

func TestOutlookSends(t *testing.T) {
	f := &fakeMailbox{}
	c := outlookOf(t, f)
	check(t, "send", do(c, lab.Send), nil)
	if want := openSession + "send: CreateMessage SetProperties ModifyRecipients SubmitMessage Release"; f.took() != want {
		t.Errorf("not %s", want)
	}
	if got := strings.Join(f.sent, "|"); got != "erin@corp.example|probe 7|"+sentence {
		t.Errorf("sent %q", got)
	}
	f.sent = nil
	err := c.Do(context.Background(), lab.Task{Capability: lab.Send, To: "erin@corp.example", Subject: "long", Size: 20000})
	check(t, "send a long text", err, nil)
	if len(f.sent) != 3 || f.sent[2] != string(utf16LE(body(20000))) {
		t.Error("the long text did not arrive whole")
	}
	if got := f.took(); strings.Count(got, "WriteStream") != 3 || !strings.HasSuffix(got, "send: CommitStream Release ModifyRecipients SubmitMessage Release") {
		t.Errorf("asked %s", got)
	}

	f.fail = map[mapi.RopID]mapi.ErrorCode{mapi.RopSubmitMessage: mapi.CodeMaxSubmissionExceeded}
	check(t, "refused", do(c, lab.Send), &lab.Failure{
		Kind: lab.Refused, Stage: "send", Text: "RopSubmitMessage: MaxSubmissionExceeded (0x000004DA)",
	})
	f.fail = map[mapi.RopID]mapi.ErrorCode{mapi.RopCreateMessage: mapi.CodeMailboxInTransit, mapi.RopSubmitMessage: mapi.CodeNullObject}
	check(t, "refused before", do(c, lab.Send), &lab.Failure{
		Kind: lab.Refused, Stage: "send", Text: "RopCreateMessage: MailboxInTransit (0x0000050C)",
	})
	f.fail = map[mapi.RopID]mapi.ErrorCode{mapi.RopSetProperties: mapi.CodeServerMemory}
	check(t, "on its way", do(c, lab.Send), nil)
	f.took()
	f.die = unknown("send", errors.New("no answer"))
	check(t, "no answer", do(c, lab.Send), &lab.Failure{Kind: lab.Unknown, Stage: "send", Text: "no answer"})
}

func TestOutlookFollowsTheMailbox(t *testing.T) {
	f := &fakeMailbox{home: "mbx2"}
	c := outlookOf(t, f)
	check(t, "redirected", do(c, lab.SignIn), nil)
	if want := "connect ; open mailbox: Logon; leave; connect mbx2; open mailbox: Logon; " +
		"open mailbox: OpenFolder GetContentsTable SetColumns SortTable RegisterNotification Release; leave"; f.took() != want {
		t.Errorf("not %s", want)
	}
	f.home = "mbx3"
	check(t, "redirected", do(c, lab.Read), nil)
	f.took()
	again := &fakeMailbox{t: t, home: "elsewhere"}
	c = outlookOf(t, again)
	loop := &redirecting{again}
	line := c.(*client).line
	c.(*client).open = func() session { return newOutlook(line, loop) }
	check(t, "sent around", do(c, lab.Read), &lab.Failure{
		Kind: lab.Refused, Stage: "open mailbox", Text: "each server says that another one has the mailbox",
	})
}

// redirecting never comes to the right server.
type redirecting struct{ *fakeMailbox }

func (*redirecting) redirect(string) {}

func TestOutlookRefusals(t *testing.T) {
	f := &fakeMailbox{fail: map[mapi.RopID]mapi.ErrorCode{mapi.RopLogon: mapi.CodeAccountDisabled}}
	c := outlookOf(t, f)
	check(t, "logon", do(c, lab.Read), &lab.Failure{Kind: lab.Refused, Stage: "open mailbox", Text: "RopLogon: AccountDisabled (0x00000650)"})
	f.fail = nil
	c.(*client).line.env.Login.Passwords = []string{newPass}
	check(t, "password", do(c, lab.Read), &lab.Failure{Kind: lab.Refused, Stage: "sign-in", Text: "wrong password"})
	c.(*client).line.env.Login.Passwords = []string{newPass, oldPass}
	check(t, "the other password", do(c, lab.Read), nil)

	f.took()
	f.die = &lost{Failure: refused("read", "the session is over"), again: true}
	check(t, "a new session", do(c, lab.Read), nil)
	if got := f.took(); !strings.HasPrefix(got, openSession) {
		t.Errorf("asked %s", got)
	}
}

func TestOutlookAnswersThatMakeNoSense(t *testing.T) {
	good := &fakeMailbox{}
	for what, answer := range map[string][]byte{
		"nothing": nil, "noise": bytes.Repeat([]byte{0xFF}, 40),
		"no answers": {0, 0, 4, 0, 2, 0, 2, 0, 2, 0},
	} {
		l := newTestLab(t, lab.OutlookRPC)
		good.t = t
		o := newOutlook(newLine(l.env), &answering{good, answer}).(*outlook)
		var f *lab.Failure
		if _, err := o.logOn(context.Background(), "dn"); !errors.As(err, &f) || f.Kind != lab.Refused || !strings.HasPrefix(f.Text, "unexpected answer") {
			t.Errorf("%s: %v", what, err)
		}
		if err := o.send(context.Background(), lab.Task{Capability: lab.Send}); !errors.As(err, &f) || f.Kind != lab.Unknown {
			t.Errorf("%s: %v after a submission", what, err)
		}
	}
}

// answering gives one answer to everything.
type answering struct {
	*fakeMailbox
	what []byte
}

func (a *answering) execute(context.Context, string, []byte, bool) ([]byte, error) {
	return a.what, nil
}

// tampering gives one of its mailbox's answers another list of ROPs.
type tampering struct {
	*fakeMailbox
	at   int // calls before that
	what []byte
}

func (c *tampering) execute(ctx context.Context, stage string, buffer []byte, once bool) ([]byte, error) {
	answer, err := c.fakeMailbox.execute(ctx, stage, buffer, once)
	if c.at--; c.at != -1 || err != nil {
		return answer, err
	}
	return mapi.AppendPayload(nil, c.what[:min(len(c.what), mapi.MaxPayload)], mapi.FlagLast)
}

// mute lets the client ask for what it was led to.
type mute struct{}

func (mute) Error(...any)          {}
func (mute) Errorf(string, ...any) {}
func (mute) Fatal(...any)          {}

// FuzzOutlookAnswers has a server answer anything to one of the calls of a
// sign-in, a read, a receive and a send. The client may fail, in words.
func FuzzOutlookAnswers(f *testing.F) {
	for at := range uint8(7) {
		f.Add(at, false, []byte{2, 0})
		f.Add(at, true, []byte{2, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0})
	}
	rows, _ := mapi.ResponseBuffer{Rops: []mapi.Response{&mapi.SeekRowResponse{}, &mapi.QueryRowsResponse{
		Columns: columns, Rows: []mapi.Row{{mapi.CellError(1), "s", "n", outlookTime, int32(1), int32(0)}},
	}}, Handles: []uint32{3}}.Encode()
	f.Add(uint8(2), false, rows)
	f.Add(uint8(2), false, append(rows, 0, 0, 0, 0))
	text, _ := mapi.ResponseBuffer{Rops: []mapi.Response{&mapi.ReadStreamResponse{Data: []byte("t")}}}.Encode()
	f.Add(uint8(5), true, append(text, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0))
	small, _ := mapi.ResponseBuffer{Rops: []mapi.Response{&mapi.SeekRowResponse{}, &mapi.BufferTooSmallResponse{SizeNeeded: 9}}, Handles: []uint32{3}}.Encode()
	f.Add(uint8(2), false, small)
	f.Fuzz(func(t *testing.T, at uint8, long bool, what []byte) {
		box := &fakeMailbox{t: mute{}, subjects: []string{"one"}}
		if long {
			box.long = strings.Repeat("long ", readChunk/5)
		}
		l := newTestLab(t, lab.OutlookRPC)
		l.env.Login.MailboxDN = "/o=CORP/cn=Recipients/cn=dana"
		line := newLine(l.env)
		c := &client{path: paths[lab.OutlookRPC], line: line, open: func() session {
			return newOutlook(line, &tampering{box, int(at % 16), what})
		}}
		for _, can := range []lab.Capability{lab.Read, lab.Receive, lab.Send} {
			var said *lab.Failure
			if err := do(c, can); err != nil && (!errors.As(err, &said) || said.Stage == "" || said.Text == "") {
				t.Errorf("%s: %v", can, err)
			}
		}
		c.Close()
	})
}
