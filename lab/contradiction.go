package lab

import (
	"fmt"
	"math"
)

// Contradiction tells which parts of a document do not fit each other: somebody
// has changed it, for the program writes none of that. What a document does not
// say is no contradiction.
func (d *Document) Contradiction() error {
	for _, r := range d.Runs {
		var threats []*ActivityResult
		for _, a := range r.Activities {
			if text := a.contradiction(r.LimitS); text != "" {
				return fmt.Errorf("the case %s contradicts itself: %s %s %s", r.Scenario, a.ID, a.Capability, text)
			}
			if a.Role == Threat {
				threats = append(threats, a)
			}
		}
		if w := worst(threats); severity[w] != severity[r.Verdict] {
			return fmt.Errorf("the case %s contradicts itself: its verdict is %s, and the worst of its promises is %s", r.Scenario, r.Verdict, w)
		}
	}
	return nil
}

// contradiction tells what does not fit the verdict; empty: nothing. See [Judge]
// and [JudgeControl] for what a verdict says.
func (r *ActivityResult) contradiction(limit float64) string {
	j := Judgement{Verdict: r.Verdict}
	const rounding = 0.001 // of seconds that were written
	switch {
	case r.Verdict == Invalid || r.Verdict == NotAvailable:
		if r.CutoffS != nil {
			return fmt.Sprintf("is %s, and has a cutoff_s", r.Verdict)
		}
		return ""
	case (r.Role == Control) != (r.Verdict == Kept || r.Verdict == Lost):
		return fmt.Sprintf("is %s, which is no verdict of a %s", r.Verdict, r.Role)
	case j.HasCutoff() && r.CutoffS == nil:
		return fmt.Sprintf("is %s, and has no cutoff_s", r.Verdict)
	case !j.HasCutoff() && r.CutoffS != nil:
		return fmt.Sprintf("is %s, and has a cutoff_s", r.Verdict)
	case r.Verdict == Ended && *r.CutoffS > limit+rounding:
		return fmt.Sprintf("is ended, and its cutoff_s of %g is beyond the limit_s of %g", *r.CutoffS, limit)
	case r.Verdict == Late && *r.CutoffS < limit-rounding:
		return fmt.Sprintf("is late, and its cutoff_s of %g is within the limit_s of %g", *r.CutoffS, limit)
	case r.CutoffS != nil && r.LastSuccessS != nil && math.Abs(*r.CutoffS-max(0, *r.LastSuccessS)) > rounding:
		return fmt.Sprintf("has a cutoff_s of %g, and last_success_s is %g", *r.CutoffS, *r.LastSuccessS)
	}
	if n := len(r.Spans); n > 0 {
		worked := r.Spans[n-1].Outcome == "ok"
		switch {
		case worked && (r.Verdict == Ended || r.Verdict == Late):
			return fmt.Sprintf("is %s, and its spans say that it worked to the end", r.Verdict)
		case !worked && r.Verdict == Open:
			return "is open, and its spans say that it did not work at the end"
		}
	}
	lasting := len(r.Outages) > 0 && r.Outages[len(r.Outages)-1].ToS == nil
	if r.Verdict == Kept && lasting {
		return "is kept, and its last outage has no end"
	}
	if r.Verdict == Lost && !lasting {
		return "is lost, and has no outage without an end"
	}
	return ""
}
