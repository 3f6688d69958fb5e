package report

import (
	"cmp"
	"slices"

	"shutout/lab"
	"shutout/lab/report/foreign"
)

// mostWorst is how many cases the page names before its table of promises.
const mostWorst = 6

// htmlWorst is a case in which something was not kept.
type htmlWorst struct {
	Href, Scenario       string
	Class, Mark, Verdict string
	Text                 string // who could do what, and until when
	verdict              lab.Verdict
	lasted               float64
	broken               int
}

// worstOf lists the cases in which access lasted too long or a bystander lost
// theirs: those first where it went on, then those where it lasted longest. The
// others are counted.
func worstOf(cases []*htmlCase) (list []htmlWorst, more int) {
	for _, c := range cases {
		w := htmlWorst{Href: "#" + c.ID, Scenario: c.Scenario, verdict: lab.Ended}
		var open, late, lost []*lab.ActivityResult
		for _, a := range c.run.Activities {
			switch a.Verdict {
			case lab.Open:
				open = append(open, a)
				w.lasted = max(w.lasted, c.run.HorizonS)
			case lab.Late:
				late = append(late, a)
				if a.CutoffS != nil {
					w.lasted = max(w.lasted, *a.CutoffS)
				}
			case lab.Lost:
				lost = append(lost, a)
			default:
				continue
			}
			w.broken++
			if slices.Index(worstFirst, a.Verdict) < slices.Index(worstFirst, w.verdict) {
				w.verdict = a.Verdict
			}
		}
		switch {
		case open != nil:
			w.Text = "after " + inWords(c.run.HorizonS) + " " + abilities(open, "could still")
		case late != nil:
			w.Text = overdue(late, c.run.LimitS)
		case lost != nil:
			w.Text = abilities(lost, "could no longer") + ", though they should have noticed nothing"
		default:
			continue
		}
		if open != nil && late != nil {
			w.Text += "; " + overdue(late, c.run.LimitS)
		}
		w.Text, w.Class, w.Mark, w.Verdict = foreign.Text(w.Text), class(w.verdict), mark(w.verdict), string(w.verdict)
		list = append(list, w)
	}
	slices.SortStableFunc(list, func(a, b htmlWorst) int {
		return cmp.Or(slices.Index(worstFirst, a.verdict)-slices.Index(worstFirst, b.verdict), cmp.Compare(b.lasted, a.lasted), b.broken-a.broken)
	})
	if len(list) > mostWorst {
		return list[:mostWorst], len(list) - mostWorst
	}
	return list, 0
}
