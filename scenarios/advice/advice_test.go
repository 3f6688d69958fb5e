package advice

import (
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/scenarios"
	"shutout/sim"
)

// ask plays a case, and everything that an inquiry about it asks for.
func ask(t *testing.T, sc *lab.Scenario) (*lab.RunResult, *lab.AdviceResult) {
	t.Helper()
	base := play(t, sc)
	q := New(sc, base)
	if q == nil {
		return base, nil
	}
	for next := q.Next(); next != nil; next = q.Next() {
		var results []*lab.RunResult
		for _, sc := range next {
			results = append(results, play(t, sc))
		}
		q.Take(results)
	}
	return base, q.Result()
}

func play(t *testing.T, sc *lab.Scenario) *lab.RunResult {
	t.Helper()
	r, err := sim.Play(t.Context(), sc, sim.PlayOptions{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func parse(t *testing.T, text string) *lab.Scenario {
	t.Helper()
	sc, err := scenarios.Parse("case.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

func find(t *testing.T, id string) *lab.Scenario {
	t.Helper()
	sc, ok := scenarios.Find(id)
	if !ok {
		t.Fatalf("no case %s", id)
	}
	return sc
}

// What an inquiry proposes keeps every promise when it is played as a case of
// its own, from the steps that it wrote.
func TestWhatIsProposedHolds(t *testing.T) {
	for _, c := range []struct {
		name string
		sc   *lab.Scenario
	}{
		{"a token", parse(t, `
id: browser
title: A browser that was open
profile: ex2010
activities: [{id: dana-owa, who: dana, from: home, path: owa, do: [read, send], every: 1m, since: -20m}]
controls: [{id: erin-owa, who: erin, from: erin-home, path: owa, do: [read], every: 1m, since: -20m}]
sop: [{at: 0s, do: disable-account, user: dana}]
within: 5m
horizon: 2h
`)},
		{"two servers that each need a cut and a refusal", find(t, "dovecot-session-open-before-disable")},
		{"a ticket", find(t, "dovecot-ticket-in-hand")},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, got := ask(t, c.sc)
			if got == nil || got.Together == nil {
				t.Fatalf("nothing is proposed: %+v", got)
			}
			var own []string
			for _, step := range c.sc.SOP {
				info, _ := mitigation.Lookup(step.Action.Name())
				own = append(own, info.Step(step.At, func(mitigation.Param) string { return "dana" }))
			}
			sop, err := scenarios.ParseSOP("sop.yaml", []byte("id: proposed\ntitle: Proposed\nsop:\n  - "+strings.Join(append(own, got.Together.Steps...), "\n  - ")+"\n"))
			if err != nil {
				t.Fatal(err)
			}
			again := *c.sc
			if err := sop.Bind(&again); err != nil {
				t.Fatal(err)
			}
			base, advice := ask(t, &again)
			if advice != nil {
				t.Errorf("access still lasts too long with %v: %v", got.Together.Steps, advice.Together)
			}
			for _, a := range base.Activities {
				if a.Verdict.Broken() {
					t.Errorf("%s %s is %s with %v", a.ID, a.Capability, a.Verdict, got.Together.Steps)
				}
			}
		})
	}
}

// A pair is told once, and not where one of the two is enough.
func TestPairsAreNeeded(t *testing.T) {
	_, got := ask(t, parse(t, `
id: anew
title: Whoever signs in anew
profile: dovecot-postfix-samba
activities:
  - {id: dana-imap, who: dana, from: home, path: imap, do: [sign-in], every: 2s, since: -10s}
  - {id: dana-smtp, who: dana, from: home, path: smtp-submission, do: [sign-in], every: 2s, since: -10s}
controls: [{id: erin-imap, who: erin, from: erin-home, path: imap, do: [sign-in], every: 2s, since: -10s}]
sop: [{at: 0s, do: kick-sessions, user: dana}]
within: 2m
horizon: 5m
`))
	if got == nil || got.Together == nil || got.Together.Label != "disable-account" {
		t.Fatalf("disable-account alone is enough, and proposed is %+v", got)
	}
	seen := map[string]bool{}
	for _, trial := range got.Trials {
		names := slices.Sorted(slices.Values(strings.Split(trial.Label, " and ")))
		key := strings.Join(names, " and ")
		if seen[key] {
			t.Errorf("%s is told twice", key)
		}
		seen[key] = true
		if len(names) > 1 && slices.Contains(names, "disable-account") {
			t.Errorf("%s is told, where disable-account is enough", trial.Label)
		}
	}
}

// A step that fails for one person is proposed for the other, and an SOP of a file
// is about everybody who leaves.
func TestStepsForSeveralPeople(t *testing.T) {
	sc := parse(t, `
id: two
title: Two leave
profile: ex2010
activities:
  - {id: dana-owa, who: dana, from: home, path: owa, do: [read], every: 1m, since: -20m}
  - {id: frank-phone, who: frank, from: cafe, path: activesync, do: [read], every: 1m, since: -20m}
controls: [{id: erin-owa, who: erin, from: erin-home, path: owa, do: [read], every: 1m, since: -20m}]
sop: [{at: 0s, do: disable-account, user: dana}, {at: 0s, do: disable-account, user: frank}]
within: 5m
horizon: 1h
`)
	told := func(got *lab.AdviceResult, label string) []string {
		i := slices.IndexFunc(got.Trials, func(r *lab.TrialResult) bool { return r.Label == label })
		if i < 0 {
			t.Fatalf("%s is not told", label)
		}
		return got.Trials[i].Steps
	}
	_, got := ask(t, sc)
	if steps, want := told(got, "block-device"), []string{"{at: 1m, do: block-device, user: frank}"}; !slices.Equal(steps, want) {
		t.Errorf("dana has no device, and frank has one: %q instead of %q", steps, want)
	}
	sop, err := scenarios.ParseSOP("ours.yaml", []byte("id: ours\ntitle: Ours\nsop: [{at: 0s, do: disable-account, user: \"${leaver}\"}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := sop.Bind(sc); err != nil {
		t.Fatal(err)
	}
	_, got = ask(t, sc)
	if steps, want := told(got, "block-device"), []string{`{at: 1m, do: block-device, user: "${leaver}"}`}; !slices.Equal(steps, want) {
		t.Errorf("for an SOP in a file: %q instead of %q", steps, want)
	}
}

// At a site where whoever is cut off is let in again by a memory of their
// password, neither the cut nor the memory's end is enough alone.
func TestPairs(t *testing.T) {
	_, got := ask(t, find(t, "dovecot-session-open-before-disable"))
	kept := map[string]int{}
	for _, trial := range got.Trials {
		kept[trial.Label] = len(trial.Kept())
	}
	for label, want := range map[string]int{"kick-sessions": 0, "kick-sessions and flush-auth-cache": 2, "close-smtp-sessions and flush-auth-cache": 1} {
		if n, tried := kept[label]; !tried || n != want {
			t.Errorf("%s keeps %d (tried: %v), not %d", label, n, tried, want)
		}
	}
	for label := range kept {
		if strings.Contains(label, "restart-server and") || strings.Contains(label, "and restart-server") {
			t.Errorf("%s keeps no more than restart-server alone, and is told", label)
		}
	}
}

// A case whose promises were kept needs no advice, and what cannot be carried out
// in a version is not told.
func TestNothingToSay(t *testing.T) {
	if base, got := ask(t, find(t, "dovecot-cache-flushed")); got != nil && !slices.ContainsFunc(base.Activities, (*lab.ActivityResult).TooLong) {
		t.Errorf("advice for a case that needs none: %+v", got)
	}
	sc := find(t, "dovecot-ticket-in-hand")
	_, got := ask(t, sc)
	for _, trial := range got.Trials {
		for _, name := range trial.Do {
			if info, _ := mitigation.Lookup(name); !info.Where.Has(mitigation.OpenSite) {
				t.Errorf("%s is tried where there is no Exchange", name)
			}
		}
	}
}

func TestWhenItIsTried(t *testing.T) {
	step := func(at time.Duration) lab.Step { return lab.Step{At: at} }
	for _, c := range []struct {
		within time.Duration
		steps  []lab.Step
		want   time.Duration
	}{
		{5 * time.Minute, nil, time.Minute},
		{5 * time.Minute, []lab.Step{step(0)}, time.Minute},
		{5 * time.Minute, []lab.Step{step(-time.Hour), step(2 * time.Minute)}, 3 * time.Minute},
		{time.Minute, []lab.Step{step(0)}, 30 * time.Second},
		{time.Minute, []lab.Step{step(time.Minute)}, time.Minute},
		{time.Minute, []lab.Step{step(0), step(time.Hour)}, 30 * time.Second}, // too late to count
		{0, []lab.Step{step(0)}, 0},
	} {
		if got := after(&lab.Scenario{Within: c.within, SOP: c.steps}); got != c.want {
			t.Errorf("limit %s, %d steps: %s instead of %s", c.within, len(c.steps), got, c.want)
		}
	}
}

// made is a trial of the mitigations called name that keeps some promises and
// has a bystander away.
func made(name string, away float64, keeps ...string) trial {
	t := trial{result: &lab.TrialResult{}}
	for _, n := range strings.Split(name, "+") {
		t.what = append(t.what, candidate{info: mitigation.Info{Name: n, Drastic: strings.HasPrefix(n, "drastic")}})
	}
	for _, id := range keeps {
		t.result.Promises = append(t.result.Promises, lab.TrialPromise{ID: id, Verdict: lab.Ended})
	}
	if away > 0 {
		t.result.Disturbed = []lab.TrialDisturbance{{ID: "erin", AwayS: away}}
	}
	return t
}

// breaking is a trial that breaks a promise that was kept without it.
func breaking(t trial) trial {
	t.breaks = 1
	return t
}

func TestFewest(t *testing.T) {
	var promises []lab.TrialPromise
	for _, id := range []string{"a", "b", "c"} {
		promises = append(promises, lab.TrialPromise{ID: id, Verdict: lab.Open})
	}
	for name, c := range map[string]struct {
		trials []trial
		want   string
	}{
		"nothing":                  {nil, ""},
		"nothing helps":            {[]trial{made("x", 0)}, ""},
		"one is enough":            {[]trial{made("x", 0, "a"), made("y", 0, "a", "b", "c")}, "y"},
		"less harm before fewer":   {[]trial{made("all", 60, "a", "b", "c"), made("x", 0, "a", "b"), made("y", 0, "c")}, "x y"},
		"drastic only if it must":  {[]trial{made("drastic", 0, "a", "b", "c"), made("x", 0, "a", "b"), made("y", 0, "c")}, "x y"},
		"drastic before an outage": {[]trial{made("all", 60, "a", "b", "c"), made("drastic", 0, "a", "b", "c")}, "drastic"},
		"what became needless":     {[]trial{made("x", 0, "a", "b"), made("y", 0, "b", "c"), made("z", 60, "a", "c")}, "x y"},
		"dropped":                  {[]trial{made("small", 0, "a"), made("big", 10, "a", "b", "c")}, "big"},
		"as much as there is":      {[]trial{made("x", 0, "a")}, "x"},
		"a pair and its other":     {[]trial{made("kick+flush", 0, "a", "b"), made("close+flush", 0, "c")}, "kick flush close"},
		"what breaks another one":  {[]trial{breaking(made("breaks", 0, "a", "b", "c")), made("x", 60, "a", "b", "c")}, "x"},
		"the single one first":     {[]trial{made("x+y", 0, "a", "b", "c"), made("z", 0, "a", "b", "c")}, "z"},
	} {
		var names []string
		for _, c := range union(fewest(promises, c.trials)) {
			names = append(names, c.info.Name)
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%s: %q instead of %q", name, got, c.want)
		}
	}
}
