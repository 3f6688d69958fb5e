// Package report renders the result document: one result, many renderings.
package report

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"shutout/lab"
	"shutout/lab/report/foreign"
)

// Style says how the terminal rendering may look.
type Style struct {
	Colour bool
	Width  int  // columns; 0 means as wide as it gets
	Brief  bool // promises only: no steps, no reasons for what was kept
}

// Terminal writes a document for people: the promises first, each with its
// number beside the limit and the reason in one line.
func Terminal(w io.Writer, d *lab.Document, st Style) error {
	t := &terminal{st: st}
	for i, r := range d.Runs {
		if i > 0 {
			t.line("")
		}
		t.run(d, r)
	}
	t.line("")
	t.total(d)
	_, err := io.WriteString(w, t.b.String())
	return err
}

type terminal struct {
	b  strings.Builder
	st Style
}

// line writes one line, cut to the width.
func (t *terminal) line(s string) {
	t.b.WriteString(fit(s, t.st.Width))
	t.b.WriteByte('\n')
}

// fit cuts s to width columns; colour codes take none.
func fit(s string, width int) string {
	if width <= 0 || utf8.RuneCountInString(s) <= width {
		return s
	}
	columns, inCode := 0, false
	for i, r := range s {
		switch {
		case r == '\x1b':
			inCode = true
		case inCode:
			inCode = r != 'm'
		default:
			if columns++; columns > width-1 && utf8.RuneCountInString(stripCodes(s[i:])) > 1 {
				return s[:i] + "…" + reset(s)
			}
		}
	}
	return s
}

func reset(s string) string {
	if strings.Contains(s, "\x1b[") {
		return "\x1b[0m"
	}
	return ""
}

func stripCodes(s string) string {
	var b strings.Builder
	inCode := false
	for _, r := range s {
		switch {
		case r == '\x1b':
			inCode = true
		case inCode:
			inCode = r != 'm'
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func (t *terminal) run(d *lab.Document, r *lab.RunResult) {
	head := fmt.Sprintf("%s · %s · %s · limit %s", r.Scenario, d.Lab, r.Profile, seconds(r.LimitS))
	if r.SOP != "" {
		head += " · SOP " + r.SOP
	}
	for _, s := range r.Set {
		head += " · " + s
	}
	t.prose(t.bold, head)
	if !t.st.Brief {
		t.prose(plain, "  "+r.Title)
	}
	for _, s := range r.Steps {
		if t.st.Brief && s.Outcome == lab.Done {
			continue
		}
		t.prose(t.dim, fmt.Sprintf("  %s %s %s%s", when(s.AtS), s.Do, stepText(s), tookText(s)))
	}
	var rows []row
	for _, a := range r.Activities {
		if t.st.Brief && a.Role == lab.Control && quiet(a) {
			continue
		}
		rows = append(rows, newRow(a, r))
	}
	if short := joined(rows, t.st.Brief); t.st.Brief || t.fits(short) || !t.fits(rows) {
		rows = short
	}
	t.table(rows)
	if t.st.Brief {
		t.controls(r)
	} else {
		t.story(r)
	}
	t.sweep(r)
	t.advice(r)
}

// joined puts capabilities of one activity with one verdict on one line: those
// that lasted equally long for one reason, or in brief all, with the longest
// time.
func joined(rows []row, brief bool) []row {
	var out []row
	for _, x := range rows {
		if n := len(out); n > 0 {
			last := &out[n-1]
			alike := brief && last.change == x.change || last.time == x.time && last.reason == x.reason
			if last.who == x.who && last.path == x.path && last.verdict == x.verdict && alike {
				last.capability += " " + x.capability
				if last.time == "" || x.seconds > last.seconds {
					last.time, last.seconds, last.reason = x.time, x.seconds, x.reason
				}
				continue
			}
		}
		out = append(out, x)
	}
	return out
}

// quiet tells whether there is nothing to say of a control but that it was kept.
func quiet(a *lab.ActivityResult) bool {
	return a.Verdict == lab.Kept && !a.Drift && compared(a.Baseline) == ""
}

// controls sums up the controls that were kept: who they were, and the longest
// outage of each that had one. Of a control that kept only some capabilities it
// says which.
func (t *terminal) controls(r *lab.RunResult) {
	var names, outages []string
	longest := map[string]float64{}
	for _, a := range r.Activities {
		if a.Role != lab.Control || !quiet(a) {
			continue
		}
		name := a.ID
		if slices.ContainsFunc(r.Activities, func(b *lab.ActivityResult) bool { return b.ID == a.ID && !quiet(b) }) {
			name += " " + string(a.Capability)
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		for _, o := range a.Outages {
			if o.ToS != nil {
				longest[name] = max(longest[name], *o.ToS-o.FromS)
			}
		}
	}
	for _, name := range names {
		if away, was := longest[name]; was {
			outages = append(outages, name+" away for "+seconds(away))
		}
	}
	if names == nil {
		return
	}
	text := "kept: " + strings.Join(names, ", ")
	if outages != nil {
		text += " (" + strings.Join(outages, ", ") + ")"
	}
	t.entry("  "+t.mark(row{mark: "✓"})+" ", text)
}

// cells are what stands in columns, before the reason.
func (r row) cells() []string {
	return []string{foreign.Text(r.who), foreign.Text(r.path), foreign.Text(r.capability), foreign.Text(r.verdict), r.time}
}

func widths(rows []row) (w [5]int) {
	for _, r := range rows {
		for i, c := range r.cells() {
			w[i] = max(w[i], utf8.RuneCountInString(c))
		}
	}
	return w
}

// fits tells whether the columns have room on the terminal.
func (t *terminal) fits(rows []row) bool {
	total := 4 // the mark
	for _, w := range widths(rows) {
		total += w + 2
	}
	return t.st.Width == 0 || total <= t.st.Width
}

func (t *terminal) table(rows []row) {
	if !t.fits(rows) {
		t.stacked(rows)
		return
	}
	widths := widths(rows)
	for n, r := range rows {
		var b strings.Builder
		b.WriteString("  " + t.mark(r) + " ")
		for i, c := range r.cells() {
			if widths[i] == 0 {
				continue
			}
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c))
			if i == 4 { // numbers end at the same column
				b.WriteString(pad + c + "  ")
				continue
			}
			b.WriteString(c + pad + "  ")
		}
		if _, ok := t.room(b.String(), r.reason); !ok && n+1 < len(rows) && r.explains(rows[n+1]) {
			r.reason = "" // it stands below the next one
		}
		t.entry(b.String(), r.reason)
	}
}

// stacked writes rows that have no room for columns: the verdict first, then
// whose it is, and the reason below.
func (t *terminal) stacked(rows []row) {
	for n, r := range rows {
		verdict := r.verdict
		if r.time != "" {
			verdict += " " + r.time
		}
		if n+1 < len(rows) && r.explains(rows[n+1]) {
			r.reason = ""
		}
		text := strings.Join([]string{"  " + r.mark, verdict, r.who, r.path, r.capability}, " ")
		for i, s := range Wrap(foreign.Text(text), t.st.Width, 4) {
			if i == 0 {
				s = strings.Replace(s, r.mark, t.mark(r), 1)
			}
			t.line(s)
		}
		t.below(r.reason)
	}
}

func (t *terminal) total(d *lab.Document) {
	if text := Model(d.Lab); text != "" {
		t.prose(plain, text)
	}
	played := playedOf(d)
	replay := "replay: " + foreign.Text(d.Replay)
	if _, ok := t.room(played+" · ", replay); ok {
		t.line(played + " · " + replay)
	} else {
		t.prose(plain, played)
		t.b.WriteString(replay + "\n") // whole, to be copied
	}
	t.prose(t.bold, tally(d).line(d))
	if d.Empty() {
		t.prose(plain, nothingShown(d))
	}
}

// playedOf tells how much of a document was played. Real servers have the time
// of everybody, and nothing there comes from a seed.
func playedOf(d *lab.Document) string {
	var virtual float64
	for _, r := range d.Runs {
		virtual += r.VirtualS
	}
	if d.RealTime() {
		return fmt.Sprintf("%s of mail traffic in real time, %s with all that it took", seconds(virtual), seconds(math.Round(d.WallS)))
	}
	return Played(virtual, d.WallS, d.Seed)
}

// Played tells how much was simulated, how fast, and with which seed.
func Played(virtualS, wallS float64, seed uint64) string {
	text := fmt.Sprintf("%s of mail traffic in %.1fs", seconds(virtualS), wallS)
	if wallS > 0 {
		text += fmt.Sprintf(", %.0f times as fast", virtualS/wallS)
	}
	return fmt.Sprintf("%s · seed %d", text, seed)
}

func (t *terminal) mark(r row) string {
	switch {
	case !t.st.Colour || r.mark == "-":
		return r.mark
	case r.bad:
		return "\x1b[31m" + r.mark + "\x1b[0m"
	default:
		return "\x1b[32m" + r.mark + "\x1b[0m"
	}
}

func (t *terminal) bold(s string) string { return t.code("1", s) }
func (t *terminal) dim(s string) string  { return t.code("2", s) }

func (t *terminal) code(code, s string) string {
	if !t.st.Colour {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// seconds writes a time of the document for people.
func seconds(s float64) string { return lab.Duration(time.Duration(s * float64(time.Second))) }

// when writes a moment of the document for people.
func when(s float64) string { return lab.Moment(time.Duration(s * float64(time.Second))) }

// stepText tells to whom a step was done, and what came of it.
func stepText(s *lab.StepResult) string {
	text := s.Detail
	if s.Outcome != lab.Done {
		text = string(s.Outcome) + ": " + text
	}
	if s.Params != "" {
		text = s.Params + " · " + text
	}
	return text
}

// tookText tells how long a step took and how late it began, where either is
// worth a word.
func tookText(s *lab.StepResult) string {
	const worth = 0.5 // s
	var text string
	if s.TookS >= worth {
		text += fmt.Sprintf(", took %.1fs", s.TookS)
	}
	if s.LateS >= worth {
		text += fmt.Sprintf(", began %.1fs late", s.LateS)
	}
	return text
}
