package results

import (
	"math"
	"slices"

	"shutout/lab"
)

// Agreement is how far two results of the same cases say the same, such as
// those of two labs.
type Agreement struct {
	A, B  *lab.Document
	Cases []*CaseAgreement
}

// CaseAgreement is how far two plays of a case say the same. Old is the one in
// A, and New the one in B.
type CaseAgreement struct {
	Pair
	Promises []*Meeting
}

// Meeting is one promise in two results.
type Meeting struct {
	A, B *lab.ActivityResult // one of them may be nil
	Says Says
	// ApartS is by how many seconds B's cut-off is later than A's, where that is
	// more than the attempts leave open.
	ApartS float64
	// Notes tell in words what would explain a difference.
	Notes []string
}

// Says is what two results say of a promise.
type Says string

const (
	Agree   Says = "alike"
	Differ  Says = "different"
	OnlyA   Says = "in the first only"
	OnlyB   Says = "in the second only"
	Nothing Says = "nothing shown" // in neither
)

// Sayings lists them in the order in which they are counted.
var Sayings = []Says{Agree, Differ, OnlyA, OnlyB, Nothing}

// Meet compares two results promise by promise.
func Meet(a, b *lab.Document) *Agreement {
	g := &Agreement{A: a, B: b}
	for _, p := range pairs(a, b) {
		c := &CaseAgreement{Pair: p}
		if p.New != nil {
			for _, y := range p.New.Activities {
				c.Promises = append(c.Promises, meet(Activity(p.Old, y), y))
			}
		}
		if p.Old != nil {
			for _, x := range p.Old.Activities {
				if Activity(p.New, x) == nil {
					c.Promises = append(c.Promises, meet(x, nil))
				}
			}
		}
		g.Cases = append(g.Cases, c)
	}
	return g
}

// OtherSteps tells whether the two plays had different steps, so that it is no
// wonder if they say something else.
func (c *CaseAgreement) OtherSteps() bool {
	return c.Old != nil && c.New != nil && (c.Old.SOP != c.New.SOP || !slices.EqualFunc(c.Old.Steps, c.New.Steps, func(a, b *lab.StepResult) bool {
		return a.AtS == b.AtS && a.Do == b.Do && a.Params == b.Params
	}))
}

// meet compares a promise. Where one of the labs has no such path or mitigation
// there is nothing to compare. One that was broken has shown nothing, so it
// differs from one that has.
func meet(a, b *lab.ActivityResult) *Meeting {
	m := &Meeting{A: a, B: b}
	there := func(x *lab.ActivityResult) bool { return x != nil && x.Verdict != lab.NotAvailable }
	switch {
	case !there(a) && !there(b), there(a) && there(b) && a.Verdict == lab.Invalid && b.Verdict == lab.Invalid:
		m.Says = Nothing
	case !there(b):
		m.Says = OnlyA
	case !there(a):
		m.Says = OnlyB
	default:
		m.ApartS = -gained(a, b)
		m.Says = Agree
		if a.Verdict != b.Verdict || m.ApartS != 0 {
			m.Says = Differ
		}
	}
	return m
}

// Same tells whether two results of a promise say the same.
func Same(a, b *lab.ActivityResult) bool { return a != nil && b != nil && meet(a, b).Says == Agree }

// Count tells how often each is the case.
func (g *Agreement) Count() map[Says]int {
	n := map[Says]int{}
	for _, c := range g.Cases {
		for _, m := range c.Promises {
			n[m.Says]++
		}
	}
	return n
}

// Agrees tells whether something could be compared, and nothing differs.
func (g *Agreement) Agrees() bool {
	n := g.Count()
	return n[Agree] > 0 && n[Differ] == 0
}

// Apart is the largest difference between two cut-offs that count as one.
func (g *Agreement) Apart() float64 {
	most := 0.0
	for _, c := range g.Cases {
		for _, m := range c.Promises {
			if m.Says == Agree && m.A.CutoffS != nil && m.B.CutoffS != nil {
				most = max(most, math.Abs(*m.A.CutoffS-*m.B.CutoffS))
			}
		}
	}
	return most
}
