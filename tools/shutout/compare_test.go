package main

import (
	"strings"
	"testing"
	"time"

	"shutout/lab"
)

// An activity begins when it began in the result. A document that does not say
// when has the first attempt, which on real servers comes a little late.
func TestAsPlayed(t *testing.T) {
	a := &lab.Activity{ID: "a", Since: -30 * time.Minute, Every: time.Minute}
	for name, c := range map[string]struct {
		sinceS *float64
		firstS float64
		want   time.Duration
	}{
		"told":                             {new(-1200.0), -1195.4, -20 * time.Minute},
		"told, and the first try was late": {new(-1200.0), -900, -20 * time.Minute},
		"not told, as in the case":         {nil, -1795.4, -30 * time.Minute},
		"not told, later than the case":    {nil, -600.2, -10 * time.Minute},
	} {
		r := &lab.RunResult{Activities: []*lab.ActivityResult{{ID: "a", SinceS: c.sinceS, EveryS: 30, Spans: []lab.SpanResult{{Outcome: "ok", FromS: c.firstS}}}}}
		if got := asPlayed(a, r); got.Since != c.want || got.Every != 30*time.Second {
			t.Errorf("%s: since %s, every %s, want since %s", name, got.Since, got.Every, c.want)
		}
	}
	if a.Since != -30*time.Minute {
		t.Error("the case was changed")
	}
}

// What a document says of a begin is held against the bounds of a case.
func TestNoBeginThatNoCaseHas(t *testing.T) {
	for _, since := range []float64{0, 60, -1e9} {
		r := &lab.RunResult{Scenario: "session-open-before-disable", Profile: "ex2010", LimitS: 300, HorizonS: 3600,
			Steps:      []*lab.StepResult{{Do: "disable-account"}},
			Activities: []*lab.ActivityResult{{ID: "dana-owa", SinceS: &since, EveryS: 30}}}
		if _, err := caseOf(r, nil); err == nil || !strings.Contains(err.Error(), "dana-owa: since is ") {
			t.Errorf("%g: %v", since, err)
		}
	}
}
