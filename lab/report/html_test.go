package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"shutout/lab"
	"shutout/lab/golden"
	"shutout/lab/report"
)

func html(t testing.TB, d *lab.Document) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := report.HTML(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// body is the part of a page that is not the same on every page.
func body(page []byte) []byte {
	_, rest, _ := bytes.Cut(page, []byte("</defs></svg>\n"))
	main, _, _ := bytes.Cut(rest, []byte("<script>"))
	return main
}

func TestHTML(t *testing.T) {
	golden.Equal(t, "report.html", body(html(t, document())))
	golden.Equal(t, "sweep.html", body(html(t, swept())))
}

// A document may come from anywhere: what is empty or missing is no fault.
func TestHTMLOfLittle(t *testing.T) {
	for _, d := range []*lab.Document{
		{}, {Runs: []*lab.RunResult{{}}},
		{Runs: []*lab.RunResult{{Steps: []*lab.StepResult{{AtS: -1e15}, {AtS: 1e15}}, Activities: []*lab.ActivityResult{{Role: lab.Threat, Verdict: lab.Late, CutoffS: new(1e300),
			Spans: []lab.SpanResult{{FromS: -1e15, ToS: 1e15}}, Phases: []lab.PhaseResult{{FromS: 5, ToS: 1}}}},
			Ledger: &lab.LedgerResult{Moments: []lab.LedgerMoment{{}, {}}, Rows: []*lab.LedgerRow{{LeftS: []*float64{nil}}}}}}},
	} {
		if page := html(t, d); bytes.Contains(page, []byte("NaN")) || bytes.Contains(page, []byte("Inf")) {
			t.Error("a number that is none")
		}
	}
}

// hostileText puts a text into everything of a document that comes from elsewhere.
func hostileText(text string) *lab.Document {
	reason := lab.Reason{Layer: lab.LayerSession, Allowed: true, Detail: text}
	phase := lab.PhaseResult{Outcome: "refused", FromS: 1, ToS: 2, Count: 1, Layer: lab.Layer(text), Detail: text}
	return &lab.Document{Lab: text, Replay: text, Tool: lab.Tool{Name: text, Version: text}, Runs: []*lab.RunResult{{
		Scenario: text, Title: text, Profile: text, SOP: text, Set: []string{text}, Sources: []string{text}, LimitS: 300, HorizonS: 3600, Verdict: lab.Open,
		Steps: []*lab.StepResult{{Do: text, Params: text, Outcome: lab.Failed, Detail: text}},
		Activities: []*lab.ActivityResult{
			{ID: text, Who: text, From: text, Path: lab.Path(text), Role: lab.Threat, Capability: lab.Capability(text), Verdict: lab.Open, Note: text, Because: []lab.Reason{reason}, Phases: []lab.PhaseResult{phase},
				Spans: []lab.SpanResult{{Outcome: "refused", FromS: 1, ToS: 2, Text: text + "!"}}},
			{ID: text + "2", Who: text, From: text, Path: lab.Path(text), Role: lab.Control, Capability: lab.Capability(text), Verdict: lab.NotAvailable, Note: text},
		},
		Ledger: &lab.LedgerResult{Moments: []lab.LedgerMoment{{When: text}}, Rows: []*lab.LedgerRow{{Who: text, Layer: lab.Layer(text), Server: text, What: text, Rule: text, LeftS: []*float64{new(1.0)}}}},
		Advice: hostileAdvice(text),
		Sweep:  []*lab.SweepResult{{Kind: lab.SweepForward, Of: text, What: text, Works: lab.WorksYes, Broken: true, Detail: text, Ends: []string{"remove-inbox-rules"}}},
	}}}
}

func hostileAdvice(text string) *lab.AdviceResult {
	trial := func(v lab.Verdict) *lab.TrialResult {
		return &lab.TrialResult{Label: text, Do: []string{text}, Steps: []string{text}, Promises: []lab.TrialPromise{{ID: text, Verdict: v}}, Disturbed: []lab.TrialDisturbance{{ID: text, AwayS: 1}}}
	}
	return &lab.AdviceResult{Trials: []*lab.TrialResult{trial(lab.Ended), trial(lab.Open)}, Together: trial(lab.Ended)}
}

var hostiles = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, `</style><b>`, `</title></svg>`, `javascript:alert(1)`,
	"\u202eevil\u2066", "\x1b[31m\x00\x07", "{{.Title}}", "url(http://evil.example/)", strings.Repeat("very-long-", 400), "a b\tc\nd", "#../..//?x=1&y=2",
}

// What comes from elsewhere comes out as text, and as nothing else.
func TestHTMLHostile(t *testing.T) {
	plain := html(t, hostileText("plain"))
	tags := regexp.MustCompile(`<[a-zA-Z/!][^>]*>`)
	names := regexp.MustCompile(`^</?[a-zA-Z0-9]+`)
	shape := func(page []byte) (out []string) {
		for _, tag := range tags.FindAll(page, -1) {
			out = append(out, string(names.Find(tag)))
		}
		return out
	}
	for _, text := range hostiles {
		page := html(t, hostileText(text))
		if got, want := shape(page), shape(plain); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%.40q changes the elements of the page: %d, not %d", text, len(got), len(want))
		}
		for _, c := range []string{"\x1b", "\x00", "\x07", "\u202e", "\u2066", "<img", "onerror=alert(1)>"} {
			if bytes.Contains(page, []byte(c)) {
				t.Errorf("%.40q leaves %q in the page", text, c)
			}
		}
		ids := map[string]bool{}
		for _, m := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(string(page), -1) {
			if ids[m[1]] {
				t.Errorf("%.40q: two elements are called %q", text, m[1])
			}
			ids[m[1]] = true
		}
	}
}

// Whatever a link within the page leads to is there.
func TestHTMLAnchors(t *testing.T) {
	for name, d := range map[string]*lab.Document{"report": document(), "sweep": swept(), "real": real(t)} {
		page := string(html(t, d))
		for _, m := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(page, -1) {
			if !strings.Contains(page, ` id="`+m[1]+`"`) {
				t.Errorf("%s: a link to %q leads nowhere", name, m[1])
			}
		}
	}
}

// real is the result of cases that were played, among them one of 24 hours.
func real(t testing.TB) *lab.Document {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "played.json"))
	if err != nil {
		t.Fatal(err)
	}
	d := &lab.Document{}
	if err := json.Unmarshal(text, d); err != nil {
		t.Fatal(err)
	}
	return d
}

// catalogue is a document as large as that of the whole catalogue: 69 cases.
func catalogue(t testing.TB) *lab.Document {
	d := real(t)
	played := d.Runs
	for n := len(d.Runs); n < 69; n++ {
		r := *played[n%len(played)]
		r.Scenario += fmt.Sprintf("-%d", n)
		d.Runs = append(d.Runs, &r)
	}
	return d
}

func TestHTMLSize(t *testing.T) {
	const most = 5_000_000
	one := real(t)
	one.Runs = one.Runs[:1]
	small, large := len(html(t, one)), len(html(t, catalogue(t)))
	t.Logf("one case: %d kB, 69 cases: %d kB", small/1000, large/1000)
	if large > most {
		t.Errorf("a page of 69 cases has %d bytes, more than %d", large, most)
	}
}

// Real servers do not say what let somebody in; the page says who does.
func TestHTMLUnexplained(t *testing.T) {
	d := document()
	for _, r := range d.Runs {
		for _, a := range r.Activities {
			a.Because = nil
		}
	}
	const told = "These servers do not say what let somebody in."
	if bytes.Contains(html(t, d), []byte(told)) {
		t.Error("said of the simulation")
	}
	d.Lab = "containers"
	for replay, want := range map[string]string{
		"shutout run --lab containers": " would end it: shutout run first --profile ex2010<",
		"shutout run 'my case.yaml' --sop ours.yaml --lead 2m --every 1s --lab lab.yaml": " would end it: shutout run &#39;my case.yaml&#39; --sop ours.yaml --profile ex2010<",
		"shutout run a.yaml --horizon 2m --lab containers":                               " would end it: shutout run a.yaml --horizon 2m --profile ex2010 --within 5m<",
		"shutout run a.yaml --within 1m --horizon 2m --sweep --lab containers":           " would end it: shutout run a.yaml --within 1m --horizon 2m --sweep --profile ex2010<",
		"shutout run a.yaml --lab containers; shutout run b.yaml --lab containers":       " would end it.<", // merged: which of them is not known
		"": " would end it.<",
	} {
		d.Replay = replay
		if page := html(t, d); !bytes.Contains(page, []byte(told)) || !bytes.Contains(page, []byte(want)) {
			t.Errorf("of %q the page does not say %q", replay, want)
		}
	}
	if n := bytes.Count(html(t, d), []byte(">not known: real servers do not say what let somebody in")); n != 2 { // open, and late
		t.Errorf("%d lines say that nobody knows why", n)
	}
}

// The only case's steps stand before the promises, each with whom it was about and
// how it went, and nowhere else.
func TestHTMLSteps(t *testing.T) {
	d := document()
	d.Runs = d.Runs[:1]
	page := string(html(t, d))
	const head = "The SOP as it was carried out"
	if at := strings.Index(page, head); at < 0 || at > strings.Index(page, `id="promises"`) || strings.Count(page, head) != 1 {
		t.Errorf("%q stands at %d, %d times", head, at, strings.Count(page, head))
	}
	for _, words := range []string{`<b>disable-account</b></a> <span>user: dana</span> <span class="tag">done</span>`, `<b>reset-iis</b></a> <span class="tag">failed</span>`} {
		if !strings.Contains(page, words) {
			t.Errorf("no step says %s", words)
		}
	}
}

// Header and plain words count alike what a sweep found: what serves whoever left
// is broken, and what is for somebody to decide is not.
func TestHTMLSweepCounts(t *testing.T) {
	d := swept()
	second := *d.Runs[0]
	second.Scenario = "third"
	d.Runs = append(d.Runs, &second)
	page := string(html(t, d))
	for _, words := range []string{
		"· 2 ways without a session · 2 more for somebody to decide<",
		"<p>Without any session, 2 ways still serve whoever left, in 2 cases.</p><p>For somebody to decide, and not counted as broken: 2 ways more that still work, in 2 cases.</p>",
	} {
		if !strings.Contains(page, words) {
			t.Errorf("the page does not say %q", words)
		}
	}
}

// The worst of many cases are named first, and the others are counted.
func TestHTMLWorst(t *testing.T) {
	d := &lab.Document{}
	for i := range 9 {
		at := float64(1000 + 100*i)
		d.Runs = append(d.Runs, &lab.RunResult{Scenario: fmt.Sprintf("late-%d", i), LimitS: 300, HorizonS: 3600, Activities: []*lab.ActivityResult{
			{ID: "a", Who: "dana", Path: lab.OWA, Role: lab.Threat, Capability: lab.Read, Verdict: lab.Late, CutoffS: &at},
		}})
	}
	d.Runs = append(d.Runs, &lab.RunResult{Scenario: "open", LimitS: 300, HorizonS: 600, Activities: []*lab.ActivityResult{
		{ID: "a", Who: "dana", Path: lab.OWA, Role: lab.Threat, Capability: lab.Send, Verdict: lab.Open},
	}})
	list, rest, _ := strings.Cut(string(html(t, d)), "In 4 more cases something was not kept")
	if rest == "" {
		t.Fatal("the others are not counted")
	}
	_, list, _ = strings.Cut(list, `class="worst"`)
	var names []string
	for _, m := range regexp.MustCompile(`<a href="#case-([^"]*)"`).FindAllStringSubmatch(list, -1) {
		names = append(names, m[1])
	}
	if got, want := strings.Join(names, " "), "open late-8 late-7 late-6 late-5 late-4"; got != want {
		t.Errorf("the worst are %s, not %s", got, want)
	}
}
