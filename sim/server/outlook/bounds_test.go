package outlook

import (
	"bytes"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/mapi"
)

func TestAnswersThatDoNotFit(t *testing.T) {
	b, x, in := newOutlook(t)
	var code mapi.ErrorCode
	var answer []byte
	execute := func(max int, rops ...mapi.Request) mapi.ResponseBuffer {
		payload, _ := mapi.RequestBuffer{Rops: rops, Handles: []uint32{in.logon, in.table, mapi.NoHandle}}.Encode()
		buffer, _ := mapi.AppendPayload(nil, payload, mapi.FlagLast)
		b.Do(func(now time.Time) { answer, code = x.Execute(now, nil, buffer, max) })
		if code != mapi.Success {
			return mapi.ResponseBuffer{}
		}
		if len(answer) > max {
			t.Fatalf("%d octets where %d were allowed", len(answer), max)
		}
		payloads, err := mapi.ParsePayloads(answer)
		if err != nil {
			t.Fatal(err)
		}
		p, err := mapi.ParseResponses(payloads[0], mapi.Sent{Rops: rops, Columns: func(uint8) []mapi.PropTag { return listColumns }})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if execute(8, &mapi.ReleaseRequest{Input: 9}); code != mapi.CodeBufferTooSmall {
		t.Errorf("no room at all: %v", code)
	}
	row := b.rows(x, in.table, &mapi.QueryRowsRequest{Forward: true, RowCount: 1, Flags: mapi.QueryNoAdvance}).Rows[0]
	open := &mapi.OpenMessageRequest{Output: 2, FolderID: in.folders[mapi.FolderInbox], MessageID: mapi.ID(row[0].(int64))}
	props := &mapi.GetPropertiesAllRequest{Input: 2}
	objects := len(x.objects)
	p := execute(400, &mapi.SeekRowRequest{Input: 1}, open, props, &mapi.ReleaseRequest{Input: 2})
	last, ok := p.Rops[len(p.Rops)-1].(*mapi.BufferTooSmallResponse)
	if !ok || len(p.Rops) != 3 {
		t.Fatalf("answers %+v", p.Rops)
	}
	// What was not done comes back as it was sent, to be sent again.
	rest, _ := mapi.RequestBuffer{Rops: []mapi.Request{props, &mapi.ReleaseRequest{Input: 2}}}.Encode()
	if !bytes.Equal(last.Requests, rest[2:]) {
		t.Errorf("left over: % x, want % x", last.Requests, rest[2:])
	}
	if _, failed := execute(4000, props).Rops[0].(*mapi.ErrorResponse); !failed {
		t.Error("properties of nothing")
	}
	// An object whose answer did not fit is not left open.
	b.rops(x, p.Handles, &mapi.ReleaseRequest{Input: 2})
	execute(140, &mapi.SeekRowRequest{Input: 1}, &mapi.SeekRowRequest{Input: 1}, open)
	if len(x.objects) != objects {
		t.Errorf("%d objects, were %d", len(x.objects), objects)
	}
}

func TestWhatTheServerDoesNotKnow(t *testing.T) {
	b, x, in := newOutlook(t)
	var answer []byte
	var code mapi.ErrorCode
	execute := func(buffer []byte) { b.Do(func(now time.Time) { answer, code = x.Execute(now, b.conn, buffer, 4096) }) }

	// RopGetStatus (0x16) behind a ROP that it knows.
	seek, _ := mapi.RequestBuffer{Rops: []mapi.Request{&mapi.SeekRowRequest{}}}.Encode()
	payload := append(append([]byte{}, seek...), 0x16, 0, 7)
	payload[0] += 3
	payload = append(payload, byte(in.table), 0, 0, 0)
	buffer, _ := mapi.AppendPayload(nil, payload, mapi.FlagLast)
	if execute(buffer); code != mapi.Success {
		t.Fatal(code)
	}
	payloads, _ := mapi.ParsePayloads(answer)
	want := []byte{19, 0, 0x18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x16, 7, 0xFF, 0x0F, 0x04, 0x80}
	if got := payloads[0][:len(payloads[0])-4]; !bytes.Equal(got, want) {
		t.Errorf("answer % x\nwant   % x", got, want)
	}

	for name, buffer := range map[string][]byte{
		"nothing":      nil,
		"noise":        bytes.Repeat([]byte{0xA5}, 64),
		"cut short":    buffer[:12],
		"two payloads": append([]byte{0, 0, 0, 0, 2, 0, 2, 0, 2, 0}, 0, 0, 4, 0, 2, 0, 2, 0, 2, 0),
	} {
		if execute(buffer); code != mapi.CodeRPCFormat {
			t.Errorf("%s: %v", name, code)
		}
		if _, over := x.Ended(); over {
			t.Fatalf("%s ended the session", name)
		}
	}
	for name, q := range map[string]mapi.Request{
		"an index behind the table": &mapi.QueryRowsRequest{Input: 9},
		"a handle of nothing":       &mapi.QueryRowsRequest{Input: 1},
		"the wrong kind of object":  &mapi.ReadStreamRequest{Input: 0},
	} {
		if code := b.refused(x, []uint32{in.table, 4711}, q); code != mapi.CodeNullObject {
			t.Errorf("%s: %v", name, code)
		}
	}
	for name, c := range map[string]struct {
		q    mapi.Request
		code mapi.ErrorCode
	}{
		"output behind the table": {&mapi.OpenFolderRequest{Output: 9, FolderID: in.folders[mapi.FolderInbox]}, mapi.CodeInvalidParameter},
		"public folders":          {&mapi.LogonRequest{}, mapi.CodeNotSupported},
		"another mailbox":         {&mapi.LogonRequest{Flags: mapi.LogonPrivate, ESSDN: b.Dir.LegacyDN("erin")}, mapi.CodeWrongMailbox},
		"no mailbox":              {&mapi.LogonRequest{Flags: mapi.LogonPrivate, ESSDN: "/o=x"}, mapi.CodeUnknownUser},
	} {
		if code := b.refused(x, []uint32{in.logon}, c.q); code != c.code {
			t.Errorf("%s: %v", name, code)
		}
	}
}

func TestOpenObjectsAreBounded(t *testing.T) {
	b, x, in := newOutlook(t)
	code := mapi.Success
	for n := 0; code == mapi.Success; n++ {
		if n > maxObjects {
			t.Fatal("no end of objects")
		}
		code = b.refused(x, []uint32{in.logon, mapi.NoHandle}, &mapi.OpenFolderRequest{Output: 1, FolderID: in.folders[mapi.FolderInbox]})
	}
	if code != mapi.CodeTooManyOpenObjects {
		t.Error(code)
	}
}

func TestWritingIsBounded(t *testing.T) {
	b, x, in := newOutlook(t)
	handles := b.draft(x, in, "x")
	held := x.held
	p := b.rops(x, handles, &mapi.OpenStreamRequest{Input: 1, Output: 2, Tag: mapi.TagBody, Mode: mapi.OpenCreate})
	chunk := make([]byte, 30<<10)
	code := mapi.Success
	for n := 0; code == mapi.Success; n++ {
		if n > maxHeld/len(chunk) {
			t.Fatal("no end of what is held")
		}
		code = b.refused(x, p.Handles, &mapi.WriteStreamRequest{Input: 2, Data: chunk})
	}
	if code != mapi.CodeServerMemory {
		t.Error(code)
	}
	// The message is closed first: what was written is dropped.
	b.rops(x, p.Handles, &mapi.ReleaseRequest{Input: 1}, &mapi.ReleaseRequest{Input: 2})
	if x.held != 0 {
		t.Errorf("%d octets held after the end, %d before", x.held, held)
	}
}

// FuzzExecute sends a session whatever bytes there are, in three states: fresh,
// with the inbox open, and while a message is being written.
func FuzzExecute(f *testing.F) {
	seed := func(handles []uint32, rops ...mapi.Request) {
		payload, err := mapi.RequestBuffer{Rops: rops, Handles: handles}.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(payload)
	}
	inbox := mapi.MakeID(1, 0x101)
	seed([]uint32{mapi.NoHandle}, &mapi.LogonRequest{Flags: mapi.LogonPrivate})
	seed([]uint32{1, 2, 3, mapi.NoHandle, mapi.NoHandle},
		&mapi.OpenFolderRequest{Output: 3, FolderID: inbox}, &mapi.GetContentsTableRequest{Input: 3, Output: 4},
		&mapi.SetColumnsRequest{Input: 4, Tags: listColumns}, &mapi.SortTableRequest{Input: 4, Orders: []mapi.SortOrder{{Tag: mapi.TagMessageFlags, Order: 1}}},
		&mapi.QueryRowsRequest{Input: 4, Forward: true, RowCount: 9}, &mapi.SeekRowRequest{Input: 4, Origin: 2, RowCount: -1})
	seed([]uint32{1, mapi.NoHandle, mapi.NoHandle}, &mapi.OpenMessageRequest{Output: 1, FolderID: inbox, MessageID: messageID(1, 1)},
		&mapi.GetPropertiesAllRequest{Input: 1}, &mapi.OpenStreamRequest{Input: 1, Output: 2, Tag: mapi.TagBody},
		&mapi.ReadStreamRequest{Input: 2, ByteCount: 100}, &mapi.GetPropertiesSpecificRequest{Input: 1, Tags: messageTags})
	seed([]uint32{1, 5, 6}, &mapi.SetPropertiesRequest{Input: 1, Properties: []mapi.Property{{Tag: mapi.TagBody, Value: "x"}}},
		&mapi.WriteStreamRequest{Input: 2, Data: []byte{1, 0, 0xD8}}, &mapi.CommitStreamRequest{Input: 2},
		&mapi.SaveChangesMessageRequest{Input: 1}, &mapi.SubmitMessageRequest{Input: 1}, &mapi.TransportSendRequest{Input: 1})
	seed([]uint32{1, mapi.NoHandle}, &mapi.RegisterNotificationRequest{Output: 1, Types: 0x1E, WholeStore: true},
		&mapi.GetReceiveFolderRequest{}, &mapi.GetHierarchyTableRequest{Output: 1}, &mapi.ReleaseRequest{Input: 1})
	f.Add([]byte{5, 0, 0x16, 0, 0})

	b := newBench(f, "ex2010", "cas1")
	b.mail("one")
	f.Fuzz(func(t *testing.T, payload []byte) {
		b.TB = t
		if len(payload) > mapi.MaxPayload {
			return
		}
		buffer, err := mapi.AppendPayload(nil, payload, mapi.FlagLast)
		if err != nil {
			t.Fatal(err)
		}
		for state := range 3 {
			x := b.mustConnect(lab.OutlookRPC)
			if state > 0 {
				in := b.openInbox(x) // handles 1 to 4
				if state > 1 {
					b.rops(x, []uint32{in.logon, mapi.NoHandle, mapi.NoHandle},
						&mapi.CreateMessageRequest{Output: 1, FolderID: in.folders[mapi.FolderOutbox]},
						&mapi.OpenStreamRequest{Input: 1, Output: 2, Tag: mapi.TagBody, Mode: mapi.OpenCreate},
						&mapi.ModifyRecipientsRequest{Input: 1, Recipients: []mapi.ModifyRecipient{
							{Type: mapi.RecipientTo, Row: &mapi.RecipientRow{Kind: mapi.AddressSMTP, EmailAddress: "erin@corp.example"}}}})
				}
			}
			for _, max := range []int{100, 1 << 16} {
				b.Do(func(now time.Time) {
					answer, code := x.Execute(now, nil, buffer, max)
					if len(answer) > max || (answer == nil) == (code == mapi.Success) {
						t.Errorf("%d octets of %d, %v", len(answer), max, code)
					}
					if _, err := mapi.ParsePayloads(answer); code == mapi.Success && err != nil {
						t.Error(err)
					}
					x.Pending(now)
				})
			}
			if len(x.objects) > maxObjects || x.held > maxHeld || x.held < 0 {
				t.Errorf("%d objects, %d octets held", len(x.objects), x.held)
			}
			b.Do(func(now time.Time) { x.Close(now) })
			b.WantIdleSessions()
		}
	})
}

// BenchmarkPoll is what a client that reads asks for over and over.
func BenchmarkPoll(b *testing.B) {
	w, x, in := newOutlook(b)
	for range 100 {
		w.mail("one more")
	}
	payload, _ := mapi.RequestBuffer{Rops: []mapi.Request{
		&mapi.SeekRowRequest{}, &mapi.QueryRowsRequest{Forward: true, RowCount: 50},
	}, Handles: []uint32{in.table}}.Encode()
	buffer, _ := mapi.AppendPayload(nil, payload, mapi.FlagLast)
	b.ReportAllocs()
	for b.Loop() {
		w.Do(func(now time.Time) {
			if _, code := x.Execute(now, w.conn, buffer, 1<<16); code != mapi.Success {
				b.Fatal(code)
			}
		})
	}
}
