package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"shutout/lab"
	"shutout/lab/report/foreign"
)

// tried is what a trial showed, in words.
type tried struct {
	label  string
	do     []string // the mitigations
	mark   string   // ✓ it keeps every promise, + some of them
	keeps  string   // "keeps 2 of 3: dana-owa read send"
	others string   // "nobody else noticed"
}

// triedOf puts the trials in words that kept something, and names the others.
func triedOf(a *lab.AdviceResult) (list []tried, inVain []string) {
	for _, t := range a.Trials {
		kept, left := t.Kept(), t.Left()
		x := tried{foreign.Text(t.Label), t.Do, "✓", "keeps every promise", disturbed(t)}
		if len(kept) == 0 {
			inVain = append(inVain, x.label)
			continue
		}
		if len(left) > 0 {
			x.mark, x.keeps = "+", fmt.Sprintf("keeps %d of %d: %s", len(kept), len(t.Promises), promisesOf(kept))
		}
		list = append(list, x)
	}
	return list, inVain
}

// inVainText says which trials kept nothing.
func inVainText(labels []string) string { return "keep none of them: " + strings.Join(labels, ", ") }

// promisesOf names promises, those of one activity together: "dana-owa read
// send, dana-imap read".
func promisesOf(list []lab.TrialPromise) string {
	var ids []string
	can := map[string]string{}
	for _, p := range list {
		if can[p.ID] == "" {
			ids = append(ids, p.ID)
		}
		can[p.ID] += " " + string(p.Capability)
	}
	for i, id := range ids {
		ids[i] = id + can[id]
	}
	return strings.Join(ids, ", ")
}

// disturbed tells what a trial did to bystanders: of each activity the longest.
func disturbed(t *lab.TrialResult) string {
	var ids []string
	away := map[string]float64{}
	lost := map[string]bool{}
	for _, d := range t.Disturbed {
		if !slices.Contains(ids, d.ID) {
			ids = append(ids, d.ID)
		}
		away[d.ID] = max(away[d.ID], d.AwayS)
		lost[d.ID] = lost[d.ID] || d.Lost
	}
	if ids == nil {
		return "nobody else noticed"
	}
	for i, id := range ids {
		if lost[id] {
			ids[i] = id + " did not come back"
		} else {
			ids[i] = id + " away for " + seconds(away[id])
		}
	}
	return strings.Join(ids, ", ")
}

// verdictOf says what the steps come to that were chosen, in half a sentence.
func verdictOf(t *lab.TrialResult) string {
	left := t.Left()
	if len(left) == 0 {
		return "every promise is kept; " + disturbed(t)
	}
	var on, nothing []lab.TrialPromise
	for _, p := range left {
		if p.Verdict.TooLong() {
			on = append(on, p)
		} else {
			nothing = append(nothing, p)
		}
	}
	what := fmt.Sprintf("%d of %d promises are kept; ", len(t.Promises)-len(left), len(t.Promises))
	if on != nil {
		what += promisesOf(on) + " goes on; "
	}
	if nothing != nil {
		what += "nothing is shown of " + promisesOf(nothing) + "; "
	}
	return what + disturbed(t)
}

// noWay says that nothing that was tried helped.
const noWay = "nothing that was tried keeps any of these promises"

// advice tells what was tried, and what keeps the promises that the SOP did not.
func (t *terminal) advice(r *lab.RunResult) {
	a := r.Advice
	if a == nil {
		return
	}
	if !t.st.Brief {
		t.line("")
		t.prose(plain, "  what to change, each tried at "+when(a.AtS))
		list, inVain := triedOf(a)
		width := 0
		for _, x := range list {
			width = max(width, utf8.RuneCountInString(x.label))
		}
		for _, x := range list {
			t.entry(fmt.Sprintf("  %s %-*s  ", t.mark(row{mark: x.mark}), width, x.label), x.keeps+"; "+x.others)
		}
		if inVain != nil {
			t.entry("  "+t.mark(row{mark: "✗", bad: true})+" ", inVainText(inVain))
		}
	}
	if a.Together == nil {
		t.prose(plain, "  "+noWay)
		return
	}
	t.prose(plain, fmt.Sprintf("  with %s at %s %s", a.Together.Label, when(a.AtS), verdictOf(a.Together)))
	if !t.st.Brief {
		for _, step := range a.Together.Steps {
			t.b.WriteString("    - " + foreign.Text(step) + "\n") // whole, to be copied
		}
	}
}

// advice writes the same for a job summary.
func (m *markdown) advice(r *lab.RunResult) {
	a := r.Advice
	if a == nil {
		return
	}
	m.linef("What to change, each tried at %s:\n", when(a.AtS))
	list, inVain := triedOf(a)
	for _, x := range list {
		m.linef("- %s **%s** %s; %s", x.mark, escape(x.label), escape(x.keeps), escape(x.others))
	}
	if inVain != nil {
		m.linef("- ✗ %s", escape(inVainText(inVain)))
	}
	m.linef("")
	if a.Together == nil {
		m.linef("%s.\n", escape(noWay))
		return
	}
	m.linef("With these steps %s:\n", escape(verdictOf(a.Together)))
	for _, step := range a.Together.Steps {
		m.linef("- %s", escape(step))
	}
	m.linef("")
}
