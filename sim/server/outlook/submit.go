package outlook

import (
	"errors"
	"net/mail"
	"strings"
	"time"

	"shutout/lab/protocol/mapi"
	"shutout/sim/server/mailtext"
	"shutout/sim/store"
	"shutout/sim/transport"
)

// ownerName is the name that the mailbox is shown by.
func (x *Session) ownerName(now time.Time) string {
	if o, _, ok := x.svc.cache.Get(now, x.owner); ok {
		return o.Get("displayName")
	}
	return x.owner
}

// from is who a draft is from: whom it says that it represents, or the mailbox.
func (x *Session) from(now time.Time, d *draft) mail.Address {
	a := mail.Address{Name: x.ownerName(now), Address: x.mailbox.Mailbox().Mail()}
	if email := d.text(mapi.TagSentRepresentingEmail); email != "" {
		row := &mapi.RecipientRow{EmailAddress: email, DisplayName: d.text(mapi.TagSentRepresentingName)}
		if other, ok := x.resolve(now, row, nil); ok && !strings.EqualFold(other.Address, a.Address) {
			return other
		}
	}
	return a
}

// saveChanges puts a draft into its folder (MS-OXCMSG 3.2.5.3).
func (r *run) saveChanges(q *mapi.SaveChangesMessageRequest) (mapi.Response, mapi.ErrorCode) {
	m, code := input[*message](r, q.Input)
	switch {
	case code != mapi.Success:
		return nil, code
	case m.draft == nil || m.draft.submitted:
		return nil, mapi.CodeAccessDenied
	}
	info, err := r.x.mailbox.FolderByNumber(r.now, m.folder)
	if err != nil {
		return nil, r.code(err)
	}
	d := m.draft
	raw := d.mail(r.now, r.x.from(r.now, d), r.x.newID(), true)
	it, err := r.x.mailbox.Append(r.now, info.Name, store.Seen|store.Draft, r.now, store.ParseMessage(raw))
	if err != nil {
		return nil, r.code(err)
	}
	r.unsave(info.Name, d)
	d.saved = it.UID
	return &mapi.SaveChangesMessageResponse{Index: q.ResponseIndex, Input: q.Input, MessageID: messageID(m.folder, it.UID)}, mapi.Success
}

// unsave takes the copy of a draft out of its folder.
func (r *run) unsave(folder string, d *draft) {
	if d.saved != 0 {
		_, _ = r.x.mailbox.Delete(r.now, folder, []uint32{d.saved}) // whoever took it away before has done the work
		d.saved = 0
	}
}

func (r *run) submitMessage(q *mapi.SubmitMessageRequest) (mapi.Response, mapi.ErrorCode) {
	return &mapi.SubmitMessageResponse{Index: q.Input}, r.submit(q.Input)
}

func (r *run) transportSend(q *mapi.TransportSendRequest) (mapi.Response, mapi.ErrorCode) {
	return &mapi.TransportSendResponse{Index: q.Input, NoProperties: true}, r.submit(q.Input)
}

// submit hands a message to transport and keeps a copy in Sent Items, unless
// the client wants none. A draft need not be saved before.
func (r *run) submit(index uint8) mapi.ErrorCode {
	m, code := input[*message](r, index)
	if code != mapi.Success {
		return code
	}
	info, err := r.x.mailbox.FolderByNumber(r.now, m.folder)
	if err != nil {
		return r.code(err)
	}
	if m.draft == nil {
		return r.submitStored(info.Name, m)
	}
	d := m.draft
	if d.submitted {
		return mapi.CodeAccessDenied
	}
	from := r.x.from(r.now, d)
	var to []string
	for _, kind := range []mapi.RecipientType{mapi.RecipientTo, mapi.RecipientCc, mapi.RecipientBcc} {
		for _, a := range d.list(kind) {
			to = append(to, a.Address)
		}
	}
	raw := d.mail(r.now, from, r.x.newID(), false)
	if code := r.send(from.Address, to, raw); code != mapi.Success {
		return code
	}
	d.submitted = true
	r.unsave(info.Name, d)
	if gone, _ := d.properties[mapi.TagDeleteAfterSubmit].(bool); !gone {
		r.keep(raw)
	}
	return mapi.Success
}

// submitStored submits a message that was saved before and opened again.
func (r *run) submitStored(folder string, m *message) mapi.ErrorCode {
	if !m.item.Flags.Has(store.Draft) {
		return mapi.CodeAccessDenied
	}
	out, err := mailtext.Outgoing(m.item.Raw)
	if err != nil {
		return mapi.CodeInvalidRecipients
	}
	if code := r.send(out.From, out.Recipients, out.Raw); code != mapi.Success {
		return code
	}
	_, _ = r.x.mailbox.Delete(r.now, folder, []uint32{m.item.UID})
	m.item.Flags &^= store.Draft
	r.keep(out.Raw)
	return mapi.Success
}

// keep puts a copy into Sent Items. The message is on its way; a mailbox that
// takes no copy does not stop it.
func (r *run) keep(raw []byte) {
	_, _ = r.x.mailbox.Append(r.now, store.SentItems, store.Seen, r.now, store.ParseMessage(raw))
}

func (r *run) send(from string, to []string, raw []byte) mapi.ErrorCode {
	if len(to) == 0 {
		return mapi.CodeNoRecipients
	}
	x := r.x
	_, err := x.svc.w.Submit(r.now, r.conn, x.svc.cache, transport.Submission{
		User: x.user, Server: x.mailbox.Mailbox().Server(), From: from, To: to, Raw: raw,
	})
	var no *transport.SubmitError
	switch {
	case err == nil:
		return mapi.Success
	case !errors.As(err, &no):
		return mapi.CodeServerPaused
	}
	switch no.Reason {
	case transport.SubmitSendAs:
		return mapi.CodeSendAsDenied
	case transport.SubmitTooLarge:
		return mapi.CodeMaxSubmissionExceeded
	case transport.SubmitRecipients:
		return mapi.CodeTooManyRecipients
	case transport.SubmitStore:
		return mapi.CodeQuotaExceeded
	default:
		return mapi.CodeInvalidRecipients
	}
}
