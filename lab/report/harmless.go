package report

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// steers tells whether a character does something to a terminal or to the order
// of the text around it, or is not seen. The two joiners are part of words in
// some scripts.
func steers(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Noncharacter_Code_Point) ||
		unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d'
}

// harmless replaces what steers: a server's answer and the names in somebody's
// case are foreign text.
func harmless(s string) string {
	return strings.Map(func(r rune) rune {
		if steers(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// HarmlessLines is [Harmless] for a text of several lines.
func HarmlessLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = harmless(l)
	}
	return strings.Join(lines, "\n")
}

// quoted makes foreign text fit for an error message.
func quoted(s string) string { return strconv.Quote(shortened(s, 60)) }

// shortened cuts a text to so many characters.
func shortened(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}
