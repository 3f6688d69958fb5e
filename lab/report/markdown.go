package report

import (
	"fmt"
	"io"
	"strings"

	"shutout/lab"
	"shutout/lab/report/foreign"
)

// Bounds of the Markdown: GitHub takes a job summary of 1 MiB.
const (
	maxCell     = 400     // characters of foreign text in one place
	maxMarkdown = 900_000 // bytes; details of further cases are left out
)

// Markdown writes a job summary, as GitHub and GitLab show it: what was broken
// first, then what was kept, and the details of each case folded away.
func Markdown(w io.Writer, d *lab.Document) error {
	m := &markdown{}
	m.head(d)
	m.promises(d)
	m.details(d)
	m.replay(d)
	_, err := io.WriteString(w, m.b.String())
	return err
}

type markdown struct{ b strings.Builder }

func (m *markdown) linef(format string, args ...any) {
	fmt.Fprintf(&m.b, format+"\n", args...)
}

func (m *markdown) head(d *lab.Document) {
	t := tally(d)
	mark := "✓"
	if d.Failed() {
		mark = "✗"
	}
	m.linef("## %s Shutout: %s\n", mark, t.headline(d))
	m.linef("%s\n", escape(t.line(d)))
	m.linef("%s · %s\n", escape(d.Lab), playedOf(d))
	if text := Model(d.Lab); text != "" {
		m.linef("%s\n", text)
	}
	if d.Empty() {
		m.linef("%s\n", nothingShown(d))
	}
}

// promised is a line of the table, with the case that it is of.
type promised struct {
	row
	name string
}

// promises writes the tables. Of several cases what was kept is folded away.
func (m *markdown) promises(d *lab.Document) {
	var broken, kept []promised
	for _, r := range d.Runs {
		name := caseName(d, r)
		var rows []row
		for _, a := range r.Activities {
			rows = append(rows, newRow(a, r))
		}
		for _, f := range r.Sweep {
			x := sweepRow(f)
			x.who, x.path, x.capability, x.verdict = f.Of, sweepWords[f.Kind], f.What, string(f.Works)
			x.reason = compared(f.Baseline) + predicted(f.Drift, f.Expected) + f.Detail
			if ends := endsAt(r.Profile, f.Ends); len(ends) > 0 {
				x.reason += "; ended by " + strings.Join(ends, " or ")
			}
			rows = append(rows, x)
		}
		for _, x := range joined(rows, false) {
			if x.bad {
				broken = append(broken, promised{x, name})
			} else {
				kept = append(kept, promised{x, name})
			}
		}
	}
	if len(d.Runs) == 1 {
		m.table(append(broken, kept...), false)
		return
	}
	m.table(broken, true)
	m.fold(fmt.Sprintf("what was kept, or was not judged: %s", lab.Count(len(kept), "line")), func() { m.table(kept, true) })
}

func (m *markdown) table(list []promised, cases bool) {
	if len(list) == 0 {
		return
	}
	head := []string{"", "who", "path", "what", "verdict", "lasted", "limit", "why"}
	if cases {
		head = append([]string{"", "case"}, head[1:]...)
	}
	m.linef("| %s |", strings.Join(head, " | "))
	m.linef("|%s", strings.Repeat(" --- |", len(head)))
	for _, x := range list {
		cells := []string{x.mark}
		if cases {
			cells = append(cells, escape(x.name))
		}
		for _, c := range []string{x.who, x.path, x.capability, x.verdict, x.time, x.limit, x.reason} {
			cells = append(cells, escape(c))
		}
		m.linef("| %s |", strings.Join(cells, " | "))
	}
	m.linef("")
}

// fold hides what body writes behind a title. GitHub reads Markdown in it again
// after an empty line.
func (m *markdown) fold(title string, body func()) {
	m.linef("<details><summary>%s</summary>\n", escapeHTML(title))
	body()
	m.linef("</details>\n")
}

// details tells of each case what was done, and what let whom in.
func (m *markdown) details(d *lab.Document) {
	for i, r := range d.Runs {
		if m.b.Len() > maxMarkdown {
			m.linef("The details of %s are left out here; %s has them.\n", lab.Count(len(d.Runs)-i, "case"), ResultFile)
			return
		}
		m.fold(caseName(d, r)+": "+r.Title, func() {
			m.linef("%s · limit %s · watched for %s\n", escape(strings.Join(append([]string{r.Profile}, r.Set...), " · ")), seconds(r.LimitS), seconds(r.HorizonS))
			for _, s := range r.Steps {
				m.linef("- %s **%s** %s", when(s.AtS), escape(s.Do), escape(stepText(s)))
			}
			if len(r.Steps) > 0 {
				m.linef("")
			}
			for _, c := range chapters(r) {
				m.linef("%s\n", escape(c.title))
				for i, p := range c.phases {
					if i == maxTold && len(c.phases) > maxTold+1 {
						m.linef("- and %d more, which %s has", len(c.phases)-i, ResultFile)
						break
					}
					m.linef("- %s: %s, %s", span(p), strings.TrimSpace(inOrOut(p)), escape(p.Detail))
				}
				m.linef("")
			}
			m.advice(r)
		})
	}
}

// replay writes the command, to be copied.
func (m *markdown) replay(d *lab.Document) {
	text := foreign.Text(d.Replay)
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	m.linef("Play it again:\n\n%s\n%s\n%s", fence, text, fence)
}

// escape makes foreign text stand in Markdown, in a table as well, as it is: no
// emphasis, code, link, picture, HTML, formula or further cell.
func escape(s string) string {
	var b strings.Builder
	s = Cut(foreign.Text(s), maxCell)
	for i, r := range s {
		switch {
		case strings.ContainsRune("\\`*_{}[]()#!|~$^", r):
			b.WriteByte('\\')
		case r == '&':
			b.WriteString("&amp;")
			continue
		case r == '<':
			b.WriteString("&lt;")
			continue
		case r == '>':
			b.WriteString("&gt;")
			continue
		case r == ':' && strings.HasPrefix(s[i:], "://"), r == '.' && strings.HasSuffix(strings.ToLower(s[:i]), "www"):
			b.WriteByte('\\') // or it becomes a link
		}
		b.WriteRune(r)
	}
	return b.String()
}

// escapeHTML is escape for the title of a fold, which is HTML.
func escapeHTML(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(Cut(foreign.Text(s), maxCell))
}
