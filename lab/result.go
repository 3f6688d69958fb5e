package lab

import (
	"math"
	"slices"
	"time"
)

// Schema is the version of the result document.
const Schema = 1

// Document is the result of a run: everything that any rendering shows. Times
// ending in _s are seconds from the order.
type Document struct {
	Schema int          `json:"schema"`
	Tool   Tool         `json:"tool"`
	Lab    string       `json:"lab"`
	Seed   uint64       `json:"seed"`
	Replay string       `json:"replay"` // the command that plays the same again
	Runs   []*RunResult `json:"runs"`
	WallS  float64      `json:"wall_s"` // of all runs together, several at a time
}

// Tool is the program that made a document.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// RunResult is one scenario played on one lab.
type RunResult struct {
	Scenario   string            `json:"scenario"`
	Title      string            `json:"title"`
	Sources    []string          `json:"sources,omitempty"`
	Profile    string            `json:"profile"`
	Set        []string          `json:"set,omitempty"`
	SOP        string            `json:"sop,omitempty"` // the SOP that replaced the case's own
	LimitS     float64           `json:"limit_s"`
	HorizonS   float64           `json:"horizon_s"`
	Order      time.Time         `json:"order"`
	Steps      []*StepResult     `json:"steps"`
	Activities []*ActivityResult `json:"activities"`
	Sweep      []*SweepResult    `json:"sweep,omitempty"` // what works without a session, after the horizon
	Verdict    Verdict           `json:"verdict"`         // the worst of the threats
	WallS      float64           `json:"wall_s"`
	VirtualS   float64           `json:"virtual_s"`
	// Transcripts are what was said in the attempts that decided. They stand in
	// a file of their own beside the document.
	Transcripts []*Transcript `json:"-"`
}

// StepResult is one step of the SOP as it was carried out.
type StepResult struct {
	AtS     float64       `json:"at_s"`
	Do      string        `json:"do"`
	Outcome OutcomeResult `json:"outcome"`
	Detail  string        `json:"detail"`
}

// ActivityResult is the verdict on one capability of one activity.
type ActivityResult struct {
	ID           string         `json:"id"`
	Who          string         `json:"who"`
	From         string         `json:"from"`
	Path         Path           `json:"path"`
	Role         Role           `json:"role"`
	Capability   Capability     `json:"capability"`
	Verdict      Verdict        `json:"verdict"`
	Note         string         `json:"note,omitempty"`
	Expected     Verdict        `json:"expected,omitempty"`
	Drift        bool           `json:"drift,omitempty"` // the verdict is not the expected one
	Attempts     int            `json:"attempts"`
	Successes    int            `json:"successes"`
	CutoffS      *float64       `json:"cutoff_s"`
	LastSuccessS *float64       `json:"last_success_s"`
	Because      []Reason       `json:"because"`
	Answer       string         `json:"answer,omitempty"` // what the first refused attempt after the last success was told
	Outages      []OutageResult `json:"outages"`
	Spans        []SpanResult   `json:"spans"`
	Phases       []PhaseResult  `json:"phases"`
}

// Reason is a decision as a report shows it.
type Reason struct {
	AtS     float64  `json:"at_s"`
	Layer   Layer    `json:"layer"`
	Allowed bool     `json:"allowed"`
	Detail  string   `json:"detail"`
	SinceS  *float64 `json:"since_s,omitempty"` // when the layer's memory was made
}

// OutageResult is a time in which a control did not work; To is null when it
// had not come back at the horizon.
type OutageResult struct {
	FromS float64  `json:"from_s"`
	ToS   *float64 `json:"to_s"`
	Text  string   `json:"text"`
}

// SpanResult is a run of attempts with equal outcomes.
type SpanResult struct {
	Outcome string  `json:"outcome"` // ok, refused, unreachable, unknown
	FromS   float64 `json:"from_s"`
	ToS     float64 `json:"to_s"`
	Count   int     `json:"count"`
	Text    string  `json:"text,omitempty"`
}

// Seconds turns a duration into seconds with millisecond precision.
func Seconds(d time.Duration) float64 { return math.Round(d.Seconds()*1000) / 1000 }

// summarise makes the result of one track.
func summarise(t *Track, j Judgement, expect Verdict, order time.Time) *ActivityResult {
	a := t.Activity
	r := &ActivityResult{
		ID: a.ID, Who: a.Who, From: a.From, Path: a.Path, Role: a.Role, Capability: t.Capability,
		Verdict: j.Verdict, Note: j.Note, Expected: expect, Drift: expect != "" && expect != j.Verdict,
		Attempts: t.Attempts, Successes: t.Worked, Because: []Reason{}, Outages: []OutageResult{}, Spans: []SpanResult{},
	}
	if j.HasCutoff() {
		r.CutoffS = new(Seconds(j.Cutoff))
	}
	if t.Worked > 0 {
		r.LastSuccessS = new(Seconds(t.lastSuccess()))
	}
	if a.Role == Control {
		for _, o := range t.Outages() {
			or := OutageResult{FromS: Seconds(o.From), Text: o.Text}
			if !o.Lasting {
				or.ToS = new(Seconds(o.To))
			}
			r.Outages = append(r.Outages, or)
		}
	}
	for _, s := range t.Spans {
		outcome := string(s.Kind)
		if s.OK {
			outcome = "ok"
		}
		r.Spans = append(r.Spans, SpanResult{outcome, Seconds(s.First), Seconds(s.Last), s.Count, s.Text})
	}
	r.Phases = t.phases(order)
	r.explain(t, order)
	return r
}

// explain takes the decisions behind the last success, and behind the first
// refusal after it. A server that was away in between decided nothing.
func (r *ActivityResult) explain(t *Track, order time.Time) {
	lastOK := -1
	for i, s := range t.Spans {
		if s.OK {
			lastOK = i
		}
	}
	if lastOK >= 0 {
		r.because(t.Spans[lastOK].LastWhy, order)
	}
	after := t.Spans[lastOK+1:]
	if len(after) == 0 {
		return
	}
	end := after[0]
	for _, s := range after {
		if slices.ContainsFunc(s.FirstWhy, func(d Decision) bool { return !d.Allowed }) {
			end = s
			break
		}
	}
	// What was granted on the way to a refusal let nobody in.
	r.because(slices.DeleteFunc(slices.Clone(end.FirstWhy), func(d Decision) bool { return d.Allowed }), order)
	r.Answer = end.Text
}

// because adds decisions. An attempt of several requests asks a layer several
// times; the last answer of each kind tells it all.
func (r *ActivityResult) because(ds []Decision, order time.Time) {
	for i, d := range ds {
		if slices.ContainsFunc(ds[i+1:], func(e Decision) bool { return e.Layer == d.Layer && e.Allowed == d.Allowed }) {
			continue
		}
		reason := Reason{AtS: Seconds(d.At.Sub(order)), Layer: d.Layer, Allowed: d.Allowed, Detail: d.Describe(order)}
		if !d.Since.IsZero() {
			reason.SinceS = new(Seconds(d.Since.Sub(order)))
		}
		r.Because = append(r.Because, reason)
	}
}

// severity orders verdicts from harmless to worst.
var severity = map[Verdict]int{NotAvailable: 0, Ended: 1, Invalid: 2, VerdictUnknown: 3, Late: 4, Open: 5}

// worst is the verdict of a whole run.
func worst(threats []*ActivityResult) Verdict {
	v := NotAvailable
	for _, a := range threats {
		if severity[a.Verdict] > severity[v] {
			v = a.Verdict
		}
	}
	return v
}

// Failed tells whether a promise was broken: access that had to end, or a
// control that had to go on; or that a sweep found what still serves whoever had
// to leave. A document in which nothing could be tried has failed too.
func (d *Document) Failed() bool {
	for _, r := range d.Runs {
		for _, f := range r.Sweep {
			if f.Broken {
				return true
			}
		}
		for _, a := range r.Activities {
			if a.Verdict.Broken() {
				return true
			}
		}
	}
	return d.Empty()
}

// Empty tells whether nothing was shown, because the lab had none of the paths
// or mitigations.
func (d *Document) Empty() bool {
	return !slices.ContainsFunc(d.Runs, func(r *RunResult) bool {
		return slices.ContainsFunc(r.Activities, func(a *ActivityResult) bool {
			return a.Role == Threat && a.Verdict != NotAvailable
		})
	})
}
