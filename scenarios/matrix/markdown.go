package matrix

import (
	"fmt"
	"io"
	"strings"

	"shutout/lab"
	"shutout/lab/report"
)

// Markdown writes a grid as tables that a page can hold.
func Markdown(w io.Writer, d *Document, st Style) error {
	v := newView(d, st.All)
	var b strings.Builder
	fmt.Fprintf(&b, "%s Limit %s. Profile %s.", v.setting(), seconds(d.LimitS), strings.Join(d.Profiles, ", "))
	for _, s := range d.Set {
		fmt.Fprintf(&b, " `%s`", s)
	}
	b.WriteString("\n")
	if text := report.Model(d.Lab); text != "" {
		fmt.Fprintf(&b, "\n%s\n", text)
	}
	for _, t := range v.tables {
		fmt.Fprintf(&b, "\n**%s**\n\n| |", strings.ToUpper(t.title[:1])+t.title[1:])
		rule := "\n|---|"
		if v.several() {
			b.WriteString(" profile |")
			rule += "---|"
		}
		for _, i := range v.paths {
			fmt.Fprintf(&b, " %s |", d.Paths[i])
			rule += "---|"
		}
		b.WriteString(rule + "\n")
		for _, l := range t.lines {
			label := "`" + l.Row + "`"
			if l.Baseline {
				label = "nothing more"
			}
			fmt.Fprintf(&b, "| %s |", label)
			if v.several() {
				fmt.Fprintf(&b, " %s |", l.Profile)
			}
			for _, i := range v.paths {
				fmt.Fprintf(&b, " %s |", v.markdownCell(l.Cells[i]))
			}
			b.WriteString("\n")
		}
		if len(t.quiet) > 0 {
			fmt.Fprintf(&b, "\nNo effect: `%s`.\n", strings.Join(t.quiet, "`, `"))
		}
	}
	b.WriteString("\n")
	for _, text := range append(v.legend(), "✓: within the limit, ✗: not") {
		fmt.Fprintf(&b, "- %s\n", text)
	}
	for _, text := range v.failures() {
		fmt.Fprintf(&b, "- failed: %s\n", text)
	}
	for _, text := range v.given() {
		fmt.Fprintf(&b, "- with %s\n", text)
	}
	for _, text := range v.absences() {
		fmt.Fprintf(&b, "- not in this version: %s\n", text)
	}
	fmt.Fprintf(&b, "\nMade by `%s`.\n", d.Replay)
	_, err := io.WriteString(w, b.String())
	return err
}

func (v *view) markdownCell(c *Cell) string {
	text := v.residual(c)
	switch {
	case c.Verdict == lab.NotAvailable:
		return text
	case c.Verdict == lab.Ended:
		text = "✓ " + text
	default:
		text = "✗ " + text
	}
	if felt := c.felt(); felt != "" {
		text += " " + felt
	}
	return text
}
