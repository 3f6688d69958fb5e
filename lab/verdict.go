package lab

import (
	"fmt"
	"slices"
	"time"
)

// Judgement is what the attempts of a track show.
type Judgement struct {
	Verdict Verdict
	// Cutoff is the last moment at which the capability worked, relative to
	// the order and not before it. It means nothing for open, invalid, n/a
	// and the controls' verdicts.
	Cutoff time.Duration
	// Note says in words why the verdict is not plain: which control failed,
	// what was unknown.
	Note string
}

// HasCutoff tells whether access was seen to end.
func (j Judgement) HasCutoff() bool {
	return j.Verdict == Ended || j.Verdict == Late || j.Verdict == VerdictUnknown
}

// Broken tells whether a promise about a threat was not kept. Invalid breaks
// it too: nothing passes because the lab was down.
func (v Verdict) Broken() bool {
	return v == Late || v == Open || v == VerdictUnknown || v == Invalid || v == Lost
}

// Judge is the one verdict function: for a threat that must end within the
// limit and stay gone to the horizon while the controls keep working.
func Judge(t *Track, controls []*Track, within time.Duration) Judgement {
	if t.Missing != "" {
		return Judgement{Verdict: NotAvailable, Note: t.Missing}
	}
	last, before := t.lastSuccess()
	if !before {
		return Judgement{Verdict: Invalid, Note: "no access before the order"}
	}
	final := t.Spans[len(t.Spans)-1]
	if final.OK {
		return Judgement{Verdict: Open}
	}
	j := Judgement{Cutoff: max(0, last)}
	j.Verdict = timely(j.Cutoff, within)
	if doubt, ok := t.lastUnknown(); ok && doubt > last {
		switch {
		case final.Kind == Unknown:
			return Judgement{VerdictUnknown, j.Cutoff, "the last attempt before the horizon has no clear outcome: " + final.Text}
		case timely(max(0, doubt), within) != j.Verdict:
			return Judgement{VerdictUnknown, j.Cutoff, fmt.Sprintf("the attempt at %s may have worked", Moment(doubt))}
		}
	}
	if note := undermined(t, last, controls); note != "" {
		return Judgement{Verdict: Invalid, Note: note}
	}
	return j
}

// JudgeControl is the verdict on an activity that must keep working.
func JudgeControl(t *Track) Judgement {
	if t.Missing != "" {
		return Judgement{Verdict: NotAvailable, Note: t.Missing}
	}
	if _, before := t.lastSuccess(); !before {
		return Judgement{Verdict: Invalid, Note: "no access before the order"}
	}
	if out := t.Outages(); len(out) > 0 && out[len(out)-1].Lasting {
		return Judgement{Verdict: Lost, Note: out[len(out)-1].Text}
	}
	return Judgement{Verdict: Kept}
}

func timely(cutoff, within time.Duration) Verdict {
	if cutoff <= within {
		return Ended
	}
	return Late
}

// lastSuccess returns when the track last worked, and whether it worked before
// the order.
func (t *Track) lastSuccess() (last time.Duration, before bool) {
	for _, s := range t.Spans {
		if s.OK {
			last = s.Last
			before = before || s.First < 0
		}
	}
	return last, before
}

func (t *Track) lastUnknown() (time.Duration, bool) {
	for _, s := range slices.Backward(t.Spans) {
		if !s.OK && s.Kind == Unknown {
			return s.Last, true
		}
	}
	return 0, false
}

// undermined tells why the failed attempts after the last success show
// nothing: a control did not work either. Controls on the same path count; if
// there are none, all do.
func undermined(t *Track, last time.Duration, controls []*Track) string {
	var judges []*Track
	for _, c := range controls {
		if c.Missing == "" && c.Activity.Path == t.Activity.Path {
			judges = append(judges, c)
		}
	}
	if judges == nil {
		for _, c := range controls {
			if c.Missing == "" {
				judges = append(judges, c)
			}
		}
	}
	if judges == nil {
		return "there is no control, so nothing shows that the lab was up"
	}
	for _, c := range judges {
		name := c.Activity.ID + " " + string(c.Capability)
		if _, before := c.lastSuccess(); !before {
			return "the control " + name + " never worked"
		}
		out := c.Outages()
		if n := len(out); n > 0 && out[n-1].Lasting {
			return fmt.Sprintf("the control %s failed too, from %s on: %s", name, Moment(out[n-1].From), out[n-1].Text)
		}
		shown := false
		for _, s := range t.Spans {
			shown = shown || !s.OK && s.First > last && outside(s, out, t.Activity.Every)
		}
		if !shown {
			return "every failed attempt fell into an outage of the control " + name
		}
	}
	return ""
}

// outside tells whether some attempt of the span lies outside all outages.
func outside(s Span, outages []Outage, every time.Duration) bool {
	in := func(at time.Duration) int {
		return slices.IndexFunc(outages, func(o Outage) bool { return o.From <= at && at < o.To })
	}
	first, last := in(s.First), in(s.Last)
	if first < 0 || last < 0 {
		return true
	}
	// Both ends fall into outages. Between two of them there is an attempt
	// when the gap is longer than the time between attempts.
	for i := first; i < last; i++ {
		if outages[i+1].From-outages[i].To > every {
			return true
		}
	}
	return false
}
