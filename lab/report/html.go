package report

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"shutout/lab"
	"shutout/lab/report/foreign"
	"shutout/lab/report/page"
)

//go:embed html.tmpl
var htmlText string

var htmlTemplate = template.Must(template.New("report").Parse(htmlText))

// openCases is up to how many cases are unfolded when the page is opened.
const openCases = 2

// tallTable is how many promises the page still shows one below the other; more
// are in a frame, so that what comes after them is found.
const tallTable = 30

// HTML writes a document as a page for people, in one file: the promises first,
// then plain words, what to change, and each case with its timeline.
func HTML(w io.Writer, d *lab.Document) error {
	v := newHTMLView(d)
	var body bytes.Buffer
	if err := htmlTemplate.Execute(&body, v); err != nil {
		return err
	}
	return page.Write(w, page.Page{
		Title: v.Title, Made: d.Tool.Name + " " + d.Tool.Version,
		Body: template.HTML(foreign.Lines(body.String())), // which the template has escaped
	})
}

// htmlView is what the page shows.
type htmlView struct {
	Title, Headline, Sub string
	Kept                 bool
	Lab, Model, Replay   string
	Played               string
	Counts               []htmlCount // of the promises, by verdict
	Verdicts             []htmlCount // that the table can be filtered by
	Several              bool
	Plain                []string
	Worst                []htmlWorst // of several cases, those in which most went wrong
	More                 int         // further cases in which something did
	Rows                 []*htmlRow
	Tall                 bool
	Paths                []string
	SOP                  string // of the only case: what it has now
	Steps                []htmlStep
	Changes              []htmlSite
	Advice               []htmlAdvice // what was tried out
	Advise               string       // the command that tries it out, where that was not done
	Unexplained          string       // where the servers do not say what let somebody in
	Cases                []*htmlCase
}

// htmlCount is how many promises had a verdict.
type htmlCount struct {
	Verdict, Class, Mark string
	N                    int
	Means                string
	Share                string // of the bar, in percent
	X                    string
}

// means says what a verdict is, for who sees one for the first time.
var means = map[lab.Verdict]string{
	lab.Ended:          "gone within the limit",
	lab.Late:           "gone, but after the limit",
	lab.Open:           "still worked when the watch ended",
	lab.VerdictUnknown: "not clear when it ended",
	lab.Invalid:        "nothing was shown",
	lab.NotAvailable:   "not there in this lab",
}

// means says what a verdict is, of what was counted.
func (c counts) means(v lab.Verdict) string {
	switch {
	case v != lab.NotAvailable || c.unpromised == 0:
		return means[v]
	case c.untried() == 0:
		return "not promised: the SOP is not about it"
	default:
		return means[v] + ", or not promised: the SOP is not about it"
	}
}

// htmlRow is a line of the table of promises.
type htmlRow struct {
	Case, CaseHref        string
	Href                  string
	Who, Path, Capability string
	Verdict, Class, Mark  string
	Time, Limit           string
	Bar                   *htmlBar
	Reason                string
	Predicted             string
	Control               bool
	Filter                string  // what the text filter looks in
	seconds               float64 // that it lasted, as far as it was watched
	verdict               lab.Verdict
}

// htmlBar shows how long access lasted beside the limit, on a scale of its own:
// the limit is at a quarter of the width, and each doubling of it a step.
type htmlBar struct {
	Width string // percent
	Open  bool
}

func newHTMLView(d *lab.Document) *htmlView {
	v := &htmlView{
		Lab: d.Lab, Model: Model(d.Lab), Replay: foreign.Text(d.Replay), Several: len(d.Runs) > 1,
		Kept: !d.Failed(),
	}
	ids := anchors{}
	for _, r := range d.Runs {
		c := newHTMLCase(r, ids, len(d.Runs) <= openCases)
		v.Cases = append(v.Cases, c)
		v.Rows = append(v.Rows, c.rows(v.Several, d.RealTime())...)
	}
	if v.Several { // what was broken first, and of that what lasted longest
		slices.SortStableFunc(v.Rows, func(a, b *htmlRow) int {
			return cmp.Or(slices.Index(worstFirst, a.verdict)-slices.Index(worstFirst, b.verdict), cmp.Compare(b.seconds, a.seconds))
		})
		v.Worst, v.More = worstOf(v.Cases)
	}
	v.Played = playedOf(d)
	v.count(d)
	v.Plain = PlainWords(d)
	v.Changes, v.Unexplained = changes(v.Cases, ids), unexplained(d)
	v.Advice = tested(v.Cases, v.Several)
	if v.Advice == nil && advisable(d) {
		v.Advise = v.Replay + " --advise"
	}
	if why := keptAlive(v.Changes); why != "" {
		v.Plain = append(v.Plain, why)
	}
	if !v.Several {
		for _, c := range v.Cases { // its story and what to change stand at the top
			c.Plain, c.Causes, v.SOP = nil, nil, c.sop()
			v.Steps, c.Steps = c.Steps, nil
		}
	}
	v.Tall = len(v.Rows) > tallTable
	for _, row := range v.Rows {
		if !slices.Contains(v.Paths, row.Path) {
			v.Paths = append(v.Paths, row.Path)
		}
	}
	slices.Sort(v.Paths)
	for _, verdict := range append(slices.Clone(lab.Verdicts), lab.Kept, lab.Lost) {
		if slices.ContainsFunc(v.Rows, func(r *htmlRow) bool { return r.verdict == verdict }) {
			v.Verdicts = append(v.Verdicts, htmlCount{Verdict: string(verdict), Class: class(verdict), Mark: mark(verdict)})
		}
	}
	return v
}

// worstFirst orders the promises of several cases.
var worstFirst = []lab.Verdict{lab.Open, lab.Late, lab.Lost, lab.VerdictUnknown, lab.Invalid, lab.Ended, lab.Kept, lab.NotAvailable}

// count fills in the headline and the numbers.
func (v *htmlView) count(d *lab.Document) {
	c := tally(d)
	x := 0.0
	for _, verdict := range lab.Verdicts {
		n := c.verdicts[verdict]
		if n == 0 {
			continue
		}
		share := 100 * float64(n) / float64(c.threats())
		v.Counts = append(v.Counts, htmlCount{
			Verdict: string(verdict), Class: class(verdict), Mark: mark(verdict), Means: c.means(verdict), N: n, Share: percent(share), X: percent(x),
		})
		x += share
	}
	v.Headline = c.headline(d)
	var sub []string
	if v.Several {
		sub = append(sub, lab.Count(len(d.Runs), "case"))
	}
	if n := c.untried(); n > 0 {
		sub = append(sub, fmt.Sprintf("%s beside these %s not tried: this lab does not have what that needs", lab.Count(n, "promise"), were(n)))
	}
	if n := c.unpromised; n > 0 {
		sub = append(sub, fmt.Sprintf("%s beside these %s not made: the SOP is not about them", lab.Count(n, "promise"), were(n)))
	}
	sub = append(sub, c.beside()...)
	if c.decide > 0 {
		sub = append(sub, fmt.Sprintf("%d more for somebody to decide", c.decide))
	}
	if text := longest(d); text != "" {
		sub = append(sub, text)
	}
	v.Sub = strings.Join(sub, " · ")
	v.Title = v.Headline + " · Shutout"
	if !v.Several && len(d.Runs) == 1 {
		v.Title = foreign.Text(d.Runs[0].Scenario) + ": " + v.Title
	}
}

// longest says how long access lasted at worst, where one limit holds for all.
func longest(d *lab.Document) string {
	worst, open := 0.0, false
	for _, r := range d.Runs {
		if r.LimitS != d.Runs[0].LimitS {
			return ""
		}
		for _, a := range r.Activities {
			switch {
			case a.Role != lab.Threat:
			case a.Verdict == lab.Open:
				worst, open = max(worst, r.HorizonS), true
			case a.CutoffS != nil:
				worst = max(worst, *a.CutoffS)
			}
		}
	}
	switch {
	case open:
		return fmt.Sprintf("access lasted more than %s, the limit was %s", inWords(worst), inWords(d.Runs[0].LimitS))
	case worst > 0:
		return fmt.Sprintf("access lasted up to %s, the limit was %s", inWords(worst), inWords(d.Runs[0].LimitS))
	default:
		return ""
	}
}

func were(n int) string { return verb(n, "was", "were") }

// verb is the form that goes with a number.
func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// class is the style class of a verdict.
func class(v lab.Verdict) string {
	switch v {
	case lab.Ended, lab.Kept:
		return "good"
	case lab.Late:
		return "late"
	case lab.Open, lab.Lost:
		return "bad"
	case lab.VerdictUnknown, lab.Invalid:
		return "doubt"
	default:
		return "none"
	}
}

// mark is a verdict's sign, for those who see no colours.
func mark(v lab.Verdict) string {
	switch v {
	case lab.Ended, lab.Kept:
		return "✓"
	case lab.VerdictUnknown, lab.Invalid:
		return "?"
	case lab.NotAvailable:
		return "–"
	default:
		return "✗"
	}
}

// anchors gives each thing a name of its own within the page.
type anchors map[string]bool

// id makes a name that can stand in a link from words.
func (a anchors) id(words ...string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(strings.Join(words, "-")) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 80 {
			break
		}
	}
	name := strings.Trim(b.String(), "-")
	if name == "" {
		name = "item"
	}
	id := name
	for n := 2; a[id]; n++ {
		id = fmt.Sprintf("%s-%d", name, n)
	}
	a[id] = true
	return id
}

// percent writes a share for an attribute.
func percent(f float64) string {
	s := fmt.Sprintf("%.2f", f)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".") + "%"
}
