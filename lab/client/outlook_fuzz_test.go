package client

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"shutout/lab"
	"shutout/lab/protocol/mapi"
)

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

func (mute) Error(...any) {}

func (mute) Errorf(string, ...any) {}

func (mute) Fatal(...any) {}

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
