package strict

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of a file. The YAML parser's work grows with the square of the tokens
// in one mapping and of the nesting, so both are bounded before it starts.
const (
	MaxBytes  = 1 << 20
	maxTokens = 20_000
	maxDepth  = 50
)

// Doc is a file that has been parsed, and what is wrong with it.
type Doc struct {
	File string
	Root *Node // nil if the file has no readable value

	problems Problems
	seen     map[Problem]bool
}

// Parse reads a file's text. Whatever is wrong with it is in [Doc.Err]; what
// could be read all the same is in [Doc.Root].
func Parse(file string, src []byte) *Doc {
	d := &Doc{File: file, seen: map[Problem]bool{}}
	if len(src) > MaxBytes {
		d.Problemf(nil, "the file is larger than 1 MiB: that cannot be meant")
		return d
	}
	src = bytes.TrimPrefix(src, []byte("\ufeff")) // some editors begin a file in UTF-8 with a byte order mark
	if line, col, ok := foreignByte(src); ok {
		d.problem(line, col, "this is not text in UTF-8")
		return d
	}
	if f := d.parse(string(src)); f != nil {
		d.take(f)
	}
	return d
}

// foreignByte finds the first byte that is no UTF-8, or a control character
// that no text has.
func foreignByte(src []byte) (line, col int, found bool) {
	line, col = 1, 1
	for len(src) > 0 {
		r, size := utf8.DecodeRune(src)
		if r == utf8.RuneError && size == 1 || r < ' ' && r != '\n' && r != '\r' && r != '\t' {
			return line, col, true
		}
		col++
		if r == '\n' {
			line, col = line+1, 1
		}
		src = src[size:]
	}
	return 0, 0, false
}

// parse has the library parse src. The recover turns a fault of the library
// into a problem of the file, which is what its writer can do something about.
func (d *Doc) parse(src string) (f *ast.File) {
	defer func() {
		if recover() != nil {
			d.Problemf(nil, "the YAML parser cannot read this file: write it more plainly")
			f = nil
		}
	}()
	tokens := lexer.Tokenize(src)
	if !d.bounded(tokens) {
		return nil
	}
	f, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey()) // take reports duplicates, all of them
	var syntax *yaml.SyntaxError
	switch {
	case errors.As(err, &syntax) && syntax.Token != nil && tabbed(syntax.Message):
		d.problem(syntax.Token.Position.Line, syntax.Token.Position.Column, "there is a tab here: indent with spaces")
	case errors.As(err, &syntax) && syntax.Token != nil:
		d.problem(syntax.Token.Position.Line, syntax.Token.Position.Column, "this is not YAML: "+syntax.Message)
	case err != nil:
		d.Problemf(nil, "this is not YAML: %v", err)
	}
	return f
}

// tabbed tells whether the parser complains about a tab, which it shows as it is.
func tabbed(message string) bool {
	return strings.Contains(message, "\t") || strings.Contains(message, "tab character")
}

// bounded tells whether the file is small and flat enough to be parsed.
func (d *Doc) bounded(tokens token.Tokens) bool {
	if len(tokens) > maxTokens {
		t := tokens[maxTokens]
		d.problem(t.Position.Line, t.Position.Column, "the file has more than 20,000 words and signs: split it")
		return false
	}
	flow, line, onLine := 0, 0, 0
	for _, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow--
		case token.SequenceEntryType, token.MappingKeyType, token.AnchorType, token.TagType:
			if t.Position.Line != line {
				line, onLine = t.Position.Line, 0
			}
			onLine++
		}
		if flow > maxDepth || onLine > maxDepth {
			d.problem(t.Position.Line, t.Position.Column, "lists and mappings are nested too deeply here")
			return false
		}
	}
	return true
}

// take turns the library's tree into nodes.
func (d *Doc) take(f *ast.File) {
	for _, doc := range f.Docs {
		if doc == nil || doc.Body == nil {
			continue
		}
		if d.Root != nil {
			d.at(doc.Body, "a second document begins here: write one to a file")
			return
		}
		d.Root = d.node(doc.Body)
	}
}

func (d *Doc) at(n ast.Node, text string) {
	line, col := position(n)
	d.problem(line, col, text)
}

// Word makes the node of a single value that stands in no file, such as what
// somebody has filled in. It is held to the same rules.
func (d *Doc) Word(line int, text string) *Node {
	n := &Node{Kind: Scalar, Line: line, Col: 1, Text: text}
	if !utf8.ValidString(text) {
		d.Problemf(n, "this is not text in UTF-8")
		n.Kind = Faulty
		return n
	}
	d.printable(n)
	return n
}

// printable complains about a text with characters that nobody sees.
func (d *Doc) printable(n *Node) {
	if i := strings.IndexFunc(n.Text, unprintable); i >= 0 {
		r, _ := utf8.DecodeRuneInString(n.Text[i:])
		d.Problemf(n, "the text holds the control character %U: leave it out", r)
		n.Kind, n.Text = Faulty, ""
	}
}

// position is where n begins. A mapping's own token is its first colon, so its
// first key is asked instead.
func position(n ast.Node) (line, col int) {
	t := n.GetToken()
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return position(n.Values[0])
		}
	case *ast.MappingValueNode:
		if n.Key != nil {
			return position(n.Key)
		}
	}
	if t == nil || t.Position == nil {
		return 1, 1
	}
	return t.Position.Line, t.Position.Column
}

// node converts n. What this package does not take becomes a problem.
func (d *Doc) node(n ast.Node) *Node {
	out := &Node{Kind: Scalar}
	out.Line, out.Col = position(n)
	switch n := n.(type) {
	case *ast.NullNode:
		out.Kind = Null
	case *ast.StringNode:
		out.Text = n.Value
	case *ast.LiteralNode:
		out.Text = n.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		out.Text = n.GetToken().Value // as it was written
	case *ast.MappingNode:
		out.Kind = Map
		for _, v := range n.Values {
			d.entry(out, v)
		}
	case *ast.MappingValueNode:
		out.Kind = Map
		d.entry(out, n)
	case *ast.SequenceNode:
		out.Kind = List
		for _, v := range n.Values {
			out.Items = append(out.Items, d.node(v))
		}
	default:
		out.Kind = Faulty
		d.at(n, unsupported(n))
	}
	d.printable(out)
	return out
}

// unprintable tells whether r steers whatever shows the text. A quoted text can
// name such characters with an escape, so the bytes of the file do not tell.
func unprintable(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' || unicode.Is(unicode.Bidi_Control, r)
}

func unsupported(n ast.Node) string {
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode:
		return "anchors (&name) and aliases (*name) are not used here: write the value out"
	case *ast.TagNode:
		return "tags (!name) are not used here: write the value alone"
	case *ast.DirectiveNode:
		return "directives (%NAME) are not used here"
	}
	return "this kind of YAML is not used here: write it more plainly"
}

func (d *Doc) entry(m *Node, v *ast.MappingValueNode) {
	if _, merge := v.Key.(*ast.MergeKeyNode); merge {
		d.at(v.Key, "merge keys (<<) are not used here: write the values out")
		return
	}
	key, ok := v.Key.(ast.ScalarNode)
	if !ok {
		d.at(v.Key, "a key must be a plain word")
		return
	}
	name := d.node(key)
	if name.Kind != Scalar {
		if name.Kind != Faulty {
			d.at(v.Key, "a key must be a plain word")
		}
		return
	}
	value := d.node(v.Value)
	if value.Kind == Null { // its token may stand anywhere
		value.Line, value.Col = name.Line, name.Col
	}
	for _, k := range m.Keys {
		if k.Name.Text == name.Text {
			d.Problemf(name, "%s stands here twice; the first time in line %d", Quote(name.Text), k.Name.Line)
			return
		}
	}
	m.Keys = append(m.Keys, Key{name, value})
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// OneLine puts a text that was folded over lines on one.
func OneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
