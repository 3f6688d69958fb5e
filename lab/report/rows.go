package report

import (
	"fmt"
	"slices"
	"strings"

	"shutout/lab"
)

// row is one line of the table of promises.
type row struct {
	mark, who, path, capability, verdict, time, reason string
	limit                                              string // of a promise about access that had to end
	seconds                                            float64
	bad                                                bool
	change                                             lab.Change // since the baseline
}

// explains tells whether the reason of x is that of y, too, which is about the
// same person on the same path.
func (x row) explains(y row) bool {
	return x.who == y.who && x.path == y.path && x.reason == y.reason
}

// whose names the person of a promise; where another activity of theirs would
// read the same, with the activity: "dana (ticket)". An id that begins with the
// person's name says both: "dana-imap".
func whose(r *lab.RunResult, a *lab.ActivityResult) string {
	switch {
	case !ambiguous(r, a):
		return a.Who
	case strings.HasPrefix(a.ID, a.Who+"-"):
		return a.ID
	default:
		return fmt.Sprintf("%s (%s)", a.Who, a.ID)
	}
}

// ambiguous tells whether the same person does something else on the same path.
func ambiguous(r *lab.RunResult, a *lab.ActivityResult) bool {
	for _, b := range r.Activities {
		if b.ID != a.ID && b.Who == a.Who && b.Path == a.Path {
			return true
		}
	}
	return false
}

func newRow(a *lab.ActivityResult, r *lab.RunResult) row {
	x := row{
		mark: "✓", who: whose(r, a), path: string(a.Path), capability: string(a.Capability),
		verdict: string(a.Verdict), bad: a.Verdict.Broken(), change: a.Baseline,
	}
	switch {
	case a.Verdict == lab.NotAvailable:
		x.mark = "-"
	case x.bad:
		x.mark = "✗"
	}
	if a.Role == lab.Threat {
		x.limit = seconds(r.LimitS)
	}
	switch a.Verdict {
	case lab.Ended, lab.Late, lab.VerdictUnknown:
		if a.CutoffS != nil {
			x.seconds = *a.CutoffS
			x.time = seconds(x.seconds)
		}
	case lab.Open:
		x.time = ">" + seconds(r.HorizonS)
	}
	x.reason = compared(a.Baseline) + predicted(a.Drift, a.Expected) + reason(a, r)
	return x
}

// predicted tells that something else was predicted.
func predicted[T ~string](drift bool, expected T) string {
	if !drift {
		return ""
	}
	return fmt.Sprintf("[predicted %s] ", expected)
}

// compared tells how a promise compares with the baseline, where that says
// more than its verdict.
func compared(c lab.Change) string {
	if c == "" || c == lab.Held || c == lab.Added {
		return ""
	}
	return fmt.Sprintf("[%s] ", c)
}

// reason is the explanation in one line, from the decisions themselves.
func reason(a *lab.ActivityResult, r *lab.RunResult) string {
	if ends := EndedBy(a); a.Verdict == lab.Lost && ends != nil {
		return ends.Detail
	}
	if a.Note != "" {
		return a.Note
	}
	if a.Role == lab.Control {
		if len(a.Outages) == 0 {
			return "no outage"
		}
		parts := make([]string, 0, len(a.Outages))
		for _, o := range a.Outages {
			if o.ToS != nil {
				parts = append(parts, fmt.Sprintf("away for %s at %s", seconds(*o.ToS-o.FromS), when(o.FromS)))
			}
		}
		return strings.Join(parts, ", ")
	}
	keeps, ends := KeptBy(a), EndedBy(a)
	switch {
	case a.Verdict == lab.Open && keeps != nil:
		return entered(r, a, keeps) + keeps.Detail
	case a.Verdict == lab.Late && keeps != nil && ends != nil:
		return entered(r, a, keeps) + keeps.Detail + "; then " + ends.Detail
	case ends != nil:
		return ends.Detail
	case keeps != nil && a.Verdict != lab.Ended:
		return keeps.Detail
	default:
		return a.Answer
	}
}

// entered tells how a memory came about that was made after the order: by
// which older one they were let in at that moment. Any of the activity's
// capabilities may have been the one that signed in.
func entered(r *lab.RunResult, a *lab.ActivityResult, keeps *lab.Reason) string {
	if keeps.SinceS == nil || *keeps.SinceS < 0 || keeps.Layer == lab.LayerOldPassword {
		return ""
	}
	for _, b := range r.Activities {
		if b.ID != a.ID {
			continue
		}
		for _, p := range b.Phases {
			if p.Outcome == "ok" && p.Layer == lab.LayerOldPassword && p.FromS <= *keeps.SinceS && *keeps.SinceS <= p.ToS {
				return p.Detail + "; then "
			}
		}
	}
	return ""
}

// KeptBy is the decision that let the last successful attempt pass: of a layer
// whose memory is older than the order, if there is one.
func KeptBy(a *lab.ActivityResult) *lab.Reason {
	// What ended access is what had kept it: the same layer with a new answer.
	if ends := EndedBy(a); ends != nil {
		for i := range a.Because {
			if r := &a.Because[i]; r.Allowed && r.Layer == ends.Layer && r.SinceS != nil && *r.SinceS < 0 && r.AtS < ends.AtS {
				return r
			}
		}
	}
	var any *lab.Reason
	for _, layer := range lab.ByMemory {
		for i := range a.Because {
			r := &a.Because[i]
			if !r.Allowed || r.Layer != layer {
				continue
			}
			if r.SinceS != nil && *r.SinceS < 0 || layer == lab.LayerOldPassword {
				return r
			}
			if any == nil || layer == lab.LayerDirectory { // nothing old: they were let in anew
				any = r
			}
		}
	}
	return any
}

// EndedBy is the decision that had the last word when the first attempt after
// it was refused: a cookie may be refused first, and then the password.
func EndedBy(a *lab.ActivityResult) *lab.Reason {
	for i := range slices.Backward(a.Because) {
		if r := &a.Because[i]; !r.Allowed {
			return r
		}
	}
	return nil
}
