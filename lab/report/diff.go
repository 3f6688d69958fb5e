package report

import (
	"fmt"
	"io"
	"strings"

	"shutout/lab"
	"shutout/lab/results"
)

// Diff writes for people what has changed between two results: the cases in
// which something has, and a line that counts.
func Diff(w io.Writer, d *results.Diff, st Style) error {
	t := &terminal{st: st}
	counts := map[lab.Change]int{}
	gained, lost := 0.0, 0.0
	for _, c := range d.Cases {
		for _, p := range c.Promises {
			counts[p.Kind]++
			gained += max(0, p.GainedS)
			lost += max(0, -p.GainedS)
		}
		for _, way := range c.Ways {
			counts[way.Kind]++
		}
		t.caseDiff(c)
	}
	var parts []string
	for _, kind := range lab.Changes {
		if counts[kind] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[kind], kind))
		}
	}
	if lost > 0 {
		parts = append(parts, seconds(lost)+" lost")
	}
	if gained > 0 {
		parts = append(parts, seconds(gained)+" gained")
	}
	t.prose(t.bold, strings.Join(parts, ", "))
	_, err := io.WriteString(w, t.b.String())
	return err
}

func (t *terminal) caseDiff(c results.CaseDiff) {
	switch {
	case c.New == nil:
		t.prose(t.bold, c.Name()+": gone")
		t.line("")
		return
	case c.Old == nil:
		t.prose(t.bold, c.Name()+": added")
	}
	var rows []row
	for _, p := range c.Promises {
		if p.Kind == lab.Held && p.GainedS == 0 || p.Kind == lab.Added && c.Old == nil {
			continue
		}
		rows = append(rows, changeRow(c, p))
	}
	for _, way := range c.Ways {
		if way.Kind == lab.Held || way.Kind == lab.Added {
			continue
		}
		f := way.New
		if f == nil {
			f = way.Old
		}
		rows = append(rows, row{
			mark: changeMark(way.Kind), bad: way.Kind.Worse() || way.Kind == lab.StillFailing, verdict: string(way.Kind),
			who: f.Of, path: sweepWords[f.Kind], capability: f.What, reason: f.Detail,
		})
	}
	if rows == nil && c.Old != nil {
		return
	}
	if c.Old != nil {
		t.prose(t.bold, c.Name())
	}
	t.table(joined(rows, false))
	t.line("")
}

func changeMark(c lab.Change) string {
	switch c {
	case lab.NewlyFailing, lab.Worsened, lab.StillFailing:
		return "✗"
	case lab.Gone:
		return "-"
	default:
		return "✓"
	}
}

func changeRow(c results.CaseDiff, p results.Change) row {
	x := row{mark: changeMark(p.Kind), bad: p.Kind.Worse() || p.Kind == lab.StillFailing, verdict: string(p.Kind)}
	a, r := p.New, c.New
	if a == nil {
		a, r = p.Old, c.Old
	}
	x.who, x.path, x.capability = whose(r, a), string(a.Path), string(a.Capability)
	var then, now string
	if p.Old != nil {
		then = outcome(p.Old, c.Old)
	}
	if p.New != nil {
		now = outcome(p.New, c.New)
	}
	switch {
	case then == "":
		x.reason = now
	case now == "":
		x.reason = then
	case then == now:
		x.reason = now
	default:
		x.reason = then + " → " + now
	}
	switch {
	case p.GainedS > 0:
		x.time = seconds(p.GainedS) + " sooner"
	case p.GainedS < 0:
		x.time = seconds(-p.GainedS) + " later"
	}
	if p.New != nil {
		if why := reason(p.New, c.New); why != "" {
			x.reason += ": " + why
		}
	}
	return x
}

// outcome is a verdict with its time.
func outcome(a *lab.ActivityResult, r *lab.RunResult) string {
	return strings.TrimSpace(string(a.Verdict) + " " + newRow(a, r).time)
}
