package client

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"unicode/utf16"

	"shutout/lab"
	"shutout/lab/protocol/mapi"
)

// pollRops list the newest messages of the table at index 0.
var pollRops = []mapi.Request{
	&mapi.SeekRowRequest{Origin: mapi.BookmarkBeginning},
	&mapi.QueryRowsRequest{Forward: true, RowCount: listRows},
}

// list lists the newest messages of the inbox.
func (o *outlook) list(ctx context.Context, stage string) ([]listed, error) {
	o.line.record.rops(pollRops)
	answer, err := o.carrier.execute(ctx, stage, o.poll, false)
	if err != nil {
		return nil, err
	}
	if o.answer != nil && bytes.Equal(answer, o.answer) {
		return o.newest, nil
	}
	p, err := decodeRops(answer, pollRops)
	if err != nil {
		return nil, muddled(stage, false, err)
	}
	if err := judgeRops(stage, p); err != nil {
		return nil, err
	}
	rows := p.Rops[1].(*mapi.QueryRowsResponse).Rows
	o.newest = make([]listed, 0, len(rows))
	for _, row := range rows {
		id, ok := row[columnMID].(int64)
		if !ok {
			return nil, unexpected(stage, "a message without an identifier")
		}
		subject, _ := row[columnSubject].(string)
		o.newest = append(o.newest, listed{mapi.ID(id), subject})
	}
	o.answer = append(o.answer[:0], answer...)
	return o.newest, nil
}

func (o *outlook) readNewest(ctx context.Context) error {
	stage := string(lab.Read)
	newest, err := o.list(ctx, stage)
	if err != nil || len(newest) == 0 || newest[0].id == o.read {
		return err // an empty inbox has been read as it is
	}
	if err := o.fetch(ctx, stage, newest[0].id); err != nil {
		return err
	}
	o.read = newest[0].id
	o.line.store(fmt.Sprint(o.read)) // Outlook's cached mode keeps what it has read
	return nil
}

// shown are the properties of a message that a window shows.
var shown = []mapi.PropTag{
	mapi.TagSubject, mapi.TagSenderName, mapi.TagSenderEmailAddress, mapi.TagDisplayTo, mapi.TagClientSubmitTime, mapi.TagBody,
}

// fetch opens a message and reads it. One that is gone meanwhile is no refusal.
func (o *outlook) fetch(ctx context.Context, stage string, id mapi.ID) error {
	open := &mapi.OpenMessageRequest{Output: 1, CodePage: logonCodePage, FolderID: o.folders[mapi.FolderInbox], MessageID: id}
	p, err := o.call(ctx, stage, false, []uint32{o.logon, mapi.NoHandle},
		open, &mapi.GetPropertiesSpecificRequest{Input: 1, WantUnicode: true, Tags: shown}, &mapi.ReleaseRequest{Input: 1})
	if err != nil {
		return err
	}
	if no, ok := p.Rops[0].(*mapi.ErrorResponse); ok && no.Code == mapi.CodeNotFound {
		return nil
	}
	if err := judgeRops(stage, p); err != nil {
		return err
	}
	row := p.Rops[1].(*mapi.GetPropertiesSpecificResponse).Row
	if no, ok := row[len(row)-1].(mapi.CellError); !ok || mapi.ErrorCode(no) != mapi.CodeOutOfMemory {
		return nil // the text came, or there is none
	}
	return o.fetchText(ctx, stage, open)
}

const (
	// logonCodePage is the code page of the logon (MS-OXCROPS 2.2.6.1.1, CodePageId).
	logonCodePage = 0x0FFF
	readChunk     = 16 << 10 // octets of a stream in one answer
	maxBody       = 4 << 20  // octets of a text that the client reads
)

// fetchText reads a text that is too long to come with the other properties.
func (o *outlook) fetchText(ctx context.Context, stage string, open *mapi.OpenMessageRequest) error {
	read := &mapi.ReadStreamRequest{Input: 2, ByteCount: readChunk}
	p, err := o.call(ctx, stage, false, []uint32{o.logon, mapi.NoHandle, mapi.NoHandle},
		open, &mapi.OpenStreamRequest{Input: 1, Output: 2, Tag: mapi.TagBody}, read)
	got := 0
	for {
		if err == nil {
			err = judgeRops(stage, p)
		}
		if err != nil {
			return err
		}
		n := len(p.Rops[len(p.Rops)-1].(*mapi.ReadStreamResponse).Data)
		if got += n; n == 0 || got > maxBody {
			break
		}
		p, err = o.call(ctx, stage, false, p.Handles, read)
	}
	_, err = o.call(ctx, stage, false, p.Handles, &mapi.ReleaseRequest{Input: 2}, &mapi.ReleaseRequest{Input: 1})
	return err
}

// receive looks for the message in the list and leaves a request for news.
// Whether the last one has told of it makes no difference: people look by
// themselves.
func (o *outlook) receive(ctx context.Context, t lab.Task) error {
	o.carrier.news()
	newest, err := o.list(ctx, string(t.Capability))
	if err != nil {
		return err
	}
	o.carrier.wait(ctx)
	if !slices.ContainsFunc(newest, func(m listed) bool { return m.subject == t.Subject }) {
		return missing()
	}
	return nil
}

// writeChunk is how much of a text goes into one request, in octets. A text
// that is longer is written as a stream.
const writeChunk = 16 << 10

// send writes a message in the outbox and submits it, in one request if the
// text is short. The server makes the rest of the mail.
func (o *outlook) send(ctx context.Context, t lab.Task) error {
	stage := string(t.Capability)
	text := utf16LE(body(t.Size))
	properties := []mapi.Property{
		{Tag: mapi.TagMessageClass, Value: "IPM.Note"},
		{Tag: mapi.TagSubject, Value: oneLine.Replace(t.Subject)},
		{Tag: mapi.TagSentMailSvrEID, Value: serverID(o.folders[mapi.FolderSentItems])},
	}
	handles := []uint32{o.logon, mapi.NoHandle, mapi.NoHandle}
	rops := []mapi.Request{
		&mapi.CreateMessageRequest{Output: 1, CodePage: logonCodePage, FolderID: o.folders[mapi.FolderOutbox]},
		nil,
	}
	if len(text) <= writeChunk {
		properties = append(properties, mapi.Property{Tag: mapi.TagBody, Value: body(t.Size)})
		rops[1] = &mapi.SetPropertiesRequest{Input: 1, Properties: properties}
	} else {
		rops[1] = &mapi.SetPropertiesRequest{Input: 1, Properties: properties}
		rops = append(rops, &mapi.OpenStreamRequest{Input: 1, Output: 2, Tag: mapi.TagBody, Mode: mapi.OpenCreate})
		var err error
		if handles, err = o.write(ctx, stage, handles, rops, text); err != nil {
			return err
		}
		rops = []mapi.Request{&mapi.CommitStreamRequest{Input: 2}, &mapi.ReleaseRequest{Input: 2}}
	}
	rops = append(rops,
		&mapi.ModifyRecipientsRequest{Input: 1, Recipients: []mapi.ModifyRecipient{{
			Type: mapi.RecipientTo,
			Row:  &mapi.RecipientRow{Kind: mapi.AddressSMTP, EmailAddress: t.To, DisplayName: t.To, SameTransmittableName: true},
		}}},
		&mapi.SubmitMessageRequest{Input: 1},
		&mapi.ReleaseRequest{Input: 1},
	)
	p, err := o.call(ctx, stage, true, handles, rops...)
	if err != nil {
		return err
	}
	if judgeRop(stage, p.Rops[len(p.Rops)-1]) == nil {
		return nil // whatever happened before, it is on its way
	}
	return judgeRops(stage, p)
}

// write writes a text as a stream, with the ROPs that open it in front. It
// returns the handles.
func (o *outlook) write(ctx context.Context, stage string, handles []uint32, rops []mapi.Request, text []byte) ([]uint32, error) {
	for chunk := range slices.Chunk(text, writeChunk) {
		rops = append(rops, &mapi.WriteStreamRequest{Input: 2, Data: chunk})
		p, err := o.call(ctx, stage, false, handles, rops...)
		if err == nil {
			err = judgeRops(stage, p)
		}
		if err != nil {
			return nil, err
		}
		handles, rops = p.Handles, nil
	}
	return handles, nil
}

// utf16LE is a text as a stream has it.
func utf16LE(s string) []byte {
	b := make([]byte, 0, 2*len(s))
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// serverID names a folder of the mailbox (MS-OXCDATA 2.11.1.4): one of ours,
// the folder, and no message or instance in it.
func serverID(folder mapi.ID) []byte {
	b := binary.LittleEndian.AppendUint64([]byte{1}, uint64(folder))
	return append(b, make([]byte, 12)...)
}
