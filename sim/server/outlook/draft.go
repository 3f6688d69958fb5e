package outlook

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"time"

	"shutout/lab/protocol/mapi"
	"shutout/sim/server/mailtext"
)

// Bounds on what one draft may have.
const (
	maxProperties     = 1000
	maxDraftRecipient = 5000
)

// draft is what the client has written of a message.
type draft struct {
	properties map[mapi.PropTag]mapi.Value
	recipients map[uint32]recipient // by row id
	size       int                  // bytes in both, as counted in the session's held
	saved      uint32               // UID of its copy in the folder; 0: none
	submitted  bool
}

type recipient struct {
	kind    mapi.RecipientType
	address mail.Address
}

// hold counts bytes that the client has the server keep.
func (x *Session) hold(n int) bool {
	if x.held+n > maxHeld {
		return false
	}
	x.held += n
	return true
}

func (r *run) createMessage(q *mapi.CreateMessageRequest) (mapi.Response, mapi.ErrorCode) {
	f, code := r.findFor(q.Output, q.Input, q.FolderID)
	switch {
	case code != mapi.Success:
		return nil, code
	case f.number == 0 || q.Associated:
		return nil, mapi.CodeNotSupported
	}
	r.add(q.Output, &message{folder: f.number, draft: &draft{
		properties: map[mapi.PropTag]mapi.Value{}, recipients: map[uint32]recipient{},
	}})
	return &mapi.CreateMessageResponse{Index: q.Output}, mapi.Success
}

// set keeps a property. A body in HTML is refused rather than lost: mail that
// leaves here is plain text.
func (d *draft) set(x *Session, tag mapi.PropTag, v mapi.Value) mapi.ErrorCode {
	if tag.ID() == mapi.TagHTML.ID() {
		return mapi.CodeNotSupported
	}
	if b, ok := v.([]byte); ok {
		v = bytes.Clone(b) // it aliases the request
	}
	if s, ok := v.(string); ok && tag.Type() == mapi.TypeString8 {
		tag, v = mapi.Tag(tag.ID(), mapi.TypeString), strings.ToValidUTF8(s, "?")
	}
	old, have := d.properties[tag]
	grown := size(v)
	if have {
		grown -= size(old)
	}
	if !have && len(d.properties) >= maxProperties || !x.hold(grown) {
		return mapi.CodeServerMemory
	}
	d.size += grown
	d.properties[tag] = v
	return mapi.Success
}

func (r *run) setProperties(q *mapi.SetPropertiesRequest) (mapi.Response, mapi.ErrorCode) {
	m, code := input[*message](r, q.Input)
	if code != mapi.Success {
		return nil, code
	}
	p := &mapi.SetPropertiesResponse{Index: q.Input}
	for i, property := range q.Properties {
		code := mapi.CodeAccessDenied // a stored message stays as it came
		if m.draft != nil {
			code = m.draft.set(r.x, property.Tag, property.Value)
		}
		if code != mapi.Success {
			p.Problems = append(p.Problems, mapi.PropertyProblem{Index: uint16(i), Tag: property.Tag, Code: code})
		}
	}
	return p, mapi.Success
}

func (r *run) modifyRecipients(q *mapi.ModifyRecipientsRequest) (mapi.Response, mapi.ErrorCode) {
	m, code := input[*message](r, q.Input)
	switch {
	case code != mapi.Success:
		return nil, code
	case m.draft == nil:
		return nil, mapi.CodeAccessDenied
	}
	d := m.draft
	for _, change := range q.Recipients {
		old, have := d.recipients[change.RowID]
		if change.Row == nil {
			if have {
				r.x.held -= len(old.address.Name) + len(old.address.Address)
				d.size -= len(old.address.Name) + len(old.address.Address)
			}
			delete(d.recipients, change.RowID)
			continue
		}
		a, ok := r.x.resolve(r.now, change.Row, q.Columns)
		if !ok {
			return nil, mapi.CodeInvalidRecipients
		}
		grown := len(a.Name) + len(a.Address) - len(old.address.Name) - len(old.address.Address)
		if !have && len(d.recipients) >= maxDraftRecipient {
			return nil, mapi.CodeTooManyRecipients
		}
		if !r.x.hold(grown) {
			return nil, mapi.CodeServerMemory
		}
		d.size += grown
		// The lower bits say which kind, others what became of it (MS-OXCMSG
		// 2.2.3.1.2).
		d.recipients[change.RowID] = recipient{kind: change.Type & 0x0F, address: a}
	}
	return &mapi.ModifyRecipientsResponse{Index: q.Input}, mapi.Success
}

// resolve finds the mail address of a recipient. A distinguished name is looked
// up in the directory; of one whose beginning is left out the last part counts.
func (x *Session) resolve(now time.Time, row *mapi.RecipientRow, columns []mapi.PropTag) (mail.Address, bool) {
	a := mail.Address{Name: row.DisplayName, Address: row.EmailAddress}
	for i, v := range row.Properties {
		if s, ok := v.(string); ok && columns[i].ID() == mapi.TagSMTPAddress.ID() && s != "" {
			a.Address = s
		}
	}
	if row.Kind == mapi.AddressX500 && !strings.Contains(a.Address, "@") {
		a.Address = row.X500DN
	}
	if !strings.Contains(a.Address, "@") {
		key := a.Address[strings.LastIndexByte(a.Address, '=')+1:]
		o, _, ok := x.svc.cache.Get(now, key)
		if !ok || o.Mail() == "" {
			return a, false
		}
		a.Address = o.Mail()
	}
	parsed, err := mail.ParseAddress("<" + a.Address + ">")
	if err != nil {
		return a, false
	}
	a.Address = parsed.Address
	if a.Name == a.Address {
		a.Name = ""
	}
	return a, true
}

// list is the recipients of one kind, in the order of their rows.
func (d *draft) list(kind mapi.RecipientType) []*mail.Address {
	var list []*mail.Address
	for _, row := range slices.Sorted(maps.Keys(d.recipients)) {
		if r := d.recipients[row]; r.kind == kind {
			list = append(list, &r.address)
		}
	}
	return list
}

func (d *draft) text(tag mapi.PropTag) string {
	s, _ := d.properties[tag].(string)
	return s
}

func (d *draft) subject() string {
	if s := d.text(mapi.TagSubject); s != "" {
		return s
	}
	return d.text(mapi.TagSubjectPrefix) + d.text(mapi.TagNormalizedSubject)
}

// value is a property that the client has set.
func (d *draft) value(id uint16) (native, bool) {
	for _, tag := range d.tags() {
		if tag.ID() == id {
			return native{tag.Type(), d.properties[tag]}, true
		}
	}
	return native{}, false
}

func (d *draft) tags() []mapi.PropTag { return slices.Sorted(maps.Keys(d.properties)) }

// mail is the draft as a mail from that address. With blind ones, the field Bcc
// is in it.
func (d *draft) mail(now time.Time, from mail.Address, id string, blind bool) []byte {
	m := mailtext.Draft{
		From: from, To: d.list(mapi.RecipientTo), Cc: d.list(mapi.RecipientCc), Subject: d.subject(), Date: now,
		MessageID: cmp.Or(token(d.text(mapi.TagInternetMessageID)), id), Body: d.text(mapi.TagBody),
	}
	if bcc := d.list(mapi.RecipientBcc); blind && len(bcc) > 0 {
		var list []string
		for _, a := range bcc {
			list = append(list, a.String())
		}
		m.Extra = []string{"Bcc: " + strings.Join(list, ", ")}
	}
	return m.Encode()
}

// token is a Message-ID that a client has set, "" if it cannot be one.
func token(id string) string {
	id = strings.Trim(id, "<>")
	if len(id) > 250 || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' || r == '<' || r == '>' }) {
		return ""
	}
	return id
}

// newID makes a Message-ID.
func (x *Session) newID() string {
	x.sent++
	return fmt.Sprintf("mapi-%x-%d@%s.%s", x.number, x.sent, x.svc.host, x.svc.w.Dir.Domain())
}
