// Package strict reads YAML files that people write by hand, and tells them
// everything that is wrong with one: each problem with file, line and column,
// what was found, what was expected, and the nearest name that exists.
//
// It takes the plain part of YAML only. Anchors, aliases, merge keys, tags,
// directives and several documents in a file are problems, so a file cannot
// refer to itself or grow when it is read.
package strict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Problem is one thing that is wrong with a file.
type Problem struct {
	File      string
	Line, Col int // from 1
	Text      string
}

func (p Problem) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Col, p.Text)
}

// Problems is everything that is wrong with a file, in the order of its lines.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// maxProblems bounds what is reported of one file.
const maxProblems = 50

// Problemf notes a problem at n, or at the file's beginning if n is nil.
func (d *Doc) Problemf(n *Node, format string, args ...any) {
	line, col := 1, 1
	if n != nil {
		line, col = n.Line, n.Col
	}
	d.problem(line, col, fmt.Sprintf(format, args...))
}

func (d *Doc) problem(line, col int, text string) {
	p := Problem{File: d.File, Line: max(line, 1), Col: max(col, 1), Text: text}
	if !d.seen[p] {
		d.seen[p] = true
		d.problems = append(d.problems, p)
	}
}

// Err returns the file's [Problems], or nil if there are none.
func (d *Doc) Err() error {
	if len(d.problems) == 0 {
		return nil
	}
	ps := Problems(slices.Clone(d.problems))
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	if more := len(ps) - maxProblems; more > 0 {
		ps = ps[:maxProblems]
		last := ps[maxProblems-1]
		last.Text = fmt.Sprintf("%d more problems from here on: correct those above first", more+1)
		ps[maxProblems-1] = last
	}
	return ps
}

// Quote makes text from a file fit for a message: on one line, quoted, and cut
// when it is long.
func Quote(text string) string {
	const most = 60
	if utf8.RuneCountInString(text) > most {
		text = string([]rune(text)[:most]) + "…"
	}
	return fmt.Sprintf("%q", text)
}

// Complained tells whether something is wrong with n or with what is in it.
func (d *Doc) Complained(n *Node) bool {
	if n == nil {
		return false
	}
	return slices.ContainsFunc(d.problems, func(p Problem) bool { return p.Line == n.Line && p.Col == n.Col }) ||
		slices.ContainsFunc(n.Keys, func(k Key) bool { return d.Complained(k.Name) || d.Complained(k.Value) }) ||
		slices.ContainsFunc(n.Items, d.Complained)
}

// Count tells how many problems have been noted so far.
func (d *Doc) Count() int { return len(d.problems) }
