package matrix

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"shutout/lab"
	"shutout/lab/report"
	"shutout/lab/report/page"
)

//go:embed html.tmpl
var htmlText string

var htmlTemplate = template.Must(template.New("matrix").Parse(htmlText))

// HTML writes a grid as a page with a heat map: a cell's colour, pattern and
// number tell how long access lasted.
func HTML(w io.Writer, d *Document, st Style) error {
	v := newHTMLView(d, st)
	var body bytes.Buffer
	if err := htmlTemplate.Execute(&body, v); err != nil {
		return err
	}
	return page.Write(w, page.Page{
		Title: "Mitigations compared · Shutout", Made: d.Tool.Name + " " + d.Tool.Version,
		Body: template.HTML(body.String()), // which the template has escaped
	})
}

type htmlView struct {
	Head, Setting       string
	Model               string // says that it is one
	Facts               []string
	Tables              []htmlTable
	Legend, Given       []string
	Failures            []string
	Absent              []string
	Several             bool
	Paths               []string
	Total, Replay       string
	LimitText, OpenText string
	Best                []string
}

type htmlTable struct {
	ID, Title string
	Lines     []htmlLine
	Quiet     []string
}

type htmlLine struct {
	ID, Label, Title, Profile string
	Again                     bool // the row above has the same label
	Baseline                  bool
	Cells                     []htmlCell
}

type htmlCell struct {
	Text, Note, Felt string
	Class            string // how bad it is
	Tip              string
}

func newHTMLView(d *Document, st Style) *htmlView {
	v := newView(d, st.All)
	h := &htmlView{
		Head: "How long access lasts, mitigation by mitigation", Setting: v.setting(), Model: report.Model(d.Lab), Legend: v.legend(), Failures: v.failures(), Given: v.given(), Absent: v.absences(),
		Several: v.several(), Total: report.Played(d.VirtualS, d.WallS, d.Seed), Replay: d.Replay,
		LimitText: seconds(d.LimitS), OpenText: seconds(d.HorizonS),
	}
	if len(rowsOfAll(d)) > 0 && d.Blocks[0].Lines[0].Kind == "sop" {
		h.Head = "How long access lasts, by SOP"
	}
	h.Facts = append([]string{d.Lab, strings.Join(d.Profiles, ", "), "limit " + seconds(d.LimitS)}, d.Set...)
	for _, i := range v.paths {
		h.Paths = append(h.Paths, string(d.Paths[i]))
	}
	for n, t := range v.tables {
		ht := htmlTable{ID: fmt.Sprintf("table-%d", n+1), Title: strings.ToUpper(t.title[:1]) + t.title[1:], Quiet: t.quiet}
		for k, l := range t.lines {
			hl := htmlLine{
				ID: fmt.Sprintf("%s-%s-%s", ht.ID, l.Row, l.Profile), Label: l.label(), Title: l.Title, Profile: l.Profile,
				Again: k > 0 && t.lines[k-1].Row == l.Row, Baseline: l.Baseline,
			}
			for _, i := range v.paths {
				hl.Cells = append(hl.Cells, v.htmlCell(l, l.Cells[i]))
			}
			ht.Lines = append(ht.Lines, hl)
		}
		h.Tables = append(h.Tables, ht)
	}
	h.Best = v.best()
	for i, text := range h.Legend {
		h.Legend[i] = strings.Replace(text, "r or s: reading or sending alone", "reading, sending: that alone", 1)
	}
	return h
}

func rowsOfAll(d *Document) (lines []*Line) {
	for _, b := range d.Blocks {
		lines = append(lines, b.Lines...)
	}
	return lines
}

// htmlCell lays one cell out.
func (v *view) htmlCell(l *Line, c *Cell) htmlCell {
	h := htmlCell{Class: v.heat(c), Text: v.residual(c)}
	if c.Verdict == lab.NotAvailable {
		h.Tip = c.Note
		return h
	}
	text, note, _ := strings.Cut(h.Text, " ")
	h.Text, h.Note = text, strings.NewReplacer("r", "reading", "s", "sending", "!", " !").Replace(note)
	h.Felt = strings.TrimPrefix(c.felt(), "†")
	lines := []string{fmt.Sprintf("%s over %s: %s", l.label(), c.Path, c.Verdict)}
	for _, k := range c.Capabilities {
		line := fmt.Sprintf("%s: %s", k.Capability, k.Verdict)
		if k.CutoffS != nil {
			line += " after " + seconds(*k.CutoffS)
		}
		switch {
		case k.Note != "":
			line += ", " + k.Note
		case (k.Verdict == lab.Late || k.Verdict == lab.Open) && k.KeptBy != "":
			line += ", kept alive by: " + k.KeptBy
		case k.EndedBy != "":
			line += ", ended by: " + k.EndedBy
		}
		lines = append(lines, line)
	}
	switch {
	case c.Bystander.Verdict == lab.Lost:
		lines = append(lines, "bystander: cut off for good")
	case c.Bystander.OutageS > 0:
		lines = append(lines, "bystander: cut off for "+seconds(c.Bystander.OutageS))
	}
	h.Tip = strings.Join(lines, "\n")
	return h
}

// heat is the style class of a cell: within the limit, up to six limits, longer,
// open, not known, not there.
func (v *view) heat(c *Cell) string {
	switch c.Verdict {
	case lab.NotAvailable:
		return "none"
	case lab.Ended:
		return "cold"
	case lab.Late:
		if c.ResidualS != nil && *c.ResidualS <= 6*v.doc.LimitS {
			return "warm"
		}
		return "hot"
	case lab.Open:
		return "open"
	default:
		return "doubt"
	}
}

// best names the lines of each table that keep the limit on the most paths.
func (v *view) best() (out []string) {
	for _, t := range v.tables {
		most, names := 0, []string(nil)
		shown := 0
		for _, l := range t.lines {
			kept, all := 0, 0
			for _, i := range v.paths {
				if c := l.Cells[i]; c.Verdict != lab.NotAvailable {
					all++
					if c.Verdict == lab.Ended {
						kept++
					}
				}
			}
			shown = max(shown, all)
			switch {
			case kept == 0:
			case kept > most:
				most, names = kept, []string{l.label()}
			case kept == most && !slices.Contains(names, l.label()):
				names = append(names, l.label())
			}
		}
		if most > 0 {
			out = append(out, fmt.Sprintf("%s: %s %s the limit on the most paths, %d of %d.", strings.ToUpper(t.title[:1])+t.title[1:],
				strings.Join(names, ", "), map[bool]string{true: "keeps", false: "keep"}[len(names) == 1], most, shown))
		} else {
			out = append(out, fmt.Sprintf("%s: nothing keeps the limit on any path.", strings.ToUpper(t.title[:1])+t.title[1:]))
		}
	}
	return out
}
