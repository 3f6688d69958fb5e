package matrix

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"shutout/lab"
	"shutout/lab/report"
	"shutout/lab/report/foreign"
	"shutout/scenarios"
)

// Style says how a rendering for people may look.
type Style struct {
	Colour bool // of the terminal
	Width  int  // where running text is wrapped; 0 means at 100 columns
	// All shows every line. Otherwise those that nobody noticed are only named.
	All bool
}

// view is what both renderings for people show: the paths that somebody has,
// and the lines that are worth one.
type view struct {
	doc    *Document
	paths  []int // indices of the columns
	tables []table
	// missing tells which paths and mitigations are not in these versions.
	missing []absence
	marks   marks
}

// absence is a path or a mitigation that a version does not have, and why.
type absence struct{ name, why string }

type table struct {
	title string
	lines []*Line
	quiet []string // rows that nobody noticed
}

// marks tells which signs a legend has to explain.
type marks struct{ part, doubt, invalid, failed, outage, open bool }

func newView(d *Document, all bool) *view {
	v := &view{doc: d}
	v.columns()
	for _, b := range d.Blocks {
		v.tables = append(v.tables, v.table(b, all))
	}
	for _, t := range v.tables {
		for _, l := range t.lines {
			for _, i := range v.paths {
				v.marks.note(l.Cells[i])
			}
		}
	}
	return v
}

// columns leaves out the paths that no cell has.
func (v *view) columns() {
	for i, path := range v.doc.Paths {
		why := ""
		has := false
		for _, b := range v.doc.Blocks {
			for _, l := range b.Lines {
				if c := l.Cells[i]; c.Bystander.Verdict != lab.NotAvailable {
					has = true
				} else if why == "" {
					why = c.Note
				}
			}
		}
		if has {
			v.paths = append(v.paths, i)
		} else {
			v.missing = append(v.missing, absent(string(path), why))
		}
	}
}

// absent says that this version has no such thing, and why.
func absent(name, why string) absence {
	return absence{name, strings.TrimPrefix(why, lab.ErrNotAvailable.Error()+": ")}
}

// absences lists what is missing, those that one reason explains together.
func (v *view) absences() (texts []string) {
	var reasons []string
	names := map[string][]string{}
	for _, a := range v.missing {
		if names[a.why] == nil {
			reasons = append(reasons, a.why)
		}
		names[a.why] = append(names[a.why], a.name)
	}
	for _, why := range reasons {
		texts = append(texts, fmt.Sprintf("%s (%s)", strings.Join(names[why], ", "), why))
	}
	return texts
}

func (v *view) table(b *Block, all bool) table {
	t := table{title: "each alone, at T0"}
	if b.After != "" {
		t.title = fmt.Sprintf("after %s at T0, each at %s", b.After, moment(b.AtS))
	}
	for _, row := range rowsOf(b) {
		lines := slices.DeleteFunc(slices.Clone(b.Lines), func(l *Line) bool { return l.Row != row })
		quiet := !slices.ContainsFunc(lines, func(l *Line) bool { return l.Effect })
		switch {
		case slices.ContainsFunc(lines, v.played) && (all || !quiet):
			t.lines = append(t.lines, lines...)
		case slices.ContainsFunc(lines, v.played):
			t.quiet = append(t.quiet, row)
		case len(v.paths) > 0:
			text := absent(row, lines[0].Cells[v.paths[0]].Note)
			if !slices.Contains(v.missing, text) {
				v.missing = append(v.missing, text)
			}
		}
	}
	return t
}

func rowsOf(b *Block) (names []string) {
	for _, l := range b.Lines {
		if !slices.Contains(names, l.Row) {
			names = append(names, l.Row)
		}
	}
	return names
}

// played tells whether a line has a cell that shows something.
func (v *view) played(l *Line) bool {
	return slices.ContainsFunc(v.paths, func(i int) bool { return l.Cells[i].Verdict != lab.NotAvailable })
}

// residual writes how long access lasted.
func (v *view) residual(c *Cell) string {
	text := ""
	switch c.Verdict {
	case lab.NotAvailable:
		return "n/a"
	case lab.Invalid:
		text = "?"
	case lab.Open:
		text = ">" + seconds(v.doc.HorizonS)
	case lab.VerdictUnknown:
		text = seconds(*c.ResidualS) + "?"
	default:
		text = seconds(*c.ResidualS)
	}
	switch c.part() {
	case "":
	case lab.Read:
		text += " r"
	default:
		text += " s"
	}
	if c.failed() {
		text += "!"
	}
	return text
}

// part is the capability that lasted the longest, if the others did not last as
// long.
func (c *Cell) part() lab.Capability {
	var worst []lab.Capability
	for _, k := range c.Capabilities {
		same := k.Verdict == c.Verdict
		if c.ResidualS != nil {
			same = same && k.CutoffS != nil && *k.CutoffS == *c.ResidualS
		}
		if same {
			worst = append(worst, k.Capability)
		}
	}
	if len(worst) == 1 && len(c.Capabilities) > 1 {
		return worst[0]
	}
	return ""
}

// failed tells whether a step could not be carried out.
func (c *Cell) failed() bool {
	return slices.ContainsFunc(c.Steps, func(s *lab.StepResult) bool { return s.Outcome == lab.Failed })
}

// felt writes what the bystander felt; empty: nothing.
func (c *Cell) felt() string {
	switch {
	case c.Bystander.Verdict == lab.Lost:
		return "†lost"
	case c.Bystander.Verdict == lab.Invalid:
		return "†?"
	case c.Bystander.OutageS > 0:
		return "†" + seconds(c.Bystander.OutageS)
	}
	return ""
}

func (m *marks) note(c *Cell) {
	if c.Verdict == lab.NotAvailable {
		return
	}
	m.part = m.part || c.part() != ""
	m.doubt = m.doubt || c.Verdict == lab.VerdictUnknown
	m.invalid = m.invalid || c.Verdict == lab.Invalid
	m.failed = m.failed || c.failed()
	m.outage = m.outage || c.felt() != ""
	m.open = m.open || c.Verdict == lab.Open
}

// legend explains the signs that the tables have.
func (v *view) legend() []string {
	d := v.doc
	list := []string{"1h29m: access lasted so long after the order, T0"}
	for _, sign := range []struct {
		used bool
		text string
	}{
		{v.marks.open, fmt.Sprintf(">%s: it still worked when the watch ended", seconds(d.HorizonS))},
		{v.marks.part, "r or s: reading or sending alone lasted so long, the other ended sooner"},
		{v.marks.outage, fmt.Sprintf("†1m: the bystander was cut off for so long, as seen by trying every %s", seconds(d.EveryS))},
		{v.marks.failed, "!: the mitigation, or a step of the SOP, failed"},
		{v.marks.doubt, "5m?: the deciding attempt has no clear outcome"},
		{v.marks.invalid, "?: the bystander failed as well, so nothing was shown"},
	} {
		if sign.used {
			list = append(list, sign.text)
		}
	}
	return list
}

// given tells with which parameters mitigations were carried out.
func (v *view) given() []string {
	var list []string
	for _, b := range v.doc.Blocks {
		for _, l := range b.Lines {
			if text := l.Row + " " + l.Parameters; l.Parameters != "" && v.played(l) && !slices.Contains(list, text) {
				list = append(list, text)
			}
		}
	}
	return list
}

// failures tells why steps failed that cells mark with an exclamation mark.
func (v *view) failures() []string {
	var list []string
	for _, t := range v.tables {
		for _, l := range t.lines {
			for _, i := range v.paths {
				for _, s := range l.Cells[i].Steps {
					text := s.Do + ": " + foreign.Text(s.Detail)
					if s.Outcome == lab.Failed && l.Cells[i].Verdict != lab.NotAvailable && !slices.Contains(list, text) {
						list = append(list, text)
					}
				}
			}
		}
	}
	return list
}

// setting tells what every cell has in common.
func (v *view) setting() string {
	return fmt.Sprintf("A leaver with a session open since %s and a bystander on the same servers read, and send mail that arrives, every %s until %s.",
		moment(v.doc.SinceS), seconds(v.doc.EveryS), moment(v.doc.HorizonS))
}

// head is the short name of a column's path.
func (v *view) head(i int) string {
	info, _ := scenarios.LookupPath(v.doc.Paths[i])
	return info.Short
}

// heads explains the short names that are not the paths' own.
func (v *view) heads() []string {
	var list []string
	for _, i := range v.paths {
		if short, name := v.head(i), string(v.doc.Paths[i]); !strings.EqualFold(short, name) {
			list = append(list, short+" "+name)
		}
	}
	return list
}

// label is what a line is called.
func (l *Line) label() string {
	if l.Baseline {
		return "(nothing more)"
	}
	return l.Row
}

// several tells whether lines have to name their profile.
func (v *view) several() bool { return len(v.doc.Profiles) > 1 }

// total tells what was played and how to do it again.
func (v *view) total() string {
	d := v.doc
	return report.Played(d.VirtualS, d.WallS, d.Seed) + " · replay: " + d.Replay
}

// seconds writes a time of the document for people.
func seconds(s float64) string { return lab.Duration(time.Duration(s * float64(time.Second))) }

// moment writes a moment of the document for people.
func moment(s float64) string { return lab.Moment(time.Duration(s * float64(time.Second))) }
