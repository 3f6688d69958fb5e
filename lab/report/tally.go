package report

import (
	"fmt"
	"strings"

	"shutout/lab"
)

// counts are a document's numbers.
type counts struct {
	verdicts                      map[lab.Verdict]int // of threats
	changes                       map[lab.Change]int
	lost, left                    int // controls that were not kept, and ways without a session that serve whoever left
	decide                        int // ways without a session that are for somebody to decide
	unpromised                    int // threats that the SOP is not about
	drift, mispredicted, controls int
}

func tally(d *lab.Document) counts {
	c := counts{verdicts: map[lab.Verdict]int{}, changes: map[lab.Change]int{}}
	for _, r := range d.Runs {
		for _, f := range r.Sweep {
			c.changes[f.Baseline]++
			if f.Broken {
				c.left++
			}
			if toDecide(f) {
				c.decide++
			}
			if f.Drift {
				c.mispredicted++
			}
		}
		for _, a := range r.Activities {
			c.changes[a.Baseline]++
			switch {
			case a.Role == lab.Threat:
				c.verdicts[a.Verdict]++
				if r.Unpromised(a) {
					c.unpromised++
				}
			case a.Verdict.Broken():
				c.lost++
				fallthrough
			default:
				c.controls++
			}
			if a.Drift {
				c.drift++
			}
		}
	}
	return c
}

// threats is how many promises about access that had to end there are.
func (c counts) threats() (n int) {
	for _, k := range c.verdicts {
		n += k
	}
	return n
}

// untried is how many of them the lab does not have.
func (c counts) untried() int { return c.verdicts[lab.NotAvailable] - c.unpromised }

// broken is how many of them were broken.
func (c counts) broken() (n int) {
	for v, k := range c.verdicts {
		if v.Broken() {
			n += k
		}
	}
	return n
}

// headline says what came of a document, the same in every form of it. The
// promises that it counts are those about access that had to end.
func (c counts) headline(d *lab.Document) string {
	text := "Every promise was kept"
	switch {
	case d.Empty():
		return "Nothing was shown"
	case c.broken() > 0:
		text = fmt.Sprintf("%d of %s %s not kept", c.broken(), lab.Count(c.threats()-c.verdicts[lab.NotAvailable], "promise"), were(c.broken()))
	case c.left > 0:
		text = "Every session was ended, and something still works without one"
	case c.lost > 0:
		text = "Access was ended, and so was that of somebody else"
	default:
		return text
	}
	if !d.Failed() {
		text += ", as the baseline has it"
	}
	return text
}

// beside is what was broken beside those.
func (c counts) beside() (parts []string) {
	if c.lost > 0 {
		parts = append(parts, lab.Count(c.lost, "promise")+" to bystanders not kept")
	}
	if c.left > 0 {
		parts = append(parts, lab.Count(c.left, "way")+" without a session")
	}
	return parts
}

// line sums up in one sentence.
func (c counts) line(d *lab.Document) string {
	var parts []string
	for _, v := range lab.Verdicts {
		if c.verdicts[v] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.verdicts[v], v))
		}
	}
	line := fmt.Sprintf("%s, %s: %s", lab.Count(len(d.Runs), "case"), lab.Count(c.threats(), "promise"), strings.Join(parts, ", "))
	for _, part := range c.beside() {
		line += "; " + part
	}
	if c.mispredicted > 0 {
		line += fmt.Sprintf("; %s of the sweep not as predicted", lab.Count(c.mispredicted, "answer"))
	}
	if c.drift > 0 {
		line += fmt.Sprintf("; %s not as predicted", lab.Count(c.drift, "verdict"))
	}
	if d.Baseline != "" {
		line += "; compared with " + d.Baseline + ": " + c.compared()
	}
	return line
}

// compared counts how the promises compare with the baseline.
func (c counts) compared() string {
	var parts []string
	for _, change := range lab.Changes {
		if c.changes[change] > 0 && change != lab.Held && change != lab.Added {
			parts = append(parts, fmt.Sprintf("%d %s", c.changes[change], change))
		}
	}
	if parts == nil {
		return "no difference"
	}
	return strings.Join(parts, ", ")
}

// Beside tells what was broken beside the promises about access that had to
// end: those to bystanders, and ways without a session.
func Beside(d *lab.Document) []string { return tally(d).beside() }
