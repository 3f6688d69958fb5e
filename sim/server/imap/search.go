package imap

import (
	"bufio"
	"bytes"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	gomessage "github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"
	"github.com/emersion/go-message/textproto"
)

// key tells whether a message is searched for.
type key func(*candidate) bool

// maxKeys bounds the keys of one SEARCH.
const maxKeys = 200

// compile makes one key of all criteria, with sets of numbers resolved in v.
func compile(c *imap.SearchCriteria, v *view) (key, error) {
	n := 0
	k := compiler{v, &n}.all(c)
	if n > maxKeys {
		return nil, bad(textArgument)
	}
	return k, nil
}

type compiler struct {
	v *view
	n *int // keys so far
}

// all is true for messages that every criterion is true for (RFC 3501 section
// 6.4.4).
func (c compiler) all(s *imap.SearchCriteria) key {
	var keys []key
	add := func(k key) {
		if *c.n++; *c.n <= maxKeys {
			keys = append(keys, k)
		}
	}
	for _, set := range s.SeqNum {
		add(c.in(set))
	}
	for _, set := range s.UID {
		add(c.in(set))
	}
	if !s.Since.IsZero() || !s.Before.IsZero() {
		add(func(m *candidate) bool { return within(m.Received, s.Since, s.Before) })
	}
	for _, f := range s.Flag {
		bits := flagBits([]imap.Flag{f}) // a flag that is never set, such as Recent, is 0
		add(func(m *candidate) bool { return m.Flags&bits != 0 })
	}
	for _, f := range s.NotFlag {
		bits := flagBits([]imap.Flag{f})
		add(func(m *candidate) bool { return m.Flags&bits == 0 })
	}
	if s.Larger != 0 {
		add(func(m *candidate) bool { return int64(m.Size()) > s.Larger })
	}
	if s.Smaller != 0 {
		add(func(m *candidate) bool { return int64(m.Size()) < s.Smaller })
	}
	if !s.SentSince.IsZero() || !s.SentBefore.IsZero() {
		add(func(m *candidate) bool {
			t, err := m.fields().Date()
			return err == nil && within(t, s.SentSince, s.SentBefore)
		})
	}
	for _, f := range s.Header {
		add(func(m *candidate) bool { return m.field(f.Key, strings.ToLower(f.Value)) })
	}
	for _, text := range s.Body {
		text = strings.ToLower(text)
		add(func(m *candidate) bool { return strings.Contains(m.content(), text) })
	}
	for _, text := range s.Text {
		text = strings.ToLower(text)
		add(func(m *candidate) bool { return m.field("", text) || strings.Contains(m.content(), text) })
	}
	for i := range s.Not {
		k := c.all(&s.Not[i])
		add(func(m *candidate) bool { return !k(m) })
	}
	for i := range s.Or {
		a, b := c.all(&s.Or[i][0]), c.all(&s.Or[i][1])
		add(func(m *candidate) bool { return a(m) || b(m) })
	}
	return func(m *candidate) bool {
		for _, k := range keys {
			if !k(m) {
				return false
			}
		}
		return true
	}
}

// in is true for the messages of a set.
func (c compiler) in(set imap.NumSet) key {
	if *c.n >= maxKeys {
		return nil // the search is refused anyway
	}
	list := c.v.targets(set)
	return func(m *candidate) bool {
		_, ok := slices.BinarySearchFunc(list, m.seq, func(t target, seq uint32) int { return int(t.seq) - int(seq) })
		return ok
	}
}

// within compares days, without regard to time zones (RFC 3501 section 6.4.4).
func within(t, since, before time.Time) bool {
	y, m, d := t.Date()
	day := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	return (since.IsZero() || !day.Before(since)) && (before.IsZero() || day.Before(before))
}

// candidate is a message that is looked at, with what was read from it so far.
type candidate struct {
	message
	header *mail.Header
	text   *string
}

func (m *candidate) fields() *mail.Header {
	if m.header == nil {
		h, _ := textproto.ReadHeader(bufio.NewReader(bytes.NewReader(m.Raw)))
		m.header = &mail.Header{Header: gomessage.Header{Header: h}}
	}
	return m.header
}

// field tells whether a field of that name, any field for "", holds text,
// which is in lower case.
func (m *candidate) field(name, text string) bool {
	list := m.fields().Fields()
	if name != "" {
		list = m.fields().FieldsByKey(name)
	}
	for list.Next() {
		value, err := list.Text()
		if err != nil {
			value = list.Value() // a charset that is not known
		}
		if strings.Contains(strings.ToLower(value), text) {
			return true
		}
	}
	return false
}

// content is the text of a message without its header, in lower case.
func (m *candidate) content() string {
	if m.text == nil {
		var b strings.Builder
		if e, _ := gomessage.Read(bytes.NewReader(m.Raw)); e != nil && !nested(m.Raw) {
			collect(&b, e)
		}
		text := strings.ToLower(b.String())
		m.text = &text
	}
	return *m.text
}

func collect(b *strings.Builder, e *gomessage.Entity) {
	if parts := e.MultipartReader(); parts != nil {
		for {
			part, err := parts.NextPart()
			if part == nil || err != nil && !gomessage.IsUnknownCharset(err) && !gomessage.IsUnknownEncoding(err) {
				return
			}
			collect(b, part)
		}
	}
	if kind, _, _ := e.Header.ContentType(); strings.HasPrefix(kind, "text/") || strings.HasPrefix(kind, "message/") {
		io.Copy(b, e.Body)
	}
}
