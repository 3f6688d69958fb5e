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

// story tells, for each activity that had to end, what let it in or kept it out
// in every hour of the run. Capabilities that went the same way are told
// together.
func (t *terminal) story(r *lab.RunResult) {
	type chapter struct {
		title  string
		phases []lab.PhaseResult
	}
	var chapters []chapter
	for _, a := range r.Activities {
		if a.Role != lab.Threat || len(a.Phases) == 0 {
			continue
		}
		if n := len(chapters); n > 0 && strings.HasPrefix(chapters[n-1].title, a.ID+" ") && samePhases(chapters[n-1].phases, a.Phases) {
			chapters[n-1].title += " " + string(a.Capability)
			continue
		}
		chapters = append(chapters, chapter{a.ID + " " + string(a.Capability), a.Phases})
	}
	if chapters == nil {
		return
	}
	t.line("")
	t.line("  why, hour by hour")
	for _, c := range chapters {
		t.line("  " + harmless(c.title))
		width := 0
		for _, p := range c.phases {
			width = max(width, utf8.RuneCountInString(span(p)))
		}
		for i, p := range c.phases {
			if i == maxTold && len(c.phases) > maxTold+1 {
				t.line(fmt.Sprintf("    … and %d more, which result.json has", len(c.phases)-maxTold))
				break
			}
			pad := strings.Repeat(" ", width-utf8.RuneCountInString(span(p)))
			word := "out"
			switch p.Outcome {
			case "ok":
				if word = "in "; p.ToS > 0 {
					word = t.code("31", word)
				}
			case string(lab.Unknown):
				word = "?  " // it may have worked
			}
			t.line(fmt.Sprintf("    %s%s  %s  %s", span(p), pad, word, harmless(p.Detail)))
		}
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
