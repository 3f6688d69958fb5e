package ews

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"shutout/lab/protocol/ews"
)

// pageSize is the most that one page holds. Exchange has a bound of this kind
// too; clients go on from where a page ends.
const pageSize = 1000

// window is the part of n results that a client wants to see.
func window(v *ews.View, n int) (from, to int, page ews.Page) {
	most := pageSize
	if v != nil && v.Max > 0 {
		most = min(v.Max, pageSize)
	}
	switch {
	case v == nil:
		to = min(most, n)
		page.Next, page.Last = to, to == n
	case v.FromEnd:
		to = max(n-v.Offset, 0)
		from = max(to-most, 0)
		page.Next, page.Last = n-from, from == 0
	default:
		from = min(v.Offset, n)
		to = min(from+most, n)
		page.Next, page.Last = to, to == n
	}
	page.Total = n
	return from, to, page
}

func (c *call) findItem(op ews.FindItem) []ews.Message {
	var out []ews.Message
	for _, ref := range op.Parents {
		p, no := c.folder(ref)
		if no != nil {
			out = append(out, *no)
			continue
		}
		found, no := c.search(p, op)
		if no != nil {
			out = append(out, *no)
			continue
		}
		from, to, page := window(op.View, len(found))
		for i := range found[from:to] {
			e := &found[from+i]
			item, ok := c.describe(e, op.Shape, false)
			if !ok {
				return append(out, tooMuch())
			}
			page.Items = append(page.Items, item)
		}
		out = append(out, ews.Message{Code: ews.NoError, Page: &page})
	}
	return out
}

// search lists the items of a folder that a client wants, in its order.
func (c *call) search(p *place, op ews.FindItem) ([]entry, *ews.Message) {
	if p.unreal || op.Traversal != ews.Shallow {
		return nil, nil
	}
	items, err := c.session.Range(c.now, p.Name, 0, math.MaxUint32)
	if err != nil {
		return nil, failed(ews.ErrorFolderNotFound, "The specified folder could not be found in the store.")
	}
	found := make([]entry, 0, len(items))
	for _, it := range items {
		e := entry{Item: it, in: p}
		if op.Restriction == nil || matches(op.Restriction, &e) {
			found = append(found, e)
		}
	}
	order(found, op.Sort)
	return found, nil
}

// order sorts what was found. What is alike comes the newest first, as it does
// where the client does not say.
func order(found []entry, keys []ews.Sort) {
	compare := func(a, b *entry) int {
		for _, k := range keys {
			n := compare(a.value(k.Field), b.value(k.Field))
			if k.Descending {
				n = -n
			}
			if n != 0 {
				return n
			}
		}
		return cmp.Compare(b.UID, a.UID)
	}
	slices.Reverse(found) // mostly that is all
	if !slices.IsSortedFunc(found, func(a, b entry) int { return compare(&a, &b) }) {
		slices.SortFunc(found, func(a, b entry) int { return compare(&a, &b) })
	}
}

// compare orders values; what is missing comes first.
func compare(a, b value) int {
	switch {
	case a.kind != b.kind:
		return cmp.Compare(a.kind, b.kind)
	case a.kind == text:
		return cmp.Compare(strings.ToLower(a.text), strings.ToLower(b.text))
	}
	return cmp.Compare(a.n, b.n)
}

// conditions counts the parts of a restriction.
func conditions(c *ews.Condition) int {
	if c == nil {
		return 0
	}
	n := 1
	for i := range c.Operands {
		n += conditions(&c.Operands[i])
	}
	return n
}

// matches tells whether something meets a condition. What has no such property
// meets only those that say so.
func matches(c *ews.Condition, v valued) bool {
	operand := func(o ews.Condition) bool { return matches(&o, v) }
	switch c.Op {
	case "And":
		return !slices.ContainsFunc(c.Operands, func(o ews.Condition) bool { return !operand(o) })
	case "Or":
		return slices.ContainsFunc(c.Operands, operand)
	case "Not":
		return !operand(c.Operands[0])
	}
	have := v.value(c.Field)
	switch c.Op {
	case "Exists":
		return have.kind != 0
	case "IsNotEqualTo":
		want, ok := have.like(c.Value)
		return have.kind == 0 || !ok || compare(have, want) != 0
	}
	if have.kind == 0 {
		return false
	}
	switch c.Op {
	case "Contains":
		return contains(have.String(), c)
	case "Excludes":
		mask, err := strconv.ParseInt(strings.TrimSpace(c.Value), 0, 64)
		return err == nil && have.kind == number && have.n&mask == 0
	}
	want, ok := have.like(c.Value)
	if !ok {
		return false
	}
	n := compare(have, want)
	switch c.Op {
	case "IsEqualTo":
		return n == 0
	case "IsGreaterThan":
		return n > 0
	case "IsGreaterThanOrEqualTo":
		return n >= 0
	case "IsLessThan":
		return n < 0
	}
	return n <= 0 // IsLessThanOrEqualTo
}

// contains is a condition on text ("Contains").
func contains(have string, c *ews.Condition) bool {
	want := c.Value
	if c.Compare != "Exact" {
		have, want = strings.ToLower(have), strings.ToLower(want)
	}
	switch c.Mode {
	case "FullString":
		return have == want
	case "Prefixed":
		return strings.HasPrefix(have, want)
	case "PrefixOnWords":
		return slices.ContainsFunc(strings.Fields(have), func(w string) bool { return strings.HasPrefix(w, want) })
	}
	return strings.Contains(have, want)
}
