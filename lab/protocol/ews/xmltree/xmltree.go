// Package xmltree reads and writes small XML documents as trees, within bounds
// and without what SOAP forbids: document types and processing instructions
// (SOAP 1.1 section 3). Comments are passed over. An element holds text or
// elements, never both.
package xmltree

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A Node is an element. Its name is the namespace and the local name, so that
// which prefix stood for the namespace does not matter.
type Node struct {
	Name     xml.Name
	Attrs    []xml.Attr // without namespace declarations
	Text     string     // "" where there are children
	Children []Node
}

// Attr returns the attribute of no namespace with this name, or "".
func (n *Node) Attr(name string) string {
	for _, a := range n.Attrs {
		if a.Name.Space == "" && a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// Child returns the first child with this name, or nil.
func (n *Node) Child(space, local string) *Node {
	for i := range n.Children {
		if c := &n.Children[i]; c.Name.Space == space && c.Name.Local == local {
			return c
		}
	}
	return nil
}

// Limits bound what is read.
type Limits struct {
	Size  int // octets of a document
	Depth int // elements within elements
	Nodes int // elements and attributes of a document
}

// ErrXML is the error that all errors of parsing wrap, except those of the
// reader underneath a Stream.
var ErrXML = errors.New("malformed XML")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrXML, fmt.Sprintf(format, args...))
}

// Parse reads a document.
func Parse(body []byte, l Limits) (*Node, error) {
	if len(body) > l.Size {
		return nil, malformed("%d octets", len(body))
	}
	s := NewStream(bytes.NewReader(body), l)
	n, err := s.Next()
	if err == io.EOF {
		return nil, malformed("no element")
	}
	if err != nil {
		return nil, err
	}
	if _, err := s.Next(); err != io.EOF {
		return nil, malformed("something follows the document")
	}
	return n, nil
}

// A Stream reads documents that follow each other, each as soon as it has
// ended.
type Stream struct {
	d      *xml.Decoder
	in     *meter
	limits Limits
	nodes  int
}

// NewStream reads from r, a document's size at most ahead.
func NewStream(r io.Reader, l Limits) *Stream {
	in := &meter{r: r}
	return &Stream{d: xml.NewDecoder(in), in: in, limits: l}
}

// Next returns the next document, and io.EOF after the last. A document that
// breaks off is an error that wraps ErrXML and io.ErrUnexpectedEOF. After an
// error there is nothing more to be had.
func (s *Stream) Next() (*Node, error) {
	s.in.left, s.nodes = s.limits.Size, 0
	for {
		tok, err := s.d.Token()
		if err == io.EOF {
			return nil, io.EOF
		}
		if err != nil {
			return nil, s.fault(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			n := new(Node)
			if err := s.element(n, tok, 1); err != nil {
				return nil, err
			}
			return n, nil
		case xml.CharData:
			if len(bytes.TrimSpace(tok)) > 0 {
				return nil, malformed("text outside the document")
			}
		default:
			if err := allowed(tok); err != nil {
				return nil, err
			}
		}
	}
}

// element reads up to the end of the element that start began.
func (s *Stream) element(n *Node, start xml.StartElement, depth int) error {
	s.nodes += 1 + len(start.Attr)
	if depth > s.limits.Depth || s.nodes > s.limits.Nodes {
		return malformed("too deep or too many elements")
	}
	n.Name = start.Name
	for _, a := range start.Attr {
		if a.Name.Space != "xmlns" && (a.Name.Space != "" || a.Name.Local != "xmlns") {
			n.Attrs = append(n.Attrs, a)
		}
	}
	var text []byte
	for {
		tok, err := s.d.Token()
		if err != nil {
			return s.fault(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			n.Children = append(n.Children, Node{})
			if err := s.element(&n.Children[len(n.Children)-1], tok, depth+1); err != nil {
				return err
			}
		case xml.EndElement:
			switch {
			case len(n.Children) == 0:
				n.Text = string(text)
			case len(bytes.TrimSpace(text)) > 0:
				return malformed("%s mixes text with elements", n.Name.Local)
			}
			return nil
		case xml.CharData:
			text = append(text, tok...)
		default:
			if err := allowed(tok); err != nil {
				return err
			}
		}
	}
}

func allowed(tok xml.Token) error {
	switch tok := tok.(type) {
	case xml.Directive:
		return malformed("a document type")
	case xml.ProcInst:
		if tok.Target != "xml" {
			return malformed("a processing instruction")
		}
	}
	return nil
}

// fault tells an XML error from one of the reader.
func (s *Stream) fault(err error) error {
	switch {
	case s.in.err == io.EOF && (err == io.EOF || strings.HasSuffix(err.Error(), "unexpected EOF")):
		return fmt.Errorf("%w: %w", ErrXML, io.ErrUnexpectedEOF)
	case s.in.err != nil && s.in.err != io.EOF:
		return s.in.err
	}
	return fmt.Errorf("%w: %w", ErrXML, err)
}

// meter refuses to read more than left, and keeps the reader's error.
type meter struct {
	r    io.Reader
	left int
	err  error
}

func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 {
		m.err = malformed("a document is too long")
		return 0, m.err
	}
	n, err := m.r.Read(p[:min(len(p), m.left)])
	m.left -= n
	if err != nil {
		m.err = err
	}
	return n, err
}

// xmlSpace has the prefix xml, undeclared (Namespaces in XML 1.0 section 3).
const xmlSpace = "http://www.w3.org/XML/1998/namespace"

// A Prefix is a namespace's in what is written.
type Prefix struct{ Prefix, Space string }

// Encode writes a document whose root declares the prefixes. An element of
// another namespace makes that the default one for itself and what is in it,
// an attribute of another is an error. Characters that XML cannot carry become
// U+FFFD.
func (n *Node) Encode(prefixes []Prefix) ([]byte, error) {
	w := writer{prefixes: prefixes}
	w.b.WriteString(`<?xml version="1.0" encoding="utf-8"?>`)
	w.element(n, "", true)
	return w.b.Bytes(), w.err
}

type writer struct {
	b        bytes.Buffer
	prefixes []Prefix
	err      error
}

// element writes n where unprefixed names are of the namespace space.
func (w *writer) element(n *Node, space string, root bool) {
	prefix, known := w.prefix(n.Name.Space)
	w.b.WriteByte('<')
	w.name(prefix, n.Name.Local)
	if root {
		for _, p := range w.prefixes {
			w.attr("xmlns:", p.Prefix, p.Space)
		}
	}
	if !known && n.Name.Space != space {
		space = n.Name.Space
		w.attr("", "xmlns", space)
	}
	for _, a := range n.Attrs {
		p, known := w.prefix(a.Name.Space)
		if !known && a.Name.Space != "" {
			w.err = fmt.Errorf("xmltree: no prefix for the namespace %q of %s", a.Name.Space, a.Name.Local)
		}
		w.attr(p, a.Name.Local, a.Value)
	}
	if n.Text == "" && len(n.Children) == 0 {
		w.b.WriteString("/>")
		return
	}
	w.b.WriteByte('>')
	if len(n.Children) == 0 {
		w.text(n.Text)
	}
	for i := range n.Children {
		w.element(&n.Children[i], space, false)
	}
	w.b.WriteString("</")
	w.name(prefix, n.Name.Local)
	w.b.WriteByte('>')
}

// prefix returns a namespace's prefix with its colon, and whether there is one.
func (w *writer) prefix(space string) (string, bool) {
	if space == xmlSpace {
		return "xml:", true
	}
	for _, p := range w.prefixes {
		if p.Space == space {
			return p.Prefix + ":", true
		}
	}
	return "", false
}

func (w *writer) attr(prefix, local, value string) {
	w.b.WriteByte(' ')
	w.name(prefix, local)
	w.b.WriteString(`="`)
	w.text(value)
	w.b.WriteByte('"')
}

func (w *writer) text(s string) { _ = xml.EscapeText(&w.b, []byte(s)) } // a Buffer does not fail

func (w *writer) name(prefix, local string) {
	w.b.WriteString(prefix)
	w.local(local)
}

// local writes a local name. All names that are written are plain ones.
func (w *writer) local(s string) {
	for i := range len(s) {
		c := s[i] | 0x20
		if (c < 'a' || c > 'z') && s[i] != '_' && (i == 0 || s[i] < '0' || s[i] > '9') {
			w.err = fmt.Errorf("xmltree: %q is not a name", s)
			return
		}
	}
	if s == "" {
		w.err = errors.New("xmltree: an element without a name")
	}
	w.b.WriteString(s)
}
