package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"shutout/lab"
)

// maxTold is how many phases of one activity fit a screen.
const maxTold = 16

// chapter is what one or several capabilities of an activity went through.
type chapter struct {
	title  string
	phases []lab.PhaseResult
}

// chapters tells of each activity that had to end. Capabilities that went the
// same way are told together.
func chapters(r *lab.RunResult) []chapter {
	var list []chapter
	for _, a := range r.Activities {
		if a.Role != lab.Threat || len(a.Phases) == 0 {
			continue
		}
		if n := len(list); n > 0 && strings.HasPrefix(list[n-1].title, a.ID+" ") && samePhases(list[n-1].phases, a.Phases) {
			list[n-1].title += " " + string(a.Capability)
			continue
		}
		list = append(list, chapter{a.ID + " " + string(a.Capability), a.Phases})
	}
	return list
}

// story tells, for each activity that had to end, what let it in or kept it out
// in every hour of the run.
func (t *terminal) story(r *lab.RunResult) {
	chapters := chapters(r)
	if chapters == nil {
		return
	}
	t.line("")
	t.line("  why, hour by hour")
	for _, c := range chapters {
		t.prose(plain, "  "+c.title)
		width := 0
		for _, p := range c.phases {
			width = max(width, utf8.RuneCountInString(span(p)))
		}
		for i, p := range c.phases {
			if i == maxTold && len(c.phases) > maxTold+1 {
				t.line(fmt.Sprintf("    … and %d more, which %s has", len(c.phases)-maxTold, ResultFile))
				break
			}
			pad := strings.Repeat(" ", width-utf8.RuneCountInString(span(p)))
			word := inOrOut(p)
			if p.Outcome == "ok" && p.ToS > r.LimitS {
				word = t.code("31", word)
			}
			t.entry(fmt.Sprintf("    %s%s  %s  ", span(p), pad, word), p.Detail)
		}
	}
}

// inOrOut says in a word of three letters what a phase was.
func inOrOut(p lab.PhaseResult) string {
	switch p.Outcome {
	case "ok":
		return "in "
	case string(lab.Unknown):
		return "?  " // it may have worked
	default:
		return "out"
	}
}

// samePhases tells whether two capabilities went the same way.
func samePhases(a, b []lab.PhaseResult) bool {
	return slices.EqualFunc(a, b, func(x, y lab.PhaseResult) bool {
		return x.Outcome == y.Outcome && x.FromS == y.FromS && x.ToS == y.ToS && x.Detail == y.Detail
	})
}

// span writes when a phase was.
func span(p lab.PhaseResult) string {
	if p.FromS == p.ToS {
		return when(p.FromS)
	}
	return when(p.FromS) + " to " + when(p.ToS)
}
