package matrix

import (
	"fmt"
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
			if p.Kind == "host" {
				value = "the leaver's"
			}
			parts = append(parts, p.Name+": "+value)
		}
	}
	return strings.Join(parts, ", ")
}

// step writes the step of the row's mitigation, turned against the leaver and
// the host that they connect from.
func (r Row) step(at time.Duration, from string) string {
	return r.info.Step(at, func(p mitigation.Param) string {
		switch p.Kind {
		case "account":
			return `"${leaver}"`
		case "host":
			return from
		}
		return p.Example
	})
}

// bind puts what the row does in the place of the case's SOP: at the order, or
// somewhat later if it is preceded by another mitigation.
func (r Row) bind(sc *lab.Scenario, after *Row, from string) error {
	if r.sop != nil {
		return r.sop.BindTo(sc, dana)
	}
	steps := []string{r.step(0, from)}
	if after != nil {
		steps = []string{after.step(0, from), r.step(pause, from)}
	}
	text := "id: generated\ntitle: " + r.Title + "\nsop:\n  - " + strings.Join(steps, "\n  - ") + "\n"
	sop, err := scenarios.ParseSOP(r.Name, []byte(text))
	if err != nil {
		return fmt.Errorf("the row %s: %w", r.Name, err)
	}
	return sop.BindTo(sc, dana)
}
