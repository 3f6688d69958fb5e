package ews

import (
	"slices"
	"strconv"
	"strings"

	"shutout/lab/protocol/ews/xmltree"
)

// A Field names a property (FieldURI, IndexedFieldURI, ExtendedFieldURI). A
// MAPI property has a Type and either a Tag or a set with a Name or an ID.
// Numbers stand as the peer wrote them, since it may look for them again.
type Field struct {
	URI   string // for example "item:Subject"
	Index string // IndexedFieldURI only

	Tag     string // PropertyTag, for example "0xe23"
	Set     string // DistinguishedPropertySetId, for example "PublicStrings"
	SetGUID string // PropertySetId
	Name    string // PropertyName
	ID      string // PropertyId
	Type    string // for example "Integer"
}

// Fields that mail clients sort and search by.
var (
	FieldReceived  = Field{URI: "item:DateTimeReceived"}
	FieldSubject   = Field{URI: "item:Subject"}
	FieldBody      = Field{URI: "item:Body"}
	FieldMIME      = Field{URI: "item:MimeContent"}
	FieldIsRead    = Field{URI: "message:IsRead"}
	FieldMessageID = Field{URI: "message:InternetMessageId"}
)

// PropertyID is the identifier in the field's property tag, for example 0x0E23,
// or 0 if it has none.
func (f Field) PropertyID() uint16 {
	digits, base := f.Tag, 10
	if rest, ok := strings.CutPrefix(strings.ToLower(f.Tag), "0x"); ok {
		digits, base = rest, 16
	}
	v, err := strconv.ParseUint(digits, base, 16)
	if err != nil {
		return 0
	}
	return uint16(v)
}

func (f Field) node() xmltree.Node {
	switch {
	case f.Type != "":
		n := typ("ExtendedFieldURI")
		n = with(with(with(n, "DistinguishedPropertySetId", f.Set), "PropertySetId", f.SetGUID), "PropertyTag", f.Tag)
		return with(with(with(n, "PropertyName", f.Name), "PropertyId", f.ID), "PropertyType", f.Type)
	case f.Index != "":
		return with(with(typ("IndexedFieldURI"), "FieldURI", f.URI), "FieldIndex", f.Index)
	}
	return with(typ("FieldURI"), "FieldURI", f.URI)
}

func parseField(n *xmltree.Node) (Field, error) {
	switch inTypes(n) {
	case "FieldURI":
		f := Field{URI: n.Attr("FieldURI")}
		if f.URI == "" {
			return Field{}, missing(n, "FieldURI")
		}
		return f, nil
	case "IndexedFieldURI":
		f := Field{URI: n.Attr("FieldURI"), Index: n.Attr("FieldIndex")}
		if f.URI == "" || f.Index == "" {
			return Field{}, missing(n, "FieldURI or FieldIndex")
		}
		return f, nil
	case "ExtendedFieldURI":
		f := Field{Tag: n.Attr("PropertyTag"), Set: n.Attr("DistinguishedPropertySetId"), SetGUID: n.Attr("PropertySetId"),
			Name: n.Attr("PropertyName"), ID: n.Attr("PropertyId"), Type: n.Attr("PropertyType")}
		if f.Type == "" {
			return Field{}, missing(n, "PropertyType")
		}
		if f.Tag != "" && f.PropertyID() == 0 {
			return Field{}, schemaError(n, "has no number for a PropertyTag: %.20q", f.Tag)
		}
		if f.Tag == "" && (f.Set == "" && f.SetGUID == "" || f.Name == "" && f.ID == "") {
			return Field{}, missing(n, "PropertyTag")
		}
		return f, nil
	}
	return Field{}, schemaError(n, "does not name a property")
}

// A Property is a MAPI property with its value (ExtendedProperty), in the text
// form that EWS gives to its type: binary in base64, times as xs:dateTime.
type Property struct {
	Field  Field
	Value  string
	Values []string // of an array type; then Value is ""
}

func (p Property) node() xmltree.Node {
	if p.Values == nil {
		return typ("ExtendedProperty", p.Field.node(), withText(typ("Value"), p.Value))
	}
	values := typ("Values")
	for _, v := range p.Values {
		values.Children = append(values.Children, withText(typ("Value"), v))
	}
	return typ("ExtendedProperty", p.Field.node(), values)
}

func parseProperty(n *xmltree.Node) (Property, error) {
	var p Property
	valued := false
	err := each(n, func(c *xmltree.Node) (err error) {
		switch inTypes(c) {
		case "ExtendedFieldURI":
			p.Field, err = parseField(c)
		case "Value":
			p.Value, p.Values, valued = c.Text, nil, true
		case "Values":
			p.Value, p.Values, valued = "", []string{}, true
			err = each(c, func(v *xmltree.Node) error {
				if inTypes(v) != "Value" {
					return schemaError(v, "is not a Value")
				}
				p.Values = append(p.Values, v.Text)
				return nil
			})
		}
		return err
	})
	if err == nil && (p.Field.Type == "" || !valued) {
		err = missing(n, "ExtendedFieldURI or Value")
	}
	return p, err
}

// Lookup returns the property that a field names.
func Lookup(l []Property, f Field) (Property, bool) {
	i := slices.IndexFunc(l, func(p Property) bool { return p.Field == f })
	if i < 0 {
		return Property{}, false
	}
	return l[i], true
}

// What a shape starts from (BaseShape).
type BaseShape string

const (
	IDOnly        BaseShape = "IdOnly"
	Default       BaseShape = "Default"
	AllProperties BaseShape = "AllProperties"
)

// BodyType is the format of a body (BodyType).
type BodyType string

const (
	BodyBest BodyType = "Best" // in requests: as it is stored
	BodyHTML BodyType = "HTML"
	BodyText BodyType = "Text"
)

// A Shape says what a response is to tell of folders or items (FolderShape,
// ItemShape).
type Shape struct {
	Base  BaseShape
	MIME  bool     // IncludeMimeContent
	Body  BodyType // "" for the server's choice
	Extra []Field  // AdditionalProperties
}

func (s Shape) node(local string) xmltree.Node {
	var l list
	l.text(typ("BaseShape"), string(s.Base))
	if s.MIME {
		l.flag(typ("IncludeMimeContent"), True)
	}
	l.text(typ("BodyType"), string(s.Body))
	if len(s.Extra) > 0 {
		extra := typ("AdditionalProperties")
		for _, f := range s.Extra {
			extra.Children = append(extra.Children, f.node())
		}
		l.add(extra)
	}
	return msg(local, l...)
}

func parseShape(n *xmltree.Node) (Shape, error) {
	var s Shape
	err := each(n, func(c *xmltree.Node) (err error) {
		switch inTypes(c) {
		case "BaseShape":
			s.Base, err = oneOf(c, c.Text, IDOnly, Default, AllProperties)
		case "IncludeMimeContent":
			s.MIME, err = boolean(c, c.Text)
		case "BodyType":
			s.Body, err = oneOf(c, c.Text, BodyBest, BodyHTML, BodyText)
		case "AdditionalProperties":
			err = each(c, func(f *xmltree.Node) error {
				field, err := parseField(f)
				s.Extra = append(s.Extra, field)
				return err
			})
		}
		return err
	})
	if err == nil && s.Base == "" {
		err = missing(n, "BaseShape")
	}
	return s, err
}
