package claims

import (
	"math/bits"
	"slices"
	"strings"
)

// A Rule says what a claim depends on: with which values it holds.
type Rule struct {
	// On names the traits that decide.
	On []string `json:"on"`
	// Also names traits that vary in the same way, so that the runs cannot tell
	// whether these decide.
	Also []string `json:"also,omitempty"`
	// Holds lists the combinations of values with which the claim holds, Fails
	// those with which it does not.
	Holds [][]Trait `json:"holds"`
	Fails [][]Trait `json:"fails"`
}

// point is an observation as the search for what decides sees it.
type point struct {
	traits []Trait
	held   bool
}

func (p point) trait(name string) Trait {
	for _, t := range p.traits {
		if t.Name == name {
			return t
		}
	}
	return trait(name, "")
}

func (p point) value(name string) string { return p.trait(name).Value }

// mostTraits bounds how many traits are looked at together.
const mostTraits = 16

// decide finds the fewest traits that tell the points that hold from those that
// do not, and says with which of their values they hold. It returns nil if no
// traits do.
func decide(points []point) *Rule {
	names := varying(points)
	// Its name tells an activity from another, but explains nothing; it is looked
	// at only if nothing else decides.
	telling := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == byActivity })
	if rule := fewest(points, telling); rule != nil {
		return rule
	}
	return fewest(points, names)
}

// fewest finds the fewest of some traits that decide.
func fewest(points []point, names []string) *Rule {
	for n := 1; n <= len(names); n++ {
		var found [][]string
		for set := 1; set < 1<<len(names); set++ {
			if bits.OnesCount(uint(set)) == n {
				if chosen := pick(names, set); separates(points, chosen) {
					found = append(found, chosen)
				}
			}
		}
		if found == nil {
			continue
		}
		// The first in the order of traits is named.
		rule := &Rule{On: found[0], Holds: terms(points, found[0], true), Fails: terms(points, found[0], false)}
		if n == 1 {
			for _, other := range found[1:] {
				rule.Also = append(rule.Also, other[0])
			}
		}
		return rule
	}
	return nil
}

// varying names the traits that have several values, in their order.
func varying(points []point) []string {
	var names []string
	for _, p := range points {
		for _, t := range p.traits {
			if len(names) < mostTraits && !slices.Contains(names, t.Name) &&
				slices.ContainsFunc(points, func(q point) bool { return q.value(t.Name) != t.Value }) {
				names = append(names, t.Name)
			}
		}
	}
	return names
}

func pick(names []string, set int) []string {
	var chosen []string
	for i, name := range names {
		if set&(1<<i) != 0 {
			chosen = append(chosen, name)
		}
	}
	return chosen
}

// valuesOf writes the values of some traits as one text.
func (p point) valuesOf(names []string) string {
	var b strings.Builder
	for _, name := range names {
		b.WriteString(p.value(name) + "\x00")
	}
	return b.String()
}

// separates tells whether points with the same values of these traits all hold
// or all do not.
func separates(points []point, names []string) bool {
	seen := map[string]bool{}
	for _, p := range points {
		key := p.valuesOf(names)
		if held, ok := seen[key]; ok && held != p.held {
			return false
		}
		seen[key] = p.held
	}
	return true
}

// terms covers the points that hold, or those that do not, with combinations of
// values, each as short as it can be without admitting one of the others.
func terms(points []point, names []string, held bool) [][]Trait {
	var out [][]Trait
	covered := func(term []Trait, p point) bool {
		return !slices.ContainsFunc(term, func(t Trait) bool { return p.value(t.Name) != t.Value })
	}
	for {
		var best []Trait
		most := 0
		for _, p := range points {
			if p.held != held || slices.ContainsFunc(out, func(term []Trait) bool { return covered(term, p) }) {
				continue
			}
			for set := 1; set < 1<<len(names); set++ {
				var term []Trait
				for _, name := range pick(names, set) {
					term = append(term, p.trait(name))
				}
				count := 0
				for _, q := range points {
					if covered(term, q) {
						if q.held != held {
							count = -1
							break
						}
						count++
					}
				}
				if count > most || count > 0 && count == most && len(term) < len(best) {
					best, most = term, count
				}
			}
		}
		if best == nil {
			return out
		}
		out = append(out, best)
	}
}
