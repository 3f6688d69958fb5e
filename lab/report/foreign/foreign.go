// Package foreign makes text harmless that comes from elsewhere: a server's
// answer, and the names in somebody's case.
package foreign

import (
	"strings"
	"unicode"
)

// Steers tells whether a character does something to a terminal or to the order
// of the text around it, or is not seen. The two joiners are part of words in
// some scripts.
func Steers(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Noncharacter_Code_Point) ||
		unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d'
}

// Text replaces what steers.
func Text(s string) string { return Except(s, "") }

// Lines is [Text] for a text of several lines.
func Lines(s string) string { return Except(s, "\n") }

// Except is [Text] that leaves some characters as they are.
func Except(s, those string) string {
	return strings.Map(func(r rune) rune {
		if Steers(r) && !strings.ContainsRune(those, r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
