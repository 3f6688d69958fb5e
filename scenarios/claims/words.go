package claims

import (
	"fmt"
	"slices"
	"strings"

	"shutout/fixtures/sources"
)

// Marks of verdicts.
var marks = map[Verdict]string{Confirmed: "✓", Refuted: "✗", Depends: "~", Unseen: "?"}

// finding tells in words what was found about a claim: on what it depends, or
// what was seen.
func (c *ClaimResult) finding() string {
	text := ""
	switch {
	case c.Verdict == Depends && c.DependsOn != nil && len(c.DependsOn.On) == 1:
		text = "on " + c.DependsOn.On[0] + ": " + c.byValue(true)
	case c.Verdict == Depends && c.DependsOn != nil:
		text = "on " + c.byTerms()
	case c.Verdict == Depends:
		text = "on nothing that was varied: yes " + summary(c.counted(true)) + "; no " + summary(c.counted(false))
	case c.Verdict == Confirmed:
		text = summary(c.about())
	case c.Verdict == Refuted:
		text = fmt.Sprintf("%s; it says %s", summary(c.about()), c.said())
	}
	if other := c.contrast(); other != "" {
		text = strings.TrimPrefix(text+" · "+other, " · ")
	}
	if out := c.leftOut(); out != "" {
		text = strings.TrimPrefix(text+" · "+out, " · ")
	}
	return text
}

// about lists the observations that the sentence is about.
func (c *ClaimResult) about() []*Observation {
	return slices.DeleteFunc(slices.Clone(c.Observations), func(o *Observation) bool { return o.Contrast })
}

// contrast tells what was seen where the thing that the sentence speaks of is
// otherwise: "but with restore-full-access: open >5h".
func (c *ClaimResult) contrast() string {
	list := slices.DeleteFunc(slices.Clone(c.Observations), func(o *Observation) bool { return !o.Contrast || o.LeftOut != "" })
	if len(list) == 0 {
		return ""
	}
	word := "but"
	if !slices.ContainsFunc(list, func(o *Observation) bool { return !o.Held }) {
		word = "as well"
	}
	var where []string
	for _, o := range list {
		for _, t := range o.Traits {
			if text := t.in(); !slices.Contains(where, text) && !slices.ContainsFunc(c.about(), func(p *Observation) bool { return slices.Contains(p.Traits, t) }) {
				where = append(where, text)
			}
		}
	}
	return fmt.Sprintf("%s %s: %s", word, strings.Join(where, ", "), summary(list))
}

// condition tells in a few words on what a claim depends, if it does: on one
// thing by its values, on several by their names and by what is so by default.
func (c *ClaimResult) condition() string {
	switch {
	case c.Verdict != Depends:
		return ""
	case c.DependsOn == nil:
		return "on nothing that was varied"
	case len(c.DependsOn.On) == 1:
		return "on " + c.DependsOn.On[0] + ": " + c.byValue(false)
	}
	return strings.TrimSuffix("on "+c.names()+"; "+c.byDefault(), "; ")
}

// byDefault tells what is seen where every parameter that was varied has the
// value of the profile. It is empty if none was, or if that alone decides
// nothing.
func (c *ClaimResult) byDefault() string {
	varied, held, not := false, false, false
	for _, o := range c.about() {
		told := false
		for _, t := range o.Traits {
			if t.parameter() {
				varied = true
				told = told || !t.Default
			}
		}
		if o.LeftOut == "" && !told {
			held, not = held || o.Held, not || !o.Held
		}
	}
	switch {
	case !varied || held == not:
		return ""
	case held:
		return "by default yes"
	}
	return "by default no"
}

// summary tells in a few words what a set of observations showed: "ended after
// 1m to 6m, open >6h". Where a claim says several things it tells of each
// activity what it showed.
func summary(list []*Observation) string {
	list = slices.DeleteFunc(slices.Clone(list), func(o *Observation) bool { return o.LeftOut != "" })
	if !slices.ContainsFunc(list, func(o *Observation) bool { return o.Says != list[0].Says }) {
		return showed(list)
	}
	var texts, ids []string
	of := map[string][]*Observation{}
	for _, o := range list {
		if of[o.Activity] == nil {
			ids = append(ids, o.Activity)
		}
		of[o.Activity] = append(of[o.Activity], o)
	}
	alike := map[string][]string{}
	for _, id := range ids {
		text := showed(of[id])
		if alike[text] == nil {
			texts = append(texts, text)
		}
		alike[text] = append(alike[text], id)
	}
	for i, text := range texts {
		texts[i] = strings.Join(alike[text], ", ") + " " + text
	}
	return strings.Join(texts, "; ")
}

// showed writes what was seen, equal things once.
func showed(list []*Observation) string {
	var parts []string
	from, to, ended := 0.0, 0.0, false
	for _, o := range list {
		switch {
		case strings.HasPrefix(o.Seen, "ended") && o.CutoffS != nil:
			if !ended {
				from, to = *o.CutoffS, *o.CutoffS
			}
			from, to, ended = min(from, *o.CutoffS), max(to, *o.CutoffS), true
		case !slices.Contains(parts, o.Seen):
			parts = append(parts, o.Seen)
		}
	}
	if ended {
		parts = slices.Insert(parts, 0, "ended "+after(from, to))
	}
	const most = 3
	if len(parts) > most {
		parts = append(parts[:most-1], fmt.Sprintf("%d more", len(parts)-most+1))
	}
	return strings.Join(parts, ", ")
}

// counted lists the observations that show that it holds, or that it does not.
func (c *ClaimResult) counted(held bool) []*Observation {
	return slices.DeleteFunc(c.about(), func(o *Observation) bool { return o.LeftOut != "" || o.Held != held })
}

// said lists what the claim says will be seen.
func (c *ClaimResult) said() string {
	var says []string
	for _, o := range c.about() {
		if !slices.Contains(says, o.Says) {
			says = append(says, o.Says)
		}
	}
	return strings.Join(says, " or ")
}

// byValue lists the values of the one trait that decides: "absolute yes (ended
// after 14m), sliding no (open >6h)", or without what was seen. Values that
// showed the same stand together.
func (c *ClaimResult) byValue(seen bool) string {
	name := c.DependsOn.On[0]
	var values []string
	of := map[string][]*Observation{}
	for _, o := range c.about() {
		if o.LeftOut == "" {
			v := o.point.value(name)
			if of[v] == nil {
				values = append(values, v)
			}
			of[v] = append(of[v], o)
		}
	}
	var parts []string
	for _, held := range []bool{true, false} {
		var names []string
		var all []*Observation
		for _, v := range values {
			if of[v][0].Held == held {
				names = append(names, of[v][0].point.trait(name).value())
				all = append(all, of[v]...)
			}
		}
		word := "no"
		if held {
			word = "yes"
		}
		part := strings.Join(names, ", ") + " " + word
		if seen {
			part += " (" + summary(all) + ")"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}

// byTerms lists the combinations with which it holds, or does not.
func (c *ClaimResult) byTerms() string {
	// Whichever can be said in fewer words.
	listed, word, other := c.DependsOn.Holds, "yes", "no"
	if count(c.DependsOn.Fails) < count(listed) {
		listed, word, other = c.DependsOn.Fails, "no", "yes"
	}
	return fmt.Sprintf("%s: %s with %s (%s); otherwise %s (%s)", c.names(),
		word, alternatives(listed, ", or with "), summary(c.counted(word == "yes")), other, summary(c.counted(word != "yes")))
}

// names lists the several traits that decide.
func (c *ClaimResult) names() string {
	var names []string
	for _, name := range c.DependsOn.On {
		names = append(names, strings.TrimPrefix(name, stepTrait))
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// count counts the values of some combinations.
func count(terms [][]Trait) (n int) {
	for _, term := range terms {
		n += len(term)
	}
	return n
}

// leftOut tells which variations showed nothing.
func (c *ClaimResult) leftOut() string {
	var points []point
	var kinds []string
	n := 0
	for _, o := range c.about() {
		points = append(points, point{traits: o.point.traits, held: o.LeftOut != ""})
		if o.LeftOut != "" {
			n++
			if kind, _, _ := strings.Cut(o.LeftOut, ":"); !slices.Contains(kinds, kind) {
				kinds = append(kinds, kind)
			}
		}
	}
	if n == 0 {
		return ""
	}
	where := "everywhere"
	if n < len(points) {
		where = fmt.Sprintf("%d of %d observations", n, len(points))
		if rule := decide(points); rule != nil {
			where = alternatives(rule.Holds, ", ")
		}
	}
	return strings.Join(kinds, ", ") + ": " + where
}

// alternatives writes combinations of values.
func alternatives(terms [][]Trait, or string) string {
	var parts []string
	for _, term := range terms {
		var words []string
		for _, t := range term {
			words = append(words, t.String())
		}
		parts = append(parts, strings.Join(words, " + "))
	}
	return strings.Join(parts, or)
}

// decided tells in words which side of a disagreement holds.
func (d *DisagreementResult) decided() string {
	switch d.Answer {
	case AnswerA, AnswerB:
		return "holds: " + string(d.Answer)
	case AnswerBoth:
		return "both hold"
	case AnswerNeither:
		return "neither holds"
	case AnswerUnseen:
		return "nothing was shown"
	}
	if len(d.On) == 0 {
		return "each holds in part"
	}
	return "decided by " + strings.Join(d.On, ", ")
}

// totals counts the verdicts: "40 confirmed, 12 refuted, 15 depend".
func (d *Document) totals() string {
	counts := map[Verdict]int{}
	all := d.claims()
	for _, c := range all {
		counts[c.Verdict]++
	}
	noun := "claims"
	if len(all) == 1 {
		noun = "claim"
	}
	var parts []string
	for _, v := range []Verdict{Confirmed, Refuted, Depends, Unseen} {
		if n := counts[v]; n > 0 {
			word := string(v)
			if v == Depends && n > 1 {
				word = "depend"
			}
			parts = append(parts, fmt.Sprintf("%d %s", n, word))
		}
	}
	return fmt.Sprintf("%d %s: %s", len(all), noun, strings.Join(parts, ", "))
}

// short writes citations with the short names of documents.
func short(cites []string) string {
	var list []string
	for _, text := range cites {
		if c, err := sources.Parse(text); err == nil {
			_, statement, one := strings.Cut(text, "#")
			if text = c.Source.Short(); one {
				text += "#" + statement
			}
		}
		list = append(list, text)
	}
	return strings.Join(list, " ")
}

// legend explains the sign that findings may have.
const legend = defaultMark + " the value that the profile has unless it is told otherwise"
