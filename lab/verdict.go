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

// TooLong tells whether access was seen to last longer than the limit: it ended
// after it, or had not ended when the watch did.
func (v Verdict) TooLong() bool { return v == Late || v == Open }

// Judge is the one verdict function: for a threat that must end within the
// limit and stay gone to the horizon while the controls keep working.
func Judge(t *Track, controls []*Track, within time.Duration) Judgement {
	if t.Missing != "" {
		return Judgement{Verdict: NotAvailable, Note: t.Missing}
	}
	if t.Activity.Beside != "" {
		return Judgement{Verdict: NotAvailable, Note: t.Activity.Beside}
	}
	if note := t.notHeld(); note != "" {
		return Judgement{Verdict: Invalid, Note: note}
	}
	last := t.lastSuccess()
	final := t.Spans[len(t.Spans)-1]
	switch {
	case final.OK && t.Pending != nil:
		return Judgement{VerdictUnknown, max(0, last), "an attempt was still waiting for its answer at the horizon"}
	case final.OK:
		return Judgement{Verdict: Open}
	}
	j := Judgement{Cutoff: max(0, last)}
	j.Verdict = timely(j.Cutoff, within)
	if doubt, ok := t.lastUnknown(); ok && doubt.Last > last {
		switch {
		case final.Kind == Unknown:
			return Judgement{VerdictUnknown, j.Cutoff, "the last attempt before the horizon has no clear outcome: " + final.Text}
		case timely(max(0, doubt.Last), within) != j.Verdict:
			return Judgement{VerdictUnknown, j.Cutoff, fmt.Sprintf("the attempt at %s has no clear outcome: %s", Moment(doubt.Last), doubt.Text)}
		}
	}
	gone, note := shown(t, last, controls)
	switch {
	case note != "":
		return Judgement{Verdict: Invalid, Note: note}
	case j.Verdict == Ended && gone > within+t.precision(within):
		return Judgement{VerdictUnknown, j.Cutoff, fmt.Sprintf("it worked at %s and was first seen to fail at %s: nothing was shown in between",
			Moment(last), Moment(gone))}
	}
	return j
}

// JudgeControl is the verdict on an activity that must keep working.
func JudgeControl(t *Track) Judgement {
	if t.Missing != "" {
		return Judgement{Verdict: NotAvailable, Note: t.Missing}
	}
	if len(t.Spans) == 0 || !t.workedBefore() {
		return Judgement{Verdict: Invalid, Note: t.neverWorked()}
	}
	if out := t.Outages(); len(out) > 0 && out[len(out)-1].Lasting {
		return Judgement{Verdict: Lost, Note: out[len(out)-1].Text}
	}
	if t.lastSuccess() < 0 {
		return Judgement{Verdict: Invalid, Note: "not tried after the order"}
	}
	return Judgement{Verdict: Kept}
}

// precision is how exactly attempts can tell a moment: to one interval, if they
// are as dense as the limit asks for.
func (t *Track) precision(within time.Duration) time.Duration {
	if t.Activity.Every > within {
		return 0
	}
	return t.Activity.Every
}

func timely(cutoff, within time.Duration) Verdict {
	if cutoff <= within {
		return Ended
	}
	return Late
}

// lastSuccess returns when the track last worked.
func (t *Track) lastSuccess() (last time.Duration) {
	for _, s := range t.Spans {
		if s.OK {
			last = s.Last
		}
	}
	return last
}

func (t *Track) workedBefore() bool {
	return slices.ContainsFunc(t.Spans, func(s Span) bool { return s.OK && s.First < 0 })
}

// neverWorked is the note on a track that had no access before the order.
func (t *Track) neverWorked() string {
	const note = "no access before the order"
	if len(t.Spans) > 0 && t.Spans[0].First < 0 && t.Spans[0].Text != "" {
		return note + ": " + t.Spans[0].Text
	}
	return note
}

// notHeld tells why there was no access at the order that an SOP could end.
func (t *Track) notHeld() string {
	if !t.workedBefore() {
		return t.neverWorked()
	}
	for _, s := range slices.Backward(t.Spans) {
		if s.First < 0 {
			if !s.OK {
				return "access was gone before the order: " + s.Text
			}
			return ""
		}
	}
	return ""
}

func (t *Track) lastUnknown() (Span, bool) {
	for _, s := range slices.Backward(t.Spans) {
		if !s.OK && s.Kind == Unknown {
			return s, true
		}
	}
	return Span{}, false
}

// shown returns the first failed attempt after the last success that shows
// something: one that was made while every control worked. Note tells why none
// does. Controls on the same path count; if there are none, all do.
func shown(t *Track, last time.Duration, controls []*Track) (gone time.Duration, note string) {
	judges := judgesOf(t, controls)
	if judges == nil {
		return 0, "there is no control, so nothing shows that the lab was up"
	}
	for _, c := range judges {
		name := c.Activity.ID + " " + string(c.Capability)
		if !c.workedBefore() {
			return 0, "the control " + name + " never worked"
		}
		if out := c.Outages(); len(out) > 0 && out[len(out)-1].Lasting {
			o := out[len(out)-1]
			return 0, fmt.Sprintf("the control %s failed too, from %s on: %s", name, Moment(o.From), o.Text)
		}
	}
	for _, s := range t.Spans {
		if s.OK || s.First <= last {
			continue
		}
		for at := s.First; at <= s.Last; at += max(t.Activity.Every, time.Second) {
			if !slices.ContainsFunc(judges, func(c *Track) bool { return !c.workingAt(at) }) {
				return at, ""
			}
		}
	}
	return 0, "no failed attempt was made while the controls worked"
}

func judgesOf(t *Track, controls []*Track) (judges []*Track) {
	for _, samePath := range []bool{true, false} {
		for _, c := range controls {
			if c.Missing == "" && (!samePath || c.Activity.Path == t.Activity.Path) {
				judges = append(judges, c)
			}
		}
		if judges != nil {
			return judges
		}
	}
	return nil
}

// workingAt tells whether the track worked before and after a moment, with no
// failure between.
func (t *Track) workingAt(at time.Duration) bool {
	return slices.ContainsFunc(t.Spans, func(s Span) bool { return s.OK && s.First <= at && at <= s.Last })
}
