package web

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/report"
	"shutout/scenarios"
)

// Past runs are listed, the newest first; what cannot be read is said to be so;
// hostile text stays text.
func TestPastRuns(t *testing.T) {
	o, _ := options(t)
	const hostile = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>`
	first := &lab.RunResult{
		Scenario: "first-case", Title: hostile, Profile: hostile, Order: time.Unix(0, 0).UTC(), HorizonS: 60, LimitS: 10, Verdict: lab.Late, Steps: []*lab.StepResult{},
		Activities: []*lab.ActivityResult{
			{ID: "a", Who: hostile, Path: lab.OWA, Role: lab.Threat, Capability: lab.Read, Verdict: lab.Late, Because: []lab.Reason{}, Outages: []lab.OutageResult{}, Spans: []lab.SpanResult{}, Phases: []lab.PhaseResult{}, CutoffS: new(20.0)},
			{ID: "b", Who: "erin", Path: lab.OWA, Role: lab.Control, Capability: lab.Read, Verdict: lab.Lost, Because: []lab.Reason{}, Outages: []lab.OutageResult{{FromS: 30, Text: "503"}}, Spans: []lab.SpanResult{}, Phases: []lab.PhaseResult{}},
		},
	}
	second := *first
	second.Scenario = hostile
	for i, r := range []*lab.RunResult{first, &second} {
		dir := filepath.Join(o.Runs, []string{"1", "2" + `"><b>`}[i])
		if err := write(dir, documentOf(r)); err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.UTC)
		if err := os.Chtimes(filepath.Join(dir, report.ResultFile), at, at); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range map[string]string{"broken": `{"schema": 1, `, "newer": `{"schema": 99}`, "other": "[]"} {
		if err := os.MkdirAll(filepath.Join(o.Runs, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(o.Runs, name, report.ResultFile), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(o.Runs, "unfinished"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := newSite(t, o)
	for range 2 { // what was read is kept
		status, body := s.get("/")
		if status != 200 || strings.Count(body, "cannot be read") != 3 || strings.Contains(body, "unfinished") {
			t.Errorf("%d, %d that cannot be read", status, strings.Count(body, "cannot be read"))
		}
		if strings.Contains(body, "<script>alert") || strings.Contains(body, "<img src=x") || strings.Contains(body, `2"><b>`) {
			t.Errorf("hostile text is markup")
		}
		newest, oldest := strings.Index(body, "2026-01-02"), strings.Index(body, "2026-01-01")
		if newest < 0 || oldest < newest {
			t.Errorf("the newest run is at %d, the oldest at %d", newest, oldest)
		}
		if !strings.Contains(body, "1 late") {
			t.Error("verdicts are not counted")
		}
		if !strings.Contains(body, "1 promise to bystanders not kept") {
			t.Error("it is not told that a bystander was cut off")
		}
	}
	for path, want := range map[string]int{"/runs/1": 200, "/runs/" + url.PathEscape(`2"><b>`): 200, "/runs/broken": 422, "/runs/newer": 422, "/runs/unfinished": 404} {
		status, body := s.get(path)
		if status != want || strings.Contains(body, "<script>alert") || strings.Contains(body, "<img src=x") {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
		if want == 200 && !strings.Contains(body, `id="promises"`) {
			t.Errorf("%s is no report", path)
		}
	}
}

func TestSearchAndCases(t *testing.T) {
	o, _ := options(t)
	s := newSite(t, o)
	_, all := s.get("/")
	for _, sc := range scenarios.Catalogue() {
		if !strings.Contains(all, `href="/cases/`+sc.ID+`"`) {
			t.Errorf("%s is not listed", sc.ID)
		}
	}
	_, found := s.get("/?q=" + url.QueryEscape("POP3 overheard"))
	if n := strings.Count(found, `href="/cases/`); n == 0 || n > 10 || !strings.Contains(found, "pop3-new-password-overheard-again") {
		t.Errorf("%d cases found", n)
	}
	if _, none := s.get("/?q=" + url.QueryEscape("<b>nothing")); !strings.Contains(none, "No case") || strings.Contains(none, "<b>nothing") {
		t.Error("what was not found")
	}
	if status, body := s.get("/cases/reset-iis-on-one-of-two"); status != 200 || !strings.Contains(body, "reset-iis") {
		t.Errorf("a case: %d", status)
	}
	for _, path := range []string{"/cases/nothing", "/cases/%3Cscript%3E", "/live", "/live/now", "/nowhere"} {
		if status, body := s.get(path); status != 404 || strings.Contains(body, "<script>") || !strings.Contains(body, `class="wrong"`) {
			t.Errorf("%s: %d", path, status)
		}
	}
}

// Nobody's password stands in any page.
func TestNoPasswordInAnyPage(t *testing.T) {
	o, _ := options(t)
	s := newSite(t, o)
	s.play(url.Values{"speed": {"max"}, "sop": {NoSOP}, "paused": {"yes"}})
	s.post("/live/do", url.Values{"do": {"reset-password"}, "p-user": {"dana"}, "p-times": {"2"}})
	s.post("/live/pace", url.Values{"pace": {"go"}})
	s.wait()
	// As the lab makes them.
	shape := regexp.MustCompile(`[A-Z][a-z]{3}-[A-Z][a-z]{3}-[A-Z][a-z]{3}-[0-9]{2}`)
	for _, path := range []string{"/", "/live", "/live/now", "/live?do=reset-password", "/cases/" + short, "/runs/run-" + short} {
		if _, body := s.get(path); shape.MatchString(body) || body == "" {
			t.Errorf("%s holds %s", path, shape.FindString(body))
		}
	}
}
