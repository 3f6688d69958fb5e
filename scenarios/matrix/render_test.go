package matrix

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"shutout/lab"
	"shutout/lab/golden"
)

// found is one cell's result as a runner would have it. Verdicts are "open",
// "late 90m", …, for reading and for sending; outage is the bystander's.
type found struct {
	read, send string
	outage     time.Duration // negative: for good
	step       lab.OutcomeResult
}

func (f found) result(sc *lab.Scenario) *lab.RunResult {
	r := &lab.RunResult{LimitS: lab.Seconds(sc.Within), HorizonS: lab.Seconds(sc.Horizon), VirtualS: 5000}
	for _, s := range sc.SOP {
		r.Steps = append(r.Steps, &lab.StepResult{AtS: lab.Seconds(s.At), Do: s.Action.Name(), Outcome: lab.Done})
	}
	if f.step != "" {
		last := r.Steps[len(r.Steps)-1]
		last.Outcome, last.Detail = f.step, "not available in this lab: this version has no such service"
	}
	severity := []lab.Verdict{lab.NotAvailable, lab.Ended, lab.Invalid, lab.VerdictUnknown, lab.Late, lab.Open}
	rank := func(v lab.Verdict) (n int) {
		for i, s := range severity {
			if s == v {
				n = i
			}
		}
		return n
	}
	for _, c := range sc.Activities[0].Do {
		text := f.read
		if c == lab.Deliver && f.send != "" {
			text = f.send
		}
		word, cutoff, timed := strings.Cut(text, " ")
		a := &lab.ActivityResult{Role: lab.Threat, Path: sc.Activities[0].Path, Capability: c, Verdict: lab.Verdict(word)}
		if timed {
			d, _ := time.ParseDuration(cutoff)
			a.CutoffS = new(d.Seconds())
		}
		if a.Verdict == lab.NotAvailable {
			a.Note = "not available in this lab: this version has none"
		}
		if rank(a.Verdict) >= rank(r.Verdict) {
			r.Verdict = a.Verdict
		}
		b := &lab.ActivityResult{Role: lab.Control, Path: a.Path, Capability: c, Verdict: lab.Kept}
		switch {
		case a.Verdict == lab.NotAvailable:
			b.Verdict = lab.NotAvailable
		case f.outage < 0:
			b.Verdict, b.Outages = lab.Lost, []lab.OutageResult{{FromS: 0}}
		case f.outage > 0:
			b.Outages = []lab.OutageResult{{FromS: 0, ToS: new(10.0)}, {FromS: 60, ToS: new(60 + f.outage.Seconds())}}
		}
		r.Activities = append(r.Activities, a, b)
	}
	return r
}

// document lays out results that no runner found, one of each kind.
func document(t *testing.T, profiles ...string) *Document {
	after := row(t, "disable-account")
	g, err := New(Options{
		Rows:     []Row{after, row(t, "set-token-ttl"), row(t, "reset-iis"), row(t, "limit-message-size"), row(t, "restart-rpc-client-access"), row(t, "move-mailbox")},
		Profiles: profiles, Paths: []lab.Path{lab.OutlookRPC, lab.MAPIHTTP, lab.OWA, lab.IMAP},
		Within: 5 * time.Minute, Horizon: 4 * time.Hour, Alone: true, After: &after,
	})
	if err != nil {
		t.Fatal(err)
	}
	open, ended, late, none := found{read: "open"}, found{read: "ended 0s"}, found{read: "late 93m"}, found{read: "n/a"}
	seen := map[string]found{
		"disable-account outlook-rpc": late, "disable-account owa": open, "disable-account imap": open,
		"reset-iis owa":                                  {read: "open", outage: time.Minute},
		"disable-account reset-iis outlook-rpc":          late,
		"disable-account reset-iis owa":                  {read: "ended 0s", outage: time.Minute},
		"limit-message-size owa":                         {read: "open", send: "ended 3m"},
		"disable-account limit-message-size owa":         {read: "open", send: "ended 3m"},
		"disable-account limit-message-size outlook-rpc": {read: "late 93m", send: "late 7m"},
		"disable-account set-token-ttl outlook-rpc":      late,
		"disable-account move-mailbox outlook-rpc":       {read: "unknown 7m"},
		"disable-account move-mailbox owa":               {read: "invalid", outage: -1},
		"disable-account move-mailbox imap":              {read: "ended 4m"},
		"move-mailbox imap":                              {read: "open", step: lab.Failed},
	}
	var results []*lab.RunResult
	for _, sc := range g.Scenarios() {
		f, ok := seen[sc.ID]
		switch {
		case sc.Activities[0].Path == lab.MAPIHTTP && sc.Profile == "ex2010":
			f = none
		case !ok:
			f = open
		}
		if strings.Contains(sc.ID, "restart-rpc") && f.read != "n/a" {
			f = ended
			f.step = lab.NotApplicable
		}
		results = append(results, f.result(sc))
	}
	d := g.Document(results)
	d.Tool, d.Lab, d.Seed, d.Replay, d.WallS = lab.Tool{Name: "shutout", Version: "test"}, "sim", 1, "shutout matrix --seed 1", 2
	return d
}

var colour = regexp.MustCompile("\x1b\\[[0-9]*m")

func TestTerminal(t *testing.T) {
	for name, style := range map[string]Style{"terminal": {}, "all": {All: true}, "colour": {Colour: true, Width: 80}} {
		var b, plain bytes.Buffer
		if err := Terminal(&b, document(t, "ex2010"), style); err != nil {
			t.Fatal(err)
		}
		golden.Equal(t, name+".txt", b.Bytes())
		style.Colour = false
		if err := Terminal(&plain, document(t, "ex2010"), style); err != nil {
			t.Fatal(err)
		}
		if got := colour.ReplaceAllString(b.String(), ""); got != plain.String() {
			t.Errorf("%s: the colours change the text:\n%s", name, got)
		}
		for line := range strings.Lines(plain.String()) {
			if utf8.RuneCountInString(line) > 121 {
				t.Errorf("%s: too wide: %q", name, line)
			}
		}
	}
}

func TestSeveralProfiles(t *testing.T) {
	var b bytes.Buffer
	if err := Terminal(&b, document(t, "ex2010", "ex2016"), Style{}); err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, "profiles.txt", b.Bytes())
}

func TestMarkdown(t *testing.T) {
	var b bytes.Buffer
	if err := Markdown(&b, document(t, "ex2010"), Style{}); err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, "matrix.md", b.Bytes())
	b.Reset()
	if err := Markdown(&b, document(t, "ex2010", "ex2016"), Style{}); err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, "profiles.md", b.Bytes())
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	if err := JSON(&b, document(t, "ex2010")); err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, "document.json", b.Bytes())
}
