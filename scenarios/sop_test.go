package scenarios

import (
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
)

func TestSOPIsBoundToACase(t *testing.T) {
	sop, ok := FindSOP("thorough")
	if !ok {
		t.Fatal("the SOP thorough is gone")
	}
	for id, leaver := range map[string]string{"session-open-before-disable": "dana", "spam-to-ooo-user": "erin"} {
		sc, _ := Find(id)
		if err := sop.Bind(sc); err != nil {
			t.Fatal(err)
		}
		first := sc.SOP[0].Action.(*mitigation.ResetPassword)
		if first.User != leaver || first.Times != 2 || sc.Expect != nil {
			t.Errorf("%s: %+v, expectations %v", id, first, sc.Expect)
		}
	}
}

func TestSOPThatDoesNotFit(t *testing.T) {
	sc, _ := Find("session-open-before-disable")
	sop, err := ParseSOP("sop.yaml", []byte(`
id: ours
title: Ours
sop:
  - {at: 2d, do: disable-account, user: "${leaver}"}
`))
	if err != nil {
		t.Fatal(err)
	}
	if err := sop.Bind(sc); err == nil || !strings.Contains(err.Error(), "sop.yaml:5:10: the step disable-account at 48h lies after the horizon of 24h") {
		t.Errorf("error %v", err)
	}
	sop, err = ParseSOP("sop.yaml", []byte("id: ours\ntitle: Ours\nsop:\n  - {do: move-mailbox, user: gil, to: db1}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := sop.Bind(sc); err == nil || !strings.Contains(err.Error(), `sop.yaml:4:30: move-mailbox: user "gil" is not a person`) {
		t.Errorf("error %v", err)
	}
	if len(sc.SOP) != 1 || sc.Expect == nil {
		t.Error("an SOP that does not fit changes the case")
	}
}

func TestSOPProblems(t *testing.T) {
	for _, tt := range []struct {
		name, src string
		want      []string
	}{
		{"empty", "", []string{"1:1: the file is empty: an SOP has an id"}},
		{"result", `{"schema": 1, "runs": []}`, []string{"1:1: this is a result document, not an SOP: shutout report shows it"}},
		{"a case", minimal, []string{"1:1: this is a case, not an SOP"}},
		{"no steps", "id: a\ntitle: b\n", []string{"1:1: there are no steps"}},
		{"unknown variable and mitigation", "id: a\ntitle: b\nsop:\n  - {do: disable-account, user: \"${lever}\"}\n  - {do: sack}\n", []string{
			`4:33: unknown variable "${lever}": did you mean leaver?`, `5:10: unknown mitigation "sack" (shutout list mitigations)`}},
		{"unknown key", "id: a\ntitle: b\nhorizon: 3h\nsop: [{do: reset-iis}]\n", []string{`3:1: unknown key "horizon"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseSOP("case.yaml", []byte(tt.src))
			expectProblems(t, err, tt.want)
		})
	}
}

func TestLeaver(t *testing.T) {
	if id, ok := Leaver(&lab.Scenario{Cast: &lab.Cast{}}); ok {
		t.Errorf("nobody is %q", id)
	}
}

func TestHasten(t *testing.T) {
	activity := func(since, every time.Duration) *lab.Activity { return &lab.Activity{Since: since, Every: every} }
	begin := func() *lab.Scenario {
		return &lab.Scenario{
			Horizon:    time.Minute,
			Activities: []*lab.Activity{activity(-30*time.Minute, 30*time.Second), activity(-3*time.Second, time.Second)},
			Controls:   []*lab.Activity{activity(-20*time.Minute, 5*time.Minute), activity(10*time.Second, time.Second)},
			SOP:        []lab.Step{{At: -time.Hour}, {At: -25 * time.Minute}, {At: 5 * time.Second}},
		}
	}
	times := func(sc *lab.Scenario) (since, every []time.Duration) {
		for _, a := range append(slices.Clone(sc.Activities), sc.Controls...) {
			since, every = append(since, a.Since), append(every, a.Every)
		}
		for _, step := range sc.SOP {
			since = append(since, step.At)
		}
		return since, every
	}
	for _, tt := range []struct {
		lead, every time.Duration
		since       []time.Duration
		everies     []time.Duration
	}{
		{0, 0, []time.Duration{-1800000, -3000, -1200000, 10000, -3600000, -1500000, 5000}, []time.Duration{30000, 1000, 300000, 1000}},
		{2 * time.Hour, 0, []time.Duration{-1800000, -3000, -1200000, 10000, -3600000, -1500000, 5000}, []time.Duration{30000, 1000, 300000, 1000}},
		{10 * time.Second, 2 * time.Second, []time.Duration{-7497, -3000, -6662, 10000, -10000, -7079, 5000}, []time.Duration{2000, 1000, 2000, 1000}},
	} {
		sc := begin()
		Hasten(sc, tt.lead, tt.every)
		since, every := times(sc)
		for i := range tt.since {
			tt.since[i] *= time.Millisecond
		}
		for i := range tt.everies {
			tt.everies[i] *= time.Millisecond
		}
		if !slices.Equal(since, tt.since) || !slices.Equal(every, tt.everies) {
			t.Errorf("lead %v, every %v: begins %v, every %v", tt.lead, tt.every, since, every)
		}
	}
}

func TestSetTimes(t *testing.T) {
	sc, _ := Find("disable-then-reset-all-iis")
	if err := SetTimes(sc, -1, -1); err != nil || sc.Within != 5*time.Minute || sc.Horizon != 24*time.Hour {
		t.Errorf("%v %v %v", err, sc.Within, sc.Horizon)
	}
	if err := SetTimes(sc, time.Minute, time.Hour); err != nil || sc.Within != time.Minute || sc.Horizon != time.Hour {
		t.Errorf("%v %v %v", err, sc.Within, sc.Horizon)
	}
	err := SetTimes(sc, 2*time.Hour, time.Minute)
	for _, want := range []string{"within (2h) is longer than the horizon (1m)", "scenarios/disable-then-reset-all-iis.yaml:", "the step reset-iis at 2m lies after the horizon of 1m"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v lacks %q", err, want)
		}
	}
}
