package report

import (
	"fmt"
	"slices"
	"strings"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/lab/report/foreign"
)

// sweepWords say in plain words what was looked for.
var sweepWords = map[lab.SweepKind]string{
	lab.SweepSignIn:   "signing in",
	lab.SweepForward:  "mail sent on",
	lab.SweepDelegate: "others in the mailbox",
	lab.SweepShared:   "others' mailboxes",
	lab.SweepDevice:   "device partnership",
	lab.SweepCopy:     "mail on the device",
	lab.SweepQueue:    "mail in the queues",
	lab.SweepReply:    "out-of-office reply",
}

// sweep tells what works without a session, and what would end it.
func (t *terminal) sweep(r *lab.RunResult) {
	if r.Sweep == nil {
		return
	}
	if !t.st.Brief {
		t.line("")
	}
	if len(r.Sweep) == 0 {
		t.line("  nobody of the organisation leaves in this case: nothing was looked for without a session")
		return
	}
	t.line("  what still works without a session, looked for after " + seconds(r.HorizonS))
	people := map[string]bool{}
	width := 0
	for _, f := range r.Sweep {
		people[f.Of] = true
		width = max(width, len(sweepWords[f.Kind]))
	}
	shown := gathered(r, t.st.Brief)
	if len(shown) == 0 {
		t.entry("  "+t.mark(row{mark: "✓"})+" ", "nothing")
	}
	for _, f := range shown {
		who := ""
		if len(people) > 1 {
			who = f.Of + ": "
		}
		head := fmt.Sprintf("  %s %-*s  %-7s  ", t.mark(sweepRow(f)), width, sweepWords[f.Kind], foreign.Text(string(f.Works)))
		text := who + f.What
		if f.What != "" && f.Detail != "" {
			text += ": "
		}
		text += f.Detail
		t.entry(head, compared(f.Baseline)+predicted(f.Drift, f.Expected)+text)
		if len(f.Ends) == 0 {
			continue
		}
		margin, ends := strings.Repeat(" ", width+15), foreign.Text("ended by "+strings.Join(f.Ends, " or "))
		if _, ok := t.room(margin, ends); ok {
			t.line(margin + ends)
		} else {
			t.below(ends)
		}
	}
}

// toDecide tells whether a finding works, and is no fault of the SOP: somebody has
// to decide whether it should.
func toDecide(f *lab.SweepResult) bool { return f.Works == lab.WorksYes && !f.Broken }

// sweepRow is the mark of a finding: a cross for what serves whoever left, an
// exclamation mark for what is for somebody to decide.
func sweepRow(f *lab.SweepResult) row {
	switch {
	case f.Broken:
		return row{mark: "✗", bad: true}
	case f.Works == lab.WorksYes || f.Works == lab.WorksUnknown:
		return row{mark: "!", bad: true}
	case f.Works == lab.WorksNotAvailable:
		return row{mark: "-"}
	default:
		return row{mark: "✓"}
	}
}

// gathered puts findings of one kind with one answer and one reason on one line,
// each with what ends it at the site of its case. Brief leaves out what does not
// work, unless that comes as a surprise.
func gathered(r *lab.RunResult, brief bool) []*lab.SweepResult {
	var out []*lab.SweepResult
	for _, f := range r.Sweep {
		if brief && f.Works == lab.WorksNo && !f.Drift {
			continue
		}
		i := slices.IndexFunc(out, func(o *lab.SweepResult) bool {
			return o.Kind == f.Kind && o.Of == f.Of && o.Works == f.Works && o.Detail == f.Detail && o.What != "" && o.Drift == f.Drift
		})
		if i >= 0 {
			out[i].What += ", " + f.What
			continue
		}
		f = new(*f)
		f.Ends = endsAt(r.Profile, f.Ends)
		out = append(out, f)
	}
	return out
}

// endsAt leaves out the mitigations that the site of a profile does not have.
func endsAt(profile string, names []string) (out []string) {
	site := mitigation.SiteOf(profile)
	for _, name := range names {
		if info, known := mitigation.Lookup(name); !known || info.Where.Has(site) {
			out = append(out, name)
		}
	}
	return out
}
