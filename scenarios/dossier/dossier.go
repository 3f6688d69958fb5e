// Package dossier says what an evidence bundle holds: what HR, legal or an
// auditor need to see what was done and what came of it, and to have it done
// again.
package dossier

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"shutout/lab"
	"shutout/lab/report"
	"shutout/lab/report/bundle"
	"shutout/scenarios/controls"
)

// Options are what a document does not say.
type Options struct {
	// Organisation is whose evidence it is; empty: not said.
	Organisation string
	// Limit is the organisation's own, which controls ask for; a negative one
	// leaves each case its own.
	Limit time.Duration
	// Tool is the program that makes the bundle.
	Tool lab.Tool
}

// maker makes the files of one bundle.
type maker struct {
	Options
	doc         *lab.Document
	assessments []controls.Assessment
	files       []bundle.File
	err         error
}

// Files makes what the bundle of a document holds. The same document gives the
// same files.
func Files(d *lab.Document, o Options) ([]bundle.File, error) {
	m := &maker{Options: o, doc: d, assessments: controls.Assess(d, o.Limit)}
	for _, form := range report.Renderings {
		if about := renderings[form.Name]; about != "" {
			m.write(form.File, about, func(w io.Writer) error { return form.Write(w, d) })
		}
	}
	m.text("sop.txt", "the SOP as it was carried out: every step with its parameters, its time and what came of it", m.sop())
	m.inputs()
	m.text("replay.txt", "the command and the seed that play the same again", m.replay())
	m.text("versions.txt", "the versions of everything that took part", m.versions())
	m.parameters()
	m.transcripts()
	m.both("controls", "what the run shows about controls of NIST SP 800-53, ISO/IEC 27001 and CIS, and about which it shows nothing", m.controls())
	m.both("README", "begin here: the result in plain words, and what the other files are", m.readme())
	return m.files, m.err
}

// renderings are those forms of the result that a bundle holds.
var renderings = map[string]string{
	"json": "the result document, from which everything else is made",
	"text": "the result as text",
	"html": "the result as a page with timelines, for any browser",
}

func (m *maker) write(name, about string, write func(io.Writer) error) {
	var b bytes.Buffer
	if err := write(&b); err != nil && m.err == nil {
		m.err = fmt.Errorf("%s: %w", name, err)
	}
	m.files = append(m.files, bundle.File{Name: name, About: about, Data: b.Bytes()})
}

// text writes a page as text.
func (m *maker) text(name, about string, p page) {
	m.write(name, about, p.text)
}

// both writes a page as text and as HTML.
func (m *maker) both(name, about string, p page) {
	m.text(name+".txt", about, p)
	m.write(name+".html", about, func(w io.Writer) error { return p.html(w, m.Tool) })
}

// fileNames gives every case a name that is fit for a file.
func fileNames(d *lab.Document) []string {
	taken := map[string]int{}
	names := make([]string, len(d.Runs))
	for i, r := range d.Runs {
		name := fit(r.Scenario) + "." + fit(r.Profile)
		taken[name]++
		if n := taken[name]; n > 1 {
			name = fmt.Sprintf("%s.%d", name, n)
		}
		names[i] = name
	}
	return names
}

// fit makes a part of a file's name of a word that may be foreign.
func fit(word string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '_'
	}, word)
	if len(name) > 63 {
		name = name[:63]
	}
	if name == "" {
		name = "_"
	}
	return name
}

// name is how a case is called on a page.
func name(r *lab.RunResult) string {
	text := r.Scenario + " on " + r.Profile
	for _, s := range r.Set {
		text += " with " + s
	}
	return text
}
