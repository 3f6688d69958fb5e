package advice

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/lab/report"
	"shutout/scenarios"
)

// candidate is a mitigation that is worth a trial, with one value of the
// parameter that leaves a choice, if it has one.
type candidate struct {
	info          mitigation.Info
	param, choice string
}

func (c candidate) label() string { return strings.TrimSpace(c.info.Name + " " + c.choice) }

func (c candidate) in(list []candidate) bool {
	return slices.ContainsFunc(list, func(o candidate) bool { return o.label() == c.label() })
}

// expand makes a candidate for each choice that a mitigation leaves.
func expand(info mitigation.Info, cast *lab.Cast) (list [][]candidate) {
	for _, p := range info.Params {
		if p.Needed && p.Choice() {
			for _, value := range p.Known(cast) {
				list = append(list, []candidate{{info, p.Name, value}})
			}
			return list
		}
	}
	return [][]candidate{{{info: info}}}
}

// The rounds in which mitigations are tried: first what is a match for what let
// somebody in, and the same with a match for what let them in after that; then
// all else that can be turned against whoever leaves or, where nobody does,
// against abuse; and last what blocks an address, which is not a person.
const (
	byLayer = iota
	byPair
	byPurpose
	byAddress
	rounds
)

// candidates lists what is worth a trial, by rounds.
func candidates(sc *lab.Scenario, base *lab.RunResult) (list [rounds][][]candidate) {
	site, abuse := mitigation.SiteOf(sc.Profile), scenarios.Family(sc) == scenarios.AboutAbuse
	infos := against(holds(base))
	likely := len(infos)
	for _, info := range mitigation.All() {
		if abuse && info.Purpose == mitigation.EndAbuse || !abuse && info.EndsAccess() {
			infos = append(infos, info)
		}
	}
	var seen []string
	for i, info := range infos {
		if !info.Where.Has(site) || slices.Contains(seen, info.Name) {
			continue
		}
		seen = append(seen, info.Name)
		round := byPurpose
		switch {
		case blocksAddress(info):
			round = byAddress
		case i < likely:
			round = byLayer
		}
		list[round] = append(list[round], expand(info, sc.Cast)...)
	}
	return list
}

// blocksAddress tells whether a mitigation is turned against a host.
func blocksAddress(info mitigation.Info) bool {
	return slices.ContainsFunc(info.Params, func(p mitigation.Param) bool { return p.Needed && p.Kind == "host" })
}

// hold is what lets somebody in over a path.
type hold struct {
	layer lab.Layer
	path  lab.Path
}

// against lists the matches for some holds.
func against(holds []hold) (infos []mitigation.Info) {
	for _, h := range holds {
		remedy, _ := mitigation.Against(h.layer)
		for _, name := range remedy.Over(h.path) {
			info, _ := mitigation.Lookup(name)
			infos = append(infos, info)
		}
	}
	return infos
}

// pairs adds, to each trial after which something let somebody in anew, a match
// for that.
func (q *Inquiry) pairs() (list [][]candidate) {
	site := mitigation.SiteOf(q.sc.Profile)
	for _, t := range q.trials {
		for _, info := range against(t.anew) {
			if !info.Where.Has(site) || blocksAddress(info) || slices.ContainsFunc(t.what, func(c candidate) bool { return c.info.Name == info.Name }) {
				continue
			}
			for _, second := range expand(info, q.sc.Cast) {
				turned := func(pair []candidate) bool { return pair[0].in(second) && pair[1].in(t.what) }
				if !slices.ContainsFunc(list, turned) {
					list = append(list, slices.Concat(t.what, second))
				}
			}
		}
	}
	return list
}

// holds lists what let in those whose access lasted too long.
func holds(r *lab.RunResult) (list []hold) {
	for _, a := range r.Activities {
		if keeps := report.KeptBy(a); keeps != nil && tooLong(a) {
			list = add(list, hold{keeps.Layer, a.Path})
		}
	}
	return list
}

// anew lists what let in, after a moment, those whose access lasts too long all
// the same.
func anew(r *lab.RunResult, at float64) (list []hold) {
	for _, a := range r.Activities {
		for _, p := range a.Phases {
			if tooLong(a) && p.Outcome == "ok" && p.FromS >= at && p.Layer != "" {
				list = add(list, hold{p.Layer, a.Path})
			}
		}
	}
	return list
}

func add(list []hold, h hold) []hold {
	if slices.Contains(list, h) {
		return list
	}
	return append(list, h)
}

// tooLong tells whether access lasted longer than it was allowed to.
func tooLong(a *lab.ActivityResult) bool {
	return a.Role == lab.Threat && (a.Verdict == lab.Late || a.Verdict == lab.Open)
}

// variation is the case with further steps.
type variation struct {
	sc    *lab.Scenario
	of    []candidate
	steps []string // as an SOP says them
}

// variation adds mitigations to the case; nil where they do not fit it.
func (q *Inquiry) variation(of ...candidate) *variation {
	v := &variation{of: of}
	for _, c := range of {
		v.steps = append(v.steps, q.steps(c)...)
	}
	text := "id: generated\ntitle: generated\nsop:\n  - " + strings.Join(v.steps, "\n  - ") + "\n"
	sop, err := scenarios.ParseSOP("the advice", []byte(text))
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
func (q *Inquiry) steps(c candidate) (steps []string) {
	for _, a := range q.sc.Activities {
		if !slices.ContainsFunc(q.broken, func(p lab.TrialPromise) bool { return p.ID == a.ID }) {
			continue
		}
		step := c.info.Step(q.at, func(p mitigation.Param) string {
			switch {
			case p.Name == c.param:
				return c.choice
			case p.Kind == "account" && !p.List:
				return word(q.account(a))
			case p.Kind == "host":
				return word(a.From)
			}
			return p.Example
		})
		if !slices.Contains(steps, step) {
			steps = append(steps, step)
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

// compare tells what the steps changed; nil where they were not carried out.
func (q *Inquiry) compare(v *variation, r *lab.RunResult) *lab.TrialResult {
	t := &lab.TrialResult{Label: v.label(), Steps: v.steps, Promises: []lab.TrialPromise{}}
	for _, c := range v.of {
		t.Do = append(t.Do, c.info.Name)
	}
	for _, s := range r.Steps {
		if s.Outcome != lab.Done && slices.Contains(t.Do, s.Do) && s.AtS == lab.Seconds(q.at) {
			return nil
		}
	}
	before := map[string]*lab.ActivityResult{}
	for _, a := range q.base.Activities {
		before[key(a)] = a
	}
	for _, a := range r.Activities {
		was := before[key(a)]
		switch {
		case was == nil:
		case a.Role == lab.Threat && (tooLong(was) || a.Verdict.Broken() && !was.Verdict.Broken()):
			t.Promises = append(t.Promises, promise(a))
		case a.Role == lab.Control:
			away := outage(a, r) - outage(was, q.base)
			lost := a.Verdict == lab.Lost && was.Verdict != lab.Lost
			if away > 0 || lost {
				t.Disturbed = append(t.Disturbed, lab.TrialDisturbance{ID: a.ID, Capability: a.Capability, AwayS: max(0, away), Lost: lost})
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
