package strict

import (
	"fmt"
	"slices"
	"strings"
)

// Kind is the shape of a [Node].
type Kind int

const (
	Null   Kind = iota // nothing after the colon
	Scalar             // a word, number or text
	Map
	List
	Faulty // something that [Parse] has complained about
)

func (k Kind) String() string {
	return [...]string{"nothing", "a single value", "a mapping", "a list", "something unreadable"}[k]
}

// Node is a value in a file and where it stands.
type Node struct {
	Kind      Kind
	Line, Col int
	Text      string // of a scalar
	Keys      []Key  // of a mapping, in the order of the file, each name once
	Items     []*Node
}

// Key is an entry of a mapping.
type Key struct {
	Name  *Node // a scalar
	Value *Node
}

// Get returns the value of a mapping's key, or nil.
func (n *Node) Get(name string) *Node {
	if n == nil {
		return nil
	}
	for _, k := range n.Keys {
		if k.Name.Text == name {
			return k.Value
		}
	}
	return nil
}

// Find follows keys (strings) and list indexes (ints) from n as far as they
// go, and returns the node that it arrived at: a problem with something that
// is missing belongs to what should have held it.
func (n *Node) Find(path ...any) *Node {
	for _, step := range path {
		var next *Node
		switch step := step.(type) {
		case string:
			next = n.Get(step)
		case int:
			if n != nil && step < len(n.Items) {
				next = n.Items[step]
			}
		}
		if next == nil {
			return n
		}
		n = next
	}
	return n
}

// Names tells whether a scalar of n has ${name} in it, which [Doc.Expand]
// replaces.
func (n *Node) Names(name string) bool {
	if n == nil {
		return false
	}
	return n.Kind == Scalar && strings.Contains(n.Text, "${"+name+"}") ||
		slices.ContainsFunc(n.Keys, func(k Key) bool { return k.Value.Names(name) }) ||
		slices.ContainsFunc(n.Items, func(item *Node) bool { return item.Names(name) })
}

// Expand returns a copy of n in which each ${name} of a scalar is replaced by
// its value in vars. Mapping keys stay as they are.
func (d *Doc) Expand(n *Node, vars map[string]string) *Node {
	if n == nil {
		return nil
	}
	c := *n
	if n.Kind == Scalar {
		before := d.Count()
		if c.Text = d.expand(n, vars); d.Count() > before {
			c.Kind = Faulty // it has been complained about
		}
	}
	c.Keys = make([]Key, len(n.Keys))
	for i, k := range n.Keys {
		c.Keys[i] = Key{k.Name, d.Expand(k.Value, vars)}
	}
	c.Items = make([]*Node, len(n.Items))
	for i, item := range n.Items {
		c.Items[i] = d.Expand(item, vars)
	}
	return &c
}

func (d *Doc) expand(n *Node, vars map[string]string) string {
	var b strings.Builder
	rest := n.Text
	for {
		before, after, found := strings.Cut(rest, "${")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, tail, closed := strings.Cut(after, "}")
		value, known := vars[name]
		switch {
		case !closed:
			d.Problemf(n, "%s has a ${ without a }", Quote(n.Text))
			return n.Text
		case !known:
			d.Problemf(n, "unknown variable %s%s", Quote("${"+name+"}"), Expected(name, sortedKeys(vars)))
			return n.Text
		}
		b.WriteString(value)
		rest = tail
	}
}

// what names n in a message: `"5 minutes"`, or its shape.
func (n *Node) what() string {
	if n.Kind == Scalar {
		return Quote(n.Text)
	}
	if n.Kind == Map && len(n.Keys) > 0 {
		return fmt.Sprintf("a mapping with the key %s", Quote(n.Keys[0].Name.Text))
	}
	return n.Kind.String()
}
