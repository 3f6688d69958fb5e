package matrix

import (
	"bytes"
	"strings"
	"testing"

	"shutout/lab"
	"shutout/lab/golden"
	"shutout/lab/report/page/pagetest"
)

func rendered(t *testing.T, d *Document) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, d, Style{}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestHTML(t *testing.T) {
	for name, d := range map[string]*Document{"heat.html": document(t, "ex2010"), "profiles.html": document(t, "ex2010", "ex2016")} {
		_, rest, _ := bytes.Cut(rendered(t, d), []byte("</defs></svg>\n"))
		body, _, _ := bytes.Cut(rest, []byte("<script>"))
		golden.Equal(t, name, body)
	}
}

func TestHTMLHostile(t *testing.T) {
	d := document(t, "ex2010")
	const evil = `"><script>alert(1)</script>` + "\x1b\u202e"
	d.Lab, d.Replay, d.Set = evil, evil, []string{evil}
	for _, b := range d.Blocks {
		for _, l := range b.Lines {
			l.Title = evil
			for _, c := range l.Cells {
				c.Note = evil
				for i := range c.Capabilities {
					c.Capabilities[i].KeptBy, c.Capabilities[i].EndedBy, c.Capabilities[i].Note = evil, evil, evil
				}
			}
		}
	}
	text := string(rendered(t, d))
	if strings.Contains(text, "<script>alert") || strings.ContainsAny(text, "\x1b\u202e") {
		t.Error("what comes from elsewhere is more than text")
	}
}

// The page is read and used in a browser: by the pointer, by the keyboard, by
// everybody.
func TestHTMLInBrowser(t *testing.T) {
	ctx := pagetest.Browser(t)
	seen := pagetest.Watch(t, ctx)
	d := document(t, "ex2010")
	d.Blocks[0].Lines[0].Cells[0].Capabilities[0].KeptBy = "a session"
	url := pagetest.File(t, rendered(t, d))
	for name, v := range map[string]pagetest.View{"light": {Width: 1280, Height: 900}, "dark": {Width: 1280, Height: 900, Dark: true}, "phone": {Width: 390, Height: 844}} {
		pagetest.Open(t, ctx, url, v)
		for _, fault := range pagetest.Accessibility(t, ctx) {
			t.Errorf("%s: %s", name, fault)
		}
	}
	pagetest.Open(t, ctx, url, pagetest.View{Width: 1280, Height: 900})
	pagetest.Eval[any](t, ctx, `document.querySelector(".heat .cell").focus()`)
	tip := pagetest.Eval[string](t, ctx, `(t => t.hidden ? "hidden" : t.textContent)(document.getElementById("tip"))`)
	if !strings.Contains(tip, "disable-account over outlook-rpc: late") || !strings.Contains(tip, "a session") {
		t.Errorf("the cell tells %q", tip)
	}
	pagetest.Eval[any](t, ctx, `document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowDown", bubbles: true}))`)
	if got := pagetest.Eval[int](t, ctx, `document.activeElement.parentElement.rowIndex`); got != 2 {
		t.Errorf("down goes to row %d", got)
	}
	if got := append(seen.Requests(), seen.Trouble()...); len(got) > 0 {
		t.Errorf("requested, or complained about: %q", got)
	}
}

// Each kind of cell has a colour of its own, and a word or a number beside it.
func TestHeat(t *testing.T) {
	v := &view{doc: &Document{LimitS: 300, HorizonS: 14400}}
	for want, c := range map[string]*Cell{
		"none": {Verdict: lab.NotAvailable}, "cold": {Verdict: lab.Ended, ResidualS: new(0.0)}, "warm": {Verdict: lab.Late, ResidualS: new(1800.0)},
		"hot": {Verdict: lab.Late, ResidualS: new(1801.0)}, "open": {Verdict: lab.Open}, "doubt": {Verdict: lab.Invalid},
	} {
		if got := v.heat(c); got != want {
			t.Errorf("%s: %s, not %s", c.Verdict, got, want)
		}
		if v.residual(c) == "" {
			t.Errorf("%s: no word beside the colour", c.Verdict)
		}
	}
}
