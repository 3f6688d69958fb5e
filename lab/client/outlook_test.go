package client

import (
	"context"
	"errors"
	"strings"
	"testing"

	"shutout/lab"
	"shutout/lab/protocol/mapi"
)

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
