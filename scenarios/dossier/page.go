package dossier

import (
	_ "embed"
	"html/template"
	"io"
	"strings"
	"unicode/utf8"

	"shutout/lab"
	"shutout/lab/report"
	"shutout/lab/report/foreign"
	frame "shutout/lab/report/page"
)

// page is a page for people, as text and as HTML. What is in it may be foreign.
type page struct {
	Title    string
	Sections []section
}

// section is a heading with paragraphs, then a list, then a table, then lines
// that stand as they are.
type section struct {
	Title string
	Text  []string
	Items []string
	Head  []string // of the table
	Rows  [][]string
	Lines []string
}

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
			line(s.Title)
			line(strings.Repeat("-", utf8.RuneCountInString(s.Title)))
		}
		for _, t := range s.Text {
			wrapped(t, 0)
		}
		for _, t := range s.Items {
			wrapped("  - "+t, 4)
		}
		for _, row := range s.Rows { // cells of any length, so no table
			for i, cell := range row {
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
