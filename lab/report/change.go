package report

import (
	"fmt"
	"slices"
	"strings"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/lab/report/foreign"
)

// htmlChange is one thing to change in the SOP: a layer that kept access alive,
// what it did, and what ends it.
type htmlChange struct {
	Word, Layer, Why string
	Where            []htmlPlace
	Remedies         []htmlRemedy
	longest          float64
	sites            []mitigation.Site // that these promises are about
}

// htmlPlace is a promise that was broken because of it.
type htmlPlace struct{ Href, Text string }

type htmlRemedy struct {
	Name, Title, Note string
	Sources           string
}

// changes lists what to change, from the layers that let in whoever should have
// been out. What serves them without a session comes last.
func changes(d *lab.Document, cases []*htmlCase) []htmlChange {
	byLayer := map[lab.Layer]*htmlChange{}
	steps := map[lab.Layer][]string{} // that the SOPs of these cases had
	for _, c := range cases {
		for i, a := range c.run.Activities {
			keeps := KeptBy(a)
			if a.Role != lab.Threat || a.Verdict != lab.Late && a.Verdict != lab.Open || keeps == nil {
				continue
			}
			remedy, ok := mitigation.Against(keeps.Layer)
			if !ok {
				continue
			}
			ch := byLayer[keeps.Layer]
			if ch == nil {
				ch = &htmlChange{Word: remedy.Word, Layer: string(keeps.Layer), Why: remedy.Why}
				byLayer[keeps.Layer] = ch
			}
			lasted := c.run.HorizonS
			text := ">" + seconds(lasted)
			if a.CutoffS != nil {
				lasted, text = *a.CutoffS, seconds(*a.CutoffS)
			}
			ch.longest = max(ch.longest, lasted)
			ch.sites = append(ch.sites, mitigation.SiteOf(c.run.Profile))
			ch.add(c, i, text, len(cases) > 1)
			for _, s := range c.run.Steps {
				if s.Outcome == lab.Done && !slices.Contains(steps[keeps.Layer], s.Do) {
					steps[keeps.Layer] = append(steps[keeps.Layer], s.Do)
				}
			}
		}
	}
	var out []htmlChange
	for _, layer := range lab.ByMemory {
		ch := byLayer[layer]
		if ch == nil {
			continue
		}
		remedy, _ := mitigation.Against(layer)
		for _, name := range remedy.Ends {
			if info, _ := mitigation.Lookup(name); slices.ContainsFunc(ch.sites, info.Where.Has) {
				ch.Remedies = append(ch.Remedies, newRemedy(info, slices.Contains(steps[layer], name), len(cases) == 1))
			}
		}
		out = append(out, *ch)
	}
	slices.SortStableFunc(out, func(a, b htmlChange) int { return len(b.Where) - len(a.Where) })
	return append(out, leftovers(cases)...)
}

// unexplained leads from real servers, which do not say what let somebody in, to
// the simulation, which does.
func unexplained(d *lab.Document) string {
	if !d.RealTime() {
		return ""
	}
	for _, r := range d.Runs {
		for _, a := range r.Activities {
			if a.Role == lab.Threat && (a.Verdict == lab.Late || a.Verdict == lab.Open) && KeptBy(a) == nil {
				line := "shutout run " + r.Scenario + " --profile " + r.Profile
				if r.SOP != "" {
					line += " --sop " + r.SOP
				}
				return foreign.Text("These servers do not say what let somebody in. The simulation does, for the same case, and what would end it: " + line)
			}
		}
	}
	return ""
}

// add notes a broken promise, once for all capabilities of an activity.
func (ch *htmlChange) add(c *htmlCase, i int, lasted string, several bool) {
	a := c.run.Activities[i]
	text := fmt.Sprintf("%s over %s, %s", a.Who, a.Path, lasted)
	if several {
		text = c.Scenario + ": " + text
	}
	text = foreign.Text(text)
	if n := len(ch.Where); n > 0 && ch.Where[n-1].Text == text {
		return
	}
	ch.Where = append(ch.Where, htmlPlace{"#" + c.laneIDs[i], text})
}

func newRemedy(info mitigation.Info, had, one bool) htmlRemedy {
	r := htmlRemedy{Name: info.Name, Title: info.Title, Sources: strings.Join(works(info.Sources), ", ")}
	switch {
	case had && one:
		r.Note = "it is a step of this SOP, and access went on all the same: look at when it comes, and on which servers"
	case had:
		r.Note = "a step in some of these cases: look at when it comes, and on which servers"
	}
	return r
}

// works names the texts that are cited, without their statements.
func works(citations []string) (out []string) {
	for _, c := range citations {
		name, _, _ := strings.Cut(c, "#")
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// leftovers is what a sweep found, by what ends it.
func leftovers(cases []*htmlCase) (out []htmlChange) {
	for _, kind := range lab.SweepKinds {
		ch := htmlChange{Word: sweepWords[kind], Layer: "without a session", Why: "This needs no session and no sign-in of theirs, so nothing that ends sessions ends it."}
		var ends []string
		for _, c := range cases {
			for _, f := range gathered(c.run.Sweep, false) {
				if f.Kind != kind || f.Works != lab.WorksYes || !f.Broken || kind == lab.SweepSignIn {
					continue
				}
				text := f.Of
				if f.What != "" {
					text += ", " + f.What
				}
				if len(cases) > 1 {
					text = c.Scenario + ": " + text
				}
				ch.Where = append(ch.Where, htmlPlace{"#" + c.ID + "-sweep", foreign.Text(text)})
				for _, name := range f.Ends {
					if !slices.Contains(ends, name) {
						ends = append(ends, name)
					}
				}
			}
		}
		for _, name := range ends {
			info, _ := mitigation.Lookup(name)
			ch.Remedies = append(ch.Remedies, newRemedy(info, false, false))
		}
		if len(ch.Where) > 0 {
			out = append(out, ch)
		}
	}
	return out
}
