package matrix

import (
	"slices"
	"strings"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/scenarios"
)

// A Row is what is done about the leaver: one mitigation, or an SOP.
type Row struct {
	Name  string
	Title string

	info *mitigation.Info
	sop  *scenarios.SOP
}

// AccessRows returns a row for each mitigation that can be turned against
// somebody who leaves.
func AccessRows() []Row {
	var rows []Row
	for _, info := range mitigation.All() {
		if info.EndsAccess() {
			rows = append(rows, rowOf(info))
		}
	}
	return rows
}

// MitigationRow returns the row of a mitigation.
func MitigationRow(name string) (Row, bool) {
	info, ok := mitigation.Lookup(name)
	return rowOf(info), ok
}

func rowOf(info mitigation.Info) Row { return Row{Name: info.Name, Title: info.Title, info: &info} }

// SOPRow returns the row of an SOP.
func SOPRow(s *scenarios.SOP) Row { return Row{Name: s.ID, Title: s.Title, sop: s} }

// parameters tells what the row's mitigation was given beside the leaver's
// account: "to: disabled-users".
func (r Row) parameters() string {
	if r.info == nil {
		return ""
	}
	var parts []string
	for _, p := range r.info.Params {
		if p.Needed && p.Kind != "account" {
			value := p.Example
			switch {
			case p.Kind == "host":
				value = "the leaver's"
			case len(ofPaths(p)) > 0:
				value = strings.Join(ofPaths(p), " or ") + ", the path's own"
			}
			parts = append(parts, p.Name+": "+value)
		}
	}
	return strings.Join(parts, ", ")
}

// ofPaths lists the values of a parameter that are called like an access path.
// Each path is given its own; the others, which have none, the example.
func ofPaths(p mitigation.Param) (values []string) {
	if p.Kind != "" || p.List {
		return nil
	}
	for _, v := range p.Known(nil) {
		if slices.Contains(lab.Paths, lab.Path(v)) {
			values = append(values, v)
		}
	}
	return values
}

// step writes the step of the row's mitigation, turned against the leaver, the
// host that they connect from and the path that they have.
func (r Row) step(at time.Duration, from string, path lab.Path) string {
	return r.info.Step(at, func(p mitigation.Param) string {
		switch p.Kind {
		case "account":
			return `"${leaver}"`
		case "host":
			return from
		}
		if slices.Contains(ofPaths(p), string(path)) {
			return string(path)
		}
		return p.Example
	})
}

// bind puts what the row does in the place of the case's SOP: at the order, or
// somewhat later if it is preceded by another mitigation.
func (r Row) bind(sc *lab.Scenario, after *Row, from string, path lab.Path) error {
	if r.sop != nil {
		return r.sop.BindTo(sc, dana)
	}
	steps := []string{r.step(0, from, path)}
	if after != nil {
		steps = []string{after.step(0, from, path), r.step(pause, from, path)}
	}
	sop, err := scenarios.Generated("the row "+r.Name, steps)
	if err != nil {
		return err
	}
	return sop.BindTo(sc, dana)
}
