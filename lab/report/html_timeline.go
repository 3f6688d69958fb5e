package report

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"shutout/lab"
	"shutout/lab/report/foreign"
)

// Heights in pixels of what a timeline consists of, from the top.
const (
	axisHeight   = 24
	stepHeight   = 17
	limitHeight  = 18 // the word at the line of the limit
	groupHeight  = 30
	laneHeight   = 25
	barHeight    = 18
	miniLane     = 5
	maxStepLines = 10  // of more steps those of one instant share a line
	plotWidth    = 720 // what a plot is taken for, in pixels, until a browser knows better
)

// timeline is the picture of a case: a lane for each capability of each
// activity over a true time scale. Places are in percent of the shown range, so
// that the picture fits any width without JavaScript; a browser that has it
// computes them anew from the seconds beside them.
type timeline struct {
	ID                  string
	First, Last         float64 // the whole, in seconds from the order
	From, To            float64 // what is shown at first
	Limit               float64
	LimitText           string
	Label               string
	Height, Top, Bottom int
	Groups              []*laneGroup
	Flags               []flag
	Ticks, MiniTicks    []tick
	Band                place
	Order               string // where the order is
	Now                 *place // what is to come, while it is played
	Inside              int    // the height between the two axes
	Behind              int    // the height of what is behind a group's name, so that no line crosses it
	MiniNow             string
	MiniHeight, MiniTop int
	MiniAxis            int
	MiniBand, Window    place
	MiniOrder           string
	MiniMarks           []miniMark
	Whole, Shown        string // the two ranges in words
}

// place is a stretch of a time scale.
type place struct {
	A, B      float64 // in seconds
	X, W, End string
}

type laneGroup struct {
	Y       int
	Name    string
	Note    string
	Lanes   []*lane
	Control bool
}

type lane struct {
	ID, Name, Full       string
	Y, Middle            int
	Segments             []segment
	Over                 *place // how long access lasted beyond the limit
	OverY                int
	Watched              place
	Empty                string // why there is nothing
	Silent               bool   // as the one before it says
	Verdict, Class, Mark string
	Summary              string
}

type segment struct {
	place
	Class, Word, Long string
	Text              string // what stands in it without JavaScript
	Title             string
}

type flag struct {
	ID, X, Text, Anchor string
	At                  float64
	Y, DX               int
	Class               string
	Title               string
}

type tick struct {
	X, Text, Anchor string
	At              float64
}

type miniMark struct {
	X, W, Class string
	Y           int
}

// scale maps seconds to percent.
type scale struct{ from, to float64 }

func (s scale) at(t float64) float64 { return 100 * (t - s.from) / (s.to - s.from) }

// stretch places a stretch: what of it is in the picture, wide enough to be
// seen, or beyond its edge.
func (s scale) stretch(a, b float64) place {
	x, end := max(0, min(100, s.at(a))), max(0, min(100, s.at(b)))
	switch {
	case b < s.from:
		x, end = -5, -5
	case a > s.to:
		x, end = 105, 105
	}
	return place{A: a, B: b, X: percent(x), W: percent(max(0.35, end-x)), End: percent(end)}
}

func newTimeline(c *htmlCase) *timeline {
	r := c.run
	t := &timeline{ID: c.ID + "-timeline", Limit: r.LimitS, LimitText: "limit " + seconds(r.LimitS), Last: r.HorizonS}
	for _, a := range r.Activities {
		for _, s := range a.Spans {
			t.First, t.Last = min(t.First, s.FromS), max(t.Last, s.ToS)
		}
	}
	for _, s := range r.Steps {
		t.First = min(t.First, s.AtS)
	}
	if t.Last <= t.First {
		t.Last = t.First + 1
	}
	t.From, t.To = t.around(r)
	t.Whole, t.Shown = when(t.First)+" to "+when(t.Last), when(t.From)+" to "+when(t.To)
	t.Label = fmt.Sprintf("Timeline of %s: who could still do what, %s", c.Scenario, t.Shown)
	s, whole := scale{t.From, t.To}, scale{t.First, t.Last}
	t.Top = axisHeight + t.flags(c, s)*stepHeight + limitHeight
	y := t.Top
	t.MiniTop = 3
	mini := t.MiniTop
	var group *laneGroup
	name := ""
	for i, a := range r.Activities {
		if group == nil || a.ID != name {
			name = a.ID
			group = newLaneGroup(r, a, y)
			t.Groups = append(t.Groups, group)
			y += groupHeight
		}
		l := newLane(c, i, y, s)
		if n := len(group.Lanes); n > 0 && l.Empty != "" && l.Empty == group.Lanes[n-1].Empty {
			// It says the same: what one lane tells is true of all.
			l.Silent, l.Name, l.Y, group.Lanes[n-1].Name = true, "", y-laneHeight, ""
		} else {
			y += laneHeight
		}
		group.Lanes = append(group.Lanes, l)
		for _, m := range merged(a) {
			p := whole.stretch(m.FromS, m.ToS)
			t.MiniMarks = append(t.MiniMarks, miniMark{p.X, p.W, outcomeClass(m.Outcome), mini})
		}
		mini += miniLane
	}
	t.Bottom = y + 4
	t.Height, t.Inside, t.Behind = t.Bottom+axisHeight, t.Bottom-t.Top, groupHeight-6
	t.MiniAxis = mini + 3
	t.MiniHeight = t.MiniAxis + 15
	t.Band, t.MiniBand = s.stretch(0, t.Limit), whole.stretch(0, t.Limit)
	t.Window = whole.stretch(t.From, t.To)
	t.Order, t.MiniOrder = percent(s.at(0)), percent(whole.at(0))
	if r.Played != nil {
		now := r.Played.Seconds()
		t.Now, t.MiniNow = new(s.stretch(now, t.Last)), percent(whole.at(now))
	}
	t.Ticks, t.MiniTicks = ticks(s), ticks(whole)
	return t
}

// around is the range that tells the most: from somewhat before the order until
// after the limit, every step and every end that was seen within the day.
func (t *timeline) around(r *lab.RunResult) (from, to float64) {
	end := t.Limit * 1.6
	for _, s := range r.Steps {
		end = max(end, s.AtS*1.25)
	}
	for _, a := range r.Activities {
		if a.CutoffS != nil {
			end = max(end, *a.CutoffS*1.15)
		}
		for _, o := range a.Outages {
			if o.ToS != nil && *o.ToS < 12*max(t.Limit, 60) {
				end = max(end, *o.ToS*1.15)
			}
		}
	}
	end = max(end, 10)
	for r.Played != nil && end < 1.05*r.Played.Seconds() {
		end *= 2 // it grows in leaps, so that the picture stands still mostly
	}
	round := tickSteps[0]
	for _, n := range tickSteps {
		if n <= end/12 {
			round = n
		}
	}
	end = math.Ceil(end/round) * round
	if r.Played == nil && end > 0.7*t.Last {
		end = t.Last // what little is left out would only puzzle
	}
	return max(t.First, math.Floor(-0.18*end/round)*round), min(t.Last, end)
}

// flags places the names of the steps, and tells how many lines they need.
func (t *timeline) flags(c *htmlCase, s scale) int {
	line := -1
	for i, step := range c.Steps {
		at := c.run.Steps[i].AtS
		n := len(t.Flags)
		if len(c.Steps) > maxStepLines && n > 0 && t.Flags[n-1].At == at {
			f := &t.Flags[n-1]
			f.Text += fmt.Sprintf(", %d %s", step.Number, step.Do)
			f.Title += "\n" + step.title()
			continue
		}
		line++
		f := flag{ID: step.ID, At: at, X: percent(s.at(at)), Text: fmt.Sprintf("%d %s", step.Number, step.Do), Y: axisHeight + line*stepHeight, Title: step.title()}
		if step.Outcome != string(lab.Done) {
			f.Text += " (" + step.Outcome + ")"
			f.Class = "failed"
		}
		f.DX, f.Anchor = 6, "start"
		if s.at(at) > 60 {
			f.DX, f.Anchor = -6, "end"
		}
		t.Flags = append(t.Flags, f)
	}
	for i := range t.Flags {
		t.Flags[i].Text = short(t.Flags[i].Text, 90)
	}
	return line + 1
}

func (s htmlStep) title() string {
	return fmt.Sprintf("step %d at %s: %s, %s\n%s", s.Number, s.At, s.Do, s.Outcome, s.Detail)
}

func newLaneGroup(r *lab.RunResult, a *lab.ActivityResult, y int) *laneGroup {
	g := &laneGroup{Y: y, Control: a.Role == lab.Control}
	g.Name = short(foreign.Text(fmt.Sprintf("%s · %s", whose(r, a), a.Path)), 48)
	if a.From != "" {
		g.Note = "from " + short(foreign.Text(a.From), 30)
	}
	if g.Control {
		g.Note = strings.TrimSuffix("bystander, "+g.Note, ", ")
	}
	return g
}

func newLane(c *htmlCase, i, y int, s scale) *lane {
	a, r := c.run.Activities[i], c.run
	x := newRow(a, r)
	l := &lane{
		ID: c.laneIDs[i], Name: foreign.Text(string(a.Capability)), Y: y, Middle: y + (laneHeight-7)/2, OverY: y + barHeight + 1,
		Verdict: x.verdict, Class: class(a.Verdict), Mark: mark(a.Verdict),
	}
	l.Summary = strings.TrimSpace(x.verdict + " " + x.time)
	l.Full = foreign.Text(fmt.Sprintf("%s over %s, %s: %s", x.who, a.Path, a.Capability, l.Summary))
	if len(a.Phases) == 0 {
		l.Empty = short(x.reason, 110)
		return l
	}
	for _, p := range a.Phases {
		l.Segments = append(l.Segments, newSegment(a, p, s))
	}
	l.Watched = s.stretch(a.Phases[0].FromS, a.Phases[len(a.Phases)-1].ToS)
	if a.Role == lab.Threat && a.Verdict.Broken() && a.LastSuccessS != nil && *a.LastSuccessS > r.LimitS {
		l.Over = new(s.stretch(r.LimitS, *a.LastSuccessS))
	}
	return l
}

func newSegment(a *lab.ActivityResult, p lab.PhaseResult, s scale) segment {
	ph := newHTMLPhase(a, p)
	g := segment{place: s.stretch(p.FromS, p.ToS), Class: ph.Class, Word: ph.Outcome}
	g.Long = g.Word
	if p.Layer != "" {
		g.Long += " · " + ph.Layer
	}
	for _, text := range []string{g.Long, g.Word} {
		if room := math.Min(100, s.at(p.ToS)) - math.Max(0, s.at(p.FromS)); room*plotWidth/100 > 16+6.4*float64(utf8.RuneCountInString(text)) {
			g.Text = text
			break
		}
	}
	lines := []string{fmt.Sprintf("%s, %s, %s", ph.Outcome, ph.When, ph.Count)}
	if ph.Layer != "" {
		lines = append(lines, ph.Layer+": "+ph.Detail)
	} else if ph.Detail != "" {
		lines = append(lines, ph.Detail)
	}
	if ph.Answer != "" {
		lines = append(lines, "answer: "+ph.Answer)
	}
	g.Title = strings.Join(lines, "\n")
	return g
}

// merged are the runs of attempts with one outcome, for a picture in which
// reasons cannot be seen.
func merged(a *lab.ActivityResult) (out []lab.SpanResult) {
	for _, s := range a.Spans {
		if n := len(out); n > 0 && out[n-1].Outcome == s.Outcome {
			out[n-1].ToS = s.ToS
			continue
		}
		out = append(out, s)
	}
	return out
}

// steps between two ticks, in seconds.
var tickSteps = []float64{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000}

// ticks are some round moments of a range.
func ticks(s scale) (out []tick) {
	step := max(tickSteps[len(tickSteps)-1], (s.to-s.from)/7) // a document may come from anywhere
	for _, n := range tickSteps {
		if (s.to-s.from)/n <= 7 {
			step = n
			break
		}
	}
	for i := math.Ceil(s.from / step); i*step <= s.to; i++ {
		t := tick{At: i * step, X: percent(s.at(i * step)), Text: when(i * step), Anchor: "middle"}
		if i == 0 {
			t.Text = "order, T0"
		}
		switch x := s.at(i * step); {
		case x < 3:
			t.Anchor = "start"
		case x > 97:
			t.Anchor = "end"
		}
		out = append(out, t)
	}
	return out
}

// short cuts a text that has no end to a length that fits a picture.
func short(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// bar compares how long access lasted with the limit.
func bar(lasted float64, r *lab.RunResult, open bool) *htmlBar {
	if open {
		return &htmlBar{Width: "100%", Open: true}
	}
	return &htmlBar{Width: percent(min(96, 25*math.Log2(1+lasted/r.LimitS)))}
}
