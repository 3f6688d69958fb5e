package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/scenarios"
	"shutout/sim"
)

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
	if status, _ := s.post("/live/pace", url.Values{"pace": {"max"}}); status != 303 { // which ends the pause, too
		t.Error("faster")
	}
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
