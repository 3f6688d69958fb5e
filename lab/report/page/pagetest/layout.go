package pagetest

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/domsnapshot"
	"github.com/chromedp/chromedp"
)

// Element is an element of a page as the browser has laid it out.
type Element struct {
	Tag    string // in small letters
	Attr   map[string]string
	Parent *Element
	Box    *Box   // nil: there is nothing of it to be seen
	Fill   string // that it is drawn with, in a picture
	Text   string // what is drawn in it, with a blank between pieces
}

// Box is where something is on the page, in pixels.
type Box struct{ X, Y, Width, Height float64 }

// Is tells whether an element has a tag and classes: "g.lane".
func (e *Element) Is(selector string) bool {
	words := strings.Split(selector, ".")
	if words[0] != "" && words[0] != e.Tag {
		return false
	}
	classes := strings.Fields(e.Attr["class"])
	return !slices.ContainsFunc(words[1:], func(c string) bool { return !slices.Contains(classes, c) })
}

// In tells whether an element is another one or stands in it.
func (e *Element) In(other *Element) bool {
	for ; e != nil; e = e.Parent {
		if e == other {
			return true
		}
	}
	return false
}

// Elements are those of a page in its order.
type Elements []*Element

// Find lists the elements that a selector as of [Element.Is] names.
func (all Elements) Find(selector string) (out Elements) {
	for _, e := range all {
		if e.Is(selector) {
			out = append(out, e)
		}
	}
	return out
}

// In lists those that stand in an element.
func (all Elements) In(other *Element) (out Elements) {
	for _, e := range all {
		if e != other && e.In(other) {
			out = append(out, e)
		}
	}
	return out
}

// Drawn lists those that can be seen.
func (all Elements) Drawn() (out Elements) {
	for _, e := range all {
		if e.Box != nil {
			out = append(out, e)
		}
	}
	return out
}

// styles are what decides whether something that has a place is seen. In a
// picture a group has one even if it is not displayed.
var styles = []string{"visibility", "fill", "display", "opacity", "clip-path"}

// hides tells whether styles as listed there hide an element with all that is in it.
func hides(display, opacity, clip string) bool {
	return display == "none" || opacity == "0" || clip != "none"
}

// Layout asks the browser, not the page, what it has laid out: it tells so of a
// page whose scripts are off, too.
func Layout(t testing.TB, ctx context.Context) Elements {
	t.Helper()
	snapshot, err := chromedp.Run(ctx, func(ctx context.Context, t *chromedp.Target) (domsnapshot.CaptureSnapshotResult, error) {
		return cdp.Call(ctx, t, domsnapshot.CaptureSnapshot, domsnapshot.CaptureSnapshotParams{ComputedStyles: styles})
	})
	if err != nil {
		t.Fatal(err)
	}
	word := func(i int64) string {
		if i < 0 {
			return ""
		}
		return snapshot.Strings[i]
	}
	doc := snapshot.Documents[0]
	all := make(Elements, len(doc.Nodes.NodeName))
	for i, name := range doc.Nodes.NodeName {
		e := &Element{Tag: strings.ToLower(word(name.Int64())), Attr: map[string]string{}}
		if parent := doc.Nodes.ParentIndex[i]; parent >= 0 {
			e.Parent = all[parent]
		}
		for pairs := range slices.Chunk(doc.Nodes.Attributes[i], 2) {
			e.Attr[word(pairs[0])] = word(pairs[1])
		}
		all[i] = e
	}
	hidden := map[*Element]bool{}
	for i, node := range doc.Layout.NodeIndex { // from the outside in
		b, e := doc.Layout.Bounds[i], all[node]
		hidden[e] = hidden[e.Parent]
		seen := true
		if style := doc.Layout.Styles[i]; len(style) == len(styles) { // texts have none
			hidden[e] = hidden[e] || hides(word(style[2]), word(style[3]), word(style[4]))
			seen, e.Fill = word(style[0]) == "visible", word(style[1])
		}
		if !seen || hidden[e] || b[2] <= 0 || b[3] <= 0 {
			continue
		}
		e.Box = &Box{b[0], b[1], b[2], b[3]}
		if text := strings.TrimSpace(word(doc.Layout.Text[i].Int64())); text != "" {
			for up := e.Parent; up != nil; up = up.Parent {
				up.Text = strings.TrimSpace(up.Text + " " + text)
			}
		}
	}
	return all
}
