// Package advice finds out what an SOP lacks. It has a case played again with
// one more mitigation at a time, or two of which one cuts what is open and one
// refuses what comes next, sees which promises they keep and whom they disturb,
// and has the fewest of them played together.
package advice

import (
	"cmp"
	"slices"
	"time"

	"shutout/lab"
)

// pause is how long after the SOP's last step the mitigations that are tried
// come: as long as somebody needs to type one. By then the domain controllers of
// a site have told each other of what was done before.
const pause = time.Minute

// An Inquiry is about one case. It asks for cases to be played, round by round:
//
//	for next := q.Next(); next != nil; next = q.Next() {
//		q.Take(play(next))
//	}
//	run.Advice = q.Result()
type Inquiry struct {
	sc   *lab.Scenario
	base *lab.RunResult
	at   time.Duration
	// broken are the promises that the case did not keep.
	broken []lab.TrialPromise

	candidates [rounds][][]candidate
	round      int // the next one
	asked      []*variation
	trials     []trial
	failed     map[step]bool // steps that could not be carried out
	together   *trial
	chosen     bool // what is played together was chosen
}

// New asks what to change in the SOP of a case that has been played. It is nil
// where no access lasted too long.
func New(sc *lab.Scenario, base *lab.RunResult) *Inquiry {
	q := &Inquiry{sc: sc, base: base, at: after(sc), failed: map[step]bool{}}
	for _, a := range base.Activities {
		if a.TooLong() {
			q.broken = append(q.broken, promise(a))
		}
	}
	if q.broken == nil {
		return nil
	}
	q.candidates = candidates(sc, base)
	return q
}

// after is when the mitigations are carried out that are tried: after those of
// the SOP's steps that come within the limit, and within it themselves.
func after(sc *lab.Scenario) time.Duration {
	var last time.Duration
	for _, s := range sc.SOP {
		if s.At <= sc.Within {
			last = max(last, s.At)
		}
	}
	return last + min(pause, (sc.Within-last)/2).Truncate(time.Second)
}

// Next lists the cases that are to be played next; nil when everything is known.
func (q *Inquiry) Next() []*lab.Scenario {
	q.asked = nil
	for q.asked == nil && q.round < rounds && q.wanting() {
		if q.round == byPair {
			q.candidates[byPair] = q.pairs()
		}
		for _, what := range q.candidates[q.round] {
			if q.tried(what) {
				continue
			}
			if v := q.variation(what...); v != nil {
				q.asked = append(q.asked, v)
			}
		}
		q.round++
	}
	if q.asked == nil && !q.chosen {
		q.chosen = true
		chosen := fewest(q.broken, q.trials)
		switch len(chosen) {
		case 0:
		case 1:
			q.together = &chosen[0]
		default:
			if v := q.variation(union(chosen)...); v != nil {
				q.asked = []*variation{v}
			}
		}
	}
	var next []*lab.Scenario
	for _, v := range q.asked {
		next = append(next, v.sc)
	}
	return next
}

// tried tells whether some mitigations were tried together.
func (q *Inquiry) tried(what []candidate) bool {
	return slices.ContainsFunc(q.trials, func(t trial) bool { return same(t.what, what) })
}

// wanting tells whether the next round is worth playing: whether some promise is
// kept by nothing that leaves others alone and is not drastic or, before addresses
// are tried, by nothing at all.
func (q *Inquiry) wanting() bool {
	good := q.trials
	if q.round < byAddress {
		good = slices.DeleteFunc(slices.Clone(good), func(t trial) bool { return harm(t) > 0 || t.drastic() })
	}
	return len(without(q.broken, good...)) > 0
}

// Take takes the results of the cases that Next asked for, in their order.
func (q *Inquiry) Take(results []*lab.RunResult) {
	for i, v := range q.asked {
		t := q.compare(v, results[i])
		switch {
		case t == nil: // this version has no such mitigation
		case q.chosen:
			q.together = t
		default:
			q.trials = append(q.trials, *t)
		}
	}
}

// Result is what was found: the trials that kept most first, and of those the
// ones that disturbed others least.
func (q *Inquiry) Result() *lab.AdviceResult {
	r := &lab.AdviceResult{AtS: lab.Seconds(q.at), Trials: []*lab.TrialResult{}}
	slices.SortStableFunc(q.trials, func(a, b trial) int {
		return cmp.Or(len(b.result.Kept())-len(a.result.Kept()), weight(a, b), len(a.what)-len(b.what))
	})
	// Steps may undo each other; then the best of the trials is better than all.
	if best := q.trials; len(best) > 0 && len(best[0].result.Kept()) > 0 &&
		(q.together == nil || len(q.together.result.Kept()) < len(best[0].result.Kept())) {
		q.together = &best[0]
	}
	if q.together != nil {
		r.Together = q.together.result
	}
	for _, t := range q.trials {
		if !t.needless(q.trials) {
			r.Trials = append(r.Trials, t.result)
		}
	}
	return r
}
