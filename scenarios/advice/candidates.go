package advice

import (
	"slices"
	"strings"

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

// same tells whether two trials are of the same mitigations, in whatever order.
func same(a, b []candidate) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(c candidate) bool { return !c.in(b) })
}

func addTo(list [][]candidate, what []candidate) [][]candidate {
	if slices.ContainsFunc(list, func(o []candidate) bool { return same(o, what) }) {
		return list
	}
	return append(list, what)
}

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
	site, abuse := mitigation.SiteOf(sc.Profile), !scenarios.HasLeaver(sc)
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
// for that. Each match is tried alone as well: it may be all that it takes.
func (q *Inquiry) pairs() (list [][]candidate) {
	site := mitigation.SiteOf(q.sc.Profile)
	for _, t := range q.trials {
		for _, info := range against(t.anew) {
			if !info.Where.Has(site) || blocksAddress(info) || slices.ContainsFunc(t.what, func(c candidate) bool { return c.info.Name == info.Name }) {
				continue
			}
			for _, second := range expand(info, q.sc.Cast) {
				list = addTo(addTo(list, second), slices.Concat(t.what, second))
			}
		}
	}
	return list
}

// holds lists what let in those whose access lasted too long.
func holds(r *lab.RunResult) (list []hold) {
	for _, a := range r.Activities {
		if keeps := report.KeptBy(a); keeps != nil && a.TooLong() {
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
			if a.TooLong() && p.Outcome == "ok" && p.FromS >= at && p.Layer != "" {
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
