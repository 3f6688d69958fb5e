package claims

import (
	"strings"
	"testing"
	"time"

	"shutout/lab"
)

func TestOutcomesAreReadAndWritten(t *testing.T) {
	for _, text := range []string{"ended", "late", "open", "works", "interrupted", "refused", "absent", "kept", "lost", "within 15m", "at least 1h", "from 5m to 2h"} {
		o, err := parseOutcome(text)
		if err != nil || o.String() != text {
			t.Errorf("%s is read as %s, %v", text, o, err)
		}
	}
	for _, text := range []string{"", "ends", "within", "within soon", "within -5m", "at 1h", "at most 1h", "from 1h", "from 2h to 1h", "from", "ended early", "at least"} {
		if o, err := parseOutcome(text); err == nil {
			t.Errorf("%q is taken for %s", text, o)
		}
	}
}

// A threat that worked for so long after the order, of ten attempts.
func threat(v lab.Verdict, cutoff time.Duration) *lab.ActivityResult {
	a := &lab.ActivityResult{ID: "dana", Role: lab.Threat, Capability: lab.Send, Verdict: v, Attempts: 10, Successes: 5}
	if v == lab.Ended || v == lab.Late {
		a.CutoffS = new(cutoff.Seconds())
	}
	return a
}

func control(v lab.Verdict, successes int) *lab.ActivityResult {
	return &lab.ActivityResult{ID: "erin", Role: lab.Control, Capability: lab.Send, Verdict: v, Attempts: 10, Successes: successes}
}

func TestHeld(t *testing.T) {
	never := threat(lab.Invalid, 0)
	never.Successes = 0
	missing := &lab.ActivityResult{ID: "dana", Role: lab.Threat, Verdict: lab.NotAvailable, Note: "not available in this lab: no such path"}
	every := threat(lab.Open, 0)
	every.Successes = every.Attempts
	for _, tt := range []struct {
		says string
		a    *lab.ActivityResult
		held bool
		left string // its beginning
	}{
		{"ended", threat(lab.Ended, time.Minute), true, ""},
		{"ended", threat(lab.Late, time.Hour), false, ""},
		{"late", threat(lab.Late, time.Hour), true, ""},
		{"open", threat(lab.Open, 0), true, ""},
		{"open", threat(lab.Late, time.Hour), false, ""},
		{"within 15m", threat(lab.Ended, 15*time.Minute), true, ""},
		{"within 15m", threat(lab.Late, 16*time.Minute), false, ""},
		{"within 15m", threat(lab.Open, 0), false, ""},
		{"at least 1h", threat(lab.Open, 0), true, ""},
		{"at least 1h", threat(lab.Late, time.Hour), true, ""},
		{"at least 1h", threat(lab.Late, 59*time.Minute), false, ""},
		{"from 1h to 2h", threat(lab.Late, 90*time.Minute), true, ""},
		{"from 1h to 2h", threat(lab.Late, 3*time.Hour), false, ""},
		{"from 1h to 2h", threat(lab.Open, 0), false, ""},
		{"works", every, true, ""},
		{"works", threat(lab.Open, 0), false, ""},
		{"interrupted", threat(lab.Open, 0), true, ""},
		{"interrupted", every, false, ""},
		{"interrupted", threat(lab.Ended, 0), false, ""},
		{"refused", never, true, ""},
		{"refused", threat(lab.Open, 0), false, ""},
		{"open", never, false, ""},
		{"absent", missing, true, ""},
		{"absent", threat(lab.Open, 0), false, ""},
		{"open", missing, false, "n/a: no such path"},
		{"open", threat(lab.VerdictUnknown, 0), false, "unknown"},
		{"ended", threat(lab.Invalid, 0), false, "invalid"},
		{"kept", control(lab.Kept, 9), true, ""},
		{"kept", control(lab.Lost, 5), false, ""},
		{"lost", control(lab.Lost, 5), true, ""},
		{"works", control(lab.Kept, 10), true, ""},
		{"works", control(lab.Kept, 9), false, ""},
		{"interrupted", control(lab.Kept, 9), true, ""},
	} {
		o, err := parseOutcome(tt.says)
		if err != nil {
			t.Fatal(err)
		}
		r := &lab.RunResult{HorizonS: 7200, Activities: []*lab.ActivityResult{tt.a, control(lab.Kept, 10)}}
		if held, left := o.held(tt.a, r); held != tt.held || !strings.HasPrefix(left, tt.left) || (left == "") != (tt.left == "") {
			t.Errorf("%s of %s: %v, %q; want %v, %q", tt.says, tt.a.Verdict, held, left, tt.held, tt.left)
		}
	}

	refused, _ := parseOutcome("refused")
	down := &lab.RunResult{Activities: []*lab.ActivityResult{never, control(lab.Lost, 0)}}
	if held, left := refused.held(never, down); held || !strings.HasPrefix(left, "invalid") {
		t.Errorf("with the lab down nothing was shown: %v, %q", held, left)
	}
	within, _ := parseOutcome("within 15m")
	r := &lab.RunResult{
		Steps:      []*lab.StepResult{{AtS: 60, Do: "restart-rpc-client-access", Outcome: lab.NotApplicable, Detail: "no such service"}},
		Activities: []*lab.ActivityResult{control(lab.Kept, 10)},
	}
	if _, left := within.held(threat(lab.Ended, 5*time.Minute), r); left != "n/a: restart-rpc-client-access: no such service" {
		t.Errorf("what a missing step was to end: %q", left)
	}
	if held, left := within.held(threat(lab.Ended, 30*time.Second), r); !held || left != "" {
		t.Errorf("what had ended before the missing step: %v, %q", held, left)
	}
}
