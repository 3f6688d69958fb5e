package report_test

import (
	"bytes"
	"testing"
	"unicode/utf8"

	"shutout/lab"
	"shutout/lab/golden"
	"shutout/lab/report"
	"shutout/lab/results"
)

// later is document as it may look the next time: one promise is fixed, one
// newly broken, one worse, one later within its limit, one case gone and another
// there.
func later() *lab.Document {
	d := document()
	first := d.Runs[0].Activities
	first[0].Verdict, first[0].CutoffS = lab.Ended, new(90.0)
	first[2].CutoffS = new(9000.0)
	first[3].Verdict, first[3].CutoffS = lab.Late, new(1200.0)
	first[8].Verdict = lab.Lost
	third := document().Runs[1]
	third.Scenario, third.SOP = "third", ""
	d.Runs[1] = third
	return d
}

// The renderings of a comparison, wide and narrow.
func TestDiffAndAgreement(t *testing.T) {
	d := results.Compare(document(), later())
	sweeps := results.Compare(swept(), document())
	other := later()
	other.Lab = "containers"
	g := results.Meet(document(), other)
	g.Cases[0].Promises[0].Notes = []string{"explained by iis.token_ttl_mode=absolute in the place of sliding: what it says"}
	evil := hostile(t)
	evil.Runs[0].Activities[0].Verdict = lab.Ended
	for name, style := range map[string]report.Style{"": {}, "-narrow": {Width: 60}, "-narrowest": {Width: 30}, "-colour": {Colour: true, Width: 100}} {
		for form, write := range map[string]func(b *bytes.Buffer) error{
			"diff":    func(b *bytes.Buffer) error { return report.Diff(b, d, style) },
			"sweeps":  func(b *bytes.Buffer) error { return report.Diff(b, sweeps, style) },
			"compare": func(b *bytes.Buffer) error { return report.Agreement(b, g, "sim", "containers", style) },
			"evil": func(b *bytes.Buffer) error {
				if err := report.Diff(b, results.Compare(hostile(t), evil), style); err != nil {
					return err
				}
				return report.Agreement(b, results.Meet(hostile(t), evil), "a\x1b[2J", "b", style)
			},
		} {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			golden.Equal(t, form+name+".txt", b.Bytes())
			text := uncoloured(b.String())
			for line := range bytes.Lines([]byte(text)) {
				if n := utf8.RuneCount(bytes.TrimSuffix(line, []byte("\n"))); style.Width > 0 && n > style.Width {
					t.Errorf("%s%s: %d columns: %q", form, name, n, line)
				}
				if bytes.ContainsAny(line, "\x1b\u202e\u2066") {
					t.Errorf("%s%s steers: %q", form, name, line)
				}
			}
		}
	}
}
