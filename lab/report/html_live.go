package report

import (
	"bytes"
	"html/template"
	"slices"
	"time"

	"shutout/lab"
)

// Live is what a page shows of a case while it is played: the timeline as far as
// it has come, and the ledger. The page has the frame of package page.
func Live(r *lab.RunResult) (timeline, ledger template.HTML, err error) {
	shown := *r
	if r.Played != nil {
		// What is to come has not been carried out, which is not a failure.
		shown.Steps = slices.DeleteFunc(slices.Clone(r.Steps), func(s *lab.StepResult) bool {
			return time.Duration(s.AtS*float64(time.Second)) > *r.Played
		})
	}
	c := newHTMLCase(&shown, anchors{}, true)
	part := func(name string, data any) template.HTML {
		var b bytes.Buffer
		if err == nil {
			err = htmlTemplate.ExecuteTemplate(&b, name, data)
		}
		return template.HTML(b.String()) // which the template has escaped
	}
	return part("timeline", c.Timeline), part("ledger", c.Ledger), err
}

// Class is the style class of a verdict.
func Class(v lab.Verdict) string { return class(v) }

// Mark is a verdict's sign, for those who see no colours.
func Mark(v lab.Verdict) string { return mark(v) }
