package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"shutout/lab"
	"shutout/lab/report/foreign"
)

// JUnit writes the document as build servers read test results: a suite for
// each case, and in it a test case for each promise. The files of Ant and of
// Maven's Surefire have grown apart; this one keeps to what both allow, so what
// was not as predicted stands in the suite's properties and output and not
// beside the test case.
func JUnit(w io.Writer, d *lab.Document) error {
	doc := junitSuites{}
	for _, r := range d.Runs {
		doc.Suites = append(doc.Suites, junitSuiteOf(d, r))
	}
	if d.Empty() {
		// A build server is content with tests that were all skipped.
		s := junitSuite{Name: "shutout", Properties: junitProperties(d)}
		s.add(junitCase{Name: "something was shown", Class: "shutout", Failure: &junitFailure{
			Message: junitText(nothingShown(d)), Type: string(lab.NotAvailable)}}, "")
		doc.Suites = append(doc.Suites, s)
	}
	for i := range doc.Suites {
		s := &doc.Suites[i]
		s.ID, s.Package, s.Host = i, "shutout", "localhost"
		if s.Timestamp == "" {
			s.Timestamp = junitTime(d, d.Runs[0])
		}
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	ID         int             `xml:"id,attr"`
	Package    string          `xml:"package,attr"`
	Name       junitText       `xml:"name,attr"`
	Host       string          `xml:"hostname,attr"`
	Timestamp  string          `xml:"timestamp,attr"` // when the order was given; without a zone, as the schema wants
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       junitSeconds    `xml:"time,attr"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
	Out        junitText       `xml:"system-out"`
	Err        junitText       `xml:"system-err"`
}

type junitProperty struct {
	Name  string    `xml:"name,attr"`
	Value junitText `xml:"value,attr"`
}

type junitCase struct {
	Class   junitText     `xml:"classname,attr"`
	Name    junitText     `xml:"name,attr"`
	Time    junitSeconds  `xml:"time,attr"`
	Skipped *junitSkipped `xml:"skipped"`
	Failure *junitFailure `xml:"failure"`
}

type junitSkipped struct {
	Message junitText `xml:"message,attr"`
}

type junitFailure struct {
	Message junitText `xml:"message,attr"`
	Type    string    `xml:"type,attr"`
	Text    junitText `xml:",chardata"`
}

// junitText is harmless text, and with that text that XML can hold. Lines stay
// lines.
type junitText string

func (t junitText) MarshalText() ([]byte, error) {
	return []byte(strings.Map(func(r rune) rune {
		if r != '\n' && foreign.Steers(r) {
			return unicode.ReplacementChar
		}
		return r
	}, string(t))), nil
}

// junitName is a text as a name: in one line, and never empty.
func junitName(s string) junitText {
	if s = strings.Join(strings.Fields(s), " "); s == "" {
		return "-"
	}
	return junitText(s)
}

// junitSeconds is a time without an exponent.
type junitSeconds float64

func (s junitSeconds) MarshalText() ([]byte, error) {
	return strconv.AppendFloat(nil, max(0, float64(s)), 'f', 3, 64), nil
}

// junitTime is when the tests ran. Older documents tell the time in the lab only.
func junitTime(d *lab.Document, r *lab.RunResult) string {
	at := d.Played
	if at.IsZero() {
		at = r.Order
	}
	return at.UTC().Format("2006-01-02T15:04:05")
}

// junitProperties tell how to play the same again.
func junitProperties(d *lab.Document) []junitProperty {
	p := []junitProperty{
		{"lab", junitText(d.Lab)}, {"seed", junitText(strconv.FormatUint(d.Seed, 10))}, {"replay", junitText(d.Replay)},
		{"version", junitText(d.Tool.Version)},
	}
	if d.Baseline != "" {
		p = append(p, junitProperty{"baseline", junitText(d.Baseline)})
	}
	return p
}

func junitSuiteOf(d *lab.Document, r *lab.RunResult) junitSuite {
	s := junitSuite{Name: junitName(caseName(d, r)), Timestamp: junitTime(d, r), Time: junitSeconds(r.WallS), Properties: junitProperties(d)}
	property := func(name, value string) {
		if value != "" {
			s.Properties = append(s.Properties, junitProperty{name, junitText(value)})
		}
	}
	property("profile", r.Profile)
	property("sop", r.SOP)
	property("set", strings.Join(r.Set, " "))
	property("limit", seconds(r.LimitS))
	property("horizon", seconds(r.HorizonS))
	var notes []string
	note := func(name, drift string) {
		if drift != "" {
			notes = append(notes, name+": "+drift)
			property("not as predicted", name+": "+drift)
		}
	}
	share := junitSeconds(r.WallS / float64(max(1, len(r.Activities)+len(r.Sweep)))) // all are tried in one play
	for _, a := range r.Activities {
		name := a.ID + " " + string(a.Capability)
		x := newRow(a, r)
		c := junitCase{Class: s.Name, Name: junitName(name), Time: share}
		s.add(c.outcome(a.Verdict == lab.NotAvailable, x.bad, string(a.Verdict), promise(a, r, x), x.reason), a.Baseline)
		if a.Drift {
			note(name, fmt.Sprintf("predicted %s, found %s", a.Expected, a.Verdict))
		}
	}
	for _, f := range r.Sweep {
		name := strings.TrimSuffix(fmt.Sprintf("without a session: %s, %s, %s", sweepWords[f.Kind], f.Of, f.What), ", ")
		c := junitCase{Class: s.Name, Name: junitName(name), Time: share}
		text := compared(f.Baseline) + f.Detail
		if ends := endsAt(r.Profile, f.Ends); len(ends) > 0 {
			text += "\nended by " + strings.Join(ends, " or ")
		}
		s.add(c.outcome(f.Works == lab.WorksNotAvailable, f.Broken, string(f.Works), "works without a session: "+f.Detail, text), f.Baseline)
		if f.Drift {
			note(name, fmt.Sprintf("predicted %s, found %s", f.Expected, f.Works))
		}
	}
	if text := Model(d.Lab); text != "" {
		s.Out += junitText(text + "\n")
	}
	if notes != nil {
		s.Out += junitText("not as predicted\n  " + strings.Join(notes, "\n  ") + "\n")
	}
	for _, step := range r.Steps {
		if step.Outcome != lab.Done {
			s.Err += junitText(fmt.Sprintf("%s %s %s\n", when(step.AtS), step.Do, foreign.Text(stepText(step))))
		}
	}
	return s
}

// outcome fills in what a test case came to.
func (c junitCase) outcome(skipped, bad bool, kind, message, text string) junitCase {
	switch {
	case skipped:
		c.Skipped = &junitSkipped{junitText(text)}
	case bad:
		c.Failure = &junitFailure{junitText(message), kind, junitText(text)}
	}
	return c
}

// add counts a test case in. One that was broken in the baseline already is
// skipped, with what it would have failed with: it does not fail the run, and
// nobody takes it for kept.
func (s *junitSuite) add(c junitCase, baseline lab.Change) {
	if c.Failure != nil && baseline.Forgiven() {
		c.Skipped, c.Failure = &junitSkipped{"known from the baseline: " + c.Failure.Message}, nil
	}
	s.Tests++
	if c.Skipped != nil {
		s.Skipped++
	}
	if c.Failure != nil {
		s.Failures++
	}
	s.Cases = append(s.Cases, c)
}
