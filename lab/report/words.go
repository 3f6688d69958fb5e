package report

import "shutout/lab"

// PlainWords tells people who read no logs what a document shows, a sentence or
// two at a time.
func PlainWords(d *lab.Document) []string { return summary(d) }

// PlainStory is PlainWords for one case.
func PlainStory(r *lab.RunResult) []string { return plainStory(r) }

// Beside tells what was broken beside the promises about access that had to
// end: those to bystanders, and ways without a session.
func Beside(d *lab.Document) []string { return tally(d).beside() }

// Wrap breaks a text into lines of at most width columns, with an indent for
// every line but the first.
func Wrap(s string, width, indent int) []string { return wrap(s, width, indent) }
