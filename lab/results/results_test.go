package results_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"shutout/lab"
	"shutout/lab/results"
)

// promise is a promise of the case that run makes: "dana late 3600".
func promise(text string) *lab.ActivityResult {
	a := &lab.ActivityResult{Role: lab.Threat, Path: lab.OWA, Capability: lab.Read, EveryS: 60}
	var cutoff float64
	n, _ := fmt.Sscan(text, &a.ID, (*string)(&a.Verdict), &cutoff)
	if n == 3 {
		a.CutoffS = &cutoff
	}
	if a.Verdict == lab.Kept || a.Verdict == lab.Lost {
		a.Role = lab.Control
	}
	return a
}

func run(scenario string, promises ...string) *lab.RunResult {
	r := &lab.RunResult{Scenario: scenario, Profile: "ex2010", LimitS: 300, HorizonS: 7200}
	for _, p := range promises {
		r.Activities = append(r.Activities, promise(p))
	}
	return r
}

func document(runs ...*lab.RunResult) *lab.Document {
	return &lab.Document{Schema: lab.Schema, Lab: "sim", Seed: 1, Replay: "shutout run", Runs: runs, WallS: 1}
}

func TestChanges(t *testing.T) {
	for _, c := range []struct {
		then, now string
		want      lab.Change
		gained    float64
	}{
		{"a ended 0", "a ended 0", lab.Held, 0},
		{"a ended 0", "a ended 60", lab.Held, 0},     // within one attempt
		{"a ended 0", "a ended 120", lab.Held, -120}, // later, and within the limit
		{"a ended 0", "a late 600", lab.NewlyFailing, -600},
		{"a ended 0", "a open", lab.NewlyFailing, 0},
		{"a ended 0", "a invalid", lab.NewlyFailing, 0},
		{"a late 600", "a ended 240", lab.Fixed, 360},
		{"a open", "a ended 0", lab.Fixed, 0},
		{"a late 600", "a late 660", lab.StillFailing, 0},
		{"a late 600", "a late 661", lab.Worsened, -61},
		{"a late 660", "a late 500", lab.StillFailing, 160},
		{"a late 600", "a open", lab.Worsened, 0},
		{"a open", "a late 600", lab.StillFailing, 0},
		{"a open", "a open", lab.StillFailing, 0},
		{"a late 600", "a invalid", lab.StillFailing, 0},
		{"a invalid", "a late 600", lab.Worsened, 0},
		{"a unknown 0", "a unknown 600", lab.Worsened, -600},
		{"a kept", "a lost", lab.NewlyFailing, 0},
		{"a lost", "a kept", lab.Fixed, 0},
		{"a lost", "a lost", lab.StillFailing, 0},
		{"a n/a", "a ended 0", lab.Added, 0},
		{"a n/a", "a late 600", lab.NewlyFailing, 0},
		{"a late 600", "a n/a", lab.Gone, 0},
		{"a n/a", "a n/a", lab.Held, 0},
		{"b ended 0", "a late 600", lab.NewlyFailing, 0},
		{"b ended 0", "a ended 0", lab.Added, 0},
	} {
		d := results.Compare(document(run("x", c.then)), document(run("x", c.now)))
		got := d.Cases[0].Promises[0]
		if got.Kind != c.want || got.GainedS != c.gained {
			t.Errorf("%s, then %s: %s, gained %g; want %s, %g", c.then, c.now, got.Kind, got.GainedS, c.want, c.gained)
		}
		if d.Worse() != c.want.Worse() {
			t.Errorf("%s, then %s: worse is %v", c.then, c.now, d.Worse())
		}
	}
}

func TestWaysWithoutASession(t *testing.T) {
	found := func(works lab.Works, broken bool) *lab.SweepResult {
		return &lab.SweepResult{Kind: lab.SweepForward, Of: "dana", What: "to dana@private.example", Works: works, Broken: broken}
	}
	with := func(list ...*lab.SweepResult) *lab.Document {
		r := run("x", "a ended 0")
		r.Sweep = append([]*lab.SweepResult{{Kind: lab.SweepSignIn, Of: "dana", What: "owa", Works: lab.WorksNo}}, list...)
		return document(r)
	}
	for name, c := range map[string]struct {
		then, now *lab.Document
		want      lab.Change
	}{
		"came":    {with(), with(found(lab.WorksYes, true)), lab.NewlyFailing},
		"stayed":  {with(found(lab.WorksYes, true)), with(found(lab.WorksYes, true)), lab.StillFailing},
		"ended":   {with(found(lab.WorksYes, true)), with(found(lab.WorksNo, false)), lab.Fixed},
		"is gone": {with(found(lab.WorksYes, true)), with(), lab.Fixed},
	} {
		ways := results.Compare(c.then, c.now).Cases[0].Ways
		if got := ways[len(ways)-1].Kind; got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// Cases are found again with what they were played with; what is left over is
// compared across SOPs and profiles where that is clear.
func TestPairs(t *testing.T) {
	with := func(scenario, profile, sop string) *lab.RunResult {
		r := run(scenario, "a ended 0")
		r.Profile, r.SOP = profile, sop
		return r
	}
	before := document(with("x", "ex2010", ""), with("x", "ex2016", ""), with("y", "ex2010", "naive"), with("gone", "ex2010", ""))
	now := document(with("y", "ex2010", "thorough"), with("x", "ex2016", ""), with("x", "ex2019", ""), with("new", "ex2010", ""))
	var names []string
	for _, c := range results.Compare(before, now).Cases {
		names = append(names, fmt.Sprintf("%s %v %v", c.Name(), c.Old != nil, c.New != nil))
	}
	want := []string{"y on ex2010 with SOP naive → thorough true true", "x on ex2016 true true", "x on ex2010 → ex2019 true true",
		"new on ex2010 false true", "gone on ex2010 true false"}
	if !slices.Equal(names, want) {
		t.Errorf("%q", names)
	}
}

func TestBaseline(t *testing.T) {
	before := document(run("x", "a late 600", "b ended 0", "c kept", "d open"))
	now := document(run("x", "a late 600", "b ended 0", "c kept", "d ended 0"))
	results.Baseline(now, before, "last")
	if now.Failed() || now.Baseline != "last" || now.Runs[0].Activities[3].Baseline != lab.Fixed {
		t.Errorf("%+v", now)
	}
	for _, worse := range []string{"a late 900", "b late 900", "c lost", "e open"} {
		now := document(run("x", "a late 600", "b ended 0", worse))
		now.Runs[0].Activities = slices.DeleteFunc(now.Runs[0].Activities, func(a *lab.ActivityResult) bool {
			return a.ID == worse[:1] && a != now.Runs[0].Activities[2]
		})
		results.Baseline(now, before, "last")
		if !now.Failed() {
			t.Errorf("%s passes", worse)
		}
	}
}

// A result has not changed from itself, and is its own baseline.
func TestNothingChangedFromItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		verdict := rapid.SampledFrom(append(slices.Clone(lab.Verdicts), lab.Kept, lab.Lost))
		make := func(t *rapid.T) *lab.Document {
			var runs []*lab.RunResult
			for i := range rapid.IntRange(1, 4).Draw(t, "cases") {
				r := run(fmt.Sprint("case", i%3))
				r.SOP = rapid.SampledFrom([]string{"", "naive"}).Draw(t, "sop")
				for j := range rapid.IntRange(1, 3).Draw(t, "promises") {
					r.Activities = append(r.Activities, promise(fmt.Sprintf("a%d %s %d", j, verdict.Draw(t, "verdict"), rapid.IntRange(0, 7200).Draw(t, "cutoff"))))
				}
				runs = append(runs, r)
			}
			return document(runs...)
		}
		a, b := make(t), make(t)
		for _, c := range results.Compare(a, a).Cases {
			for _, p := range c.Promises {
				if p.Kind != lab.Held && p.Kind != lab.StillFailing {
					t.Fatalf("%s became %s", p.New.ID, p.Kind)
				}
			}
		}
		d := results.Compare(a, b)
		olds, news := 0, 0
		for _, c := range d.Cases {
			if c.Old != nil {
				olds++
			}
			if c.New != nil {
				news++
			}
		}
		if olds != len(a.Runs) || news != len(b.Runs) {
			t.Fatalf("%d of %d and %d of %d cases are told", olds, len(a.Runs), news, len(b.Runs))
		}
		results.Baseline(b, a, "a")
		if b.Failed() != (d.Worse() || b.Empty()) {
			t.Fatalf("failed %v, worse %v, empty %v", b.Failed(), d.Worse(), b.Empty())
		}
	})
}

func TestMerge(t *testing.T) {
	names := []string{"a", "b"}
	x, y := document(run("x", "a ended 0")), document(run("y", "a late 600"), run("x", "a ended 0"))
	x.Runs[0].WallS, y.Replay, y.WallS = 3, "shutout run y x", 1.5
	all, err := results.Merge([]*lab.Document{x, y}, names)
	if err != nil || len(all.Runs) != 2 || all.Runs[1].Scenario != "y" || all.WallS != 2.5 || all.Replay != "shutout run; shutout run y x" {
		t.Errorf("%+v, %v", all, err)
	}
	for want, change := range map[string]func(d *lab.Document){
		`both have the case "x on ex2010", and it came out differently`: func(d *lab.Document) { d.Runs[1].Verdict = lab.Open },
		`the lab is "sim" in one, and "containers" in the other`:        func(d *lab.Document) { d.Lab = "containers" },
		`the seed is "1" in one, and "2" in the other`:                  func(d *lab.Document) { d.Seed = 2 },
		`the version is " " in one, and " v2" in the other`:             func(d *lab.Document) { d.Tool.Version = "v2" },
		`the baseline is "none" in one, and "x" in the other`:           func(d *lab.Document) { d.Baseline = "x" },
	} {
		y := document(run("y", "a late 600"), run("x", "a ended 0"))
		change(y)
		if _, err := results.Merge([]*lab.Document{x, y}, names); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// A run that is given twice, or beside what it was merged into, is a slip. One
// that was played a second time is not, and took its time.
func TestMergeOfTheSameRun(t *testing.T) {
	play := func(id string, wall float64) *lab.Document {
		d := document(run(id, "a ended 0"))
		d.WallS, d.Runs[0].WallS = wall, wall
		return d
	}
	all, err := results.Merge([]*lab.Document{play("x", 1), play("y", 2)}, []string{"x", "y"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		docs  []*lab.Document
		names []string
		want  string
	}{
		{[]*lab.Document{play("x", 1), play("x", 1)}, []string{"a", "a"}, "a and a are of the same run: name each run once"},
		{[]*lab.Document{all, play("y", 2)}, []string{"all", "y"}, "all and y are of the same run: name each run once"},
		{[]*lab.Document{play("x", 1), play("y", 2), all}, []string{"x", "y", "all"}, "y and all are of the same run: name each run once"},
	} {
		if d, err := results.Merge(c.docs, c.names); err == nil || err.Error() != c.want {
			t.Errorf("%v: %v, %v, want %s", c.names, d, err, c.want)
		}
	}
	again, err := results.Merge([]*lab.Document{play("x", 1), play("x", 1.25)}, []string{"x", "again"})
	if err != nil || len(again.Runs) != 1 || again.WallS != 2.25 {
		t.Errorf("played again: %+v, %v", again, err)
	}
}
