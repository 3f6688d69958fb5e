// Package results says what several result documents say together: what has
// changed from one to the next, where two labs differ, and what shards make as
// a whole. It takes verdicts from the documents and gives none.
package results

import (
	"fmt"
	"slices"
	"strings"

	"shutout/lab"
)

// Pair is one case in two documents; one of them is nil where it is in the
// other only.
type Pair struct {
	Old, New *lab.RunResult
}

// Name names the case, and what it was played with; where that differs, with
// an arrow.
func (p Pair) Name() string {
	if p.Old == nil || p.New == nil {
		r := p.Old
		if r == nil {
			r = p.New
		}
		return title(r, r)
	}
	return title(p.Old, p.New)
}

func title(a, b *lab.RunResult) string {
	name := b.Scenario
	add := func(word, x, y string) {
		switch {
		case x == y && x == "":
		case x == y:
			name += " " + word + y
		default:
			name += fmt.Sprintf(" %s%s → %s", word, or(x, "its own"), or(y, "its own"))
		}
	}
	add("on ", a.Profile, b.Profile)
	add("with SOP ", a.SOP, b.SOP)
	if x, y := strings.Join(a.Set, " "), strings.Join(b.Set, " "); x != y {
		add("set ", x, y)
	}
	return name
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// pairs finds the cases of two documents that belong together: those that were
// played with the same profile, SOP and parameters, and of the rest those where
// one of each document is left, so that two SOPs or two versions can be
// compared. They come in the order of the newer document, and what is gone
// behind it.
func pairs(before, now *lab.Document) []Pair {
	list := make([]Pair, len(now.Runs))
	left := slices.Clone(before.Runs)
	for i, r := range now.Runs {
		list[i].New = r
	}
	for step, key := range []func(r *lab.RunResult) string{
		func(r *lab.RunResult) string { return fmt.Sprintf("%q %q %q %q", r.Scenario, r.Profile, r.SOP, r.Set) },
		func(r *lab.RunResult) string { return fmt.Sprintf("%q %q %q", r.Scenario, r.Profile, r.SOP) },
		func(r *lab.RunResult) string { return fmt.Sprintf("%q %q", r.Scenario, r.Profile) },
		func(r *lab.RunResult) string { return r.Scenario },
	} {
		olds, news := map[string][]int{}, map[string][]int{}
		for i, r := range left {
			if r != nil {
				olds[key(r)] = append(olds[key(r)], i)
			}
		}
		for i, p := range list {
			if p.Old == nil {
				news[key(p.New)] = append(news[key(p.New)], i)
			}
		}
		for k, n := range news {
			o := olds[k]
			if step > 0 && (len(n) > 1 || len(o) > 1) {
				continue // who belongs to whom?
			}
			for i := range min(len(n), len(o)) {
				list[n[i]].Old, left[o[i]] = left[o[i]], nil
			}
		}
	}
	for _, r := range left {
		if r != nil {
			list = append(list, Pair{Old: r})
		}
	}
	return list
}

// activity finds the same promise in another run.
func activity(r *lab.RunResult, a *lab.ActivityResult) *lab.ActivityResult {
	if r == nil {
		return nil
	}
	i := slices.IndexFunc(r.Activities, func(b *lab.ActivityResult) bool { return b.ID == a.ID && b.Capability == a.Capability })
	if i < 0 {
		return nil
	}
	return r.Activities[i]
}

// finding finds the same way without a session in another run.
func finding(r *lab.RunResult, f *lab.SweepResult) *lab.SweepResult {
	if r == nil {
		return nil
	}
	i := slices.IndexFunc(r.Sweep, func(g *lab.SweepResult) bool { return g.Kind == f.Kind && g.Of == f.Of && g.What == f.What })
	if i < 0 {
		return nil
	}
	return r.Sweep[i]
}
