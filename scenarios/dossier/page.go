package dossier

import (
	_ "embed"
	"html/template"
	"io"
	"net/url"
	"strings"
	"unicode/utf8"

	"shutout/lab"
	"shutout/lab/report"
	"shutout/lab/report/foreign"
	frame "shutout/lab/report/page"
	"shutout/scenarios/controls"
)

// page is a page for people, as text and as HTML. What is in it may be foreign.
type page struct {
	Title    string
	Sections []section
}

// section is a heading with paragraphs, then a list, then a table, then lines
// that stand as they are.
type section struct {
	Title   string
	Outcome controls.Outcome // beside the title, if there is one
	Text    []string
	Items   []string
	Head    []string // of the table
	Rows    [][]string
	Lines   []string
	// Outcomes and Files tell that the last column of the table holds outcomes,
	// or the first one names of files that lie beside the page.
	Outcomes, Files bool
}

// chip is an outcome as a page shows it, in the colours of the verdicts.
type chip struct{ Mark, Text, Class string }

func chipOf(o controls.Outcome) chip {
	return chip{o.Mark(), string(o), map[controls.Outcome]string{controls.Kept: "good", controls.Broken: "bad"}[o]}
}

// cell is what one place of a table holds: words, and what they are.
type cell struct {
	Text, File string
	Chip       *chip
}

// Cells are the rows with what the columns are.
func (s section) Cells() (rows [][]cell) {
	for _, row := range s.Rows {
		var cells []cell
		for i, text := range row {
			c := cell{Text: text}
			if s.Files && i == 0 {
				c.File = (&url.URL{Path: text}).String()
			}
			if s.Outcomes && i == len(row)-1 {
				c.Chip = new(chipOf(controls.Outcome(text)))
			}
			cells = append(cells, c)
		}
		rows = append(rows, cells)
	}
	return rows
}

// Chip is the section's outcome.
func (s section) Chip() *chip {
	if s.Outcome == "" {
		return nil
	}
	return new(chipOf(s.Outcome))
}

// String writes it as text.
func (c chip) String() string { return c.Mark + " " + c.Text }

func (p *page) add(s section) { p.Sections = append(p.Sections, s) }

const columns = 100

// text writes the page as text.
func (p page) text(w io.Writer) error {
	var b strings.Builder
	line := func(s string) { b.WriteString(strings.TrimRight(foreign.Text(s), " ") + "\n") }
	wrapped := func(s string, indent int) {
		for _, l := range report.Wrap(foreign.Text(s), columns, indent) {
			line(l)
		}
	}
	line(p.Title)
	line(strings.Repeat("=", utf8.RuneCountInString(p.Title)))
	for _, s := range p.Sections {
		line("")
		if s.Title != "" {
			title := s.Title
			if c := s.Chip(); c != nil {
				title += ": " + c.String()
			}
			line(title)
			line(strings.Repeat("-", utf8.RuneCountInString(title)))
		}
		for _, t := range s.Text {
			wrapped(t, 0)
		}
		for _, t := range s.Items {
			wrapped("  - "+t, 4)
		}
		for _, row := range s.Cells() { // of any length, so no table
			for i, c := range row {
				cell := c.Text
				if c.Chip != nil {
					cell = c.Chip.String()
				}
				switch {
				case i == 0:
					wrapped(cell, 4)
				case i < len(s.Head) && s.Head[i] != "" && cell != "":
					wrapped("    "+s.Head[i]+": "+cell, 6)
				case cell != "":
					wrapped("    "+cell, 4)
				}
			}
		}
		for _, t := range s.Lines {
			line("    " + t)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

//go:embed page.tmpl
var body string

var bodyTemplate = template.Must(template.New("page").Funcs(template.FuncMap{"harmless": foreign.Text}).Parse(body))

// html writes the page as HTML.
func (p page) html(w io.Writer, made lab.Tool) error {
	var b strings.Builder
	if err := bodyTemplate.Execute(&b, p); err != nil {
		return err
	}
	return frame.Write(w, frame.Page{
		Title: foreign.Text(p.Title), Made: foreign.Text(made.Name + " " + made.Version),
		Body: template.HTML(b.String()), // which the template has escaped
	})
}
