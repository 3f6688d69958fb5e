package airsync

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"shutout/lab/protocol/wbxml"
)

// Limits bound the documents that this package parses.
var Limits = wbxml.DefaultLimits

// A SchemaError is WBXML that is well formed and not the message that was
// expected. A server answers it with StatusInvalidXML, and an error from
// package wbxml with StatusInvalidWBXML.
type SchemaError struct {
	Element string // for example "AirSync:SyncKey"
	Reason  string
}

func (e *SchemaError) Error() string { return "airsync: " + e.Element + " " + e.Reason }

func schemaError(tag wbxml.Tag, format string, args ...any) error {
	return &SchemaError{Element: Pages.Name(tag), Reason: fmt.Sprintf(format, args...)}
}

// decode reads a document and checks its root.
func decode(body []byte, root wbxml.Tag) (*wbxml.Node, error) {
	n, err := wbxml.Decode(body, Pages, Limits)
	if err != nil {
		return nil, err
	}
	if n.Tag != root {
		return nil, schemaError(root, "was expected as root, not %s", Pages.Name(n.Tag))
	}
	return n, nil
}

func encode(root wbxml.Node) ([]byte, error) { return wbxml.Encode(&root, Pages) }

// Flag is a boolean element that may be left out, which says something else
// than false.
type Flag uint8

const (
	Unset Flag = iota
	False
	True
)

// FlagOf is True or False.
func FlagOf(b bool) Flag {
	if b {
		return True
	}
	return False
}

// Or is the flag's value, or def where the element was left out.
func (f Flag) Or(def bool) bool {
	if f == Unset {
		return def
	}
	return f == True
}

// textOf is an element with a string. What an inline string cannot carry, for
// example a subject with stray octets, travels as opaque bytes.
func textOf(tag wbxml.Tag, s string) wbxml.Node {
	if wbxml.TextSafe(s) {
		return wbxml.Text(tag, s)
	}
	return wbxml.Opaque(tag, []byte(s))
}

// list gathers the children of an element that is being built; the methods
// leave out what is empty.
type list []wbxml.Node

func (l *list) add(n wbxml.Node) { *l = append(*l, n) }

func (l *list) text(tag wbxml.Tag, s string) {
	if s != "" {
		l.add(textOf(tag, s))
	}
}

func (l *list) number(tag wbxml.Tag, n int) {
	if n != 0 {
		l.add(wbxml.Text(tag, strconv.Itoa(n)))
	}
}

func (l *list) status(tag wbxml.Tag, s Status) { l.number(tag, int(s)) }

func (l *list) flag(tag wbxml.Tag, f Flag) {
	switch f {
	case True:
		l.add(wbxml.Text(tag, "1"))
	case False:
		l.add(wbxml.Text(tag, "0"))
	}
}

// present writes an element that says something by being there.
func (l *list) present(tag wbxml.Tag, yes bool) {
	if yes {
		l.add(wbxml.Node{Tag: tag})
	}
}

func (l *list) duration(tag wbxml.Tag, d, unit time.Duration) error {
	if d < 0 || d%unit != 0 || d/unit > math.MaxInt32 {
		return schemaError(tag, "is a whole number of %v, not %v", unit, d)
	}
	l.number(tag, int(d/unit))
	return nil
}

// number reads an unsigned decimal of at most 31 bits (MS-ASDTYPE 2.6).
func number(n *wbxml.Node) (int, error) {
	v := n.Value()
	if !isDigits(v) {
		return 0, schemaError(n.Tag, "is not a number")
	}
	i, err := strconv.ParseInt(v, 10, 32)
	if err != nil {
		return 0, schemaError(n.Tag, "is not a number of at most 31 bits")
	}
	return int(i), nil
}

// positive is number without zero, for elements where leaving it out means
// something else.
func positive(n *wbxml.Node) (int, error) {
	i, err := number(n)
	if err == nil && i == 0 {
		err = schemaError(n.Tag, "is 0")
	}
	return i, err
}

func status(n *wbxml.Node) (Status, error) {
	i, err := positive(n)
	return Status(i), err
}

func duration(n *wbxml.Node, unit time.Duration) (time.Duration, error) {
	i, err := positive(n)
	return time.Duration(i) * unit, err
}

// flag reads "0" or "1" (MS-ASDTYPE 2.1).
func flag(n *wbxml.Node) (Flag, error) {
	switch n.Value() {
	case "0":
		return False, nil
	case "1":
		return True, nil
	}
	return Unset, schemaError(n.Tag, "is neither 0 nor 1")
}

// option reads a flag whose empty element means true (MS-ASCMD, GetChanges).
func option(n *wbxml.Node) (Flag, error) {
	if n.Text == "" && n.Opaque == nil && n.Children == nil {
		return True, nil
	}
	return flag(n)
}
