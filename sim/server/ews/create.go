package ews

import (
	"errors"
	"fmt"
	"net/mail"
	"strconv"
	"strings"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/ews"
	"shutout/sim/server/mailtext"
	"shutout/sim/store"
	"shutout/sim/transport"
)

func (c *call) createItem(op ews.CreateItem) []ews.Message {
	usual := store.Drafts
	if op.Disposition == ews.SendAndSaveCopy {
		usual = store.SentItems
	}
	into, no := c.saveTo(op.SaveTo, usual)
	var out []ews.Message
	for i := range op.Items {
		if no != nil {
			out = append(out, *no)
			continue
		}
		out = append(out, c.create(&op.Items[i], op.Disposition, into))
	}
	return out
}

// saveTo is the folder in which something is to be kept.
func (c *call) saveTo(ref *ews.FolderRef, usual string) (*place, *ews.Message) {
	if ref == nil {
		ref = new(ews.Distinguished(distinguished[usual]))
	}
	p, no := c.folder(*ref)
	if no == nil && p.unreal {
		no = failed(ews.ErrorInvalidOperation, "This folder takes no messages.")
	}
	return p, no
}

func (c *call) create(item *ews.Item, d ews.Disposition, into *place) ews.Message {
	switch {
	case item.Kind != ews.KindMessage && item.Kind != "Item":
		return *failed(ews.ErrorInvalidOperation, "Only messages can be created.")
	case d == "":
		return *failed(ews.ErrorInvalidRequest, "The MessageDisposition attribute is required for messages.")
	}
	m, no := c.compose(item)
	if no != nil {
		return *no
	}
	if d == ews.SaveOnly {
		flags, received := kept(item, c.now)
		it, err := c.session.Append(c.now, into.Name, flags, received, store.ParseMessage(m.Raw))
		if err != nil {
			return *storeError(err)
		}
		saved := ews.Item{Kind: item.Kind, ID: c.itemID(into.Number, &it)}
		return ews.Message{Code: ews.NoError, Items: []ews.Item{saved}}
	}
	if no := c.submit(m); no != nil {
		return *no
	}
	if d == ews.SendAndSaveCopy {
		c.keep(into, m.Raw)
	}
	return ews.Message{Code: ews.NoError}
}

// keep puts a copy of what was sent into a folder. The message is on its way; a
// mailbox that takes no copy does not stop it.
func (c *call) keep(into *place, raw []byte) {
	_, _ = c.session.Append(c.now, into.Name, store.Seen, c.now, store.ParseMessage(raw))
}

// kept is how a message that is only saved stands in its folder: as a draft,
// unless the client says otherwise by its flags.
func kept(item *ews.Item, now time.Time) (store.Flags, time.Time) {
	flags, received := store.Draft|store.Seen, now
	for _, p := range item.Properties {
		switch p.Field.PropertyID() {
		case 0x0E07: // PidTagMessageFlags
			n, err := strconv.ParseInt(strings.TrimSpace(p.Value), 0, 32)
			if err == nil {
				flags = 0
				if n&flagRead != 0 {
					flags |= store.Seen
				}
				if n&flagUnsent != 0 {
					flags |= store.Draft
				}
			}
		case 0x0E06: // PidTagMessageDeliveryTime
			if t, err := time.Parse(time.RFC3339, strings.TrimSpace(p.Value)); err == nil && t.Before(now) && t.Year() > 1 {
				received = t.UTC()
			}
		}
	}
	if item.Read != ews.Unset {
		flags &^= store.Seen
		if item.Read == ews.True {
			flags |= store.Seen
		}
	}
	return flags, received
}

// compose makes the mail of an item: its MIME content, or one of its elements.
func (c *call) compose(item *ews.Item) (mailtext.Submission, *ews.Message) {
	invalid := failed(ews.ErrorInvalidRecipients, "At least one recipient is not valid.")
	var extra []*mail.Address
	lists := [3][]*mail.Address{}
	for i, list := range [][]ews.Mailbox{item.To, item.Cc, item.Bcc} {
		for _, m := range list {
			a := &mail.Address{Name: m.Name, Address: m.Address}
			if m.Routing != "" && !strings.EqualFold(m.Routing, "SMTP") || !strings.Contains(m.Address, "@") {
				return mailtext.Submission{}, invalid
			}
			lists[i], extra = append(lists[i], a), append(extra, a)
		}
	}
	if item.MIME != nil {
		m, err := mailtext.Outgoing(item.MIME)
		if err != nil {
			return m, failed(ews.ErrorInvalidRequest, "The MIME content is not a mail.")
		}
		for _, a := range extra {
			m.Recipients = append(m.Recipients, a.Address)
		}
		return m, nil
	}
	c.sent++
	d := mailtext.Draft{
		From: mail.Address{Name: c.user.Get("displayName"), Address: c.session.Mailbox().Mail()},
		To:   lists[0], Cc: lists[1], Subject: item.Subject, Date: c.now,
		MessageID: fmt.Sprintf("ews-%x-%d@%s.%s", mailboxTag(c.session.Mailbox()), c.sent, c.host, c.w.Dir.Domain()),
	}
	if item.From != nil && item.From.Address != "" {
		d.From = mail.Address{Name: item.From.Name, Address: item.From.Address}
	}
	if item.Body != nil {
		d.Body, d.HTML = item.Body.Text, item.Body.Type == ews.BodyHTML
	}
	m := mailtext.Submission{From: d.From.Address, Raw: d.Encode()}
	for _, a := range extra {
		m.Recipients = append(m.Recipients, a.Address)
	}
	return m, nil
}

// submit hands a mail over to transport. It returns nil when it was taken.
func (c *call) submit(m mailtext.Submission) *ews.Message {
	if len(m.Recipients) == 0 {
		return failed(ews.ErrorMissingRecipients, "The message has no recipients.")
	}
	d, err := c.w.Submit(c.now, c.conn, c.cas.Directory(), transport.Submission{
		User: c.user, Server: c.session.Mailbox().Server(), From: m.From, To: m.Recipients, Raw: m.Raw,
	})
	if err == nil {
		return nil
	}
	var refused *transport.SubmitError
	if !errors.As(err, &refused) {
		return failed(ews.ErrorInternalServerTransient, "The mailbox server is not available.")
	}
	switch refused.Reason {
	case transport.SubmitSendAs:
		return failed(ews.ErrorSendAsDenied, "The user account which was used to submit this request does not have the right to send mail on behalf of the specified sending account.")
	case transport.SubmitTooLarge:
		return failed(ews.ErrorMessageSizeExceeded, "The message exceeds the maximum supported size.")
	case transport.SubmitRecipients:
		return failed(ews.ErrorInvalidRecipients, "The message has too many recipients.")
	case transport.SubmitMalformed:
		return failed(ews.ErrorInvalidRecipients, "At least one address is not valid.")
	}
	if d.Layer == lab.LayerMailboxInfo {
		return failed(ews.ErrorAccessDenied, "Access is denied. Check credentials and try again.")
	}
	return failed(ews.ErrorQuotaExceeded, "Mailbox has exceeded maximum mailbox size.")
}

// sendItem sends messages that are in a folder, mostly drafts.
func (c *call) sendItem(op ews.SendItem) []ews.Message {
	into, no := c.saveTo(op.SaveTo, store.SentItems)
	var out []ews.Message
	for _, id := range op.Items {
		if no != nil {
			out = append(out, *no)
			continue
		}
		out = append(out, c.sendOne(id, op.Save, into))
	}
	return out
}

func (c *call) sendOne(id ews.ID, save bool, into *place) ews.Message {
	e, no := c.find(id)
	if no != nil {
		return *no
	}
	m, err := mailtext.Outgoing(e.Raw)
	if err != nil {
		return *failed(ews.ErrorInvalidRecipients, "At least one recipient is not valid.")
	}
	if no := c.submit(m); no != nil {
		return *no
	}
	if save {
		c.keep(into, m.Raw)
	}
	if _, err := c.session.Delete(c.now, e.in.Name, []uint32{e.UID}); err != nil {
		return *storeError(err)
	}
	return ews.Message{Code: ews.NoError}
}
