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
	Schema int          `json:"schema"`          // version of this form of the document
	Tool   Tool         `json:"tool"`            // what made it
	Lab    string       `json:"lab"`             // where the cases were played: "sim", "containers", …
	Seed   uint64       `json:"seed"`            // what everything random came from
	Replay string       `json:"replay"`          // the command that plays the same again
	Runs   []*RunResult `json:"runs"`            // one for each case and profile
	Played time.Time    `json:"played,omitzero"` // when the first of them began, on the clock of the machine that played them; in older documents absent
	WallS  float64      `json:"wall_s"`          // seconds that all runs together took, several at a time
	// Baseline is the earlier result whose known failures this one is forgiven;
	// each promise then says how it compares.
	Baseline string `json:"baseline,omitempty"`
	// Inputs are what the run was given, in a file of their own beside the
	// document; nil where that is not known.
	Inputs *Inputs `json:"-"`
}

// RealTime tells whether the servers were real, so that an hour took an hour.
func (d *Document) RealTime() bool { return d.Lab != Simulation }

// Tool is the program that made a document.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`      // a release, or the commit that it was built from
	Go      string `json:"go,omitempty"` // the version of Go that it was built with
}

// RunResult is one scenario played on one lab.
type RunResult struct {
	Scenario   string            `json:"scenario"`          // the case's id
	Title      string            `json:"title"`             // what it is about
	Sources    []string          `json:"sources,omitempty"` // the texts that it comes from
	Profile    string            `json:"profile"`           // the version of the servers that were simulated
	Set        []string          `json:"set,omitempty"`     // parameters that were set, name=value
	SOP        string            `json:"sop,omitempty"`     // the SOP that replaced the case's own
	LimitS     float64           `json:"limit_s"`           // seconds from the order within which access had to end
	HorizonS   float64           `json:"horizon_s"`         // seconds from the order to the end of the watch
	Order      time.Time         `json:"order"`             // when the order was given, on the lab's clock
	Steps      []*StepResult     `json:"steps"`             // the SOP
	Activities []*ActivityResult `json:"activities"`        // one for each capability of each activity
	Ledger     *LedgerResult     `json:"ledger,omitempty"`  // what kept the leavers signed in, at each step
	Sweep      []*SweepResult    `json:"sweep,omitempty"`   // what works without a session, after the horizon
	Advice     *AdviceResult     `json:"advice,omitempty"`  // what to change in the SOP, where that was tried out
	Verdict    Verdict           `json:"verdict"`           // the worst of the threats
	WallS      float64           `json:"wall_s"`            // seconds that it took
	VirtualS   float64           `json:"virtual_s"`         // seconds that passed in the lab, from the first attempt to the horizon
	// Transcripts are what was said in the attempts that decided. They stand in
	// a file of their own beside the document.
	Transcripts []*Transcript `json:"-"`
	// Played is how far it has come, relative to the order, while it is played;
	// nil in a result that is finished.
	Played *time.Duration `json:"-"`
}

// StepResult is one step of the SOP as it was carried out.
type StepResult struct {
	AtS     float64       `json:"at_s"`             // seconds from the order
	Do      string        `json:"do"`               // the mitigation
	Params  string        `json:"params,omitempty"` // as an SOP says them: "user: dana, times: 2"
	Outcome OutcomeResult `json:"outcome"`
	Detail  string        `json:"detail"` // what was changed, or what went wrong
	// TookS is how many seconds it took, and LateS how many after its time it began
	// because of those before it. Both are 0 where time stands still meanwhile.
	TookS float64 `json:"took_s,omitempty"` // seconds
	LateS float64 `json:"late_s,omitempty"` // seconds
}

// ActivityResult is the verdict on one capability of one activity.
type ActivityResult struct {
	ID           string         `json:"id"`   // the activity's
	Who          string         `json:"who"`  // a person of the cast
	From         string         `json:"from"` // a host of the cast
	Path         Path           `json:"path"`
	Role         Role           `json:"role"` // a threat has to end, a control has to go on
	Capability   Capability     `json:"capability"`
	SinceS       *float64       `json:"since_s,omitempty"` // seconds from the order at which it began, before it negative; older documents lack it
	EveryS       float64        `json:"every_s"`           // seconds between two attempts; no moment is known more exactly
	Verdict      Verdict        `json:"verdict"`
	Note         string         `json:"note,omitempty"`     // why the verdict is not plain
	Expected     Verdict        `json:"expected,omitempty"` // what the sources predict
	Drift        bool           `json:"drift,omitempty"`    // the verdict is not the expected one
	Attempts     int            `json:"attempts"`
	Successes    int            `json:"successes"`
	CutoffS      *float64       `json:"cutoff_s"`           // seconds from the order until it worked for the last time; null where it was not seen to end
	LastSuccessS *float64       `json:"last_success_s"`     // seconds from the order, before it negative; null where it never worked
	Because      []Reason       `json:"because"`            // the decisions behind the last success, and behind the refusal after it
	Answer       string         `json:"answer,omitempty"`   // what the first refused attempt after the last success was told
	Outages      []OutageResult `json:"outages"`            // of a control
	Spans        []SpanResult   `json:"spans"`              // every attempt, those with equal outcomes in a row together
	Phases       []PhaseResult  `json:"phases"`             // every attempt, those with one outcome for one reason together
	Baseline     Change         `json:"baseline,omitempty"` // compared with the baseline, if there is one
}

// TooLong tells whether access lasted longer than it was allowed to.
func (a *ActivityResult) TooLong() bool { return a.Role == Threat && a.Verdict.TooLong() }

// Reason is a decision as a report shows it.
type Reason struct {
	AtS     float64  `json:"at_s"` // seconds from the order
	Layer   Layer    `json:"layer"`
	Allowed bool     `json:"allowed"`
	Detail  string   `json:"detail"`
	SinceS  *float64 `json:"since_s,omitempty"` // when the layer's memory was made, seconds from the order
}

// OutageResult is a time in which a control did not work; To is null when it
// had not come back at the horizon.
type OutageResult struct {
	FromS float64  `json:"from_s"` // seconds from the order
	ToS   *float64 `json:"to_s"`   // seconds from the order, or null
	Text  string   `json:"text"`   // the answer to the first failed attempt
}

// SpanResult is a run of attempts with equal outcomes.
type SpanResult struct {
	Outcome string  `json:"outcome"`        // ok, refused, unreachable, unknown
	FromS   float64 `json:"from_s"`         // seconds from the order
	ToS     float64 `json:"to_s"`           // seconds from the order
	Count   int     `json:"count"`          // attempts
	Text    string  `json:"text,omitempty"` // the answer to the first failed attempt
}

// Seconds turns a duration into seconds with millisecond precision.
func Seconds(d time.Duration) float64 { return math.Round(d.Seconds()*1000) / 1000 }

// summarise makes the result of one track.
func summarise(t *Track, j Judgement, expect Verdict, order time.Time) *ActivityResult {
	a := t.Activity
	r := &ActivityResult{
		ID: a.ID, Who: a.Who, From: a.From, Path: a.Path, Role: a.Role, Capability: t.Capability,
		SinceS: new(Seconds(a.Since)), EveryS: Seconds(a.Every),
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
var severity = map[Verdict]int{NotAvailable: 0, Ended: 1, Kept: 1, Invalid: 2, VerdictUnknown: 3, Late: 4, Open: 5, Lost: 5}

// Worse tells whether v says more against a promise than another verdict does.
func (v Verdict) Worse(than Verdict) bool { return severity[v] > severity[than] }

// worst is the verdict of a whole run.
func worst(threats []*ActivityResult) Verdict {
	v := NotAvailable
	for _, a := range threats {
		if a.Verdict.Worse(v) {
			v = a.Verdict
		}
	}
	return v
}

// Failed tells whether a promise was broken: access that had to end, or a
// control that had to go on; or that a sweep found what still serves whoever had
// to leave. What was broken in the baseline already is forgiven. A document in
// which nothing could be tried has failed too.
func (d *Document) Failed() bool {
	for _, r := range d.Runs {
		for _, f := range r.Sweep {
			if f.Broken && !f.Baseline.Forgiven() {
				return true
			}
		}
		for _, a := range r.Activities {
			if a.Verdict.Broken() && !a.Baseline.Forgiven() {
				return true
			}
		}
	}
	return d.Empty()
}

// Unpromised tells whether the SOP that took the place of the case's own is not
// about a threat: it was played, and not judged. A case whose own step the lab
// lacks is played, too, also with steps by hand beside it, and does not exist
// there.
func (r *RunResult) Unpromised(a *ActivityResult) bool {
	return r.SOP != "" && a.Verdict == NotAvailable && a.Attempts > 0 &&
		!slices.ContainsFunc(r.Steps, func(s *StepResult) bool { return s.Outcome == NotApplicable && s.lacking() == a.Note })
}

// lacking is the note on what was played without a step that the lab lacks.
func (s *StepResult) lacking() string { return s.Do + ": " + s.Detail }

// Empty tells whether nothing was shown, because the lab had none of the paths
// or mitigations, or the SOP is about nothing of it.
func (d *Document) Empty() bool {
	return !slices.ContainsFunc(d.Runs, func(r *RunResult) bool {
		return slices.ContainsFunc(r.Activities, func(a *ActivityResult) bool {
			return a.Role == Threat && a.Verdict != NotAvailable
		})
	})
}
