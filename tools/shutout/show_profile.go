package main

import (
	"slices"
	"strings"

	"shutout/sim/profile"
)

// parameterNames lists the parameters; every profile has the same.
func parameterNames() []string {
	var names []string
	for _, name := range profile.Names() {
		p, err := profile.Load(name)
		if err != nil {
			return nil // the profile's tests meet it
		}
		for _, par := range p.List() {
			names = append(names, par.Name)
		}
		return names
	}
	return nil
}

// confidences says in words what the codes of the data mean.
var confidences = map[profile.Confidence]string{
	profile.Documented: "documented",
	profile.Reported:   "reported by administrators",
	profile.Inferred:   "inferred",
	profile.General:    "general knowledge, no source found",
}

func showProfile(t *terminal, name string) {
	p, err := profile.Load(name)
	if err != nil {
		return // name comes from the list of profiles
	}
	title(t, "profile", name, p.Title)
	t.paragraph("", p.Versions)
	blank(t)
	var rows [][]string
	for _, par := range p.Read() {
		rows = append(rows, []string{par.Name, par.Text, string(par.Confidence), par.Doc})
	}
	t.heading("parameters (D documented, A reported by administrators, I inferred, G general knowledge)")
	t.table("  ", rows)
	blank(t)
	t.paragraph("", "Any of them can be set for a run, shutout show NAME tells what it takes: shutout run --profile "+name+" --set NAME=VALUE")
	showSources(t, p.Source)
}

func showParameter(t *terminal, name string) {
	var rows [][]string
	var cites []string
	var first profile.Parameter
	for _, profileName := range profile.Names() {
		p, err := profile.Load(profileName)
		if err != nil {
			return // the name comes from the list of profiles
		}
		for _, par := range p.List() {
			if par.Name != name {
				continue
			}
			first = par
			if par.Read {
				rows = append(rows, valueRow(profileName, par.Value))
				cites = append(cites, par.Source...)
			}
		}
	}
	title(t, "parameter", name, first.Doc)
	blank(t)
	fields(t, "takes", first.Takes, "set", "shutout run --set "+name+"=VALUE")
	blank(t)
	t.heading("value by profile")
	t.table("  ", rows)
	if len(first.Alternatives) > 0 {
		rows = nil
		for _, v := range first.Alternatives {
			rows = append(rows, valueRow("", v)[1:])
			cites = append(cites, v.Source...)
		}
		blank(t)
		t.heading("other values that a text gives")
		t.table("  ", rows)
	}
	slices.Sort(cites)
	showSources(t, slices.Compact(cites))
}

func valueRow(profileName string, v profile.Value) []string {
	note := strings.Join(v.Source, ", ")
	if v.Note != "" {
		note += " (" + v.Note + ")"
	}
	return []string{profileName, v.Text, confidences[v.Confidence], note}
}
