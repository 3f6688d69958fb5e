package report

import (
	"shutout/lab/report/foreign"
	"strings"
	"unicode/utf8"
)

// beside is how many columns a reason needs to be read beside what it explains;
// with fewer it stands below.
const beside = 40

// room tells how many columns are left behind head; ok is false where text does
// not fit into them.
func (t *terminal) room(head, text string) (n int, ok bool) {
	n = t.st.Width - utf8.RuneCountInString(stripCodes(head))
	return n, t.st.Width <= 0 || utf8.RuneCountInString(text) <= n
}

// entry writes head and a text that goes with it: beside it, in a column of its
// own, or below.
func (t *terminal) entry(head, text string) {
	text = foreign.Text(text)
	n, ok := t.room(head, text)
	switch {
	case n < 0 && !ok:
		t.prose(plain, strings.TrimRight(stripCodes(head)+text, " "))
	case ok:
		t.line(strings.TrimRight(head+text, " "))
	case n < beside:
		t.line(strings.TrimRight(head, " "))
		t.below(text)
	default:
		margin := strings.Repeat(" ", t.st.Width-n)
		for i, s := range Wrap(text, n, 0) {
			if i > 0 {
				head = margin
			}
			t.line(head + s)
		}
	}
}

// below writes a text under the entry that it belongs to.
func (t *terminal) below(text string) {
	if text == "" {
		return
	}
	for _, s := range Wrap("      "+foreign.Text(text), t.st.Width, 6) {
		t.line(s)
	}
}

// prose writes a text in a style, whose further lines are indented.
func (t *terminal) prose(style func(string) string, text string) {
	for _, s := range Wrap(foreign.Text(text), t.st.Width, 4) {
		t.line(style(s))
	}
}

func plain(s string) string { return s }

// Wrap breaks s into lines of at most width columns, at blanks where there are
// any, with an indent for every line but the first. Zero columns mean as many as
// it takes.
func Wrap(s string, width, indent int) []string {
	var lines []string
	rest := []rune(s)
	margin := []rune(strings.Repeat(" ", indent))
	for width > 2*indent && len(rest) > width {
		end := width
		for end > 0 && rest[end] != ' ' {
			end--
		}
		if strings.TrimSpace(string(rest[:end])) == "" { // one long word
			end = width
		}
		lines = append(lines, strings.TrimRight(string(rest[:end]), " "))
		rest = append(margin[:indent:indent], []rune(strings.TrimLeft(string(rest[end:]), " "))...)
	}
	return append(lines, string(rest))
}
