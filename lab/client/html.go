package client

import (
	"bytes"
	"html"
	"net/url"
	"strings"
)

// This file reads as much HTML as a client of Outlook Web Access without
// scripts needs: links to items, and the fields of forms. It takes any bytes.

// newestItem returns the link to the first message that a listing shows, which
// is the newest, and "" when there is none. Listings of Exchange's own basic
// version have no links but a box per message with its id.
func newestItem(page []byte) string {
	for rest := page; ; {
		i := bytes.Index(rest, []byte("?ae=Item&"))
		if i < 0 {
			break
		}
		if raw := attribute(rest[i:]); bytes.Contains(raw, []byte("id=")) {
			if link := html.UnescapeString(string(raw)); strings.Contains(link, "&id=") {
				return link
			}
		}
		rest = rest[i+1:]
	}
	id := ""
	eachTag(page, func(t tag) bool {
		if t.name == "input" && t.attr("name") == "chkmsg" {
			id = t.attr("value")
		}
		return id == ""
	})
	if id == "" {
		return ""
	}
	return "?ae=Item&t=IPM.Note&id=" + url.QueryEscape(id)
}

// attribute cuts an attribute's value at its end, from anywhere within it.
func attribute(b []byte) []byte {
	if i := bytes.IndexAny(b, "\"'<> \t\r\n"); i >= 0 {
		b = b[:i]
	}
	return b
}

// shows tells whether text stands on the page, as characters or as entities.
func shows(page []byte, text string) bool {
	return bytes.Contains(page, []byte(text)) ||
		bytes.IndexByte(page, '&') >= 0 && strings.Contains(html.UnescapeString(string(page)), text)
}

// asksPassword tells whether the page has a field for a password, by its name
// or type: it is the logon form, whatever its status said.
func asksPassword(page []byte) bool { return bytes.Contains(page, []byte(`="password"`)) }

// alert returns the sentence with which a page says that something went wrong,
// "" when there is none.
func alert(page []byte) string {
	_, rest, ok := bytes.Cut(page, []byte(`role="alert">`))
	if !ok {
		return ""
	}
	text, _, _ := bytes.Cut(rest, []byte("<"))
	return html.UnescapeString(string(text))
}

// A form is one HTML form with what its fields hold, in page order.
type form struct {
	action string
	fields []field
}

type field struct{ name, value string }

// set fills in the field with the first of names that the form has, and tells
// whether there was one.
func (f *form) set(value string, names ...string) bool {
	for _, name := range names {
		for i := range f.fields {
			if f.fields[i].name == name {
				f.fields[i].value = value
				return true
			}
		}
	}
	return false
}

// encode is the form's content as application/x-www-form-urlencoded.
func (f *form) encode() []byte {
	var b strings.Builder
	for i, field := range f.fields {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(field.name))
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(field.value))
	}
	return []byte(b.String())
}

// maxFields bounds what is kept of a form.
const maxFields = 500

// forms returns the forms of a page. Of buttons only hidden and text inputs
// count, as when a form is sent by script.
func forms(page []byte) []form {
	var list []form
	open := false
	eachTag(page, func(t tag) bool {
		switch t.name {
		case "form":
			list = append(list, form{action: t.attr("action")})
			open = true
		case "/form":
			open = false
		case "input", "textarea":
			f := field{name: t.attr("name"), value: t.attr("value")}
			kind := strings.ToLower(t.attr("type"))
			if !open || f.name == "" || kind != "" && kind != "hidden" && kind != "text" {
				break
			}
			if last := &list[len(list)-1]; len(last.fields) < maxFields {
				last.fields = append(last.fields, f)
			}
		}
		return len(list) <= maxFields
	})
	return list
}

// tag is one start or end tag; an end tag's name begins with a slash.
type tag struct {
	name string
	rest []byte // the attributes
}

// eachTag calls f for every tag of the page until f returns false.
func eachTag(page []byte, f func(tag) bool) {
	for {
		i := bytes.IndexByte(page, '<')
		if i < 0 {
			return
		}
		page = page[i+1:]
		if bytes.HasPrefix(page, []byte("!--")) {
			end := bytes.Index(page, []byte("-->"))
			if end < 0 {
				return
			}
			page = page[end:]
			continue
		}
		end := tagEnd(page)
		if end < 0 {
			return
		}
		inside := page[:end]
		n := bytes.IndexAny(inside, " \t\r\n")
		if n < 0 {
			n = len(inside)
		}
		if !f(tag{name: strings.ToLower(strings.TrimSuffix(string(inside[:n]), "/")), rest: inside[n:]}) {
			return
		}
		page = page[end:]
	}
}

// tagEnd finds the > that ends a tag, which is not one within quotes.
func tagEnd(b []byte) int {
	var quote byte
	for i, c := range b {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i
		}
	}
	return -1
}

// attr returns an attribute's value, "" when there is none.
func (t tag) attr(name string) string {
	b := t.rest
	for {
		b = bytes.TrimLeft(b, " \t\r\n/")
		if len(b) == 0 {
			return ""
		}
		n := bytes.IndexAny(b, "= \t\r\n")
		if n < 0 {
			return ""
		}
		key := b[:n]
		b = bytes.TrimLeft(b[n:], " \t\r\n")
		var value []byte
		if len(b) > 0 && b[0] == '=' {
			value, b = attrValue(bytes.TrimLeft(b[1:], " \t\r\n"))
		}
		if strings.EqualFold(string(key), name) {
			return html.UnescapeString(string(value))
		}
	}
}

func attrValue(b []byte) (value, rest []byte) {
	if len(b) > 0 && (b[0] == '"' || b[0] == '\'') {
		if end := bytes.IndexByte(b[1:], b[0]); end >= 0 {
			return b[1 : 1+end], b[2+end:]
		}
		return b[1:], nil
	}
	end := bytes.IndexAny(b, " \t\r\n")
	if end < 0 {
		end = len(b)
	}
	return b[:end], b[end:]
}
