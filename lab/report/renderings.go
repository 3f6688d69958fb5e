package report

import (
	"io"

	"shutout/lab"
)

// A Rendering is one form of the result document.
type Rendering struct {
	Name  string // the word that --format takes
	File  string // in the run folder
	Write func(io.Writer, *lab.Document) error
}

// Renderings lists every form that a run folder holds.
var Renderings = []Rendering{
	{"json", ResultFile, JSON},
	{"text", "report.txt", func(w io.Writer, d *lab.Document) error { return Terminal(w, d, Style{}) }},
	{"html", "report.html", HTML},
	{"junit", "junit.xml", JUnit},
	{"markdown", "summary.md", Markdown},
}
