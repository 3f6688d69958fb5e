package claims

import (
	"fmt"
	"slices"
	"strings"
)

// Marks of verdicts.
var marks = map[Verdict]string{Confirmed: "✓", Refuted: "✗", Depends: "~", Unseen: "?"}

// finding tells in words what was found about a claim: on what it depends, or
// what was seen.
func (c *ClaimResult) finding() string {
	text := ""
	switch {
	case c.Verdict == Depends && c.DependsOn != nil && len(c.DependsOn.On) == 1:
		text = "on " + c.DependsOn.On[0] + ": " + c.byValue()
	case c.Verdict == Depends && c.DependsOn != nil:
		text = "on " + c.byTerms()
	case c.Verdict == Depends:
		text = "on nothing that was varied: yes " + summary(c.counted(true)) + "; no " + summary(c.counted(false))
	case c.Verdict == Confirmed:
		text = summary(c.Observations)
	case c.Verdict == Refuted:
		text = fmt.Sprintf("%s, not %s", summary(c.Observations), c.said())
	}
	if out := c.leftOut(); out != "" {
		text = strings.TrimPrefix(text+" · "+out, " · ")
	}
	return text
}

// counted lists the observations that show that it holds, or that it does not.
func (c *ClaimResult) counted(held bool) []*Observation {
	return slices.DeleteFunc(slices.Clone(c.Observations), func(o *Observation) bool { return o.LeftOut != "" || o.Held != held })
}

// said lists what the claim says will be seen.
func (c *ClaimResult) said() string {
	var says []string
	for _, o := range c.Observations {
		if !slices.Contains(says, o.Says) {
			says = append(says, o.Says)
		}
	}
	return strings.Join(says, " or ")
}

// byValue lists the values of the one trait that decides: "absolute yes (ended
// after 14m), sliding no (open >6h)". Values that showed the same stand together.
func (c *ClaimResult) byValue() string {
	name := c.DependsOn.On[0]
	var values []string
	of := map[string][]*Observation{}
	for _, o := range c.Observations {
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
				names = append(names, v)
				all = append(all, of[v]...)
			}
		}
		word := "no"
		if held {
			word = "yes"
		}
		parts = append(parts, fmt.Sprintf("%s %s (%s)", strings.Join(names, ", "), word, summary(all)))
	}
	return strings.Join(parts, "; ")
}

// byTerms lists the combinations with which it holds.
func (c *ClaimResult) byTerms() string {
	var names, terms []string
	for _, name := range c.DependsOn.On {
		names = append(names, strings.TrimPrefix(name, stepTrait))
	}
	for _, term := range c.DependsOn.Holds {
		var words []string
		for _, t := range term {
			words = append(words, t.String())
		}
		terms = append(terms, strings.Join(words, " + "))
	}
	last := len(names) - 1
	return fmt.Sprintf("%s and %s: yes %s (%s); otherwise no (%s)", strings.Join(names[:last], ", "), names[last],
		strings.Join(terms, ", or "), summary(c.counted(true)), summary(c.counted(false)))
}

// leftOut tells which variations showed nothing.
func (c *ClaimResult) leftOut() string {
	var where, why []string
	for _, o := range c.Observations {
		if o.LeftOut == "" {
			continue
		}
		kind, _, _ := strings.Cut(o.LeftOut, ":")
		var values []string
		for _, t := range o.Traits {
			values = append(values, t.String())
		}
		if len(values) == 0 {
			values = []string{o.Activity}
		}
		if text := strings.Join(values, " + "); !slices.Contains(where, text) {
			where = append(where, text)
		}
		if !slices.Contains(why, kind) {
			why = append(why, kind)
		}
	}
	const most = 4
	if len(where) > most {
		where = []string{fmt.Sprintf("in %d variations", len(where))}
	}
	if where == nil {
		return ""
	}
	return strings.Join(why, ", ") + " " + strings.Join(where, ", ")
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
