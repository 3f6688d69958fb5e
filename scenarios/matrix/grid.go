// Package matrix compares mitigations, or SOPs, over access paths. For each of
// them and each path it makes a case of its own, with one leaver who holds a
// session and one bystander, and lays out what the runner found.
package matrix

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"shutout/fixtures"
	"shutout/lab"
	"shutout/scenarios"
)

// How every case of a grid is made.
const (
	every = time.Minute
	// since is when the sessions were opened: not so many minutes before the
	// order that memories of five, ten or fifteen minutes happen to lapse at it,
	// and look as if nothing had been remembered.
	since = -26 * time.Minute
	// pause is how long after the first mitigation the second one comes: as
	// long as somebody needs to type it. By then the domain controllers of a
	// site have told each other of the first.
	pause = time.Minute
	// dana leaves in every case of a grid, whichever way she takes.
	dana = "dana"
	// DefaultHorizon leaves time for the longest memory of a default profile
	// that ends by itself within a working day, and keeps a grid quick.
	DefaultHorizon = 4 * time.Hour
)

// settings are what the profiles are given before anything that the user sets.
// Exchange leaves it to the administrator to start POP3 and IMAP4; here they
// have been started, so that there is something to see.
var settings = []string{"popimap.autostart=true"}

// Settings lists the parameters that every case of a grid sets, without those
// that the user sets otherwise.
func Settings(set []string) []string {
	return slices.DeleteFunc(slices.Clone(settings), func(own string) bool {
		name, _, _ := strings.Cut(own, "=")
		return slices.ContainsFunc(set, func(s string) bool { return strings.HasPrefix(s, name+"=") })
	})
}

// Options say what is compared.
type Options struct {
	Rows     []Row
	Profiles []string
	Paths    []lab.Path
	Set      []string // profile parameters, name=value
	Within   time.Duration
	Horizon  time.Duration
	// Alone asks for what each row does by itself.
	Alone bool
	// After asks for what each row adds to another one.
	After *Row
}

// A Grid is a set of cases and the places where their results belong.
type Grid struct {
	Options
	blocks []*block
	cases  []*lab.Scenario
}

// block is one table: what the rows do by themselves, or after another one.
type block struct {
	after *Row
	lines []line
}

// line is one row on one profile. Baseline marks what the block's other lines
// are held against.
type line struct {
	row      Row
	profile  string
	baseline bool
	cases    []int // for each path
}

// New lays out a grid.
func New(o Options) (*Grid, error) {
	g := &Grid{Options: o}
	made := map[string]int{} // one case serves both blocks
	for _, after := range []*Row{nil, o.After} {
		if after == nil && (!o.Alone || len(g.blocks) > 0) {
			continue
		}
		b := &block{after: after}
		rows := o.Rows
		if after != nil {
			rows = slices.DeleteFunc(slices.Clone(rows), func(r Row) bool { return r.Name == after.Name })
			rows = slices.Insert(rows, 0, *after)
		}
		for i, row := range rows {
			baseline := after != nil && i == 0
			for _, name := range o.Profiles {
				l := line{row: row, profile: name, baseline: baseline}
				for _, path := range o.Paths {
					first := after
					if baseline {
						first = nil
					}
					key := fmt.Sprint(row.Name, " ", name, " ", path, " ", first != nil)
					if _, ok := made[key]; !ok {
						sc, err := g.scenario(row, first, name, path)
						if err != nil {
							return nil, err
						}
						made[key] = len(g.cases)
						g.cases = append(g.cases, sc)
					}
					l.cases = append(l.cases, made[key])
				}
				b.lines = append(b.lines, l)
			}
		}
		g.blocks = append(g.blocks, b)
	}
	return g, nil
}

// Scenarios lists the cases of the grid.
func (g *Grid) Scenarios() []*lab.Scenario { return g.cases }

// scenario makes the case of one cell.
func (g *Grid) scenario(row Row, after *Row, profileName string, path lab.Path) (*lab.Scenario, error) {
	info, ok := scenarios.LookupPath(path)
	if !ok {
		return nil, fmt.Errorf("unknown access path %s", path)
	}
	leaver, bystander := places(path)
	sc := &lab.Scenario{
		ID: row.Name + " " + string(path), Title: row.Title, Profile: profileName, Set: slices.Concat(Settings(g.Set), g.Set), Cast: fixtures.DefaultCast(),
		Activities: []*lab.Activity{activity(lab.Threat, dana, leaver, info)},
		Controls:   []*lab.Activity{activity(lab.Control, "erin", bystander, info)},
		File:       "the grid",
	}
	if after != nil {
		sc.ID = after.Name + " " + sc.ID
	}
	if err := scenarios.SetTimes(sc, g.Within, g.Horizon); err != nil {
		return nil, err
	}
	return sc, row.bind(sc, after, leaver, path)
}

// places are where the leaver and the bystander sit: on the internet, and for
// Outlook without HTTP and a share in the office.
func places(path lab.Path) (leaver, bystander string) {
	if path == lab.OutlookRPC || path == lab.Pickup {
		return "desk", "erin-desk"
	}
	return "home", "erin-home"
}

// activity reads, and sends mail that arrives, as far as the path can.
func activity(role lab.Role, who, from string, path scenarios.PathInfo) *lab.Activity {
	a := &lab.Activity{
		ID: who, Role: role, Who: who, From: from, Path: path.Path, Every: every, Since: since,
		To: scenarios.DefaultTo, Size: scenarios.DefaultSize,
	}
	if !path.Account {
		a.To = "frank" // nobody relays for whoever has not signed in
	}
	if slices.Contains(path.Do, lab.Read) {
		a.Do = append(a.Do, lab.Read)
	}
	// Mail that was taken and then returned, or held, has not been sent.
	for _, c := range []lab.Capability{lab.Deliver, lab.Send} {
		if slices.Contains(path.Do, c) {
			a.Do = append(a.Do, c)
			break
		}
	}
	return a
}
