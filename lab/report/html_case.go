package report

import (
	"fmt"
	"slices"
	"strings"

	"shutout/lab"
	"shutout/lab/report/foreign"
)

// htmlCase is one case of the page.
type htmlCase struct {
	ID, Scenario, Title  string
	Verdict, Class, Mark string
	Facts                []string // profile, limit, how long it was watched, SOP, settings
	Sources              []htmlSource
	Open                 bool
	Plain                []string
	Causes               []htmlPlace // of what to change
	Steps                []htmlStep
	Timeline             *timeline
	Ledger               *htmlLedger
	Sweep                []htmlSweep
	SweepAt              string
	Chapters             []htmlChapter
	run                  *lab.RunResult
	laneIDs              []string // of each activity result
}

type htmlStep struct {
	ID, At, Do, Outcome, Detail string
	To                          string // "user: dana", as an SOP says it
	Class                       string // of the outcome
	Number                      int
}

type htmlSweep struct {
	Kind, Works, Text, Ends, Mark, Class string
}

// htmlChapter is what happened on one lane, in words.
type htmlChapter struct {
	Title  string
	Phases []htmlPhase
	of     string // the activity
}

type htmlPhase struct {
	When, Outcome, Class, Count, Layer, Detail, Answer string
}

func newHTMLCase(r *lab.RunResult, ids anchors, open bool) *htmlCase {
	c := &htmlCase{
		ID: ids.id("case", r.Scenario), Scenario: foreign.Text(r.Scenario), Title: foreign.Text(r.Title),
		Verdict: string(r.Verdict), Class: class(r.Verdict), Mark: mark(r.Verdict),
		Facts: []string{r.Profile, "limit " + seconds(r.LimitS), "watched for " + seconds(r.HorizonS)},
		Open:  open, Plain: PlainStory(r), run: r, Sources: cited(r.Sources, true),
	}
	if r.SOP != "" {
		c.Facts = append(c.Facts, "SOP "+r.SOP)
	}
	c.Facts = append(c.Facts, r.Set...)
	for i := range c.Facts {
		c.Facts[i] = foreign.Text(c.Facts[i])
	}
	for i, s := range r.Steps {
		step := htmlStep{
			ID: ids.id(c.ID, "step", fmt.Sprint(i+1)), At: when(s.AtS), Do: foreign.Text(s.Do), Outcome: string(s.Outcome),
			Detail: foreign.Text(s.Detail), To: foreign.Text(s.Params), Number: i + 1, Class: "good",
		}
		switch s.Outcome {
		case lab.Failed:
			step.Class = "bad"
		case lab.NotApplicable:
			step.Class = "none"
		}
		c.Steps = append(c.Steps, step)
	}
	for _, a := range r.Activities {
		c.laneIDs = append(c.laneIDs, ids.id(c.ID, a.ID, string(a.Capability)))
		c.tell(a)
	}
	c.Timeline = newTimeline(c)
	c.Ledger = newHTMLLedger(r)
	if r.Sweep != nil {
		c.SweepAt = seconds(r.HorizonS)
		for _, f := range gathered(r, false) {
			c.Sweep = append(c.Sweep, newHTMLSweep(f))
		}
	}
	return c
}

// sop names the steps and when they came; of those that are there several times
// to whom, too.
func (c *htmlCase) sop() string {
	times := map[string]int{}
	for _, s := range c.Steps {
		times[s.Do]++
	}
	var steps []string
	for _, s := range c.Steps {
		do := s.Do
		if times[s.Do] > 1 && s.To != "" {
			do += " (" + s.To + ")"
		}
		steps = append(steps, do+" at "+s.At)
	}
	return strings.Join(steps, ", ")
}

// rows are the lines of the table of promises: capabilities that went the same
// way for the same reason share one. Real servers may not say a reason.
func (c *htmlCase) rows(several, realServers bool) (out []*htmlRow) {
	r := c.run
	for i, a := range r.Activities {
		x := newRow(a, r)
		row := &htmlRow{
			Case: c.Scenario, CaseHref: "#" + c.ID, Href: "#" + c.laneIDs[i],
			Who: foreign.Text(x.who), Path: foreign.Text(string(a.Path)), Capability: foreign.Text(x.capability), Verdict: string(a.Verdict),
			Class: class(a.Verdict), Mark: mark(a.Verdict), Time: x.time, Reason: strings.TrimPrefix(x.reason, predicted(a.Drift, a.Expected)),
			Control: a.Role == lab.Control, verdict: a.Verdict, seconds: x.seconds,
		}
		if row.Reason == "" && realServers && a.Role == lab.Threat && a.Verdict.Broken() {
			row.Reason = unsaid
		}
		if a.Verdict == lab.Open {
			row.seconds = r.HorizonS
		}
		if a.Drift {
			row.Predicted = string(a.Expected)
		}
		if a.Role == lab.Threat && a.Verdict != lab.NotAvailable {
			row.Limit = seconds(r.LimitS)
		}
		if !several {
			row.Case = ""
		}
		if a.Role == lab.Threat && x.time != "" && r.LimitS > 0 {
			row.Bar = bar(x.seconds, r, a.Verdict == lab.Open)
		}
		if n := len(out); n > 0 {
			last := out[n-1]
			if last.Who == row.Who && last.Path == row.Path && last.verdict == row.verdict && last.Time == row.Time && last.Reason == row.Reason && last.Predicted == row.Predicted {
				last.Capability += " " + row.Capability
				continue
			}
		}
		out = append(out, row)
	}
	for _, row := range out {
		row.Filter = strings.ToLower(strings.Join([]string{c.Scenario, c.Title, row.Who, row.Path, row.Capability, row.Verdict, row.Reason}, " "))
	}
	return out
}

// unsaid stands for a reason that nobody knows.
const unsaid = "not known: real servers do not say what let somebody in"

// tell adds a chapter: what let a capability in or kept it out, in every hour.
// Those of an activity that went the same way share one.
func (c *htmlCase) tell(a *lab.ActivityResult) {
	if len(a.Phases) == 0 {
		return
	}
	ch := htmlChapter{Title: foreign.Text(fmt.Sprintf("%s · %s · %s", a.ID, a.Path, a.Capability)), of: a.ID}
	for _, p := range a.Phases {
		ch.Phases = append(ch.Phases, newHTMLPhase(a, p))
	}
	if n := len(c.Chapters); n > 0 {
		if last := &c.Chapters[n-1]; last.of == ch.of && slices.Equal(last.Phases, ch.Phases) {
			last.Title += foreign.Text(" " + string(a.Capability))
			return
		}
	}
	c.Chapters = append(c.Chapters, ch)
}

func newHTMLPhase(a *lab.ActivityResult, p lab.PhaseResult) htmlPhase {
	x := htmlPhase{
		When: span(p), Outcome: outcomeWord(p.Outcome), Class: outcomeClass(p.Outcome), Count: lab.Count(p.Count, "attempt"),
		Layer: string(p.Layer), Detail: foreign.Text(p.Detail),
	}
	if p.Outcome != "ok" {
		for _, s := range a.Spans {
			if s.Outcome == p.Outcome && s.FromS <= p.ToS && s.ToS >= p.FromS && s.Text != p.Detail {
				x.Answer = foreign.Text(s.Text)
				break
			}
		}
	}
	return x
}

// outcomeWord says in a word how attempts went.
func outcomeWord(outcome string) string {
	switch outcome {
	case "ok":
		return "works"
	case string(lab.Unreachable):
		return "no answer"
	}
	return outcome
}

// outcomeClass is the style class of a run of attempts.
func outcomeClass(outcome string) string {
	switch outcome {
	case "ok":
		return "ok"
	case string(lab.Refused):
		return "out"
	case string(lab.Unreachable):
		return "gone"
	default:
		return "doubt"
	}
}

func newHTMLSweep(f *lab.SweepResult) htmlSweep {
	x := htmlSweep{Kind: sweepWords[f.Kind], Works: string(f.Works), Text: f.What, Ends: strings.Join(f.Ends, " or "), Mark: sweepRow(f).mark}
	if f.What != "" && f.Detail != "" {
		x.Text += ": "
	}
	x.Text = foreign.Text(x.Text + f.Detail)
	if f.Drift {
		x.Text = fmt.Sprintf("[predicted %s] ", f.Expected) + x.Text
	}
	switch {
	case f.Broken:
		x.Class = "bad"
	case f.Works == lab.WorksNo:
		x.Class = "good"
	case f.Works == lab.WorksNotAvailable:
		x.Class = "none"
	default:
		x.Class = "doubt"
	}
	return x
}
