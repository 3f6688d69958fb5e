package matrix

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"shutout/lab"
	"shutout/lab/report"
)

// Terminal writes a grid for people: a line for each row, a column for each
// path, and below what the signs mean.
func Terminal(w io.Writer, d *Document, st Style) error {
	t := &terminal{view: newView(d, st.All), st: st}
	head := fmt.Sprintf("matrix · %s · %s · limit %s", d.Lab, strings.Join(d.Profiles, ", "), seconds(d.LimitS))
	for _, s := range d.Set {
		head += " · " + s
	}
	t.line(t.code("1", head))
	t.text("  ", t.setting())
	widths := t.widths()
	for _, table := range t.tables {
		t.line("")
		t.table(table, widths)
	}
	t.line("")
	t.items(t.legend())
	t.items(t.heads())
	t.named("failed: ", t.failures())
	t.named("with ", t.given())
	t.named("not in this version: ", t.absences())
	t.line("")
	if text := report.Model(d.Lab); text != "" {
		t.text("", text)
	}
	t.line(t.total())
	_, err := io.WriteString(w, t.b.String())
	return err
}

type terminal struct {
	*view
	st Style
	b  strings.Builder
}

func (t *terminal) line(s string) { t.b.WriteString(strings.TrimRight(s, " ") + "\n") }

// table writes the title, the heads and the lines.
func (t *terminal) table(tab table, widths []int) {
	label := widths[0]
	heads := "  " + pad(t.code("1", tab.title), utf8.RuneCountInString(tab.title), label)
	if utf8.RuneCountInString(tab.title) > label {
		t.line("  " + t.code("1", tab.title))
		heads = "  " + strings.Repeat(" ", label)
	}
	for i, p := range t.paths {
		h := t.head(p)
		heads += gap + pad(t.code("1", h), utf8.RuneCountInString(h), widths[i+1])
	}
	t.line(heads)
	for i, l := range tab.lines {
		name := l.label()
		if i > 0 && tab.lines[i-1].Row == l.Row {
			name = ""
		}
		if t.several() {
			name = pad(name, utf8.RuneCountInString(name), label-t.profileWidth()) + gap + l.Profile
		}
		row := "  " + pad(name, utf8.RuneCountInString(name), label)
		for i, p := range t.paths {
			c := l.Cells[p]
			text, felt := t.residual(c), c.felt()
			if c.Verdict == lab.NotAvailable {
				felt = ""
			}
			cell := t.code(colours[c.Verdict], text) + t.code("36", felt)
			row += gap + pad(cell, utf8.RuneCountInString(text+felt), widths[i+1])
		}
		t.line(row)
	}
	t.named("  no effect: ", tab.quiet)
}

// colours of the verdicts: green, yellow, red; magenta where nothing is sure.
var colours = map[lab.Verdict]string{
	lab.Ended: "32", lab.Late: "33", lab.Open: "31", lab.VerdictUnknown: "35", lab.Invalid: "35", lab.NotAvailable: "2",
}

// widths are those of the labels and of each column, over all tables, so that
// one stands below the other.
func (t *terminal) widths() []int {
	widths := make([]int, 1+len(t.paths))
	for i, p := range t.paths {
		widths[i+1] = utf8.RuneCountInString(t.head(p))
	}
	for _, tab := range t.tables {
		for _, l := range tab.lines {
			widths[0] = max(widths[0], utf8.RuneCountInString(l.label()))
			for i, p := range t.paths {
				c := l.Cells[p]
				widths[i+1] = max(widths[i+1], utf8.RuneCountInString(t.residual(c)+c.felt()))
			}
		}
	}
	if t.several() {
		widths[0] += t.profileWidth()
	}
	return widths
}

const gap = "  " // between two columns

// profileWidth is that of the profiles' names and the gap before them.
func (t *terminal) profileWidth() int {
	width := 0
	for _, name := range t.doc.Profiles {
		width = max(width, utf8.RuneCountInString(gap+name))
	}
	return width
}

// items writes several remarks one after the other.
func (t *terminal) items(list []string) {
	if len(list) > 0 {
		t.text("  ", strings.Join(list, " · "))
	}
}

func (t *terminal) named(name string, list []string) {
	if len(list) > 0 {
		indent := name[:len(name)-len(strings.TrimLeft(name, " "))]
		t.text("  "+indent, strings.TrimLeft(name, " ")+strings.Join(list, " · "))
	}
}

// text writes running text, wrapped.
func (t *terminal) text(indent, text string) {
	width := t.st.Width
	if width == 0 {
		width = 120
	}
	line := indent
	for _, word := range strings.Fields(text) {
		if line != indent && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			t.line(line)
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	t.line(line)
}

// pad fills up a text that takes so many columns.
func pad(text string, columns, width int) string {
	return text + strings.Repeat(" ", max(0, width-columns))
}

func (t *terminal) code(code, s string) string {
	if !t.st.Colour || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}
