package strict

import (
	"slices"
	"strings"
)

// Nearest returns those of known that found may have been meant for, the
// nearest first, at most three.
func Nearest(found string, known []string) []string {
	const most, longest = 3, 64
	if len(found) > longest {
		return nil
	}
	type candidate struct {
		word     string
		distance int
	}
	var near []candidate
	low := strings.ToLower(found)
	for _, word := range known {
		d := distance(low, strings.ToLower(word))
		if len(low) >= 3 && (strings.Contains(word, low) || len(word) >= 3 && strings.Contains(low, word)) {
			d = min(d, 2) // a part of the name, such as activesync-pool
		}
		if d <= max(1, len(found)/3) {
			near = append(near, candidate{word, d})
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return a.distance - b.distance })
	var words []string
	for _, c := range near[:min(most, len(near))] {
		words = append(words, c.word)
	}
	return words
}

// Expected says which words would do: the nearest ones, and all of them when
// there are few, or when none is near and they are not too many to be read.
func Expected(found string, known []string) string {
	const few, readable = 12, 30
	var b strings.Builder
	if near := Nearest(found, known); len(near) > 0 {
		b.WriteString(": did you mean " + strings.Join(near, " or ") + "?")
		if len(known) > few || len(known) == len(near) {
			return b.String()
		}
		b.WriteString(" Known are " + strings.Join(known, ", "))
		return b.String()
	}
	switch {
	case len(known) == 0 || len(known) > readable:
		return ""
	case len(known) == 1:
		return ": expected " + known[0]
	}
	return ": expected one of " + strings.Join(known, ", ")
}

// distance counts the bytes to insert, delete, replace or swap with their
// neighbour to get from a to b (optimal string alignment).
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
