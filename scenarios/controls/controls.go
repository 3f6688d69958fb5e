// Package controls tells what a run shows about the controls that standards
// ask for when somebody leaves. What they ask for is data, fixtures/controls;
// how a run is held against it are the rules of this package, which read
// nothing but the result document.
package controls

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	data "shutout/fixtures/controls"
	"shutout/fixtures/sources"
	"shutout/lab"
	"shutout/lab/strict"
)

// Control is something that a standard asks for.
type Control struct {
	ID       string   `yaml:"id"`
	Number   string   `yaml:"number"`
	Standard string   `yaml:"standard"`
	Title    string   `yaml:"title"`
	Asks     string   `yaml:"asks"`
	Rule     string   `yaml:"rule"`
	Silent   []string `yaml:"silent"` // what it asks for as well and no run shows
	Source   []string `yaml:"source"`
}

// Outcome is what a run shows about a control.
type Outcome string

const (
	Kept     Outcome = "shown kept"
	Broken   Outcome = "shown broken"
	NotShown Outcome = "not shown"
)

// Mark is an outcome's sign, for those who see no colours.
func (o Outcome) Mark() string {
	switch o {
	case Kept:
		return "✓"
	case Broken:
		return "✗"
	}
	return "–"
}

// Outcomes lists every outcome.
var Outcomes = []Outcome{Kept, Broken, NotShown}

// Assessment is one control with what a run shows about it.
type Assessment struct {
	*Control
	Outcome Outcome
	Limit   string   // what it was held against; empty where no limit has a say
	Shown   []string // what was seen, for and against
	Silent  []string // about what the run says nothing, or nothing clear
}

var registry = sync.OnceValue(func() []*Control {
	all, err := parse("fixtures/controls/controls.yaml", data.Controls)
	if err != nil {
		panic(fmt.Sprintf("the embedded controls are faulty:\n%v", err)) // the package's tests meet it
	}
	return all
})

func parse(file string, src []byte) ([]*Control, error) {
	d := strict.Parse(file, src)
	var doc struct {
		Controls []*Control `yaml:"controls"`
	}
	d.Decode(d.Root, &doc)
	seen := map[string]bool{}
	for i, c := range doc.Controls {
		n := d.Root.Find("controls", i)
		switch {
		case !strict.IsID(c.ID) || seen[c.ID]:
			d.Problemf(n, "%s is no id of its own", strict.Quote(c.ID))
		case c.Number == "" || c.Standard == "" || c.Title == "" || c.Asks == "" || len(c.Silent) == 0 || len(c.Source) == 0:
			d.Problemf(n, "the control %s lacks something", strict.Quote(c.ID))
		case rules[c.Rule] == nil:
			d.Problemf(n, "%s is no rule", strict.Quote(c.Rule))
		}
		seen[c.ID] = true
		c.Source = sources.Check(d, n.Get("source"))
	}
	return doc.Controls, d.Err()
}

// All lists the controls, standard by standard.
func All() []*Control { return slices.Clone(registry()) }

// Find returns the control of that id.
func Find(id string) (*Control, bool) {
	for _, c := range registry() {
		if c.ID == id {
			return c, true
		}
	}
	return nil, false
}

// Assess holds a document against every control. Limit is the organisation's
// own; a negative one leaves each case its own.
func Assess(d *lab.Document, limit time.Duration) []Assessment {
	f := gather(d, limit)
	var all []Assessment
	for _, c := range registry() {
		a := Assessment{Control: c, Silent: slices.Clone(c.Silent)}
		rules[c.Rule](f, &a)
		if !d.RealTime() && a.Shown != nil {
			a.Silent = append(a.Silent, "Real servers: what was seen is what a model of them does.")
		}
		all = append(all, a)
	}
	return all
}

// shown adds a sentence about what was seen.
func (a *Assessment) shown(format string, args ...any) {
	a.Shown = append(a.Shown, fmt.Sprintf(format, args...))
}

// silent adds something that the run says nothing about, before what no run does.
func (a *Assessment) silent(format string, args ...any) {
	a.Silent = append([]string{fmt.Sprintf(format, args...)}, a.Silent...)
}

// decide gives the outcome. What is broken outweighs everything, and what is
// not clear outweighs what was kept.
func (a *Assessment) decide(broken, unclear, kept int) {
	switch {
	case broken > 0:
		a.Outcome = Broken
	case unclear > 0 || kept == 0:
		a.Outcome = NotShown
	default:
		a.Outcome = Kept
	}
}

// named lists things, and how many more there are.
func named(list []string) string {
	const most = 6
	if len(list) <= most {
		return strings.Join(list, "; ")
	}
	return fmt.Sprintf("%s; and %d more", strings.Join(list[:most], "; "), len(list)-most)
}
