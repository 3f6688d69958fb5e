package claims

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"shutout/lab"
	"shutout/lab/strict"
	"shutout/scenarios"
	"shutout/sim/profile"
)

// A Dimension is one thing that differs between the variations of a claim: the
// profile, a parameter, the SOP, or which steps of it are carried out.
type Dimension struct {
	Name   string
	Values []string
}

// each tells whether every choice of steps is played.
func (d Dimension) each() bool {
	return d.Name == bySteps && slices.Equal(d.Values, []string{eachChoice})
}

// Names of dimensions that are no parameters.
const (
	byProfile = "profile"
	bySOP     = "sop"
	bySteps   = "steps"
)

// Words for values: each profile of the family that the case is about, each choice of steps, every step, no step.
const (
	allProfiles = "all"
	eachChoice  = "each"
	everyStep   = "all"
	noStep      = "none"
)

// Bounds of what one claim may ask for: each choice of six steps makes 63
// variations.
const (
	mostVariations = 64
	mostChosen     = 6
)

// vary is the dimensions as they are written, in the order of the file.
type vary []Dimension

func (v *vary) DecodeNode(d *strict.Doc, n *strict.Node) {
	if n.Kind != strict.Map {
		d.Problemf(n, "vary and contrast take a mapping, such as {profile: [ex2003, ex2010], iis.token_ttl_mode: [sliding, absolute]}")
		return
	}
	for _, k := range n.Keys {
		dim := Dimension{Name: k.Name.Text}
		if k.Value.Kind == strict.Scalar {
			dim.Values = []string{k.Value.Text}
		} else {
			d.Decode(k.Value, &dim.Values)
		}
		if len(dim.Values) == 0 {
			d.Problemf(k.Name, "%s has no values: list them, such as [a, b]", strict.Quote(dim.Name))
			continue
		}
		for i, value := range dim.Values {
			if slices.Contains(dim.Values[:i], value) {
				d.Problemf(k.Value, "%s stands here twice", strict.Quote(value))
			}
		}
		*v = append(*v, dim)
	}
}

// A Variation is a way to play a claim's case.
type Variation struct {
	Scenario *lab.Scenario
	SOP      string   // in the place of the case's own; empty: its own
	Steps    []string // those that are carried out; nil: all
	Contrast bool     // the sentence is not about it
	set      []string // beside the case's own
	traits   []Trait
}

// Variations lists the ways in which the claim's case is played. Parameters in
// set have the last word: what the claim would vary of them is fixed.
func (c *Claim) Variations(set []string) ([]*Variation, error) {
	base := *c.Case
	base.Expect, base.ExpectOn = nil, nil
	all := []*Variation{{Scenario: &base}}
	for _, dim := range c.Vary {
		if slices.ContainsFunc(set, func(s string) bool { return strings.HasPrefix(s, dim.Name+"=") }) {
			continue
		}
		if n := len(stepNames(c.Case)); dim.each() && (n == 0 || n > mostChosen) {
			return nil, fmt.Errorf("steps: each takes an SOP of 1 to %d different steps, this one has %d", mostChosen, n)
		}
		var next []*Variation
		for _, v := range all {
			for _, value := range c.values(dim) {
				varied, err := v.with(dim.Name, value)
				if err != nil {
					return nil, err
				}
				if dim.each() {
					varied.single(stepNames(c.Case))
				}
				varied.Contrast = varied.Contrast || c.contrasts(dim.Name, value)
				next = append(next, varied)
			}
		}
		if all = next; len(all) > mostVariations {
			return nil, fmt.Errorf("there are more than %d variations", mostVariations)
		}
	}
	for _, v := range all {
		if err := v.finish(set); err != nil {
			return nil, err
		}
	}
	nameSteps(all)
	return all, nil
}

// contrasts tells whether a value is one that the sentence is not about.
func (c *Claim) contrasts(name, value string) bool {
	return slices.ContainsFunc(c.Contrast, func(d Dimension) bool { return d.Name == name && slices.Contains(d.Values, value) })
}

// contrast checks that what is played for contrast is played at all, and that
// something is left that the sentence is about.
func (c *Claim) contrast() error {
	for _, d := range c.Contrast {
		i := slices.IndexFunc(c.Vary, func(v Dimension) bool { return v.Name == d.Name })
		if i < 0 {
			return fmt.Errorf("%s is not varied", strict.Quote(d.Name))
		}
		values := c.values(c.Vary[i])
		for _, value := range d.Values {
			if !slices.Contains(values, value) {
				return fmt.Errorf("%s is no value of %s that is varied%s", strict.Quote(value), d.Name, strict.Expected(value, values))
			}
		}
		if len(d.Values) == len(values) {
			return fmt.Errorf("every value of %s is for contrast: which is the sentence about?", d.Name)
		}
	}
	return nil
}

// nameSteps names the chosen steps by what tells one choice from another.
func nameSteps(all []*Variation) {
	if !slices.ContainsFunc(all, func(v *Variation) bool { return !slices.Equal(v.Steps, all[0].Steps) }) {
		return
	}
	common := all[0].Steps
	for _, v := range all {
		common = slices.DeleteFunc(slices.Clone(common), func(name string) bool { return !slices.Contains(v.Steps, name) })
	}
	for _, v := range all {
		for i, t := range v.traits {
			if t.Name != bySteps {
				continue
			}
			more := slices.DeleteFunc(slices.Clone(v.Steps), func(name string) bool { return slices.Contains(common, name) })
			switch {
			case len(more) > 0:
				v.traits[i].Value = strings.Join(more, "+")
			case len(common) > 0:
				v.traits[i].Value = "nothing more"
			}
		}
	}
}

// values writes a dimension's words out.
func (c *Claim) values(dim Dimension) []string {
	switch {
	case dim.Name == byProfile && slices.Equal(dim.Values, []string{allProfiles}):
		return profile.FamilyOf(c.Case.Profile).Names()
	case dim.each():
		return choices(stepNames(c.Case))
	}
	return dim.Values
}

// choices lists every choice of steps but the empty one: those of one step, of
// two, ….
func choices(names []string) []string {
	var out []string
	for n := 1; n <= len(names); n++ {
		for bits := 1; bits < 1<<len(names); bits++ {
			var chosen []string
			for i, name := range names {
				if bits&(1<<i) != 0 {
					chosen = append(chosen, name)
				}
			}
			if len(chosen) == n {
				out = append(out, strings.Join(chosen, "+"))
			}
		}
	}
	return out
}

func stepNames(sc *lab.Scenario) []string {
	var names []string
	for _, s := range sc.SOP {
		if !slices.Contains(names, s.Action.Name()) {
			names = append(names, s.Action.Name())
		}
	}
	return names
}

// with returns the variation with one more thing decided.
func (v *Variation) with(name, value string) (*Variation, error) {
	c := *v
	sc := *v.Scenario
	c.Scenario = &sc
	c.set, c.traits = slices.Clone(v.set), slices.Clone(v.traits)
	switch name {
	case byProfile:
		if !slices.Contains(profile.Names(), value) {
			return nil, fmt.Errorf("unknown profile %s%s (shutout list profiles)", strict.Quote(value), strict.Expected(value, profile.Names()))
		}
		sc.Profile = value
	case bySOP:
		sop, ok := scenarios.FindSOP(value)
		if !ok {
			return nil, fmt.Errorf("there is no SOP %s (shutout list sops)", strict.Quote(value))
		}
		if err := sop.Bind(&sc); err != nil {
			return nil, err
		}
		c.SOP = value
	case bySteps:
		if err := c.choose(value); err != nil {
			return nil, err
		}
	default:
		c.set = append(c.set, name+"="+value)
		sc.Set = append(slices.Clone(sc.Set), name+"="+value)
	}
	c.traits = append(c.traits, trait(name, value))
	return &c, nil
}

// choose leaves those steps in the SOP that are named.
func (v *Variation) choose(value string) error {
	names := stepNames(v.Scenario)
	v.Steps = strings.Split(value, "+")
	switch value {
	case everyStep:
		v.Steps = names
	case noStep:
		v.Steps = []string{}
	}
	kept, err := scenarios.ChooseSteps(v.Scenario, v.Steps)
	if err != nil {
		return err
	}
	v.Scenario.SOP = kept
	return nil
}

// single takes the trait of the steps apart into one for each step, where every
// choice of them is played: so it shows which step decides.
func (v *Variation) single(names []string) {
	v.traits = slices.DeleteFunc(v.traits, func(t Trait) bool { return t.Name == bySteps })
	for _, name := range names {
		did := without
		if slices.Contains(v.Steps, name) {
			did = with
		}
		v.traits = append(v.traits, trait(stepTrait+name, did))
	}
}

// finish checks the parameters and adds those that have the last word.
func (v *Variation) finish(set []string) error {
	sc := v.Scenario
	sc.Set = slices.Concat(sc.Set, set)
	v.set = slices.Concat(v.set, set)
	if _, err := profile.Load(sc.Profile, sc.Set...); err != nil {
		return err
	}
	for i, t := range v.traits {
		v.traits[i].Default = same(t.Value, defaults()[sc.Profile][t.Name])
	}
	return nil
}

// same tells whether two texts are one value: 60m is 1h.
func same(a, b string) bool {
	x, errX := strict.ParseDuration(a)
	y, errY := strict.ParseDuration(b)
	return a == b || errX == nil && errY == nil && x == y
}

// defaults are the values of the parameters of each profile.
var defaults = sync.OnceValue(func() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, name := range profile.Names() {
		all[name] = map[string]string{}
		p, err := profile.Load(name)
		if err != nil {
			panic(err) // the name comes from the list of profiles
		}
		for _, par := range p.List() {
			all[name][par.Name] = par.Text
		}
	}
	return all
})

// key is the same for variations, also of other claims, that play the same.
func (v *Variation) key() string {
	sc := v.Scenario
	steps := "all"
	if v.Steps != nil {
		steps = strings.Join(v.Steps, "+")
	}
	return fmt.Sprint(sc.ID, "|", sc.Profile, "|", settings(sc.Set), "|", v.SOP, "|", steps, "|", sc.Within, "|", sc.Horizon)
}

// settings leaves of each parameter the last value that it is given.
func settings(set []string) []string {
	var out []string
	for i, s := range set {
		name, _, _ := strings.Cut(s, "=")
		if !slices.ContainsFunc(set[i+1:], func(later string) bool { return strings.HasPrefix(later, name+"=") }) {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return out
}

// Command is the command line that plays the variation, word by word.
func (v *Variation) Command(c *Claim) []string {
	words := []string{"shutout", "run", c.Case.ID}
	flag := func(name, value string) {
		if value != "" {
			words = append(words, "--"+name, value)
		}
	}
	flag(bySOP, v.SOP)
	if v.Steps != nil {
		steps := noStep
		if len(v.Steps) > 0 {
			steps = strings.Join(v.Steps, ",")
		}
		flag(bySteps, steps)
	}
	if v.Scenario.Profile != c.Case.Profile {
		flag(byProfile, v.Scenario.Profile)
	}
	if c.within {
		flag("within", lab.Duration(v.Scenario.Within))
	}
	if c.horizon {
		flag("horizon", lab.Duration(v.Scenario.Horizon))
	}
	for _, s := range v.set {
		flag("set", s)
	}
	return words
}
