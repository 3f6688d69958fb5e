package main

import (
	"fmt"
	"strings"

	"shutout/fixtures/sources"
	"shutout/lab"
	"shutout/scenarios/evidence"
)

// sourceRows lists the documents with how much of what they say is covered,
// and the texts with how much cites them.
func sourceRows() (rows [][]string) {
	items := evidence.Items()
	for _, s := range sources.All() {
		uses := lab.Count(len(evidence.Citing(items, sources.Citation{Source: s})), "item")
		said := ""
		if s.Document() {
			said = fmt.Sprintf("%d of %s", covered(items, s), lab.Count(len(s.Statements), "statement"))
		}
		rows = append(rows, []string{s.Code, uses, said, s.Title})
	}
	return rows
}

// documentRows lists the documents alone.
func documentRows() (rows [][]string) {
	others := 0
	for _, row := range sourceRows() {
		if row[2] != "" {
			rows = append(rows, row)
		} else {
			others++
		}
	}
	return append(rows, []string{fmt.Sprintf("and %s: shutout list sources", lab.Count(others, "text"))})
}

// covered counts the statements of a document that something cites.
func covered(items []evidence.Item, s *sources.Source) int {
	n := 0
	for _, c := range evidence.Statements(s) {
		if len(evidence.Citing(items, c)) > 0 {
			n++
		}
	}
	return n
}

// listSource writes what in the catalogue cites a source: of a document,
// statement by statement in its order.
func listSource(t *terminal, text string) error {
	c, err := sources.Parse(text)
	if err != nil {
		return err
	}
	items := evidence.Items()
	s := c.Source
	t.heading("%s", s.Code)
	t.paragraph("", s.Title)
	if s.Address != "" {
		t.paragraph("", s.Address)
	}
	if !s.Document() {
		blank(t)
		itemRows(t, "  ", evidence.Citing(items, c))
		return nil
	}
	statements := []sources.Citation{c}
	if c.Statement == nil {
		statements = evidence.Statements(s)
		t.paragraph("", fmt.Sprintf("%d of %s covered", covered(items, s), lab.Count(len(statements), "statement")))
	}
	for _, st := range statements {
		blank(t)
		t.hanging("", "  ", statementText(st.Statement))
		if why := st.Statement.Untried; why != "" {
			t.hanging("    ", "    ", "not tried: "+why)
			continue
		}
		if c.Statement != nil {
			itemRows(t, "    ", evidence.Citing(items, st))
		} else {
			itemNames(t, "    ", evidence.Citing(items, st))
		}
	}
	return nil
}

// statementText is a statement with its id, who says it and where.
func statementText(st *sources.Statement) string {
	by := ""
	if st.By != "" {
		by = ", " + st.By
	}
	return fmt.Sprintf("%s (line %d%s): %s", st.ID, st.Line, by, st.Says)
}

// itemRows writes items, one a line.
func itemRows(t *terminal, indent string, items []evidence.Item) {
	if len(items) == 0 {
		fmt.Fprintln(t, indent+"nothing covers it")
		return
	}
	var rows [][]string
	for _, item := range items {
		rows = append(rows, []string{item.Kind, item.Name, item.Title})
	}
	t.table(indent, rows)
}

// itemNames writes the names of items, those of a kind together.
func itemNames(t *terminal, indent string, items []evidence.Item) {
	if len(items) == 0 {
		fmt.Fprintln(t, indent+"nothing covers it")
		return
	}
	for len(items) > 0 {
		kind := items[0].Kind
		var names []string
		for len(items) > 0 && items[0].Kind == kind { // kind by kind they come
			names, items = append(names, items[0].Name), items[1:]
		}
		first := fmt.Sprintf("%s%-12s", indent, kind)
		t.hanging(first, strings.Repeat(" ", len(first)), strings.Join(names, ", "))
	}
}

// showSources writes each source with its title and address and, of a
// document, what is cited of it.
func showSources(t *terminal, cites []string) {
	if len(cites) == 0 {
		return
	}
	blank(t)
	t.heading("sources")
	var last *sources.Source
	for _, text := range cites {
		c, err := sources.Parse(text)
		if err != nil {
			t.hanging("  - ", "    ", text) // a text of the user's own
			continue
		}
		if c.Source != last {
			t.hanging("  - ", "    ", c.Source.Code+": "+c.Source.Title)
			if c.Source.Address != "" {
				fmt.Fprintln(t, "    "+c.Source.Address)
			}
		}
		if last = c.Source; c.Statement != nil {
			t.hanging("    - ", "      ", statementText(c.Statement))
		}
	}
}
