// Package evidence tells what in the catalogue rests on which source: the
// cases, mitigations, SOPs, claims, controls, access paths, profiles and parameters that cite
// it.
package evidence

import (
	"fmt"
	"slices"

	"shutout/fixtures/sources"
	"shutout/lab/diagnosis"
	"shutout/lab/mitigation"
	"shutout/scenarios"
	"shutout/scenarios/claims"
	"shutout/scenarios/controls"
	"shutout/sim/profile"
)

// Item is something of the catalogue that cites sources.
type Item struct {
	Kind  string // as in shutout show KIND/NAME
	Name  string
	Title string
	Cites []sources.Citation
}

// Items lists everything that cites sources, kind by kind. What the catalogue
// cites is in the registry, or else it is a fault of the program that the
// package's tests meet, hence the panic.
func Items() []Item {
	var all []Item
	add := func(kind, name, title string, cites []string) {
		item := Item{Kind: kind, Name: name, Title: title}
		for _, text := range cites {
			c, err := sources.Parse(text)
			if err != nil {
				panic(fmt.Sprintf("%s %s: %v", kind, name, err))
			}
			if !slices.Contains(item.Cites, c) {
				item.Cites = append(item.Cites, c)
			}
		}
		all = append(all, item)
	}
	for _, sc := range scenarios.Catalogue() {
		add("scenario", sc.ID, sc.Title, sc.Sources)
	}
	for _, info := range mitigation.All() {
		add("mitigation", info.Name, info.Title, info.Sources)
	}
	for _, s := range scenarios.SOPs() {
		add("sop", s.ID, s.Title, s.Sources)
	}
	for _, c := range claims.Load().All() {
		add("claim", c.ID, c.Text, c.Sources)
	}
	for _, c := range diagnosis.Classes() {
		advice := diagnosis.AdviceFor(c)
		add("diagnosis", string(c), advice.Title, advice.Sources)
	}
	for _, info := range scenarios.PathInfos() {
		add("path", string(info.Path), info.Title, info.Sources)
	}
	for _, c := range controls.All() {
		add("control", c.ID, c.Standard+" "+c.Number+", "+c.Title, c.Source)
	}
	for _, v := range profile.Versions() {
		add("profile", v.Name, v.Title, v.Source)
	}
	cites := map[string][]string{} // by parameter, in all profiles
	var parameters []profile.Parameter
	for i, name := range profile.Names() {
		p, err := profile.Load(name)
		if err != nil {
			panic(err) // the name comes from the list of profiles
		}
		list := p.List()
		if i == 0 {
			parameters = list // every profile has the same
		}
		for _, par := range list {
			for _, v := range append(par.Alternatives, par.Value) {
				cites[par.Name] = append(cites[par.Name], v.Source...)
			}
		}
	}
	for _, par := range parameters {
		add("parameter", par.Name, par.Doc, cites[par.Name])
	}
	return all
}

// Citing lists those of items that cite c, or something that c says.
func Citing(items []Item, c sources.Citation) []Item {
	return slices.DeleteFunc(slices.Clone(items), func(item Item) bool {
		return !slices.ContainsFunc(item.Cites, func(cited sources.Citation) bool { return cited.Covers(c) })
	})
}

// Statements lists what a document says, as citations.
func Statements(s *sources.Source) []sources.Citation {
	var all []sources.Citation
	for i := range s.Statements {
		all = append(all, sources.Citation{Source: s, Statement: &s.Statements[i]})
	}
	return all
}
