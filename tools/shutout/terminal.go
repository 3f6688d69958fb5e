package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"

	"shutout/lab/report"
	"shutout/lab/report/foreign"
	"shutout/lab/strict"
)

// terminal is where text for people goes. What servers, journals and other files
// say may be among it, so nothing in it steers the terminal.
type terminal struct {
	io.Writer
	Colour bool // never when not a terminal, or with NO_COLOR (https://no-color.org)
	Width  int  // columns; 0 when not a terminal
	// fault is the first failed write, after which the rest is lost.
	fault error
}

func (t *terminal) Write(b []byte) (int, error) {
	if t.fault != nil {
		return 0, t.fault
	}
	n, err := t.Writer.Write(b)
	t.fault = err
	return n, err
}

func newTerminal(w io.Writer) *terminal {
	t := &terminal{Writer: w}
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return t
	}
	t.Colour = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	if width, _, err := term.GetSize(int(f.Fd())); err == nil {
		t.Width = width
	}
	return t
}

// heading writes a line that begins a section.
func (t *terminal) heading(format string, args ...any) {
	text := foreign.Text(fmt.Sprintf(format, args...))
	if t.Colour {
		text = "\x1b[1m" + text + "\x1b[0m"
	}
	fmt.Fprintln(t, text)
}

// textWidth is where running text is wrapped.
func (t *terminal) textWidth() int {
	const widest = 100
	if t.Width == 0 {
		return 80
	}
	return min(t.Width, widest)
}

// paragraph writes running text, wrapped, after an indent.
func (t *terminal) paragraph(indent, text string) {
	t.hanging(indent, indent, text)
}

// hanging writes running text, wrapped, with one indent for the first line and
// another for the following ones.
func (t *terminal) hanging(first, rest, text string) {
	line := first
	empty := true
	for _, word := range strings.Fields(foreign.Text(strict.OneLine(text))) {
		if !empty && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > t.textWidth() {
			fmt.Fprintln(t, line)
			line, empty = rest, true
		}
		if !empty {
			line += " "
		}
		line, empty = line+word, false
	}
	fmt.Fprintln(t, line)
}

// items writes a list, one entry a line or more, after a heading. An empty
// list is left out together with its heading.
func (t *terminal) items(title string, list []string) {
	if len(list) == 0 {
		return
	}
	t.heading("%s", title)
	for _, item := range list {
		t.hanging("  - ", "    ", item)
	}
}

// table writes rows with aligned columns after an indent. On a terminal the
// last column is cut to what fits.
func (t *terminal) table(indent string, rows [][]string) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		var b strings.Builder
		b.WriteString(indent)
		for i, cell := range row {
			cell = foreign.Text(cell)
			b.WriteString(cell)
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
			}
		}
		fmt.Fprintln(t, cut(strings.TrimRight(b.String(), " "), t.Width))
	}
}

// line writes somebody else's line as it stands, cut to what fits on a terminal.
// A tab is a space, so that it counts as the one column that it is cut by.
func (t *terminal) line(s string) {
	fmt.Fprintln(t, cut(foreign.Text(strings.ReplaceAll(s, "\t", " ")), t.Width))
}

// cut shortens s to width columns; 0 means as it is.
func cut(s string, width int) string {
	if width <= 0 {
		return s
	}
	return report.Cut(s, width)
}
