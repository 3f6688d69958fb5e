package advice

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/scenarios"
)

// variation is the case with further steps.
type variation struct {
	sc    *lab.Scenario
	of    []candidate
	steps []step // that are added
}

// step is one that is added, as this case says it, and as the file says it where
// it is to be added.
type step struct{ played, proposed string }

// variation adds mitigations to the case; nil where they do not fit it.
func (q *Inquiry) variation(of ...candidate) *variation {
	v := &variation{of: of}
	for _, c := range of {
		v.steps = append(v.steps, q.steps(c)...)
	}
	if v.steps == nil {
		return nil // none of them can be carried out
	}
	var texts []string
	for _, s := range v.steps {
		texts = append(texts, s.played)
	}
	sop, err := scenarios.Generated("the advice", texts)
	if err != nil {
		return nil
	}
	steps, err := sop.Steps(nil, q.sc.Cast, q.sc.Horizon)
	if err != nil {
		return nil
	}
	sc := *q.sc
	sc.ID += " with " + v.label()
	sc.SOP = slices.Concat(sc.SOP, steps)
	slices.SortStableFunc(sc.SOP, func(a, b lab.Step) int { return cmp.Compare(a.At, b.At) })
	sc.Forget()
	sc.Sweep = false
	v.sc = &sc
	return v
}

func (v *variation) label() string {
	var labels []string
	for _, c := range v.of {
		labels = append(labels, c.label())
	}
	return strings.Join(labels, " and ")
}

// steps writes what a mitigation is to do: one step, or one for each person, or
// each host, whose access went on, if that is what it takes.
func (q *Inquiry) steps(c candidate) (steps []step) {
	for _, a := range q.sc.Activities {
		if !slices.ContainsFunc(q.broken, func(p lab.TrialPromise) bool { return p.ID == a.ID }) {
			continue
		}
		write := func(account string) string {
			return c.info.Step(q.at, func(p mitigation.Param) string {
				switch {
				case p.Name == c.param:
					return c.choice
				case p.Kind == "account" && !p.List:
					return account
				case p.Kind == "host":
					return word(a.From)
				}
				return p.Example
			})
		}
		s := step{played: write(word(q.account(a)))}
		s.proposed = s.played
		// An SOP of a file is carried out for everybody who leaves.
		if q.sc.SOPID != "" && slices.Contains(scenarios.Leavers(q.sc), q.account(a)) {
			s.proposed = write(`"${leaver}"`)
		}
		if !slices.Contains(steps, s) && !q.failed[s] {
			steps = append(steps, s)
		}
	}
	return steps
}

// word writes a name of the cast as a file says it.
func word(name string) string {
	if b, err := yaml.Marshal(name); err == nil {
		return strings.TrimSpace(string(b))
	}
	return name
}

// account is whose account an activity is about: whoever acts or, where an
// outsider does, the mailbox that is written to.
func (q *Inquiry) account(a *lab.Activity) string {
	if p := q.sc.Cast.People[a.Who]; p == nil || p.Outsider() {
		return a.To
	}
	return a.Who
}

// compare tells what the steps changed; the trial is nil where none of them was
// carried out. A step that fails for somebody is not proposed.
func (q *Inquiry) compare(v *variation, r *lab.RunResult) *trial {
	t := &trial{what: v.of, anew: anew(r, lab.Seconds(q.at)), result: &lab.TrialResult{Label: v.label(), Promises: []lab.TrialPromise{}}}
	for _, c := range v.of {
		t.result.Do = append(t.result.Do, c.info.Name)
	}
	own := slices.DeleteFunc(slices.Clone(r.Steps), func(s *lab.StepResult) bool { return s.AtS != lab.Seconds(q.at) })
	own = own[len(own)-len(v.steps):] // what the SOP does at that moment comes before
	for i, s := range v.steps {
		switch {
		case own[i].Outcome != lab.Done:
			q.failed[s] = true
		case !slices.Contains(t.result.Steps, s.proposed):
			t.result.Steps = append(t.result.Steps, s.proposed)
		}
	}
	if t.result.Steps == nil {
		return nil
	}
	before := map[string]*lab.ActivityResult{}
	for _, a := range q.base.Activities {
		before[key(a)] = a
	}
	for _, a := range r.Activities {
		was := before[key(a)]
		switch {
		case was == nil:
		case a.Role == lab.Threat && (was.Verdict.Broken() || a.Verdict.Broken()):
			t.result.Promises = append(t.result.Promises, promise(a))
			if !was.Verdict.Broken() {
				t.breaks++
			}
		case a.Role == lab.Control:
			away := outage(a, r) - outage(was, q.base)
			lost := a.Verdict == lab.Lost && was.Verdict != lab.Lost
			if away > 0 || lost {
				t.result.Disturbed = append(t.result.Disturbed, lab.TrialDisturbance{ID: a.ID, Capability: a.Capability, AwayS: max(0, away), Lost: lost})
			}
		}
	}
	return t
}

func promise(a *lab.ActivityResult) lab.TrialPromise {
	return lab.TrialPromise{ID: a.ID, Capability: a.Capability, Verdict: a.Verdict, CutoffS: a.CutoffS}
}

func key(a *lab.ActivityResult) string { return fmt.Sprint(a.ID, " ", a.Capability) }

// outage is for how many seconds a control did not work.
func outage(a *lab.ActivityResult, r *lab.RunResult) (sum float64) {
	for _, o := range a.Outages {
		to := r.HorizonS
		if o.ToS != nil {
			to = *o.ToS
		}
		sum += to - o.FromS
	}
	return sum
}
