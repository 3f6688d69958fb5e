package web

import (
	"slices"

	"shutout/lab"
	"shutout/lab/mitigation"
)

// formView is the form that carries out a mitigation.
type formView struct {
	Groups []mitigationGroup
	Chosen *mitigation.Info // nil: none yet
	Fields []fieldView
	Fault  string
}

type mitigationGroup struct {
	Title string
	Infos []mitigation.Info
}

// purposes are the groups in the order in which they are shown.
var purposes = []struct {
	purpose mitigation.Purpose
	title   string
}{
	{mitigation.EndAccess, "to end access"},
	{mitigation.EndResidual, "to end what goes on without a session"},
	{mitigation.EndAbuse, "against abuse"},
	{mitigation.Restore, "to give access back"},
}

// fieldView is one parameter.
type fieldView struct {
	mitigation.Param
	ID, Label, Help, Fault string
	Kind                   string // of the control: choice, several, number or text
	Options                []option
	Value                  string // of a number or text
}

type option struct {
	Value, Text string
	On          bool
}

// field is the name under which the form sends a parameter. The form has names
// of its own, such as that of the token.
func field(param string) string { return "p-" + param }

// newForm makes the form with one mitigation chosen, as it was filled in.
func newForm(can []mitigation.Info, cast *lab.Cast, do string, filled map[string][]string, wrong map[string]string) *formView {
	v := &formView{Fault: wrong[""]}
	for _, p := range purposes {
		g := mitigationGroup{Title: p.title}
		for _, info := range can {
			if info.Purpose == p.purpose {
				g.Infos = append(g.Infos, info)
			}
		}
		if g.Infos != nil {
			v.Groups = append(v.Groups, g)
		}
	}
	i := slices.IndexFunc(can, func(info mitigation.Info) bool { return info.Name == do })
	if i < 0 {
		return v
	}
	v.Chosen = &can[i]
	for _, p := range can[i].Params {
		v.Fields = append(v.Fields, newField(p, cast, filled[p.Name], wrong[p.Name]))
	}
	return v
}

func newField(p mitigation.Param, cast *lab.Cast, filled []string, wrong string) fieldView {
	f := fieldView{Param: p, ID: field(p.Name), Label: p.Name, Help: p.Doc, Fault: wrong, Kind: "text"}
	if filled == nil && p.Default != "" {
		filled = []string{p.Default}
	}
	known := p.Known(cast)
	if p.Kind == "flag" {
		known = []string{"true", "false"}
	}
	switch {
	case known != nil && p.List:
		f.Kind = "several"
	case known != nil:
		f.Kind = "choice"
	case p.Max > 0 && !p.List:
		f.Kind = "number"
	}
	for _, value := range known {
		o := option{Value: value, Text: value, On: slices.Contains(filled, value)}
		if p.Kind == "account" && cast.People[value] != nil {
			o.Text = cast.People[value].Name + " (" + value + ")"
		}
		f.Options = append(f.Options, o)
	}
	if len(filled) > 0 {
		f.Value = filled[0]
	}
	return f
}
