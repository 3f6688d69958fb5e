package report_test

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"shutout/lab"
	"shutout/lab/report"
	"shutout/lab/report/page/pagetest"
)

// plainView is a window without JavaScript that is as high as the page.
var plainView = pagetest.View{Width: 1280, Height: 8000, NoScript: true}

// Whoever has no JavaScript sees the same: the promises, plain words, every lane
// at its true time, the ledger, and no tool that does nothing.
func TestPageWithoutScripts(t *testing.T) {
	ctx := pagetest.Browser(t)
	d := real(t)
	d.Runs = d.Runs[:1]
	r := d.Runs[0]
	url := pagetest.File(t, html(t, d))
	open(t, ctx, url, plainView)
	all := pagetest.Layout(t, ctx)

	var rows []string
	for _, row := range all.Find("table.promises") {
		for _, tr := range all.In(row).Find("tr").Drawn() {
			rows = append(rows, tr.Text)
		}
	}
	for _, a := range r.Activities {
		words := []string{string(a.Verdict), a.Who, string(a.Path), string(a.Capability)}
		if !someHasAll(rows, words) {
			t.Errorf("no line of the promises says %q", words)
		}
	}

	var prose []string
	for _, p := range all.Find("div.prose").Drawn() {
		prose = append(prose, p.Text)
	}
	want := strings.Join(report.PlainWords(d), " ") + " What kept access alive beyond the limit: a session that was open (2 times); a token that the web server had cached (1 time)."
	if len(prose) != 1 || !strings.HasPrefix(prose[0], want) {
		t.Errorf("in plain words %q, not %q", prose, want)
	}

	lanesSeen(t, all, r)

	var ledger []string
	for _, table := range all.Find("table.ledger") {
		for _, tr := range all.In(table).Find("tr").Drawn() {
			ledger = append(ledger, tr.Text)
		}
	}
	for _, row := range r.Ledger.Rows {
		if words := []string{row.What, string(row.Layer), row.Server}; !someHasAll(ledger, words) {
			t.Errorf("no line of the ledger says %q", words)
		}
	}

	tools := all.Find(".js-only")
	if len(tools) == 0 {
		t.Error("the page has no tools to look for")
	}
	for _, e := range append(tools, all.In(tools[0])...).Drawn() {
		t.Errorf("%s of class %q is there, %+v, and does nothing", e.Tag, e.Attr["class"], *e.Box)
	}
	v := plainView
	v.NoScript = false
	open(t, ctx, url, v)
	if with := pagetest.Layout(t, ctx).Find(".js-only"); len(with.Drawn()) != len(tools) {
		t.Errorf("with JavaScript %d of %d tools are there", len(with.Drawn()), len(tools))
	}
}

// A folded case is unfolded by a click, without JavaScript.
func TestPageUnfoldsWithoutScripts(t *testing.T) {
	ctx := pagetest.Browser(t)
	d := real(t)
	open(t, ctx, pagetest.File(t, html(t, d)), plainView)
	all := pagetest.Layout(t, ctx)
	cases := all.Find("details.case")
	if len(cases) != len(d.Runs) {
		t.Fatalf("%d cases, not %d", len(cases), len(d.Runs))
	}
	if n := len(all.Find("g.lane").Drawn()); n > 0 {
		t.Fatalf("%d lanes of folded cases are there", n)
	}
	for _, i := range []int{len(cases) - 1, 0} { // from below, so that nothing moves
		summary := all.In(cases[i]).Find("summary").Drawn()
		if len(summary) != 1 || !strings.Contains(summary[0].Text, d.Runs[i].Title) {
			t.Fatalf("case %d has %d heads to click at", i, len(summary))
		}
		box := summary[0].Box
		pagetest.Do(t, ctx, chromedp.MouseClickXY(box.X+box.Width/2, box.Y+box.Height/2))
		now := pagetest.Layout(t, ctx)
		lanesSeen(t, now.In(now.Find("details.case")[i]), d.Runs[i])
	}
}

// names is how wide the margin of a chart is that the names of lanes stand in,
// in style.css.
const names = 86

// lanesSeen looks whether each lane of a case is drawn, each stretch of it where
// its time is.
func lanesSeen(t *testing.T, all pagetest.Elements, r *lab.RunResult) {
	t.Helper()
	figures, charts, lanes := all.Find("figure.timeline").Drawn(), all.Find("svg.chart").Drawn(), all.Find("g.lane")
	if len(figures) != 1 || len(charts) != 1 || len(lanes) != len(r.Activities) {
		t.Errorf("%s: %d timelines, %d charts, %d lanes for %d activities", r.Scenario, len(figures), len(charts), len(lanes), len(r.Activities))
		return
	}
	from, to, plot := seconds(t, figures[0], "data-from"), seconds(t, figures[0], "data-to"), *charts[0].Box
	plot.X, plot.Width = plot.X+names, plot.Width-names
	x := func(at float64) float64 {
		return plot.X + plot.Width*max(0, min(1, (at-from)/(to-from)))
	}
	told := "" // why an activity has no attempts, which one lane tells for all
	for i, a := range r.Activities {
		lane, name := all.In(lanes[i]), a.ID+" "+string(a.Capability)
		if len(a.Phases) == 0 {
			if texts := lane.Find("text.empty").Drawn(); len(texts) == 1 {
				told = a.ID
			} else if told != a.ID {
				t.Errorf("%s: nothing says why there is nothing", name)
			}
			continue
		}
		segments := lane.Find("svg.seg")
		if len(segments) != len(a.Phases) {
			t.Errorf("%s: %d stretches, not %d", name, len(segments), len(a.Phases))
			continue
		}
		for j, p := range a.Phases {
			if p.ToS < from || p.FromS > to {
				continue
			}
			bars := lane.In(segments[j]).Find("rect").Drawn()
			if len(bars) != 1 || bars[0].Fill == "none" || strings.HasPrefix(bars[0].Fill, "rgba(0, 0, 0, 0") {
				t.Errorf("%s: what was from %v s to %v s is not drawn", name, p.FromS, p.ToS)
				continue
			}
			box, narrowest := bars[0].Box, plot.Width/200
			if end := max(x(p.ToS), x(p.FromS)+narrowest); math.Abs(box.X-x(p.FromS)) > 2 || math.Abs(box.X+box.Width-end) > narrowest {
				t.Errorf("%s: what was from %v s to %v s is drawn from %v to %v, not %v to %v", name, p.FromS, p.ToS, box.X, box.X+box.Width, x(p.FromS), end)
			}
			if box.Height < 10 || box.Y < plot.Y || box.Y+box.Height > plot.Y+plot.Height {
				t.Errorf("%s: drawn at %+v, outside the plot", name, *box)
			}
		}
	}
}

func seconds(t *testing.T, e *pagetest.Element, attribute string) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(e.Attr[attribute], 64)
	if err != nil {
		t.Fatalf("%s: %v", attribute, err)
	}
	return n
}

// someHasAll tells whether one of the texts has all the words.
func someHasAll(texts, words []string) bool {
	for _, text := range texts {
		has := true
		for _, w := range words {
			has = has && strings.Contains(text, w)
		}
		if has {
			return true
		}
	}
	return false
}
