package ews

import (
	"encoding/xml"
	"math"
	"slices"
	"strconv"

	"shutout/lab/protocol/ews/xmltree"
)

// Traversal is how deep a search goes (FolderQueryTraversalType,
// ItemQueryTraversalType).
type Traversal string

const (
	Shallow     Traversal = "Shallow"
	Deep        Traversal = "Deep" // FindFolder only
	SoftDeleted Traversal = "SoftDeleted"
	Associated  Traversal = "Associated" // FindItem only
)

// A View is the part of the results that is wanted (IndexedPageItemView,
// IndexedPageFolderView). Other kinds of pages are not modelled.
type View struct {
	Max     int // 0 for all
	Offset  int
	FromEnd bool // count the offset from the end
}

func (v View) node(local string) xmltree.Node {
	n := msg(local)
	if v.Max > 0 {
		n = with(n, "MaxEntriesReturned", strconv.Itoa(v.Max))
	}
	base := "Beginning"
	if v.FromEnd {
		base = "End"
	}
	return with(with(n, "Offset", strconv.Itoa(v.Offset)), "BasePoint", base)
}

func parseView(n *xmltree.Node) (*View, error) {
	var v View
	var err error
	if s := n.Attr("MaxEntriesReturned"); s != "" {
		if v.Max, err = number(n, s, 1, math.MaxInt32); err != nil {
			return nil, err
		}
	}
	if v.Offset, err = number(n, n.Attr("Offset"), 0, math.MaxInt32); err != nil {
		return nil, err
	}
	base, err := oneOf(n, n.Attr("BasePoint"), "Beginning", "End")
	v.FromEnd = base == "End"
	return &v, err
}

// A Condition restricts a search (SearchExpressionType).
type Condition struct {
	Op       string      // the element, for example "IsEqualTo", "Contains" or "And"
	Field    Field       // of all but And, Or and Not
	Value    string      // the constant, or the bitmask of Excludes
	Mode     string      // Contains: ContainmentMode
	Compare  string      // Contains: ContainmentComparison
	Operands []Condition // of And, Or and Not
}

var (
	comparisons = []string{"IsEqualTo", "IsNotEqualTo", "IsGreaterThan", "IsGreaterThanOrEqualTo", "IsLessThan", "IsLessThanOrEqualTo"}
	connectives = []string{"And", "Or", "Not"}
)

func (c Condition) node() xmltree.Node {
	n := typ(c.Op)
	if slices.Contains(connectives, c.Op) {
		for _, o := range c.Operands {
			n.Children = append(n.Children, o.node())
		}
		return n
	}
	n.Children = list{c.Field.node()}
	// Written even if empty: it is what is looked for.
	value := func(local string) xmltree.Node {
		v := typ(local)
		v.Attrs = []xml.Attr{{Name: xml.Name{Local: "Value"}, Value: c.Value}}
		return v
	}
	switch c.Op {
	case "Contains":
		n = with(with(n, "ContainmentMode", c.Mode), "ContainmentComparison", c.Compare)
		n.Children = append(n.Children, value("Constant"))
	case "Excludes":
		n.Children = append(n.Children, value("Bitmask"))
	case "Exists":
	default:
		n.Children = append(n.Children, typ("FieldURIOrConstant", value("Constant")))
	}
	return n
}

func parseCondition(n *xmltree.Node) (Condition, error) {
	c := Condition{Op: inTypes(n)}
	if slices.Contains(connectives, c.Op) {
		if len(n.Children) == 0 || c.Op == "Not" && len(n.Children) > 1 {
			return Condition{}, schemaError(n, "has %d operands", len(n.Children))
		}
		return c, each(n, func(o *xmltree.Node) error {
			operand, err := parseCondition(o)
			c.Operands = append(c.Operands, operand)
			return err
		})
	}
	want, holder := "", n
	switch {
	case slices.Contains(comparisons, c.Op):
		want = "Constant"
		if holder = n.Child(nsTypes, "FieldURIOrConstant"); holder == nil {
			return Condition{}, missing(n, "FieldURIOrConstant")
		}
	case c.Op == "Contains":
		want = "Constant"
		c.Mode, c.Compare = n.Attr("ContainmentMode"), n.Attr("ContainmentComparison")
	case c.Op == "Excludes":
		want = "Bitmask"
	case c.Op == "Exists":
	default:
		return Condition{}, schemaError(n, "is not a condition that is known here")
	}
	if len(n.Children) == 0 {
		return Condition{}, missing(n, "field")
	}
	var err error
	if c.Field, err = parseField(&n.Children[0]); err != nil {
		return Condition{}, err
	}
	if want != "" {
		v := holder.Child(nsTypes, want)
		if v == nil {
			return Condition{}, missing(holder, want)
		}
		c.Value = v.Attr("Value")
	}
	return c, nil
}

func parseRestriction(n *xmltree.Node) (*Condition, error) {
	if len(n.Children) != 1 {
		return nil, schemaError(n, "does not hold one condition")
	}
	c, err := parseCondition(&n.Children[0])
	return &c, err
}

// A Sort is one key of the results' order (FieldOrder).
type Sort struct {
	Field      Field
	Descending bool
}

func sortNode(keys []Sort) xmltree.Node {
	n := msg("SortOrder")
	for _, k := range keys {
		order := "Ascending"
		if k.Descending {
			order = "Descending"
		}
		n.Children = append(n.Children, with(typ("FieldOrder", k.Field.node()), "Order", order))
	}
	return n
}

func parseSort(n *xmltree.Node) (keys []Sort, err error) {
	return keys, each(n, func(c *xmltree.Node) error {
		if inTypes(c) != "FieldOrder" || len(c.Children) != 1 {
			return schemaError(c, "is not a FieldOrder of one field")
		}
		order, err := oneOf(c, c.Attr("Order"), "Ascending", "Descending")
		if err != nil {
			return err
		}
		f, err := parseField(&c.Children[0])
		keys = append(keys, Sort{f, order == "Descending"})
		return err
	})
}

// FindItem asks what is in folders.
type FindItem struct {
	Traversal   Traversal
	Shape       Shape
	View        *View // nil for all
	Restriction *Condition
	Sort        []Sort
	Parents     []FolderRef
}

// FindFolder asks what folders there are within folders.
type FindFolder struct {
	Traversal   Traversal
	Shape       Shape
	View        *View
	Restriction *Condition
	Parents     []FolderRef
}

func (FindItem) Name() string   { return "FindItem" }
func (FindFolder) Name() string { return "FindFolder" }

func (o FindItem) node() xmltree.Node {
	return find(o, o.Traversal, o.Shape.node("ItemShape"), o.View, "IndexedPageItemView", o.Restriction, o.Sort, o.Parents)
}

func (o FindFolder) node() xmltree.Node {
	return find(o, o.Traversal, o.Shape.node("FolderShape"), o.View, "IndexedPageFolderView", o.Restriction, nil, o.Parents)
}

func find(o Operation, t Traversal, shape xmltree.Node, v *View, view string, r *Condition, sort []Sort, parents []FolderRef) xmltree.Node {
	l := list{shape}
	if v != nil {
		l.add(v.node(view))
	}
	if r != nil {
		l.add(msg("Restriction", r.node()))
	}
	if len(sort) > 0 {
		l.add(sortNode(sort))
	}
	l.add(msg("ParentFolderIds", folderRefs(parents)...))
	return with(msg(o.Name(), l...), "Traversal", string(t))
}

func parseFindItem(n *xmltree.Node) (o FindItem, err error) {
	if o.Traversal, err = oneOf(n, n.Attr("Traversal"), Shallow, SoftDeleted, Associated); err != nil {
		return o, err
	}
	err = each(n, func(c *xmltree.Node) (err error) {
		switch inMessages(c) {
		case "ItemShape":
			o.Shape, err = parseShape(c)
		case "IndexedPageItemView":
			o.View, err = parseView(c)
		case "FractionalPageItemView", "CalendarView", "ContactsView", "GroupBy", "DistinguishedGroupBy", "QueryString":
			err = schemaError(c, "is not known here")
		case "Restriction":
			o.Restriction, err = parseRestriction(c)
		case "SortOrder":
			o.Sort, err = parseSort(c)
		case "ParentFolderIds":
			o.Parents, err = parseFolderRefs(c)
		}
		return err
	})
	if err == nil && (o.Shape.Base == "" || o.Parents == nil) {
		err = missing(n, "ItemShape or ParentFolderIds")
	}
	return o, err
}

func parseFindFolder(n *xmltree.Node) (o FindFolder, err error) {
	if o.Traversal, err = oneOf(n, n.Attr("Traversal"), Shallow, Deep, SoftDeleted); err != nil {
		return o, err
	}
	err = each(n, func(c *xmltree.Node) (err error) {
		switch inMessages(c) {
		case "FolderShape":
			o.Shape, err = parseShape(c)
		case "IndexedPageFolderView":
			o.View, err = parseView(c)
		case "FractionalPageFolderView":
			err = schemaError(c, "is not known here")
		case "Restriction":
			o.Restriction, err = parseRestriction(c)
		case "ParentFolderIds":
			o.Parents, err = parseFolderRefs(c)
		}
		return err
	})
	if err == nil && (o.Shape.Base == "" || o.Parents == nil) {
		err = missing(n, "FolderShape or ParentFolderIds")
	}
	return o, err
}
