package results

import (
	"math"

	"shutout/lab"
)

// Diff is what has changed from one result to a later one.
type Diff struct {
	Old, New *lab.Document
	Cases    []CaseDiff
}

// CaseDiff is what has changed in one case.
type CaseDiff struct {
	Pair
	Promises []Change // in the order of the newer result
	Ways     []WayChange
}

// Change is what has become of a promise.
type Change struct {
	Kind     lab.Change
	Old, New *lab.ActivityResult // one of them may be nil
	// GainedS is how many seconds earlier access ends now, negative where it
	// lasts longer; 0 where one of the two has no end, or the difference is
	// within what the attempts tell.
	GainedS float64
}

// WayChange is what has become of a way to mail without a session.
type WayChange struct {
	Kind     lab.Change
	Old, New *lab.SweepResult
}

// Compare tells what has changed.
func Compare(before, now *lab.Document) *Diff {
	d := &Diff{Old: before, New: now}
	for _, p := range pairs(before, now) {
		c := CaseDiff{Pair: p}
		if p.New != nil {
			for _, a := range p.New.Activities {
				c.Promises = append(c.Promises, changed(Activity(p.Old, a), a))
			}
			for _, f := range p.New.Sweep {
				old := finding(p.Old, f)
				c.Ways = append(c.Ways, WayChange{way(old, f), old, f})
			}
		}
		if p.Old != nil {
			for _, a := range p.Old.Activities {
				if Activity(p.New, a) == nil {
					c.Promises = append(c.Promises, Change{Kind: lab.Gone, Old: a})
				}
			}
			for _, f := range p.Old.Sweep {
				if f.Broken && p.New != nil && p.New.Sweep != nil && finding(p.New, f) == nil {
					c.Ways = append(c.Ways, WayChange{lab.Fixed, f, nil}) // it was looked for, and is not there
				}
			}
		}
		d.Cases = append(d.Cases, c)
	}
	return d
}

// changed compares a promise then, which may be nil, with what it is now. One
// that this lab or version does not have, or that the SOP is not about, is as if
// it were not there.
func changed(old, now *lab.ActivityResult) Change {
	c := Change{Old: old, New: now}
	there := old != nil && old.Verdict != lab.NotAvailable
	switch {
	case now.Verdict == lab.NotAvailable && !there:
		c.Kind = lab.Held
	case now.Verdict == lab.NotAvailable:
		c.Kind = lab.Gone
	case !there && now.Verdict.Broken():
		c.Kind = lab.NewlyFailing
	case !there:
		c.Kind = lab.Added
	default:
		c.GainedS = gained(old, now)
		c.Kind = become(old, now, c.GainedS)
	}
	return c
}

// become is the change of a promise that was tried both times.
func become(old, now *lab.ActivityResult, gainedS float64) lab.Change {
	was, is := old.Verdict.Broken(), now.Verdict.Broken()
	switch {
	case is && !was:
		return lab.NewlyFailing
	case was && !is:
		return lab.Fixed
	case !is:
		return lab.Held
	case now.Verdict.Worse(old.Verdict), now.Verdict == old.Verdict && gainedS < 0:
		return lab.Worsened
	default:
		return lab.StillFailing
	}
}

// gained is how much earlier access ends now, where attempts can tell.
func gained(old, now *lab.ActivityResult) float64 {
	if old.CutoffS == nil || now.CutoffS == nil {
		return 0
	}
	s := *old.CutoffS - *now.CutoffS
	if math.Abs(s) <= interval(old, now) {
		return 0
	}
	return math.Round(s*1000) / 1000
}

// interval is how exactly two cut-offs can be compared: to the longer of the
// two intervals between attempts.
func interval(a, b *lab.ActivityResult) float64 { return max(a.EveryS, b.EveryS) }

// way compares a way without a session.
func way(old, now *lab.SweepResult) lab.Change {
	was := old != nil && old.Broken
	switch {
	case now.Broken && was:
		return lab.StillFailing
	case now.Broken:
		return lab.NewlyFailing
	case was:
		return lab.Fixed
	case old == nil:
		return lab.Added
	default:
		return lab.Held
	}
}

// Worse tells whether something became worse.
func (d *Diff) Worse() bool {
	for _, c := range d.Cases {
		for _, p := range c.Promises {
			if p.Kind.Worse() {
				return true
			}
		}
		for _, w := range c.Ways {
			if w.Kind.Worse() {
				return true
			}
		}
	}
	return false
}

// Baseline writes into the newer document how each of its promises compares
// with the older one, which is called name: what was broken there and is no
// worse now is forgiven. It returns the difference.
func Baseline(now, before *lab.Document, name string) *Diff {
	now.Baseline = name
	d := Compare(before, now)
	for _, c := range d.Cases {
		for _, p := range c.Promises {
			if p.New != nil {
				p.New.Baseline = p.Kind
			}
		}
		for _, w := range c.Ways {
			if w.New != nil {
				w.New.Baseline = w.Kind
			}
		}
	}
	return d
}
