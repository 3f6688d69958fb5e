package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/report"
)

// element is any XML element.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Children []element  `xml:",any"`
	Text     string     `xml:",chardata"`
}

func (e element) attr(name string) (string, bool) {
	for _, a := range e.Attrs {
		if a.Name.Local == name {
			return a.Value, true
		}
	}
	return "", false
}

// rule is what the schemas say of an element: its attributes, each with the
// form of its value, and its children in their order. A child with a star may
// stand there several times, one with a question mark not at all.
type rule struct {
	required, optional map[string]string
	children           []string
}

// Forms of values.
const (
	anyText = `(?s)^.*$`
	token   = `\S`
	whole   = `^[0-9]+$`
	decimal = `^[0-9]+\.[0-9]+$`
	moment  = `^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$` // without a zone
)

// junitRules hold what two schemas both allow: the one of Ant's reports
// (JUnit.xsd of Windy Road Technology), which insists on most attributes and on
// the order, and the one that Jenkins checks with (junit-10.xsd of its xUnit
// plug-in).
var junitRules = map[string]rule{
	"testsuites": {children: []string{"testsuite*"}},
	"testsuite": {
		required: map[string]string{"name": token, "timestamp": moment, "hostname": token, "tests": whole, "failures": whole,
			"errors": whole, "time": decimal, "package": anyText, "id": whole},
		optional: map[string]string{"skipped": whole},
		children: []string{"properties", "testcase*", "system-out", "system-err"},
	},
	"properties": {children: []string{"property*"}},
	"property":   {required: map[string]string{"name": token, "value": anyText}},
	"testcase": {
		required: map[string]string{"name": anyText, "classname": anyText, "time": decimal},
		children: []string{"skipped?", "failure?"},
	},
	"skipped":    {optional: map[string]string{"message": anyText}},
	"failure":    {required: map[string]string{"type": anyText}, optional: map[string]string{"message": anyText}},
	"system-out": {}, "system-err": {},
}

// check tells what of an element the schemas do not allow.
func (e element) check() (faults []error) {
	name := e.XMLName.Local
	r, known := junitRules[name]
	if !known {
		return []error{fmt.Errorf("element %s", name)}
	}
	for attr, form := range r.required {
		if v, ok := e.attr(attr); !ok || !regexp.MustCompile(form).MatchString(v) {
			faults = append(faults, fmt.Errorf("%s has %s=%q", name, attr, v))
		}
	}
	for _, a := range e.Attrs {
		form, ok := r.optional[a.Name.Local]
		if _, needed := r.required[a.Name.Local]; !needed && (!ok || !regexp.MustCompile(form).MatchString(a.Value)) {
			faults = append(faults, fmt.Errorf("%s has %s=%q", name, a.Name.Local, a.Value))
		}
	}
	next := 0
	for _, kind := range r.children {
		child, n := strings.TrimRight(kind, "*?"), 0
		for next < len(e.Children) && e.Children[next].XMLName.Local == child {
			next++
			n++
		}
		if n > 1 && !strings.HasSuffix(kind, "*") || n == 0 && child == kind {
			faults = append(faults, fmt.Errorf("%s has %d times %s", name, n, child))
		}
	}
	if next < len(e.Children) {
		faults = append(faults, fmt.Errorf("%s has %s in the wrong place", name, e.Children[next].XMLName.Local))
	}
	for _, c := range e.Children {
		faults = append(faults, c.check()...)
	}
	return faults
}

func junit(t testing.TB, d *lab.Document) element {
	t.Helper()
	var b bytes.Buffer
	if err := report.JUnit(&b, d); err != nil {
		t.Fatal(err)
	}
	var root element
	dec := xml.NewDecoder(&b)
	if err := dec.Decode(&root); err != nil {
		t.Fatal(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		if tok, _ := dec.Token(); tok != nil {
			t.Errorf("something stands behind the root: %v", tok)
		}
	}
	return root
}

// The file is what the schemas allow, and its numbers are those of its test
// cases; one fails exactly where the document says that a promise was broken.
func TestJUnit(t *testing.T) {
	for name, d := range documents(t) {
		root := junit(t, d)
		if err := errors.Join(root.check()...); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		failed := false
		for i, s := range root.Children {
			seen := map[string]int{}
			names := map[string]bool{}
			for _, c := range s.Children {
				if c.XMLName.Local != "testcase" {
					continue
				}
				seen["tests"]++
				for _, outcome := range c.Children {
					seen[map[string]string{"failure": "failures", "skipped": "skipped"}[outcome.XMLName.Local]]++
				}
				id, _ := c.attr("name")
				if names[id] {
					t.Errorf("%s has two test cases %q", name, id)
				}
				names[id] = true
			}
			failed = failed || seen["failures"] > 0
			for _, what := range []string{"tests", "failures", "skipped"} {
				if v, _ := s.attr(what); v != strconv.Itoa(seen[what]) {
					t.Errorf("%s, suite %d: %s is %s, there are %d", name, i, what, v, seen[what])
				}
			}
			if id, _ := s.attr("id"); id != strconv.Itoa(i) {
				t.Errorf("%s: suite %d has the id %s", name, i, id)
			}
		}
		if failed != d.Failed() {
			t.Errorf("%s: a build server takes it for failed: %v, shutout %v", name, failed, d.Failed())
		}
	}
}

// What was known fails nothing, and nobody takes it for kept.
// The time is that of the tests and not that of the lab.
func TestJUnitTimestamp(t *testing.T) {
	d := document()
	d.Played = time.Date(2026, 11, 28, 9, 19, 48, 0, time.FixedZone("", 3600))
	var b bytes.Buffer
	if err := report.JUnit(&b, d); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), ` timestamp="2026-11-28T08:19:48"`); n != len(d.Runs) {
		t.Errorf("%d of %d suites have the time at which they were played:\n%s", n, len(d.Runs), b.String())
	}
}

func TestJUnitOfKnownFailures(t *testing.T) {
	d := document()
	d.Baseline = "last"
	for _, r := range d.Runs {
		for _, a := range r.Activities {
			if a.Verdict.Broken() {
				a.Baseline = lab.StillFailing
			}
		}
	}
	if d.Failed() {
		t.Error("known failures fail the run")
	}
	suite := junit(t, d).Children[0]
	if n, _ := suite.attr("failures"); n != "0" {
		t.Errorf("%s failures", n)
	}
	i := slices.IndexFunc(suite.Children, func(e element) bool { n, _ := e.attr("name"); return n == "dana-owa read" })
	if m, _ := suite.Children[i].Children[0].attr("message"); !strings.HasPrefix(m, "known from the baseline: dana over owa: read still works") {
		t.Errorf("message %q", m)
	}
}
