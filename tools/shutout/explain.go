package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"shutout/lab"
	"shutout/lab/report"
	"shutout/lab/results"
	"shutout/lab/strict"
	"shutout/sim"
	"shutout/sim/profile"
)

// governing are the groups of parameters that say how long a layer remembers,
// and what it asks.
var governing = map[lab.Layer][]string{
	lab.LayerDirectory:    {"ad.", "dir.", "cloud.", "samba."},
	lab.LayerTicket:       {"krb.", "auth."},
	lab.LayerOldPassword:  {"ntlm.", "ad."},
	lab.LayerToken:        {"iis."},
	lab.LayerConnection:   {"auth.", "popimap.", "smtp.", "iis.", "postfix."},
	lab.LayerCookie:       {"owa."},
	lab.LayerSession:      {"rpc.", "popimap.", "owa.", "eas.", "mapihttp.", "postfix."},
	lab.LayerMailboxInfo:  {"store."},
	lab.LayerDirCache:     {"dir."},
	lab.LayerHanging:      {"eas.", "mapihttp.", "ews.", "iis."},
	lab.LayerLocalCopy:    {"eas.", "outlook."},
	lab.LayerCloudToken:   {"cloud."},
	lab.LayerRefreshToken: {"cloud."},
	lab.LayerPermission:   {"smtp.", "pickup."},
	lab.LayerTransport:    {"smtp.", "oof.", "remote.", "pickup."},
	lab.LayerNetwork:      {"net.", "dnsbl.", "smtp."},
	lab.LayerService:      {"iis.", "rpc.", "popimap.", "server.", "store."},
	lab.LayerStore:        {"store."},
	"auth-cache":          {"dovecot.", "sogo."},
}

// mostVariants bounds how often a case is played again.
const mostVariants = 200

// variant is one parameter with another value.
type variant struct {
	par   profile.Parameter
	value string
}

// explain looks, for each case that differs and of which one side is the
// simulation, for parameters with which the simulation says what the other side
// says.
func (f *compareFlags) explain(ctx context.Context, g *results.Agreement, known map[string]*lab.Scenario) error {
	for _, c := range g.Cases {
		var open []*results.Meeting
		for _, m := range c.Promises {
			if m.Says == results.Differ {
				open = append(open, m)
			}
		}
		if open == nil {
			continue
		}
		if c.OtherSteps() {
			f.app.err.paragraph("", c.New.Scenario+": the two were played with different steps, so no parameter is looked for that explains the difference")
			continue
		}
		mine, theirs := c.Old, func(m *results.Meeting) *lab.ActivityResult { return m.B }
		switch {
		case g.A.Lab == simLab:
		case g.B.Lab == simLab:
			mine, theirs = c.New, func(m *results.Meeting) *lab.ActivityResult { return m.A }
		default:
			for _, m := range open {
				m.Notes = []string{decidedBy(m, c.New.Profile)}
			}
			continue
		}
		if err := f.vary(ctx, mine, open, theirs, known); err != nil {
			return err
		}
	}
	return nil
}

// vary plays a case of the simulation with other values until every promise is
// explained or nothing is left to try: first the parameters of the layers that
// decided, then all others.
func (f *compareFlags) vary(ctx context.Context, mine *lab.RunResult, open []*results.Meeting,
	theirs func(*results.Meeting) *lab.ActivityResult, known map[string]*lab.Scenario) error {
	c, err := caseOf(mine, known)
	if err != nil {
		for _, m := range open {
			m.Notes = []string{decidedBy(m, mine.Profile)}
		}
		return nil // what cannot be played again is still compared
	}
	p, err := loadProfile(mine.Profile, mine.Set)
	if err != nil {
		return err
	}
	near, far := variants(p, open)
	left := mostVariants
	for _, list := range [][]variant{near, far} {
		list = list[:min(left, len(list))]
		left -= len(list)
		if len(list) == 0 {
			continue
		}
		cases := make([]*lab.Scenario, len(list))
		for i, v := range list {
			cases[i] = new(*c)
			cases[i].Set = append(slices.Clone(c.Set), v.par.Name+"="+v.value)
		}
		if f.app.err.Width == 0 { // no terminal, which shows how far it has come
			fmt.Fprintf(f.app.err, "%s differs: it is played %s with other parameters to find out why (--no-explanation leaves that out)\n",
				mine.Scenario, lab.Count(len(list), "time"))
		}
		played, err := playAll(ctx, &simVenue{sim.PlayOptions{Seed: f.seed}}, cases, f.app.err)
		if err != nil {
			return err
		}
		for _, m := range open {
			for i, r := range played {
				if results.Same(results.Activity(r, theirs(m)), theirs(m)) {
					v := list[i]
					m.Notes = append(m.Notes, fmt.Sprintf("explained by %s=%s in the place of %s: %s", v.par.Name, v.value, v.par.Text, v.par.Doc))
				}
			}
		}
		if !slices.ContainsFunc(open, func(m *results.Meeting) bool { return m.Notes == nil }) {
			return nil
		}
	}
	for _, m := range open {
		if m.Notes == nil {
			m.Notes = []string{"no single parameter explains it; " + decidedBy(m, mine.Profile)}
		}
	}
	return nil
}

// variants lists other values of parameters: near are those of the layers that
// decided, with all that they can be, and far the others, with what some text
// says that they are.
func variants(p *profile.Profile, open []*results.Meeting) (near, far []variant) {
	groups := groupsOf(open)
	for _, par := range p.Read() {
		if !slices.ContainsFunc(groups, func(g string) bool { return strings.HasPrefix(par.Name, g) }) {
			for _, v := range par.Alternatives {
				far = append(far, variant{par, v.Text})
			}
			continue
		}
		near = append(near, others(par, open)...)
	}
	given := func(list []variant) []variant {
		var out []variant
		for _, v := range list {
			if v.value != v.par.Text && !slices.ContainsFunc(out, func(o variant) bool { return o.par.Name == v.par.Name && o.value == v.value }) &&
				p.Clone().Set(v.par.Name+"="+v.value) == nil {
				out = append(out, v)
			}
		}
		return out
	}
	return given(near), given(far)
}

// others lists what else a parameter can be: what texts say, the other choices,
// and of a time that which is longer or shorter by what the cut-offs differ.
func others(par profile.Parameter, open []*results.Meeting) (list []variant) {
	for _, v := range par.Alternatives {
		list = append(list, variant{par, v.Text})
	}
	switch par.Kind {
	case profile.KindBool:
		list = append(list, variant{par, "true"}, variant{par, "false"})
	case profile.KindChoice:
		for _, c := range par.Choices {
			list = append(list, variant{par, c})
		}
	case profile.KindDuration:
		d, err := strict.ParseDuration(par.Text)
		if err != nil {
			return list // never
		}
		for _, m := range open {
			for _, by := range []time.Duration{duration(m.ApartS), -duration(m.ApartS)} {
				if d+by >= 0 && by != 0 {
					list = append(list, variant{par, lab.Duration((d + by).Round(time.Second))})
				}
			}
		}
	}
	return list
}

// layersOf lists the layers that decided on either side of a promise.
func layersOf(m *results.Meeting) (layers []lab.Layer) {
	for _, x := range []*lab.ActivityResult{m.A, m.B} {
		for _, r := range []*lab.Reason{report.KeptBy(x), report.EndedBy(x)} {
			if r != nil && !slices.Contains(layers, r.Layer) {
				layers = append(layers, r.Layer)
			}
		}
	}
	return layers
}

func groupsOf(open []*results.Meeting) (groups []string) {
	for _, m := range open {
		for _, l := range layersOf(m) {
			groups = append(groups, governing[l]...)
		}
	}
	slices.Sort(groups)
	return slices.Compact(groups)
}

// decidedBy names the layers that decided and the parameters that govern them at
// the site of a profile.
func decidedBy(m *results.Meeting, on string) string {
	var layers []string
	for _, l := range layersOf(m) {
		layers = append(layers, string(l))
	}
	if layers == nil {
		return "neither side says which layer decided"
	}
	text := "decided by " + strings.Join(layers, ", ")
	var read []profile.Parameter // a document may name a profile that this version does not have
	if p, err := profile.Load(on); err == nil {
		read = p.Read()
	}
	var groups []string
	for _, g := range groupsOf([]*results.Meeting{m}) {
		var names []string
		for _, par := range read {
			if strings.HasPrefix(par.Name, g) {
				names = append(names, par.Name)
			}
		}
		if len(names) > 1 {
			names = []string{g + "*"}
		}
		groups = append(groups, names...)
	}
	if groups != nil {
		text += ", which the parameters " + strings.Join(groups, ", ") + " govern (shutout show " + on + ")"
	}
	return text
}
