package wbxml

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// Global tokens (WBXML 1.3, Global Tokens). A tag token has six bits; the two
// above tell of content and attributes.
const (
	tokSwitchPage = 0x00
	tokEnd        = 0x01
	tokStrI       = 0x03
	tokOpaque     = 0xC3

	tokenMask    = 0x3F
	bitContent   = 0x40
	bitAttribute = 0x80

	firstTag = 0x05 // tokens below are global ones
)

// header: version 1.3, public identifier 1 (unknown), charset 106 (UTF-8),
// string table of length 0 (MS-ASWBXML 2.1.1).
const header = "\x03\x01\x6a\x00"

// Encode writes the document with the given root. It fails on a tag that the
// pages lack, on an element with two kinds of content, and on text that an
// inline string cannot carry (a NUL or bytes that are not UTF-8).
func Encode(root *Node, pages Pages) ([]byte, error) {
	return Append(make([]byte, 0, 256), root, pages)
}

// Append is Encode onto the end of dst.
func Append(dst []byte, root *Node, pages Pages) ([]byte, error) {
	e := encoder{out: append(dst, header...), pages: pages}
	if err := e.element(root); err != nil {
		return nil, err
	}
	return e.out, nil
}

type encoder struct {
	out   []byte
	pages Pages
	page  byte
}

func (e *encoder) element(n *Node) error {
	if !e.pages.Has(n.Tag) || n.Tag.Token() < firstTag {
		return fmt.Errorf("wbxml: cannot write %w", &UnknownTagError{Page: n.Tag.Page(), Token: n.Tag.Token()})
	}
	if page := n.Tag.Page(); page != e.page {
		e.out = append(e.out, tokSwitchPage, page)
		e.page = page
	}
	token := n.Tag.Token()
	switch {
	case n.Text == "" && len(n.Opaque) == 0 && len(n.Children) == 0:
		e.out = append(e.out, token)
		return nil
	case n.Text != "" && len(n.Opaque) == 0 && len(n.Children) == 0:
		if !TextSafe(n.Text) {
			return fmt.Errorf("wbxml: %s: the text has a NUL or is not UTF-8", e.pages.Name(n.Tag))
		}
		e.out = append(e.out, token|bitContent, tokStrI)
		e.out = append(e.out, n.Text...)
		e.out = append(e.out, 0)
	case n.Text == "" && len(n.Children) == 0:
		if len(n.Opaque) > math.MaxInt32 {
			return fmt.Errorf("wbxml: %s: %d opaque bytes are %w", e.pages.Name(n.Tag), len(n.Opaque), ErrTooLarge)
		}
		e.out = append(e.out, token|bitContent, tokOpaque)
		e.out = appendMultiByte(e.out, uint32(len(n.Opaque)))
		e.out = append(e.out, n.Opaque...)
	case n.Text == "" && len(n.Opaque) == 0:
		e.out = append(e.out, token|bitContent)
		for i := range n.Children {
			if err := e.element(&n.Children[i]); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("wbxml: %s has more than one kind of content", e.pages.Name(n.Tag))
	}
	e.out = append(e.out, tokEnd)
	return nil
}

// TextSafe tells whether s can travel as an inline string: UTF-8 without NUL.
func TextSafe(s string) bool {
	return strings.IndexByte(s, 0) < 0 && utf8.ValidString(s)
}

// appendMultiByte writes mb_u_int32: seven bits a byte, the high ones first,
// the top bit set on all but the last (WBXML 1.3, Multi-byte Integers).
func appendMultiByte(dst []byte, v uint32) []byte {
	for shift := 28; shift > 0; shift -= 7 {
		if v>>shift != 0 {
			dst = append(dst, byte(v>>shift)|0x80)
		}
	}
	return append(dst, byte(v)&0x7F)
}
