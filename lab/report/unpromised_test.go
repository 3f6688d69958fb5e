package report_test

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"shutout/lab"
	"shutout/lab/report"
)

// beside is a threat that was played, and that the SOP is not about.
func beside() *lab.ActivityResult {
	a := threat("gus-owa", "gus", lab.OWA, lab.Read, lab.NotAvailable)
	a.Note, a.Attempts = "the SOP is about whoever leaves, and gus has to go on working", 12
	return a
}

// missing is one that the lab does not have.
func missing() *lab.ActivityResult {
	a := threat("dana-imap", "dana", lab.IMAP, lab.Read, lab.NotAvailable)
	a.Note = lab.ErrNotAvailable.Error() + ": no IMAP"
	return a
}

func sopRun(list ...*lab.ActivityResult) *lab.RunResult {
	return &lab.RunResult{Scenario: "case", SOP: "naive", LimitS: 300, HorizonS: 3600, Activities: list}
}

// What the SOP is not about was tried, and the lab has it: no form of the report
// says otherwise.
func TestUnpromised(t *testing.T) {
	terminal := func(w io.Writer, d *lab.Document) error { return report.Terminal(w, d, report.Style{Width: 200}) }
	forms := map[string]func(io.Writer, *lab.Document) error{"terminal": terminal, "markdown": report.Markdown, "page": report.HTML, "junit": report.JUnit}
	say := func(form string, d *lab.Document) string {
		var b bytes.Buffer
		if err := forms[form](&b, d); err != nil {
			t.Fatal(err)
		}
		return strings.Join(strings.Fields(b.String()), " ")
	}
	wrong := []string{"not tried", "Not tried", "this lab does not have", "not there in this lab", "is not available", "this lab has none", "this lab had nothing"}
	for name, d := range map[string]*lab.Document{
		"one case":  {Lab: lab.Simulation, Runs: []*lab.RunResult{sopRun(beside())}},
		"two cases": {Lab: lab.Simulation, Runs: []*lab.RunResult{sopRun(beside()), sopRun(threat("dana", "dana", lab.OWA, lab.Read, lab.Ended, 0), beside())}},
	} {
		for form := range forms {
			got := say(form, d)
			for _, w := range wrong {
				if strings.Contains(got, w) {
					t.Errorf("%s of %s says %q", form, name, w)
				}
			}
			if !strings.Contains(got, "SOP is not about") && !strings.Contains(got, beside().Note) {
				t.Errorf("%s of %s does not say what the SOP is about:\n%s", form, name, got)
			}
		}
	}
	d := &lab.Document{Lab: lab.Simulation, Runs: []*lab.RunResult{sopRun(beside(), missing())}}
	for form, want := range map[string][]string{
		"terminal": {"nothing was shown: this lab lacks the paths or mitigations of this case, or the SOP is not about them"},
		"markdown": {"nothing was shown: this lab lacks the paths or mitigations of this case, or the SOP is not about them"},
		"page": {
			"1 promise beside these was not tried: this lab does not have what that needs · 1 promise beside these was not made: the SOP is not about them",
			"not there in this lab, or not promised: the SOP is not about it",
		},
		"junit": {`<skipped message="the SOP is about whoever leaves, and gus has to go on working">`, `<skipped message="not available in this lab: no IMAP">`},
	} {
		got := say(form, d)
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("%s does not say %q:\n%s", form, w, got)
			}
		}
	}
	story := report.PlainStory(d.Runs[0])
	for _, want := range []string{
		"Not promised, as the SOP is not about it: whether gus could read mail in a browser (owa). The reason: the SOP is about whoever leaves, and gus has to go on working.",
		"Not tried, so nothing is said of it: whether dana could read mail with an IMAP mail program (imap). The reason: no IMAP.",
	} {
		if !slices.Contains(story, want) {
			t.Errorf("no %q in %q", want, story)
		}
	}
}
