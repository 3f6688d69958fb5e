package advice

import (
	"cmp"
	"slices"

	"shutout/lab"
)

// trial is what was tried, what it did, and what let people in anew after it.
type trial struct {
	what   []candidate
	result *lab.TrialResult
	anew   []hold
	breaks int // promises that were kept without it
}

func (t trial) drastic() bool {
	return slices.ContainsFunc(t.what, func(c candidate) bool { return c.info.Drastic })
}

// needless tells of a pair whether it keeps no more than one of the two does
// alone.
func (t trial) needless(all []trial) bool {
	return len(t.what) > 1 && (len(t.result.Kept()) == 0 || slices.ContainsFunc(all, func(o trial) bool {
		return len(o.what) == 1 && o.what[0].in(t.what) && len(without(t.result.Kept(), o)) == 0
	}))
}

// union lists all that was tried in some trials, each once.
func union(trials []trial) (all []candidate) {
	for _, t := range trials {
		for _, c := range t.what {
			if !c.in(all) {
				all = append(all, c)
			}
		}
	}
	return all
}

// weight orders trials by what one would rather not do.
func weight(a, b trial) int {
	drastic := func(t trial) int {
		if t.drastic() {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(harm(a), harm(b)), drastic(a)-drastic(b))
}

// without lists those promises that none of the trials keeps.
func without(promises []lab.TrialPromise, trials ...trial) []lab.TrialPromise {
	return slices.DeleteFunc(slices.Clone(promises), func(p lab.TrialPromise) bool {
		return slices.ContainsFunc(trials, func(t trial) bool {
			return slices.ContainsFunc(t.result.Kept(), func(k lab.TrialPromise) bool { return k.ID == p.ID && k.Capability == p.Capability })
		})
	})
}

// fewest chooses mitigations that together should keep all that the trials
// kept: at each turn, among those that help, the one that disturbs others least
// and is not drastic, and then the one that keeps most. One that a later choice has made needless is
// dropped.
func fewest(promises []lab.TrialPromise, trials []trial) (chosen []trial) {
	for left := promises; ; left = without(left, chosen...) {
		best := -1
		for i, t := range trials {
			if len(without(left, t)) < len(left) && (best < 0 || better(t, trials[best], left)) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		chosen = append(chosen, trials[best])
	}
	for i := 0; i < len(chosen); {
		rest := slices.Delete(slices.Clone(chosen), i, i+1)
		if len(without(promises, rest...)) > len(without(promises, chosen...)) {
			i++ // it is needed
			continue
		}
		chosen = rest
	}
	return chosen
}

// better tells whether a is the better choice for the promises that are left. Of
// equal ones the first stays.
func better(a, b trial, left []lab.TrialPromise) bool {
	return cmp.Or(
		weight(a, b),
		cmp.Compare(len(without(left, a)), len(without(left, b))),
		len(a.what)-len(b.what),
	) < 0
}

// harm is how much a trial did to others, in seconds of outage. What it broke,
// and whom it cut off for good, weighs more than any outage.
func harm(t trial) float64 {
	const forGood = 1e9 // s; longer than any case is watched
	sum := forGood * float64(t.breaks)
	for _, d := range t.result.Disturbed {
		sum += d.AwayS
		if d.Lost {
			sum += forGood
		}
	}
	return sum
}
