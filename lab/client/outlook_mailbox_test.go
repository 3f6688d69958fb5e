package client

import (
	"context"
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

func (f *fakeMailbox) news() bool { n := f.told; f.told = false; return n }

func (f *fakeMailbox) wait(context.Context) { f.waits++ }

func (f *fakeMailbox) leave() { f.log = append(f.log, "leave") }

func (f *fakeMailbox) drop() {}

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
