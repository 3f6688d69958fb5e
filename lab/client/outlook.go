package client

import (
	"context"

	"shutout/lab"
	"shutout/lab/protocol/mapi"
)

// A carrier takes Outlook's session to the server: RPC over TCP, RPC over HTTP
// or MAPI over HTTP. What the buffers hold is opaque to it.
//
// Its errors are those of a session: *lab.Failure, or *lost when the
// connection or the session on the server is gone. A refusal of the
// credentials has the stage "sign-in", one of the mailbox "open mailbox".
type carrier interface {
	// connect dials, signs in and opens a session for the mailbox with that
	// legacy distinguished name (EcDoConnectEx, or Connect).
	connect(ctx context.Context, password, mailboxDN string) error
	// redirect has the next connect go to another server, by its name.
	redirect(server string)
	// execute passes an extended buffer of ROPs (mapi.AppendPayload) and
	// returns the answer's. Once says that passing it twice would do its work
	// twice. The result is valid until the next call.
	execute(ctx context.Context, stage string, buffer []byte, once bool) ([]byte, error)
	// wait leaves a request outstanding that the server answers when there is
	// news, unless one is outstanding already. That it fails is for a later
	// call to find out.
	wait(ctx context.Context)
	// news tells, without waiting, whether that request has been answered, and
	// takes the answer.
	news() bool
	// leave ends the session as the protocol wants it; drop closes what is
	// open without a word.
	leave()
	drop()
}

// outlook is Outlook's part of the conversation: the ROPs. It works on the
// server's mailbox and keeps no copy of it.
//
// To read is to list the newest messages of the inbox and to fetch the first of
// them, unless that is the one that was fetched last.
type outlook struct {
	line    *line
	carrier carrier

	folders [len(mapi.LogonResponse{}.Folders)]mapi.ID
	logon   uint32 // handles
	table   uint32 // of the inbox

	poll   []byte // the buffer that lists the newest messages
	answer []byte // the last answer to it, of which newest is what it says
	newest []listed
	read   mapi.ID // the message that was fetched last
}

// listed is a message as the inbox lists it.
type listed struct {
	id      mapi.ID
	subject string
}

// newOutlook is Outlook over a carrier.
func newOutlook(l *line, c carrier) session { return &outlook{line: l, carrier: c} }

func (o *outlook) leave() { o.carrier.leave() }
func (o *outlook) drop()  { o.carrier.drop() }

// signIn opens the mailbox, also on the server that the first one sends the
// client to.
func (o *outlook) signIn(ctx context.Context, password string) error {
	dn, err := o.line.mailboxDN(ctx, password)
	if err != nil {
		return err
	}
	for range 2 {
		if err := o.carrier.connect(ctx, password, dn); err != nil {
			return err
		}
		server, err := o.logOn(ctx, dn)
		if err != nil {
			return err
		}
		if server == "" {
			return o.openInbox(ctx)
		}
		o.carrier.leave()
		o.carrier.drop()
		o.carrier.redirect(server)
	}
	return refused(stageMailbox, "each server says that another one has the mailbox")
}

// mailboxDN is the legacy distinguished name of the mailbox, as the profile of
// Outlook has it or Autodiscover tells it.
func (l *line) mailboxDN(ctx context.Context, password string) (string, error) {
	if dn := l.env.Login.MailboxDN; dn != "" {
		return dn, nil
	}
	found, err := l.discover(ctx, password)
	if err == nil && found.legacyDN == "" {
		err = unexpected(stageMailbox, "Autodiscover does not name the mailbox")
	}
	return found.legacyDN, err
}

// logOn logs on to the mailbox, or tells which server has it.
func (o *outlook) logOn(ctx context.Context, dn string) (server string, err error) {
	p, err := o.call(ctx, stageMailbox, false, []uint32{mapi.NoHandle}, &mapi.LogonRequest{
		Flags: mapi.LogonPrivate, OpenFlags: mapi.OpenHomeLogon | mapi.OpenTakeOwnership | mapi.OpenNoMail | mapi.OpenUsePerMDBReplidMap,
		ESSDN: dn,
	})
	if err != nil {
		return "", err
	}
	switch r := p.Rops[0].(type) {
	case *mapi.LogonRedirectResponse:
		return r.ServerName, nil
	case *mapi.LogonResponse:
		o.folders, o.logon = r.Folders, p.Handles[0]
		return "", nil
	}
	return "", judgeRops(stageMailbox, p)
}

// columns are those of the inbox that a list shows.
var columns = []mapi.PropTag{
	mapi.TagMID, mapi.TagSubject, mapi.TagSenderName, mapi.TagMessageDeliveryTime, mapi.TagMessageSize, mapi.TagMessageFlags,
}

const (
	columnMID     = 0
	columnSubject = 1
	listRows      = 50 // as many as a window shows
)

// openInbox opens the table of the inbox, the newest message first, and has the
// server tell of new mail.
func (o *outlook) openInbox(ctx context.Context) error {
	inbox := o.folders[mapi.FolderInbox]
	p, err := o.call(ctx, stageMailbox, false, []uint32{o.logon, mapi.NoHandle, mapi.NoHandle, mapi.NoHandle},
		&mapi.OpenFolderRequest{Input: 0, Output: 1, FolderID: inbox},
		&mapi.GetContentsTableRequest{Input: 1, Output: 2, Flags: mapi.TableNoNotifications},
		&mapi.SetColumnsRequest{Input: 2, Tags: columns},
		&mapi.SortTableRequest{Input: 2, Orders: []mapi.SortOrder{{Tag: mapi.TagMessageDeliveryTime, Order: mapi.SortDescending}}},
		&mapi.RegisterNotificationRequest{Input: 0, Output: 3, Types: mapi.NotifyNewMail, FolderID: inbox},
		&mapi.ReleaseRequest{Input: 1},
	)
	if err != nil {
		return err
	}
	if err := judgeRops(stageMailbox, p); err != nil {
		return err
	}
	o.table = p.Handles[2]
	o.answer, o.newest, o.read = nil, nil, 0
	o.poll, err = encodeRops([]uint32{o.table}, pollRops)
	return err
}

func (o *outlook) do(ctx context.Context, t lab.Task) error {
	switch t.Capability {
	case lab.Read:
		return o.readNewest(ctx)
	case lab.Receive:
		return o.receive(ctx, t)
	default:
		return o.send(ctx, t)
	}
}
