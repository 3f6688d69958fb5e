package report

import (
	"slices"
	"strings"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/lab/report/foreign"
)

// htmlAdvice is what to change in the SOP of one case, as it was tried out.
type htmlAdvice struct {
	Case, Href string // of several cases
	At         string
	Found      bool
	Label      string   // the mitigations that were chosen
	Verdict    string   // what they come to
	Whole      bool     // they keep every promise
	Steps      []string // as an SOP says them
	Tried      []htmlTried
	InVain     string
}

// htmlTried is a mitigation that keeps some promise.
type htmlTried struct {
	Label, Class, Mark, Keeps, Others string
	Side                              []string // what it does besides, in the words of its description
}

// tested lists the advice of all cases.
func tested(cases []*htmlCase, several bool) (out []htmlAdvice) {
	for _, c := range cases {
		a := c.run.Advice
		if a == nil {
			continue
		}
		h := htmlAdvice{At: when(a.AtS)}
		if several {
			h.Case, h.Href = c.Scenario, "#"+c.ID
		}
		if t := a.Together; t != nil {
			h.Found, h.Label, h.Verdict, h.Whole = true, foreign.Text(t.Label), foreign.Text(verdictOf(t)), len(t.Left()) == 0
			for _, step := range t.Steps {
				h.Steps = append(h.Steps, foreign.Text(step))
			}
		}
		list, inVain := triedOf(a)
		for _, x := range list {
			row := htmlTried{Label: x.label, Mark: x.mark, Class: "doubt", Keeps: foreign.Text(x.keeps), Others: foreign.Text(x.others)}
			if x.mark == "✓" {
				row.Class = "good"
			}
			for _, name := range x.do {
				info, _ := mitigation.Lookup(name)
				if effects := info.At(mitigation.SiteOf(c.run.Profile)).SideEffects; effects != "" {
					row.Side = append(row.Side, effects)
				}
			}
			h.Tried = append(h.Tried, row)
		}
		h.InVain = foreign.Text(strings.Join(inVain, ", "))
		out = append(out, h)
	}
	return out
}

// advisable tells whether the command that made a document would find out more
// with --advise: access lasted too long in it, and it is one command, and not of
// real servers.
func advisable(d *lab.Document) bool {
	if d.RealTime() || !strings.HasPrefix(d.Replay, "shutout run") || strings.Contains(d.Replay, "; ") || strings.Contains(d.Replay, "--advise") {
		return false
	}
	return slices.ContainsFunc(d.Runs, func(r *lab.RunResult) bool {
		return slices.ContainsFunc(r.Activities, (*lab.ActivityResult).TooLong)
	})
}
