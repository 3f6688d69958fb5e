package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"shutout/lab"
	"shutout/lab/report/foreign"
	"shutout/lab/results"
)

// Agreement writes for people how far two results say the same: where they
// differ, with what decided on each side and what would explain it, and a line
// that counts. The names are those of the two sides.
func Agreement(w io.Writer, g *results.Agreement, a, b string, st Style) error {
	t := &terminal{st: st}
	for _, c := range g.Cases {
		t.caseAgreement(c, a, b)
	}
	counts := g.Count()
	var parts []string
	for _, says := range results.Sayings {
		if n := counts[says]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, strings.NewReplacer("the first", a, "the second", b).Replace(string(says))))
		}
	}
	promises := 0
	for _, n := range counts {
		promises += n
	}
	line := lab.Count(len(g.Cases), "case") + ", " + lab.Count(promises, "promise") + ": " + strings.Join(parts, ", ")
	if apart := g.Apart(); apart > 0 {
		line += "; cut-offs that count as alike are " + seconds(apart) + " apart at most"
	}
	t.prose(t.bold, line)
	if counts[results.Agree]+counts[results.Differ] == 0 {
		t.prose(plain, "nothing could be compared")
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}

func (t *terminal) caseAgreement(c *results.CaseAgreement, a, b string) {
	told := false
	for _, m := range c.Promises {
		if m.Says != results.Differ {
			continue
		}
		if !told {
			t.prose(t.bold, c.Name())
			told = true
		}
		apart := ""
		switch {
		case m.ApartS > 0:
			apart = fmt.Sprintf("  %s %s later", b, seconds(m.ApartS))
		case m.ApartS < 0:
			apart = fmt.Sprintf("  %s %s sooner", b, seconds(-m.ApartS))
		}
		t.entry("  "+t.mark(row{mark: "✗", bad: true})+" ", fmt.Sprintf("%s  %s  %s%s", whose(c.Old, m.A), m.A.Path, m.A.Capability, apart))
		name := max(utf8.RuneCountInString(a), utf8.RuneCountInString(b))
		result := max(utf8.RuneCountInString(outcome(m.A, c.Old)), utf8.RuneCountInString(outcome(m.B, c.New)))
		side := func(of string, x *lab.ActivityResult, r *lab.RunResult) {
			t.entry(fmt.Sprintf("      %-*s  %-*s  ", name, foreign.Text(of), result, outcome(x, r)), reason(x, r))
		}
		side(a, m.A, c.Old)
		side(b, m.B, c.New)
		for _, note := range m.Notes {
			t.entry("      ", note)
		}
	}
	if told {
		t.line("")
	}
}
