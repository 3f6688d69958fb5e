package claims

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"shutout/lab"
	"shutout/lab/strict"
)

// Outcome is what a claim says will be seen: a word, or a word and bounds of
// how long access lasts after the order.
type Outcome struct {
	Word     string
	Min, Max time.Duration // of "at least", "within" and "from … to …"
}

// The words that a claim may use. Those of verdicts mean what the verdicts mean.
const (
	saysEnded       = "ended"       // within the case's limit
	saysLate        = "late"        // after it
	saysOpen        = "open"        // it works at the horizon
	saysWithin      = "within"      // it ended, at most so long after the order
	saysAtLeast     = "at least"    // it worked so long after the order, or longer
	saysFrom        = "from"        // it ended in between
	saysWorks       = "works"       // each attempt worked
	saysInterrupted = "interrupted" // it works at the horizon, but not each attempt worked
	saysRefused     = "refused"     // no attempt worked, before the order or after
	saysAbsent      = "absent"      // nobody offers it
	saysKept        = "kept"
	saysLost        = "lost"
)

var (
	threatWords  = []string{saysEnded, saysLate, saysOpen, saysWithin, saysAtLeast, saysFrom, saysWorks, saysInterrupted, saysRefused, saysAbsent}
	controlWords = []string{saysKept, saysLost, saysWorks, saysInterrupted}
)

const outcomeForm = "expected ended, late, open, works, interrupted, refused, absent, kept, lost, within 15m, at least 1h, or from 5m to 2h"

// DecodeNode reads what a claim says as a file has it.
func (o *Outcome) DecodeNode(d *strict.Doc, n *strict.Node) {
	if n.Kind != strict.Scalar {
		d.Problemf(n, "this is no outcome: %s", outcomeForm)
		return
	}
	parsed, err := parseOutcome(n.Text)
	if err != nil {
		d.Problemf(n, "%s is no outcome: %v", strict.Quote(n.Text), err)
		return
	}
	*o = parsed
}

func parseOutcome(text string) (o Outcome, err error) {
	words := strings.Fields(text)
	times := func(at ...int) (out [2]time.Duration) {
		for i, w := range at {
			var fault error
			if out[i], fault = strict.ParseDuration(words[w]); fault != nil && err == nil {
				err = fmt.Errorf("%s is no time", strict.Quote(words[w]))
			}
			if out[i] < 0 && err == nil {
				err = fmt.Errorf("the time is negative")
			}
		}
		return out
	}
	switch {
	case len(words) == 1 && slices.Contains(append(threatWords, controlWords...), words[0]) && words[0] != saysWithin && words[0] != saysFrom:
		o.Word = words[0]
	case len(words) == 2 && words[0] == saysWithin:
		o.Word, o.Max = saysWithin, times(1)[0]
	case len(words) == 3 && words[0] == "at" && words[1] == "least":
		o.Word, o.Min = saysAtLeast, times(2)[0]
	case len(words) == 4 && words[0] == saysFrom && words[2] == "to":
		t := times(1, 3)
		o.Word, o.Min, o.Max = saysFrom, t[0], t[1]
		if err == nil && o.Min > o.Max {
			err = fmt.Errorf("the first time is longer than the second")
		}
	default:
		err = fmt.Errorf("%s", outcomeForm)
	}
	return o, err
}

func (o Outcome) String() string {
	switch o.Word {
	case saysWithin:
		return "within " + lab.Duration(o.Max)
	case saysAtLeast:
		return "at least " + lab.Duration(o.Min)
	case saysFrom:
		return "from " + lab.Duration(o.Min) + " to " + lab.Duration(o.Max)
	}
	return o.Word
}

// longest is the time for which the case must be watched at least.
func (o Outcome) longest() time.Duration { return max(o.Min, o.Max) }

// held tells whether it was seen. Left tells why nothing was shown.
func (o Outcome) held(a *lab.ActivityResult, r *lab.RunResult) (held bool, left string) {
	for _, s := range r.Steps {
		// What was over before a missing step was due is not owed to it.
		if s.Outcome == lab.NotApplicable && (a.CutoffS == nil || *a.CutoffS >= s.AtS) {
			return false, "n/a: " + s.Do + ": " + s.Detail
		}
	}
	switch {
	case o.Word == saysAbsent:
		return a.Verdict == lab.NotAvailable && a.Attempts == 0, ""
	case a.Verdict == lab.NotAvailable || a.Attempts == 0:
		return false, "n/a: " + strings.TrimPrefix(a.Note, lab.ErrNotAvailable.Error()+": ")
	case a.Verdict == lab.VerdictUnknown:
		return false, "unknown: " + a.Note
	}
	every := a.Successes == a.Attempts
	if o.Word == saysRefused || a.Role == lab.Threat && a.Successes == 0 {
		// Nobody was let in, which is shown if the lab was up.
		if why := down(r); why != "" {
			return false, "invalid: " + why
		}
		return o.Word == saysRefused && a.Successes == 0, ""
	}
	if a.Verdict == lab.Invalid {
		return false, "invalid: " + a.Note
	}
	var cutoff time.Duration
	if a.CutoffS != nil {
		cutoff = time.Duration(*a.CutoffS * float64(time.Second))
	}
	ended := a.Verdict == lab.Ended || a.Verdict == lab.Late
	switch o.Word {
	case saysWithin:
		return ended && cutoff <= o.Max, ""
	case saysAtLeast:
		return a.Verdict == lab.Open || ended && cutoff >= o.Min, ""
	case saysFrom:
		return ended && o.Min <= cutoff && cutoff <= o.Max, ""
	case saysWorks:
		return every, ""
	case saysInterrupted:
		return !every && (a.Verdict == lab.Open || a.Verdict == lab.Kept), ""
	}
	return string(a.Verdict) == o.Word, ""
}

// down tells which control did not work, if one did not.
func down(r *lab.RunResult) string {
	for _, a := range r.Activities {
		if a.Role == lab.Control && a.Verdict != lab.Kept && a.Verdict != lab.NotAvailable {
			return "the control " + a.ID + " failed as well"
		}
	}
	return ""
}

// seen tells in words what happened to a capability.
func (o Outcome) seen(a *lab.ActivityResult, r *lab.RunResult) string {
	count := fmt.Sprintf("%d of %d attempts worked", a.Successes, a.Attempts)
	switch {
	case a.Attempts == 0:
		return "not offered"
	case a.Successes == 0:
		return "never let in"
	case o.Word == saysWorks || o.Word == saysInterrupted:
		if a.Successes == a.Attempts {
			return "each attempt worked"
		}
		return count
	case a.Verdict == lab.Open:
		return "open " + beyond(r.HorizonS)
	case a.Verdict == lab.Lost:
		return "lost"
	case a.Verdict == lab.Kept:
		return "kept"
	case a.CutoffS != nil:
		return "ended " + after(*a.CutoffS, *a.CutoffS)
	}
	return string(a.Verdict)
}

// after writes a time, or a range of times, after the order.
func after(from, to float64) string {
	switch {
	case to == 0:
		return "at once"
	case from == to:
		return "after " + seconds(from)
	}
	return "after " + seconds(from) + " to " + seconds(to)
}

func beyond(s float64) string { return ">" + seconds(s) }

// seconds writes a time of the document for people.
func seconds(s float64) string { return lab.Duration(time.Duration(s * float64(time.Second))) }
