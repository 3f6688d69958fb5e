// Package report renders the result document: one result, many renderings.
package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"shutout/lab"
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

// row is one line of the table of promises.
type row struct {
	mark, who, path, capability, verdict, time, reason string
	seconds                                            float64
	bad                                                bool
}

func (t *terminal) run(d *lab.Document, r *lab.RunResult) {
	head := fmt.Sprintf("%s · %s · %s · limit %s", r.Scenario, d.Lab, r.Profile, seconds(r.LimitS))
	if r.SOP != "" {
		head += " · SOP " + r.SOP
	}
	for _, s := range r.Set {
		head += " · " + s
	}
	t.line(t.bold(head))
	if !t.st.Brief {
		t.line("  " + r.Title)
	}
	for _, s := range r.Steps {
		if t.st.Brief && s.Outcome == lab.Done {
			continue
		}
		text := fmt.Sprintf("  %s %s %s", when(s.AtS), s.Do, s.Detail)
		if s.Outcome != lab.Done {
			text = fmt.Sprintf("  %s %s %s: %s", when(s.AtS), s.Do, s.Outcome, s.Detail)
		}
		t.line(t.dim(harmless(text)))
	}
	var rows []row
	for _, a := range r.Activities {
		if t.st.Brief && a.Role == lab.Control && a.Verdict == lab.Kept && !a.Drift {
			continue
		}
		x := newRow(a, r)
		if ambiguous(r, a) {
			x.who = a.ID
		}
		rows = append(rows, x)
	}
	if t.st.Brief {
		rows = joined(rows)
	}
	t.table(rows)
	if t.st.Brief {
		t.controls(r)
	}
}

// joined puts capabilities of one activity with one verdict on one line, with
// the longest time.
func joined(rows []row) []row {
	var out []row
	for _, x := range rows {
		if n := len(out); n > 0 {
			last := &out[n-1]
			if last.who == x.who && last.path == x.path && last.verdict == x.verdict {
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

// controls sums up the controls that were kept: who they were, and the longest
// outage of each that had one.
func (t *terminal) controls(r *lab.RunResult) {
	var names, outages []string
	for _, a := range r.Activities {
		if a.Role != lab.Control || a.Verdict != lab.Kept || a.Drift || slices.Contains(names, a.ID) {
			continue
		}
		names = append(names, a.ID)
		longest := -1.0
		for _, o := range a.Outages {
			if o.ToS != nil {
				longest = max(longest, *o.ToS-o.FromS)
			}
		}
		if longest >= 0 {
			outages = append(outages, a.ID+" away for "+seconds(longest))
		}
	}
	if names == nil {
		return
	}
	line := "  " + t.mark(row{mark: "✓"}) + " kept: " + strings.Join(names, ", ")
	if outages != nil {
		line += " (" + strings.Join(outages, ", ") + ")"
	}
	t.line(line)
}

// ambiguous tells whether somebody else's row would read the same.
func ambiguous(r *lab.RunResult, a *lab.ActivityResult) bool {
	for _, b := range r.Activities {
		if b.ID != a.ID && b.Who == a.Who && b.Path == a.Path {
			return true
		}
	}
	return false
}

func newRow(a *lab.ActivityResult, r *lab.RunResult) row {
	x := row{
		mark: "✓", who: a.Who, path: string(a.Path), capability: string(a.Capability),
		verdict: string(a.Verdict), bad: a.Verdict.Broken(),
	}
	switch {
	case a.Verdict == lab.NotAvailable:
		x.mark = "-"
	case x.bad:
		x.mark = "✗"
	}
	switch a.Verdict {
	case lab.Ended, lab.Late, lab.VerdictUnknown:
		if a.CutoffS != nil {
			x.seconds = *a.CutoffS
			x.time = seconds(x.seconds)
		}
	case lab.Open:
		x.time = ">" + seconds(r.HorizonS)
	}
	x.reason = reason(a)
	x.reason = harmless(x.reason)
	if a.Drift {
		x.reason = fmt.Sprintf("[predicted %s] ", a.Expected) + x.reason
	}
	return x
}

// harmless replaces what could steer a terminal: a server's answer is foreign
// text.
func harmless(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// reason is the explanation in one line, from the decisions themselves.
func reason(a *lab.ActivityResult) string {
	if ends := EndedBy(a); a.Verdict == lab.Lost && ends != nil {
		return ends.Detail
	}
	if a.Note != "" {
		return a.Note
	}
	if a.Role == lab.Control {
		if len(a.Outages) == 0 {
			return "no outage"
		}
		parts := make([]string, 0, len(a.Outages))
		for _, o := range a.Outages {
			if o.ToS != nil {
				parts = append(parts, fmt.Sprintf("away for %s at %s", seconds(*o.ToS-o.FromS), when(o.FromS)))
			}
		}
		return strings.Join(parts, ", ")
	}
	keeps, ends := KeptBy(a), EndedBy(a)
	switch {
	case a.Verdict == lab.Open && keeps != nil:
		return keeps.Detail
	case a.Verdict == lab.Late && keeps != nil && ends != nil:
		return keeps.Detail + "; then " + ends.Detail
	case ends != nil:
		return ends.Detail
	case keeps != nil && a.Verdict != lab.Ended:
		return keeps.Detail
	default:
		return a.Answer
	}
}

// memory orders the layers by how well they explain why access lasted. What
// stands for the password comes first: whoever has it opens the layers behind
// it again.
var memory = []lab.Layer{
	lab.LayerToken, lab.LayerOldPassword, lab.LayerTicket, lab.LayerCloudToken, lab.LayerSession, lab.LayerConnection,
	lab.LayerHanging, lab.LayerMailboxInfo, lab.LayerDirCache, lab.LayerCookie, lab.LayerDirectory,
	lab.LayerPermission, lab.LayerTransport, lab.LayerStore, lab.LayerNetwork, lab.LayerService,
}

// KeptBy is the decision that let the last successful attempt pass: of a layer
// whose memory is older than the order, if there is one.
func KeptBy(a *lab.ActivityResult) *lab.Reason {
	var any *lab.Reason
	for _, layer := range memory {
		for i := range a.Because {
			r := &a.Because[i]
			if !r.Allowed || r.Layer != layer {
				continue
			}
			if r.SinceS != nil && *r.SinceS < 0 {
				return r
			}
			if any == nil {
				any = r
			}
		}
	}
	return any
}

// EndedBy is the decision that had the last word when the first attempt after
// it was refused: a cookie may be refused first, and then the password.
func EndedBy(a *lab.ActivityResult) *lab.Reason {
	for i := range slices.Backward(a.Because) {
		if r := &a.Because[i]; !r.Allowed {
			return r
		}
	}
	return nil
}

func (t *terminal) table(rows []row) {
	cell := func(r row) []string { return []string{r.who, r.path, r.capability, r.verdict, r.time} }
	var widths [5]int
	for _, r := range rows {
		for i, c := range cell(r) {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	for _, r := range rows {
		var b strings.Builder
		b.WriteString("  " + t.mark(r) + " ")
		for i, c := range cell(r) {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c))
			if i == 4 { // numbers end at the same column
				b.WriteString(pad + c + "  ")
				continue
			}
			b.WriteString(c + pad + "  ")
		}
		t.line(strings.TrimRight(b.String()+r.reason, " "))
	}
}

func (t *terminal) total(d *lab.Document) {
	counts := map[lab.Verdict]int{}
	var wall, virtual float64
	drift := 0
	for _, r := range d.Runs {
		wall += r.WallS
		virtual += r.VirtualS
		for _, a := range r.Activities {
			if a.Role == lab.Threat {
				counts[a.Verdict]++
			}
			if a.Drift {
				drift++
			}
		}
	}
	var parts []string
	for _, v := range lab.Verdicts {
		if counts[v] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[v], v))
		}
	}
	t.line(fmt.Sprintf("%s of mail traffic in %.1fs · seed %d · replay: %s", seconds(virtual), wall, d.Seed, d.Replay))
	line := fmt.Sprintf("%s: %s", plural(len(d.Runs), "case"), strings.Join(parts, ", "))
	if drift > 0 {
		line += fmt.Sprintf("; %s not as predicted", plural(drift, "verdict"))
	}
	t.line(t.bold(line))
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
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
