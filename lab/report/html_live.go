package report

import (
	"io"
	"slices"
	"time"

	"shutout/lab"
)

// Live writes what a page shows of a case while it is played: the timeline as
// far as it has come, and the ledger. The page has the frame of package page.
func Live(w io.Writer, r *lab.RunResult) error {
	shown := *r
	if r.Played != nil {
		// What is to come has not been carried out, which is not a failure.
		shown.Steps = slices.DeleteFunc(slices.Clone(r.Steps), func(s *lab.StepResult) bool {
			return time.Duration(s.AtS*float64(time.Second)) > *r.Played
		})
	}
	c := newHTMLCase(&shown, anchors{}, true)
	for _, name := range []string{"timeline", "ledger"} {
		var data any = c.Timeline
		if name == "ledger" {
			data = c.Ledger
		}
		if err := htmlTemplate.ExecuteTemplate(w, name, data); err != nil {
			return err
		}
	}
	return nil
}

// Class is the style class of a verdict.
func Class(v lab.Verdict) string { return class(v) }

// Mark is a verdict's sign, for those who see no colours.
func Mark(v lab.Verdict) string { return mark(v) }
