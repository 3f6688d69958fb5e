package report

import (
	"fmt"

	"shutout/lab"
)

// caseName names a case among those of a document, where it may have been
// played on several profiles or with several SOPs.
func caseName(d *lab.Document, r *lab.RunResult) string {
	name := r.Scenario
	same := func(other func(o *lab.RunResult) string) bool {
		for _, o := range d.Runs {
			if o.Scenario == r.Scenario && other(o) != other(r) {
				return false
			}
		}
		return true
	}
	if !same(func(o *lab.RunResult) string { return o.Profile }) {
		name += " on " + r.Profile
	}
	if r.SOP != "" {
		name += " with SOP " + r.SOP
	}
	if !same(func(o *lab.RunResult) string { return fmt.Sprint(o.Set) }) {
		for _, s := range r.Set {
			name += " " + s
		}
	}
	return name
}

// promise tells in one sentence what became of a promise.
func promise(a *lab.ActivityResult, r *lab.RunResult, x row) string {
	what := fmt.Sprintf("%s over %s: %s", a.Who, a.Path, a.Capability)
	switch a.Verdict {
	case lab.Ended:
		return fmt.Sprintf("%s ended %s after the order (limit %s)", what, x.time, seconds(r.LimitS))
	case lab.Late:
		return fmt.Sprintf("%s ended only %s after the order (limit %s)", what, x.time, seconds(r.LimitS))
	case lab.Open:
		return fmt.Sprintf("%s still works %s after the order (limit %s)", what, seconds(r.HorizonS), seconds(r.LimitS))
	case lab.Kept:
		return what + " kept working"
	case lab.Lost:
		return what + " should have kept working, and had not come back at the end"
	case lab.VerdictUnknown:
		return what + " has no clear end"
	default: // invalid; n/a is told with its reason, be it the lab or the SOP
		return what + " shows nothing"
	}
}

// nothingShown tells that a document shows nothing, and why.
func nothingShown(d *lab.Document) string {
	these := "these cases"
	if len(d.Runs) == 1 {
		these = "this case"
	}
	switch c := tally(d); {
	case c.unpromised == 0:
		return "nothing was shown: this lab has none of the paths or mitigations of " + these
	case c.untried() == 0:
		return "nothing was shown: the SOP is not about " + these
	default:
		return "nothing was shown: this lab lacks the paths or mitigations of " + these + ", or the SOP is not about them"
	}
}
