package outlook

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"net/mail"
	"unicode/utf16"
	"unicode/utf8"

	"shutout/lab/protocol/mapi"
	"shutout/sim/store"
)

// message is an open message: a stored one, or one that the client writes.
type message struct {
	folder uint32
	item   store.Item // without a Message while it is not stored
	body   *native    // of a stored message, once it was asked for
	draft  *draft     // nil for a stored message
	closed bool
}

func (m *message) close(x *Session) {
	m.closed = true
	if m.draft != nil {
		x.held -= m.draft.size
	}
}

// value is a property of the message.
func (m *message) value(id uint16) (native, bool) {
	switch {
	case m.draft != nil:
		return m.draft.value(id)
	case id != mapi.TagBody.ID():
		return itemValue(m.folder, &m.item, id)
	case m.body == nil:
		n, _ := itemValue(m.folder, &m.item, id)
		m.body = &n
	}
	return *m.body, true
}

// maxInline bounds a value in a response; a client reads longer ones as
// streams (MS-OXCPRPT 3.2.5.1). The number is this server's own.
const maxInline = 16 << 10

func (r *run) openMessage(q *mapi.OpenMessageRequest) (mapi.Response, mapi.ErrorCode) {
	f, code := r.findFor(q.Output, q.Input, q.FolderID)
	if code != mapi.Success {
		return nil, code
	}
	uid, ok := uidOf(f.number, q.MessageID)
	if !ok || f.number == 0 {
		return nil, mapi.CodeNotFound
	}
	info, err := r.x.mailbox.FolderByNumber(r.now, f.number)
	if err != nil {
		return nil, r.code(err)
	}
	it, err := r.x.mailbox.Get(r.now, info.Name, uid)
	if err != nil {
		return nil, r.code(err)
	}
	prefix, rest := splitSubject(printable(it.Subject))
	p := &mapi.OpenMessageResponse{Index: q.Output, SubjectPrefix: prefix, NormalizedSubject: rest}
	addRecipients(p, mapi.RecipientTo, it.To)
	addRecipients(p, mapi.RecipientCc, field(&it, "Cc"))
	r.add(q.Output, &message{folder: f.number, item: it})
	return p, mapi.Success
}

// maxRecipients bounds those that an opened message is shown with, as the
// RowCount of the response does (MS-OXCROPS 2.2.6.1.2).
const maxRecipients = 50

func addRecipients(p *mapi.OpenMessageResponse, kind mapi.RecipientType, addresses string) {
	list, err := mail.ParseAddressList(addresses)
	if err != nil {
		return
	}
	for _, a := range list {
		if len(p.Recipients) < maxRecipients {
			p.Recipients = append(p.Recipients, mapi.OpenRecipient{Type: kind, CodePage: 1252, Row: &mapi.RecipientRow{
				Kind: mapi.AddressSMTP, EmailAddress: printable(a.Address), DisplayName: printable(cmp.Or(a.Name, a.Address)),
			}})
		}
	}
	p.RecipientCount += uint16(min(len(list), 1<<14))
}

// property reads a property of the object at the index.
func (r *run) property(o object, id uint16) (native, bool) {
	switch o := o.(type) {
	case *logon:
		switch id {
		case mapi.TagDisplayName.ID(), idMailboxOwnerName, idUserName:
			return text(r.x.ownerName(r.now)), true
		}
	case *folder:
		if e, err := r.entry(o); err == nil {
			return e.value(id)
		}
	case *message:
		return o.value(id)
	}
	return native{}, false
}

// open tells whether the object at the index has properties, and can be read
// now.
func (r *run) open(index uint8) (object, mapi.ErrorCode) {
	o := r.at(index)
	switch o.(type) {
	case *logon, *folder, *message:
	default:
		return nil, mapi.CodeNullObject
	}
	_, err := r.x.mailbox.Folders(r.now)
	return o, r.code(err)
}

func (r *run) getProperties(q *mapi.GetPropertiesSpecificRequest) (mapi.Response, mapi.ErrorCode) {
	o, code := r.open(q.Input)
	switch {
	case code != mapi.Success:
		return nil, code
	case len(q.Tags) > maxColumns:
		return nil, mapi.CodeInvalidParameter
	}
	row := make(mapi.Row, len(q.Tags))
	for i, tag := range q.Tags {
		n, ok := r.property(o, tag.ID())
		row[i] = inline(cell(tag.Type(), q.WantUnicode, n, ok), q.SizeLimit)
	}
	return &mapi.GetPropertiesSpecificResponse{Index: q.Input, Columns: q.Tags, Row: row}, mapi.Success
}

// inline replaces a value that is too large for a response by an error.
func inline(v mapi.Value, limit uint16) mapi.Value {
	most := maxInline
	if limit > 0 {
		most = min(most, int(limit))
	}
	if size(v) > most {
		return mapi.CellError(mapi.CodeOutOfMemory)
	}
	return v
}

// size is roughly what a value takes in a buffer.
func size(v mapi.Value) int {
	switch v := v.(type) {
	case string:
		return 2 * len(v)
	case []byte:
		return len(v)
	case mapi.TypedValue:
		return size(v.Value)
	}
	return 8
}

func (r *run) getAllProperties(q *mapi.GetPropertiesAllRequest) (mapi.Response, mapi.ErrorCode) {
	o, code := r.open(q.Input)
	if code != mapi.Success {
		return nil, code
	}
	p := &mapi.GetPropertiesAllResponse{Index: q.Input}
	for _, tag := range r.tags(o) {
		n, ok := r.property(o, tag.ID())
		if !ok {
			continue
		}
		v := inline(cell(tag.Type(), true, n, ok), q.SizeLimit)
		if no, failed := v.(mapi.CellError); failed {
			tag, v = mapi.Tag(tag.ID(), mapi.TypeErrorCode), mapi.ErrorCode(no)
		}
		p.Properties = append(p.Properties, mapi.Property{Tag: tag, Value: v})
	}
	return p, mapi.Success
}

func (r *run) tags(o object) []mapi.PropTag {
	switch o := o.(type) {
	case *logon:
		return []mapi.PropTag{mapi.TagDisplayName, mapi.Tag(idMailboxOwnerName, mapi.TypeString)}
	case *folder:
		return folderTags
	case *message:
		if o.draft == nil {
			return messageTags
		}
		return o.draft.tags()
	}
	return nil
}

// utf16le is a string as a stream has it, without a NUL at the end.
func utf16le(s string) []byte {
	units := utf16.Encode([]rune(s))
	b := make([]byte, 0, 2*len(units))
	for _, u := range units {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

// fromUTF16 is the inverse of utf16le. Half a character at the end is dropped.
func fromUTF16(b []byte) string {
	text := make([]byte, 0, len(b)/2)
	for ; len(b) >= 2; b = b[2:] {
		r := rune(binary.LittleEndian.Uint16(b))
		if utf16.IsSurrogate(r) {
			var low rune
			if len(b) >= 4 {
				low = rune(binary.LittleEndian.Uint16(b[2:]))
			}
			if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
				b = b[2:]
			}
		}
		text = utf8.AppendRune(text, r)
	}
	return string(bytes.TrimRight(text, "\x00"))
}
