package profile

import (
	"slices"
	"strings"
)

// hint says what an unknown parameter name may have meant: the nearest names, or else those of its group, or
// else the groups.
func (d *document) hint(name string) string {
	const most, longestName = 3, 64
	type candidate struct {
		name     string
		distance int
	}
	var near []candidate
	for _, p := range d.Parameters {
		if len(name) > longestName {
			break
		}
		distance := editDistance(name, p.Name)
		_, rest, _ := strings.Cut(p.Name, ".")
		if len(name) >= 3 && strings.Contains(p.Name, name) {
			distance = 1 // a part of the name, such as token_ttl
		} else if rest != "" {
			distance = min(distance, editDistance(name, rest)+1)
		}
		if distance <= max(2, len(name)/3) {
			near = append(near, candidate{p.Name, distance})
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return a.distance - b.distance })
	var names []string
	for _, c := range near[:min(most, len(near))] {
		names = append(names, c.name)
	}
	switch len(names) {
	case 0:
		group, _, _ := strings.Cut(name, ".")
		if names := d.group(group + "."); len(names) > 0 {
			return "there are " + strings.Join(names, ", ")
		}
		return "the names begin with " + strings.Join(d.groups(), ", ")
	case 1:
		return "the nearest is " + names[0]
	}
	return "the nearest are " + strings.Join(names, ", ")
}

// group lists the parameter names with that prefix, sorted.
func (d *document) group(prefix string) []string {
	var names []string
	for _, p := range d.Parameters {
		if strings.HasPrefix(p.Name, prefix) {
			names = append(names, p.Name)
		}
	}
	return names
}

// groups lists the first parts of the parameter names, sorted.
func (d *document) groups() []string {
	var groups []string
	for _, p := range d.Parameters {
		group, _, _ := strings.Cut(p.Name, ".")
		groups = append(groups, group+".")
	}
	return slices.Compact(groups)
}

// editDistance counts the bytes to insert, delete or replace to get from a to b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
