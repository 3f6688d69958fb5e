package report

import (
	"strconv"
	"unicode/utf8"
)

// quoted makes foreign text fit for an error message.
func quoted(s string) string { return strconv.Quote(Cut(s, 60)) }

// Cut cuts a text to so many characters.
func Cut(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}
