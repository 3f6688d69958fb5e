package ews

import (
	"bytes"
	"mime"
	"net/mail"
	"net/textproto"
	"strings"
	"time"

	"shutout/lab/protocol/ews"
	"shutout/sim/server/mailtext"
	"shutout/sim/store"
)

// messageClass is that of every item here: all are mails.
const messageClass = "IPM.Note"

// entry is an item with where it is. What has to be read from the mail itself
// is read when it is asked for.
type entry struct {
	store.Item
	in   *place
	head mail.Header
}

// header is the mail's header, empty where it cannot be read.
func (e *entry) header() mail.Header {
	if e.head == nil {
		if m, err := mail.ReadMessage(bytes.NewReader(e.Raw)); err == nil {
			e.head = m.Header
		} else {
			e.head = mail.Header{}
		}
	}
	return e.head
}

// rawHeader is the header as it stands, as valid text.
func (e *entry) rawHeader() string {
	head, _, _ := bytes.Cut(e.Raw, []byte("\r\n\r\n"))
	return clean(string(head)) + "\r\n"
}

func (e *entry) date() time.Time {
	t, err := e.header().Date()
	if err != nil || t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}
	}
	return t.UTC()
}

// addresses are those of a header field; none where it cannot be read.
func (e *entry) addresses(field string) []ews.Mailbox {
	list, err := e.header().AddressList(field)
	if err != nil {
		return nil
	}
	out := make([]ews.Mailbox, len(list))
	for i, a := range list {
		out[i] = ews.Mailbox{Name: clean(a.Name), Address: clean(a.Address), Routing: "SMTP"}
		if a.Name == "" {
			out[i].Name = out[i].Address
		}
	}
	return out
}

// from is the mail's author, nil where that cannot be told.
func (e *entry) from() *ews.Mailbox {
	if list := e.addresses("From"); len(list) > 0 {
		return &list[0]
	}
	if e.From != "" {
		return &ews.Mailbox{Name: clean(e.From)}
	}
	return nil
}

func (e *entry) attachments() bool {
	kind, _, err := mime.ParseMediaType(e.header().Get("Content-Type"))
	return err == nil && kind == "multipart/mixed"
}

// text is the mail's text.
func (e *entry) text() string { return clean(mailtext.Plain(e.Raw, len(e.Raw)+1)) }

func display(list []ews.Mailbox) string {
	names := make([]string, len(list))
	for i := range list {
		names[i] = list[i].Name
	}
	return strings.Join(names, "; ")
}

func canonical(field string) string { return textproto.CanonicalMIMEHeaderKey(field) }

// decoded undoes the encoding of a header field (RFC 2047).
func decoded(s string) string {
	var words mime.WordDecoder
	if d, err := words.DecodeHeader(s); err == nil {
		s = d
	}
	return clean(s)
}

// clean drops what an XML document cannot hold (XML 1.0 section 2.2).
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\r', r >= 0x20 && r < 0xFFFE && (r < 0xD800 || r > 0xDFFF), r > 0xFFFF:
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// find finds the item that a client names.
func (c *call) find(id ews.ID) (*entry, *ews.Message) {
	t, no := c.parse(itemKind, id.ID)
	if no != nil {
		return nil, no
	}
	gone := failed(ews.ErrorItemNotFound, "The specified object was not found in the store.")
	for i := range c.tree() {
		p := &c.places[i]
		if p.Number != t.folder || p.unreal {
			continue
		}
		it, err := c.session.Get(c.now, p.Name, t.uid)
		if err != nil {
			return nil, gone
		}
		return &entry{Item: it, in: p}, nil
	}
	return nil, gone
}
