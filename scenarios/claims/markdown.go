package claims

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Markdown writes a ledger as a page.
func Markdown(w io.Writer, d *Document) error {
	var b strings.Builder
	b.WriteString(`# What documents and vendor texts say, tested

Each line is a sentence of a text, in our own words, played as an experiment in several variations. It is confirmed (✓) if
what it says is seen in every variation, refuted (✗) if in none, and depends (~) if in some; then it is told on what, as
found by playing. The laboratory is the simulated organisation, so a verdict says what follows from the parameters and
their sources. ` + "`shutout show ID`" + ` tells how a claim is tested, ` + "`shutout claims ID`" + ` plays it.
`)
	fmt.Fprintf(&b, "\n%s. %s.\n", d.totals(), "\\"+legend)
	for _, g := range d.Groups {
		fmt.Fprintf(&b, "\n## %s\n\n| | claim | what was found | sources |\n|---|---|---|---|\n", g.Title)
		for _, c := range g.Claims {
			id := "`" + c.ID + "`"
			if c.Disagreement != "" {
				id += fmt.Sprintf(" [%s%s](#%s)", c.Disagreement, c.Side, strings.ToLower(c.Disagreement))
			}
			finding := string(c.Verdict) + " " + c.finding()
			if c.Verdict != Depends {
				finding = string(c.Verdict) + ": " + c.finding()
			}
			if c.Drift {
				finding += fmt.Sprintf(" (predicted %s)", c.Predicted)
			}
			fmt.Fprintf(&b, "| %s | %s<br>%s | %s | %s |\n", marks[c.Verdict], cell(c.Claim), id, cell(finding), cell(short(c.Sources)))
		}
	}
	if len(d.Disagreements) > 0 {
		b.WriteString("\n## Where the texts disagree\n")
	}
	for _, dis := range d.Disagreements {
		fmt.Fprintf(&b, "\n<a id=\"%s\"></a>**%s · %s**\n\n", strings.ToLower(dis.ID), dis.ID, dis.Question)
		for _, side := range []struct {
			name, text string
			ids        []string
		}{{"A", dis.A, dis.ClaimsA}, {"B", dis.B, dis.ClaimsB}} {
			var ids []string
			for _, c := range d.claims() {
				for _, id := range side.ids {
					if c.ID == id {
						ids = append(ids, marks[c.Verdict]+" `"+id+"`")
					}
				}
			}
			fmt.Fprintf(&b, "- %s: %s %s\n", side.name, side.text, strings.Join(ids, ", "))
		}
		fmt.Fprintf(&b, "- %s\n", dis.decided())
	}
	b.WriteString("\n## Sources\n\n")
	var seen []string
	for _, c := range d.claims() {
		for _, s := range c.Sources {
			code, _, _ := strings.Cut(s, "#")
			title := d.Sources[code]
			if line := fmt.Sprintf("- %s: %s\n", code, title); !slices.Contains(seen, line) {
				seen = append(seen, line)
			}
		}
	}
	slices.Sort(seen)
	b.WriteString(strings.Join(seen, ""))
	fmt.Fprintf(&b, "\nMade by `%s --markdown`.\n", d.Replay)
	_, err := io.WriteString(w, b.String())
	return err
}

// cell makes a text fit for a table.
func cell(s string) string {
	return strings.NewReplacer("|", "\\|", "<", "&lt;", "\n", " ").Replace(s)
}
