// Package wbxml reads and writes the part of WAP Binary XML 1.3 that
// ActiveSync uses (MS-ASWBXML 2.1): UTF-8, no string table, no attributes, and
// the global tokens SWITCH_PAGE, END, STR_I and OPAQUE. Everything else in the
// format is refused. The code pages are data given by the caller.
package wbxml

// A Node is one element. It holds text, or opaque bytes, or children, and
// never two of them; with none it is an empty element.
type Node struct {
	Tag      Tag
	Text     string
	Opaque   []byte
	Children []Node
}

// Elem is an element with children.
func Elem(tag Tag, children ...Node) Node { return Node{Tag: tag, Children: children} }

// Text is an element with text, which travels as an inline string.
func Text(tag Tag, text string) Node { return Node{Tag: tag, Text: text} }

// Opaque is an element with bytes that are not touched on the way.
func Opaque(tag Tag, data []byte) Node { return Node{Tag: tag, Opaque: data} }

// Child is the first child with the tag, or nil.
func (n *Node) Child(tag Tag) *Node {
	for i := range n.Children {
		if n.Children[i].Tag == tag {
			return &n.Children[i]
		}
	}
	return nil
}

// Value is the element's content as a string, whether it came as text or as
// opaque bytes: servers choose either for the same element (MS-ASWBXML 2.1.2).
func (n *Node) Value() string {
	if n.Text != "" {
		return n.Text
	}
	return string(n.Opaque)
}

// Bytes is the element's content as bytes, whether it came as opaque bytes or
// as text. Do not change them.
func (n *Node) Bytes() []byte {
	if n.Opaque != nil {
		return n.Opaque
	}
	return []byte(n.Text)
}
