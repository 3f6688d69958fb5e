package web

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/lab/report"
	"shutout/scenarios"
	"shutout/sim"
)

// options are those of a server with an empty folder of runs, and what it has
// kept.
func options(t *testing.T) (Options, func() []*Played) {
	t.Helper()
	var mu sync.Mutex
	var kept []*Played
	folder := t.TempDir()
	return Options{Runs: folder, Seed: 1, Keep: func(p *Played) (string, error) {
			mu.Lock()
			defer mu.Unlock()
			kept = append(kept, p)
			dir := filepath.Join(folder, "run-"+p.Case.ID)
			return dir, write(dir, documentOf(p.Result))
		}}, func() []*Played {
			mu.Lock()
			defer mu.Unlock()
			return kept
		}
}

func documentOf(runs ...*lab.RunResult) *lab.Document {
	return &lab.Document{Schema: lab.Schema, Tool: lab.Tool{Name: "shutout", Version: "test"}, Lab: "sim", Seed: 1, Replay: "shutout run", Runs: runs}
}

// write leaves a result document in a folder.
func write(dir string, d *lab.Document) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, report.ResultFile))
	if err != nil {
		return err
	}
	defer f.Close()
	return report.JSON(f, d)
}

// short is a case of an hour.
const short = "token-cache-flushed"

const address = "127.0.0.1:8025"

// site is a server without a network.
type site struct {
	t *testing.T
	*Server
	h http.Handler
}

func newSite(t *testing.T, o Options) *site {
	s := New(o)
	t.Cleanup(s.Close)
	return &site{t, s, s.Handler(address)}
}

// ask sends a request and returns the status and the text of the answer.
func (s *site) ask(r *http.Request) (int, string) {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.h.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if policy := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'none'") {
		s.t.Errorf("%s %s: the policy is %q", r.Method, r.URL, policy)
	}
	return w.Code, string(body)
}

func (s *site) get(path string) (int, string) {
	s.t.Helper()
	r := httptest.NewRequest("GET", "http://"+address+"/", nil)
	u, err := url.Parse("http://" + address + path)
	if err != nil {
		s.t.Fatal(err)
	}
	r.URL = u
	return s.ask(r)
}

// post sends a form as a page of the server does.
func (s *site) post(path string, form url.Values) (int, string) {
	s.t.Helper()
	form.Set("token", s.token)
	r := httptest.NewRequest("POST", "http://"+address+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.ask(r)
}

// begin begins to play a case of an hour.
func (s *site) play(change url.Values) {
	s.t.Helper()
	form := url.Values{"case": {short}, "profile": {"ex2003"}, "sop": {""}, "speed": {"max"}}
	for k, v := range change {
		form[k] = v
	}
	if status, body := s.post("/play", form); status != http.StatusSeeOther {
		s.t.Fatalf("the play does not begin: %d\n%s", status, body)
	}
}

// wait waits until the play is over.
func (s *site) wait() view {
	s.t.Helper()
	select {
	case <-s.current().done:
	case <-time.After(2 * time.Minute):
		s.t.Fatal("the play does not end")
	}
	return s.current().view()
}

func TestOtherNamesAndSitesAreRefused(t *testing.T) {
	o, _ := options(t)
	s := newSite(t, o)
	form := func(token string) *http.Request {
		r := httptest.NewRequest("POST", "http://"+address+"/play", strings.NewReader("case=only-cas-down&profile=ex2010&speed=max&token="+token))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return r
	}
	for _, c := range []struct {
		name   string
		want   int
		change func(*http.Request)
		r      *http.Request
	}{
		{"itself", 200, func(*http.Request) {}, httptest.NewRequest("GET", "http://"+address+"/", nil)},
		{"localhost", 200, func(r *http.Request) { r.Host = "localhost:8025" }, httptest.NewRequest("GET", "http://"+address+"/", nil)},
		{"a rebound name", 421, func(r *http.Request) { r.Host = "evil.example:8025" }, httptest.NewRequest("GET", "http://"+address+"/", nil)},
		{"another port", 421, func(r *http.Request) { r.Host = "127.0.0.1:80" }, httptest.NewRequest("GET", "http://"+address+"/", nil)},
		{"no name", 421, func(r *http.Request) { r.Host = "" }, httptest.NewRequest("GET", "http://"+address+"/", nil)},
		{"no token", 403, func(*http.Request) {}, form("")},
		{"a wrong token", 403, func(*http.Request) {}, form("AAAA")},
		{"another site", 403, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, form(s.token)},
		{"another origin", 403, func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") }, form(s.token)},
		{"a sandbox", 403, func(r *http.Request) { r.Header.Set("Origin", "null") }, form(s.token)},
		{"no form", 403, func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, form(s.token)},
		{"a large form", 413, func(*http.Request) {}, form(s.token + "&x=" + strings.Repeat("x", maxBody))},
		{"get for post", 405, func(*http.Request) {}, httptest.NewRequest("GET", "http://"+address+"/play?case=only-cas-down&token="+s.token, nil)},
		{"delete", 403, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, httptest.NewRequest("DELETE", "http://"+address+"/", nil)},
	} {
		c.change(c.r)
		if status, body := s.ask(c.r); status != c.want {
			t.Errorf("%s: %d, want %d\n%s", c.name, status, c.want, body)
		}
	}
	if s.current() != nil {
		t.Error("a case is being played")
	}
}

// The folder of runs is all that can be read, by whatever name.
func TestNothingElseCanBeRead(t *testing.T) {
	o, _ := options(t)
	outside := t.TempDir()
	if err := write(filepath.Join(outside, "secret"), documentOf(&lab.RunResult{Scenario: "canary-outside"})); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(outside, "secret"), filepath.Join(o.Runs, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(o.Runs, report.ResultFile), []byte("canary-outside"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newSite(t, o)
	up := strings.Repeat("..%2f", 12)
	for _, path := range []string{
		"/runs/link", "/runs/..", "/runs/.", "/runs/", "/runs/%2e%2e", "/runs/..%2fsecret", "/runs/" + up + "etc%2fpasswd", "/runs/" + up + strings.ReplaceAll(outside[1:], "/", "%2f") + "%2fsecret",
		"/runs/..%5csecret", "/runs/link%00", "/runs/nowhere", "/assets/..%2fweb.go", "/assets/start.tmpl", "/runs/" + strings.Repeat("a", 5000),
	} {
		status, body := s.get(path)
		if status < 300 || strings.Contains(body, "canary-outside") || strings.Contains(body, "root:") {
			t.Errorf("%s: %d\n%.300s", path, status, body)
		}
	}
	if _, body := s.get("/"); strings.Contains(body, "canary") {
		t.Errorf("the list shows what is outside")
	}
}

// Past runs are listed, the newest first; what cannot be read is said to be so;
// hostile text stays text.
func TestPastRuns(t *testing.T) {
	o, _ := options(t)
	const hostile = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>`
	first := &lab.RunResult{
		Scenario: "first-case", Title: hostile, Profile: hostile, Order: time.Unix(0, 0).UTC(), HorizonS: 60, LimitS: 10, Verdict: lab.Late, Steps: []*lab.StepResult{},
		Activities: []*lab.ActivityResult{
			{ID: "a", Who: hostile, Path: lab.OWA, Role: lab.Threat, Capability: lab.Read, Verdict: lab.Late, Because: []lab.Reason{}, Outages: []lab.OutageResult{}, Spans: []lab.SpanResult{}, Phases: []lab.PhaseResult{}, CutoffS: new(20.0)},
			{ID: "b", Who: "erin", Path: lab.OWA, Role: lab.Control, Capability: lab.Read, Verdict: lab.Lost, Because: []lab.Reason{}, Outages: []lab.OutageResult{}, Spans: []lab.SpanResult{}, Phases: []lab.PhaseResult{}},
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
		if status, body := s.get(path); status != 404 || strings.Contains(body, "<script>") {
			t.Errorf("%s: %d", path, status)
		}
	}
}

func TestWhatCannotBePlayed(t *testing.T) {
	o, _ := options(t)
	s := newSite(t, o)
	good := map[string]string{"case": short, "profile": "ex2003", "sop": "", "speed": "max"}
	for _, c := range []struct {
		key, value, want string
		status           int
	}{
		{"case", "../etc/passwd", "there is no case", 404},
		{"profile", "ex2012", "did you mean", 422},
		{"sop", "<b>", "there is no SOP", 422},
		{"speed", "-1", "expected one of 1, 60", 422},
	} {
		form := url.Values{}
		for k, v := range good {
			form.Set(k, v)
		}
		form.Set(c.key, c.value)
		if status, body := s.post("/play", form); status != c.status || !strings.Contains(body, c.want) || strings.Contains(body, "<b>\"") {
			t.Errorf("%s=%s: %d, want %d and %q", c.key, c.value, status, c.status, c.want)
		}
	}
	for _, path := range []string{"/live/pace", "/live/do"} {
		if status, _ := s.post(path, url.Values{"pace": {"pause"}, "do": {"disable-account"}}); status != 404 {
			t.Errorf("%s without a play: %d", path, status)
		}
	}
	s.play(url.Values{"paused": {"yes"}})
	if status, body := s.post("/play", url.Values{"case": {"only-cas-down"}, "profile": {"ex2010"}, "speed": {"max"}}); status != 409 || !strings.Contains(body, "another case is being played") {
		t.Errorf("a second play: %d", status)
	}
	for _, c := range []struct {
		form url.Values
		want string
	}{
		{url.Values{"do": {"disable-account"}}, "user is missing"},
		{url.Values{"do": {"disable-account"}, "p-user": {"nobody<i>"}}, "is not a person with a mailbox"},
		{url.Values{"do": {"reset-password"}, "p-user": {"dana"}, "p-times": {"1000"}}, "out of range"},
		{url.Values{"do": {"block-sign-in"}, "p-user": {"dana"}}, "has no mitigation"},
		{url.Values{"do": {"rm -rf"}}, "has no mitigation"},
	} {
		if status, body := s.post("/live/do", c.form); status != 422 || !strings.Contains(body, c.want) || strings.Contains(body, "nobody<i>") {
			t.Errorf("%v: %d, no %q", c.form, status, c.want)
		}
	}
	if status, _ := s.post("/live/pace", url.Values{"pace": {"warp"}}); status != 422 {
		t.Errorf("a speed that there is not: %d", status)
	}
	if status, _ := s.post("/live/stop", url.Values{}); status != 303 || s.current() != nil {
		t.Errorf("stopped: %d", status)
	}
}

// alone is the result of a case that nobody looked at.
func alone(t *testing.T, id string) *lab.RunResult {
	t.Helper()
	sc, _ := scenarios.Find(id)
	res, err := sim.Play(t.Context(), sc, sim.PlayOptions{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func text(t *testing.T, r *lab.RunResult) string {
	t.Helper()
	same := *r
	same.WallS = 0
	b, err := json.MarshalIndent(&same, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// differ is the line from which on two texts differ.
func differ(a, b string) int {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return i + 1
		}
	}
	return min(len(x), len(y)) + 1
}

// A play with which nobody interferes finds what shutout run finds, whoever
// looks on.
func TestPlayIsTheSame(t *testing.T) {
	o, kept := options(t)
	s := newSite(t, o)
	const id = short
	s.play(nil)
	looks, done := 0, s.current().done
	for over := false; !over; looks++ {
		select {
		case <-done:
			over = true
		default:
		}
		if status, body := s.get("/live"); status != 200 {
			t.Fatalf("%d\n%s", status, body)
		}
		time.Sleep(10 * time.Millisecond) // as a browser does, between two looks
	}
	if v := s.wait(); v.Err != nil || len(kept()) != 1 {
		t.Fatalf("%v, %d kept", v.Err, len(kept()))
	}
	if got, want := text(t, kept()[0].Result), text(t, alone(t, id)); got != want {
		t.Errorf("after %d looks another result, from line %d on\n%s", looks, differ(got, want), got)
	}
	if len(kept()[0].Result.Transcripts) == 0 {
		t.Error("nothing of what was said is kept")
	}
	if kept()[0].Steps != nil {
		t.Error("it seems that somebody has done something")
	}
	if status, body := s.get("/live"); status != 200 || !strings.Contains(body, "/runs/run-"+id) {
		t.Errorf("no link to the report: %d", status)
	}
	if status, _ := s.get("/runs/run-" + id); status != 200 {
		t.Errorf("the report: %d", status)
	}
}

// At rest means at rest; what is carried out then is a step, takes effect, and
// can be played again.
func TestPauseAndStepIn(t *testing.T) {
	o, kept := options(t)
	s := newSite(t, o)
	s.play(url.Values{"sop": {NoSOP}, "speed": {"600"}})
	if status, _ := s.post("/live/pace", url.Values{"pace": {"pause"}}); status != 303 {
		t.Fatalf("paused: %d", status)
	}
	still := s.current().view()
	r := httptest.NewRequest("GET", "http://"+address+"/live/now", nil)
	r.Header.Set("If-None-Match", s.current().tag())
	if status, _ := s.ask(r); status != http.StatusNotModified {
		t.Errorf("nothing has changed: %d", status)
	}
	for begun := time.Now(); time.Since(begun) < 300*time.Millisecond; {
		if v := s.current().view(); v.At != still.At {
			t.Fatalf("the day goes on from %s to %s", still.At, v.At)
		}
	}
	for _, form := range []url.Values{
		{"do": {"disable-account"}, "p-user": {"dana"}},
		{"do": {"flush-token-cache"}},
		{"do": {"reset-iis"}, "p-servers": {"cas1", "cas2"}},
	} {
		if status, body := s.post("/live/do", form); status != 303 {
			t.Fatalf("%v: %d\n%s", form, status, body)
		}
	}
	v := s.current().view()
	if want := still.At + 3*time.Second; v.At != want || len(v.Result.Steps) != 3 {
		t.Errorf("at %s with %d steps, want %s and 3", v.At, len(v.Result.Steps), want)
	}
	if _, body := s.get("/live?said=1"); !strings.Contains(body, "disable-account at") || strings.Count(body, "by hand</span>") < 3 {
		t.Error("what was done is not told")
	}
	if status, _ := s.post("/live/pace", url.Values{"pace": {"max"}}); status != 303 {
		t.Error("faster")
	}
	if s.current().view().Finished {
		t.Error("another speed ended the pause")
	}
	s.post("/live/pace", url.Values{"pace": {"go"}})
	if v := s.wait(); v.Err != nil || len(kept()) != 1 {
		t.Fatalf("%v, %d kept", v.Err, len(kept()))
	}
	p := kept()[0]
	for _, a := range p.Result.Activities {
		if a.Who == "dana" && a.Verdict == lab.Open {
			t.Errorf("%s %s is still open", a.ID, a.Capability)
		}
	}
	// Again, with what was done as an SOP from a file.
	sop, err := scenarios.ParseSOP("by-hand.yaml", scenarios.WriteSOP("by-hand", "By hand", p.Steps))
	if err != nil {
		t.Fatal(err)
	}
	sc, _ := scenarios.Find(p.Case.ID)
	sc.SOP = nil
	if err := sop.Bind(sc); err != nil {
		t.Fatal(err)
	}
	again, err := sim.Play(t.Context(), sc, sim.PlayOptions{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	p.Result.SOP = sop.ID
	if got, want := text(t, again), text(t, p.Result); got != want {
		t.Errorf("played again, from line %d on\n%s", differ(got, want), want)
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

// The form offers each mitigation that the lab has, with each parameter.
func TestForms(t *testing.T) {
	cast := scenarios.Catalogue()[0].Cast
	all := mitigation.All()
	for _, info := range all {
		f := newForm(all, cast, info.Name, nil, nil)
		if f.Chosen == nil || len(f.Fields) != len(info.Params) {
			t.Fatalf("%s has no form", info.Name)
		}
		for _, field := range f.Fields {
			if (field.Kind == "choice" || field.Kind == "several") && len(field.Options) == 0 {
				t.Errorf("%s: %s offers nothing to choose", info.Name, field.Label)
			}
		}
	}
	f := newForm(all, cast, "disable-account", nil, nil)
	if !slices.ContainsFunc(f.Fields[0].Options, func(o option) bool { return o.Value == "dana" && strings.HasPrefix(o.Text, "Dana") }) {
		t.Errorf("%+v", f.Fields[0].Options)
	}
}

// Who ends the server ends the play.
func TestCloseEndsThePlay(t *testing.T) {
	o, kept := options(t)
	s := newSite(t, o)
	s.play(url.Values{"speed": {"1"}})
	p := s.current()
	s.Close()
	if _, err := p.do(context.Background(), &mitigation.ResetIIS{}); err == nil || len(kept()) != 0 {
		t.Errorf("%v, %d kept", err, len(kept()))
	}
}
