package wbxml

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Limits bound what Decode accepts. A zero field means the value in
// DefaultLimits.
type Limits struct {
	Size     int // octets of the whole document
	Depth    int // nested elements, the root included
	Elements int // elements in all; a tree takes far more memory than its one-byte tags
	Text     int // octets of one element's text; opaque bytes are bounded by Size
}

// DefaultLimits fit the largest message that a server takes by default and the
// largest window of changes (512 items, MS-ASCMD, WindowSize).
var DefaultLimits = Limits{Size: 32 << 20, Depth: 32, Elements: 1 << 16, Text: 8 << 20}

func (l Limits) orDefault() Limits {
	return Limits{
		Size:     cmp.Or(l.Size, DefaultLimits.Size),
		Depth:    cmp.Or(l.Depth, DefaultLimits.Depth),
		Elements: cmp.Or(l.Elements, DefaultLimits.Elements),
		Text:     cmp.Or(l.Text, DefaultLimits.Text),
	}
}

// ErrTooLarge is in the chain of every error that a limit caused.
var ErrTooLarge = errors.New("over the limit")

// A SyntaxError is a document that is not WBXML as ActiveSync uses it.
type SyntaxError struct {
	Offset int // octets from the start of the document
	Reason string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("wbxml: offset %d: %s", e.Offset, e.Reason)
}

// An UnknownTagError is an element that the code pages do not name.
type UnknownTagError struct {
	Page, Token byte
	Offset      int // octets from the start of the document; 0 when encoding
}

func (e *UnknownTagError) Error() string {
	return fmt.Sprintf("wbxml: offset %d: unknown tag: code page %d, token 0x%02X", e.Offset, e.Page, e.Token)
}

// Decode reads one whole document. Opaque content aliases doc. An empty
// string, an empty run of opaque bytes and no content at all are the same
// thing to it.
func Decode(doc []byte, pages Pages, limits Limits) (*Node, error) {
	d := decoder{doc: doc, pages: pages, limits: limits.orDefault()}
	if len(doc) > d.limits.Size {
		return nil, fmt.Errorf("wbxml: a document of %d octets is %w of %d", len(doc), ErrTooLarge, d.limits.Size)
	}
	if !bytes.HasPrefix(doc, []byte(header)) {
		return nil, d.fail("the document does not begin with % x", header)
	}
	d.pos = len(header)
	root := new(Node)
	token, err := d.next()
	if err != nil {
		return nil, err
	}
	if token == tokEnd || token == tokStrI || token == tokOpaque {
		return nil, d.fail("token 0x%02X where the root element should stand", token)
	}
	if err := d.element(root, token, 1); err != nil {
		return nil, err
	}
	if d.pos != len(doc) {
		return nil, d.fail("%d octets follow the root element", len(doc)-d.pos)
	}
	return root, nil
}

type decoder struct {
	doc      []byte
	pos      int
	page     byte
	elements int
	pages    Pages
	limits   Limits
}

func (d *decoder) fail(format string, args ...any) error {
	return &SyntaxError{Offset: d.pos, Reason: fmt.Sprintf(format, args...)}
}

func (d *decoder) tooLarge(what string, limit int) error {
	return fmt.Errorf("wbxml: offset %d: %s %w of %d", d.pos, what, ErrTooLarge, limit)
}

func (d *decoder) octet() (byte, error) {
	if d.pos >= len(d.doc) {
		return 0, d.fail("the document ends inside an element")
	}
	b := d.doc[d.pos]
	d.pos++
	return b, nil
}

// next is the next token after any page switches.
func (d *decoder) next() (byte, error) {
	for {
		b, err := d.octet()
		if err != nil || b != tokSwitchPage {
			return b, err
		}
		if d.page, err = d.octet(); err != nil {
			return 0, err
		}
	}
}

// element reads the element whose token was just read, up to its END.
func (d *decoder) element(n *Node, token byte, depth int) error {
	// The global tokens with bits 6 and 7 set have a low part below firstTag.
	if token&tokenMask < firstTag {
		return d.fail("token 0x%02X is not used by ActiveSync", token)
	}
	if token&bitAttribute != 0 {
		return d.fail("an element with attributes (token 0x%02X)", token)
	}
	if depth > d.limits.Depth {
		return d.tooLarge("nesting is", d.limits.Depth)
	}
	if d.elements++; d.elements > d.limits.Elements {
		return d.tooLarge("the number of elements is", d.limits.Elements)
	}
	n.Tag = MakeTag(d.page, token)
	if !d.pages.Has(n.Tag) {
		return &UnknownTagError{Page: d.page, Token: token & tokenMask, Offset: d.pos - 1}
	}
	if token&bitContent == 0 {
		return nil
	}
	for {
		token, err := d.next()
		if err != nil {
			return err
		}
		switch token {
		case tokEnd:
			return nil
		case tokStrI:
			err = d.text(n)
		case tokOpaque:
			err = d.opaque(n)
		default:
			if n.Text != "" || n.Opaque != nil {
				return d.fail("%s has both data and elements", d.pages.Name(n.Tag))
			}
			n.Children = append(n.Children, Node{})
			err = d.element(&n.Children[len(n.Children)-1], token, depth+1)
		}
		if err != nil {
			return err
		}
	}
}

// text reads an inline string. ActiveSync puts at most one into an element;
// joining many would cost the square of their number.
func (d *decoder) text(n *Node) error {
	end := bytes.IndexByte(d.doc[d.pos:], 0)
	if end < 0 {
		return d.fail("an inline string without end")
	}
	if end > d.limits.Text {
		return d.tooLarge("the text of "+d.pages.Name(n.Tag)+" is", d.limits.Text)
	}
	raw := d.doc[d.pos : d.pos+end]
	if !utf8.Valid(raw) {
		return d.fail("%s: an inline string that is not UTF-8", d.pages.Name(n.Tag))
	}
	if end > 0 && (n.Text != "" || n.Opaque != nil || n.Children != nil) {
		return d.fail("%s has text beside other content", d.pages.Name(n.Tag))
	}
	d.pos += end + 1
	if end > 0 {
		n.Text = string(raw)
	}
	return nil
}

func (d *decoder) opaque(n *Node) error {
	length, err := d.multiByte()
	if err != nil {
		return err
	}
	if uint64(length) > uint64(len(d.doc)-d.pos) {
		return d.fail("%d opaque octets announced, %d left", length, len(d.doc)-d.pos)
	}
	if length == 0 {
		return nil
	}
	if n.Text != "" || n.Opaque != nil || n.Children != nil {
		return d.fail("%s has opaque data beside other content", d.pages.Name(n.Tag))
	}
	end := d.pos + int(length)
	n.Opaque = d.doc[d.pos:end:end]
	d.pos = end
	return nil
}

func (d *decoder) multiByte() (uint32, error) {
	var v uint64
	for range 5 {
		b, err := d.octet()
		if err != nil {
			return 0, err
		}
		v = v<<7 | uint64(b&0x7F)
		if b&0x80 == 0 {
			if v > 1<<32-1 {
				break
			}
			return uint32(v), nil
		}
	}
	return 0, d.fail("an integer of more than 32 bits")
}
