package ews

import (
	"encoding/xml"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"shutout/lab/protocol/ews/xmltree"
)

const (
	nsSOAP     = "http://schemas.xmlsoap.org/soap/envelope/"
	nsTypes    = "http://schemas.microsoft.com/exchange/services/2006/types"
	nsMessages = "http://schemas.microsoft.com/exchange/services/2006/messages"
	nsErrors   = "http://schemas.microsoft.com/exchange/services/2006/errors"
	nsXML      = "http://www.w3.org/XML/1998/namespace"
)

// Limits bound the documents that this package parses, and each document of a
// stream. The size is what Exchange 2013 takes (web.config of the EWS virtual
// directory, maxReceivedMessageSize).
var Limits = xmltree.Limits{Size: 64 << 20, Depth: 40, Nodes: 200_000}

var prefixes = []xmltree.Prefix{{Prefix: "s", Space: nsSOAP}, {Prefix: "t", Space: nsTypes}, {Prefix: "m", Space: nsMessages}}

// A SchemaError is a document that is well formed and not the message that was
// expected. A server answers it with a Fault of ErrorSchemaValidation.
type SchemaError struct {
	Element string // local name
	Reason  string
}

func (e *SchemaError) Error() string { return "ews: " + e.Element + " " + e.Reason }

func schemaError(n *xmltree.Node, format string, args ...any) error {
	return &SchemaError{n.Name.Local, fmt.Sprintf(format, args...)}
}

func missing(parent *xmltree.Node, what string) error { return schemaError(parent, "has no %s", what) }

// inTypes is the node's name if it is of the types namespace, or "".
func inTypes(n *xmltree.Node) string { return in(n, nsTypes) }

// inMessages is the node's name if it is of the messages namespace, or "".
func inMessages(n *xmltree.Node) string { return in(n, nsMessages) }

func in(n *xmltree.Node, space string) string {
	if n.Name.Space != space {
		return ""
	}
	return n.Name.Local
}

// each calls f for the node's children and stops at the first error.
func each(n *xmltree.Node, f func(*xmltree.Node) error) error {
	for i := range n.Children {
		if err := f(&n.Children[i]); err != nil {
			return err
		}
	}
	return nil
}

func typ(local string, children ...xmltree.Node) xmltree.Node {
	return xmltree.Node{Name: xml.Name{Space: nsTypes, Local: local}, Children: children}
}

func msg(local string, children ...xmltree.Node) xmltree.Node {
	return xmltree.Node{Name: xml.Name{Space: nsMessages, Local: local}, Children: children}
}

func withText(n xmltree.Node, text string) xmltree.Node {
	n.Text = text
	return n
}

// with adds an attribute, unless it is empty.
func with(n xmltree.Node, name, value string) xmltree.Node {
	if value != "" {
		n.Attrs = append(n.Attrs, xml.Attr{Name: xml.Name{Local: name}, Value: value})
	}
	return n
}

// list gathers the children of an element that is being built; the methods
// leave out what is empty.
type list []xmltree.Node

func (l *list) add(n xmltree.Node) { *l = append(*l, n) }

func (l *list) text(n xmltree.Node, s string) {
	if s != "" {
		l.add(withText(n, s))
	}
}

func (l *list) number(n xmltree.Node, v *int) {
	if v != nil {
		l.add(withText(n, strconv.Itoa(*v)))
	}
}

func (l *list) flag(n xmltree.Node, f Flag) {
	if f != Unset {
		l.add(withText(n, strconv.FormatBool(f == True)))
	}
}

func (l *list) time(n xmltree.Node, t time.Time) {
	if !t.IsZero() {
		l.add(withText(n, formatTime(t)))
	}
}

// Flag is a boolean element that may be left out.
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

// boolean reads an xs:boolean.
func boolean(n *xmltree.Node, s string) (bool, error) {
	switch strings.TrimSpace(s) {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	return false, schemaError(n, "is not true or false: %.20q", s)
}

func flag(n *xmltree.Node) (Flag, error) {
	b, err := boolean(n, n.Text)
	if err != nil {
		return Unset, err
	}
	return FlagOf(b), nil
}

// number reads an xs:int that must lie within bounds.
func number(n *xmltree.Node, s string, least, most int) (int, error) {
	v, err := strconv.ParseInt(strings.TrimSpace(s), 10, 32)
	if err != nil || int(v) < least || int(v) > most {
		return 0, schemaError(n, "is not a number from %d to %d: %.20q", least, most, s)
	}
	return int(v), nil
}

func count(n *xmltree.Node) (*int, error) {
	v, err := number(n, n.Text, 0, math.MaxInt32)
	if err != nil {
		return nil, err
	}
	return &v, nil
}

// formatTime writes an xs:dateTime in UTC, to the second as Exchange does, or
// with what fraction there is.
func formatTime(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func timeOf(n *xmltree.Node) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, strings.TrimSpace(n.Text))
	if t = t.UTC(); err != nil || t.IsZero() || t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}, schemaError(n, "is not a date: %.40q", n.Text)
	}
	return t, nil
}

// oneOf checks a value of an enumeration.
func oneOf[S ~string](n *xmltree.Node, value string, all ...S) (S, error) {
	if s := S(value); slices.Contains(all, s) {
		return s, nil
	}
	return "", schemaError(n, "does not take %.40q", value)
}

// optional is oneOf for an attribute that may be left out.
func optional[S ~string](n *xmltree.Node, value string, all ...S) (S, error) {
	if value == "" {
		return "", nil
	}
	return oneOf(n, value, all...)
}
