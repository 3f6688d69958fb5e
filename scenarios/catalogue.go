package scenarios

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"shutout/fixtures"
	"shutout/lab"
	"shutout/lab/strict"
)

//go:embed *.yaml
var files embed.FS

// Catalogue returns the cases that the product comes with, by id. They are new
// each time, so the caller may change them.
func Catalogue() []*lab.Scenario {
	return readAll(files, "*.yaml", "scenarios", Parse)
}

// SOPs returns the SOPs that the product comes with, by id.
func SOPs() []*SOP {
	return readAll(fixtures.SOPs, "sops/*.yaml", "fixtures", ParseSOP)
}

// readAll reads the embedded files that match. A faulty one is a fault of the
// program that the package's tests meet, hence the panic.
func readAll[T any](fsys fs.FS, pattern, folder string, parse func(string, []byte) (T, error)) []T {
	names, err := fs.Glob(fsys, pattern) // sorted
	var all []T
	for _, name := range names {
		src, readErr := fs.ReadFile(fsys, name)
		v, parseErr := parse(path.Join(folder, name), src)
		if readErr != nil || parseErr != nil {
			panic(fmt.Sprintf("the embedded file is faulty:\n%v%v", readErr, parseErr))
		}
		all = append(all, v)
	}
	if err != nil {
		panic(err) // the pattern is wrong
	}
	return all
}

// Find returns the case of the catalogue that has this id.
func Find(id string) (*lab.Scenario, bool) {
	return find(files, id+".yaml", "scenarios", Parse)
}

// FindSOP returns the SOP that has this id among those that the product comes
// with.
func FindSOP(id string) (*SOP, bool) {
	return find(fixtures.SOPs, "sops/"+id+".yaml", "fixtures", ParseSOP)
}

// find reads one embedded file, which is named after the id in it.
func find[T any](fsys fs.FS, name, folder string, parse func(string, []byte) (T, error)) (T, bool) {
	var found T
	if _, err := fs.Stat(fsys, name); err != nil {
		return found, false
	}
	src, err := fs.ReadFile(fsys, name)
	if err == nil {
		found, err = parse(path.Join(folder, name), src)
	}
	if err != nil {
		panic(fmt.Sprintf("the embedded file is faulty:\n%v", err))
	}
	return found, true
}

// SetTimes gives a case another limit and horizon; a negative one leaves the
// case's own. The error says which of the two, which activity or which step does
// not fit.
func SetTimes(sc *lab.Scenario, within, horizon time.Duration) error {
	if within >= 0 {
		sc.Within = within
	}
	if horizon >= 0 {
		sc.Horizon = horizon
	}
	var faults []string
	if sc.Horizon <= 0 || sc.Horizon > longest {
		faults = append(faults, fmt.Sprintf("horizon is %s: expected more than 0s and at most %s", lab.Duration(sc.Horizon), lab.Duration(longest)))
	}
	if sc.Within > sc.Horizon {
		faults = append(faults, withinText(sc.Within, sc.Horizon))
	}
	for _, a := range everybody(sc) {
		if noLead(a) {
			faults = append(faults, a.ID+": "+leadText(a))
			continue
		}
		if tooRare(a, sc.Horizon) {
			faults = append(faults, a.ID+": "+rareText(a, sc.Horizon))
		}
	}
	for _, step := range sc.SOP {
		if step.At > sc.Horizon {
			faults = append(faults, fmt.Sprintf("%s:%d: %s", sc.File, step.Line, lateText(step, sc.Horizon)))
		}
	}
	if faults != nil {
		return fmt.Errorf("the case %s: %s", sc.ID, strings.Join(faults, "; "))
	}
	return nil
}

// Hasten has a case begin at most lead before the order and try at least once in
// every, for a lab in which time is real; 0 leaves the case's own. What comes
// before the order keeps its order, and what lies within half of lead its time.
// [SetTimes], called after it, tells whether the case still fits.
func Hasten(sc *lab.Scenario, lead, every time.Duration) {
	sooner := func(t time.Duration) time.Duration { return t }
	if whole := sc.Lead(); lead > 0 && whole > lead {
		half := lead / 2
		sooner = func(t time.Duration) time.Duration {
			if t >= -half {
				return t
			}
			beyond := float64(-t-half) / float64(whole-half) // of what there is to bring nearer
			return -half - time.Duration(beyond*float64(lead-half)).Round(time.Millisecond)
		}
	}
	for _, a := range everybody(sc) {
		a.Since = sooner(a.Since)
		if every > 0 {
			a.Every = min(a.Every, every)
		}
	}
	for i := range sc.SOP {
		sc.SOP[i].At = sooner(sc.SOP[i].At)
	}
}

// CutAt has a case end at a moment, which may lie before the order but not
// before the case begins.
func CutAt(sc *lab.Scenario, at time.Duration) error {
	if at < -sc.Lead() {
		return fmt.Errorf("%s begins at %s, and %s is before that", sc.ID, lab.Moment(-sc.Lead()), lab.Moment(at))
	}
	if at > longest {
		return fmt.Errorf("too long: expected at most %s (31d)", lab.Duration(longest))
	}
	sc.Horizon = at
	sc.Forget()
	return nil
}

// ChooseSteps returns those steps of a case's SOP that carry out the mitigations
// named. The error tells which name is none of them.
func ChooseSteps(sc *lab.Scenario, names []string) ([]lab.Step, error) {
	var known []string
	steps := []lab.Step{}
	for _, s := range sc.SOP {
		known = append(known, s.Action.Name())
		if slices.Contains(names, s.Action.Name()) {
			steps = append(steps, s)
		}
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("the SOP of %s has no step %s%s", sc.ID, strict.Quote(name), strict.Expected(name, known))
		}
	}
	return steps, nil
}
