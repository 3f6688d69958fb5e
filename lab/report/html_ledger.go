package report

import (
	"fmt"
	"slices"
	"strings"

	"shutout/lab"
	"shutout/lab/report/foreign"
)

// htmlLedger is what kept whoever leaves signed in, with its remaining life at
// each step.
type htmlLedger struct {
	Heads []htmlMoment
	Rows  []htmlMemory
}

type htmlMoment struct{ At, When string }

type htmlMemory struct {
	Who, What, Server, Layer, Rule, Since string
	First                                 bool // of its layer
	Cells                                 []htmlLife
}

// htmlLife is a cell: how long a memory still lasts.
type htmlLife struct {
	At          string // the moment, for who sees no columns
	Text, Class string
	Share       string // of the longest in its row, in percent; empty: no bar
}

// newHTMLLedger lays a ledger out. A moment that shows the same as the one
// before it is left out, but for the last.
func newHTMLLedger(r *lab.RunResult) *htmlLedger {
	if r.Ledger == nil || len(r.Ledger.Rows) == 0 {
		return nil
	}
	l := &htmlLedger{}
	var shown []int
	for i, m := range r.Ledger.Moments {
		if n := len(shown); n > 0 && i < len(r.Ledger.Moments)-1 && m.AtS == r.Ledger.Moments[shown[n-1]].AtS && same(r.Ledger, shown[n-1], i) {
			l.Heads[n-1].When = strings.Replace(l.Heads[n-1].When, lab.BeforeStep, "before and after", 1)
			continue
		}
		shown = append(shown, i)
		l.Heads = append(l.Heads, htmlMoment{when(m.AtS), momentWord(r, m)})
	}
	people := map[string]bool{}
	for _, row := range r.Ledger.Rows {
		people[row.Who] = true
	}
	var keys []string
	var counts []int
	for _, row := range r.Ledger.Rows {
		m := newMemory(row, shown, len(people) > 1)
		key := fmt.Sprint(m)
		if i := slices.Index(keys, key); i >= 0 { // several that are alike
			counts[i]++
			continue
		}
		for i := range m.Cells {
			m.Cells[i].At = strings.TrimSpace(l.Heads[i].At + " " + l.Heads[i].When)
		}
		keys, counts = append(keys, key), append(counts, 1)
		l.Rows = append(l.Rows, m)
	}
	for i := range l.Rows {
		if counts[i] > 1 {
			l.Rows[i].What += fmt.Sprintf(" (%d)", counts[i])
		}
		l.Rows[i].First = i == 0 || l.Rows[i].Layer != l.Rows[i-1].Layer || l.Rows[i].Who != l.Rows[i-1].Who
	}
	return l
}

func same(l *lab.LedgerResult, i, j int) bool {
	return !slices.ContainsFunc(l.Rows, func(r *lab.LedgerRow) bool {
		a, b := cell(r, i), cell(r, j)
		return (a == nil) != (b == nil) || a != nil && *a != *b
	})
}

// cell is nil where a document has none, too.
func cell(r *lab.LedgerRow, i int) *float64 {
	if i >= len(r.LeftS) {
		return nil
	}
	return r.LeftS[i]
}

func momentWord(r *lab.RunResult, m lab.LedgerMoment) string {
	switch m.When {
	case lab.AtHorizon:
		return "at the end"
	case lab.AtOrder:
		return "the order"
	}
	var names []string
	for _, s := range r.Steps {
		if s.AtS == m.AtS {
			names = append(names, s.Do)
		}
	}
	if len(names) > 2 {
		names = append(names[:1], fmt.Sprintf("%d more", len(names)-1))
	}
	return foreign.Text(m.When + " " + strings.Join(names, ", "))
}

func newMemory(row *lab.LedgerRow, shown []int, several bool) htmlMemory {
	m := htmlMemory{Layer: foreign.Text(string(row.Layer)), What: foreign.Text(row.What), Server: foreign.Text(row.Server), Rule: foreign.Text(row.Rule)}
	if several {
		m.Who = foreign.Text(row.Who)
	}
	if row.SinceS != nil {
		m.Since = when(*row.SinceS)
	}
	longest := 0.0
	for _, i := range shown {
		if left := cell(row, i); left != nil {
			longest = max(longest, *left)
		}
	}
	before := false
	for _, i := range shown {
		left := cell(row, i)
		switch {
		case left == nil && before:
			m.Cells = append(m.Cells, htmlLife{Text: "gone", Class: "gone"})
		case left == nil:
			m.Cells = append(m.Cells, htmlLife{Text: "–", Class: "not"})
		case *left == lab.NoEnd:
			m.Cells = append(m.Cells, htmlLife{Text: "no end", Class: "endless", Share: "100%"})
		default:
			share := 0.0
			if longest > 0 {
				share = 100 * *left / longest
			}
			m.Cells = append(m.Cells, htmlLife{Text: seconds(*left), Class: "left", Share: percent(share)})
		}
		before = before || left != nil
	}
	return m
}
