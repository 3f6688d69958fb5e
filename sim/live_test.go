package sim_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/scenarios"
	"shutout/sim"
)

// short is a case of an hour in which an Outlook outlives its account.
func short(t *testing.T, steps bool) *lab.Scenario {
	t.Helper()
	sc, ok := scenarios.Find("outlook-session-open-before-disable")
	if !ok {
		t.Fatal("the case is gone")
	}
	if err := scenarios.SetTimes(sc, -1, time.Hour); err != nil {
		t.Fatal(err)
	}
	if !steps {
		sc.SOP = nil
	}
	return sc
}

// played plays a case; what is not the same from one run to the next is left out.
func played(t *testing.T, sc *lab.Scenario, drive func(context.Context, *sim.Organisation, *lab.Live) error) string {
	t.Helper()
	res, err := sim.Play(t.Context(), sc, sim.PlayOptions{Seed: 1, Drive: drive})
	if err != nil {
		t.Fatal(err)
	}
	res.WallS = 0
	text, err := json.MarshalIndent(res, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Whoever drives a play and looks at it finds what the runner finds by itself,
// however the steps are.
func TestLiveIsTheSamePlay(t *testing.T) {
	want := played(t, short(t, true), nil)
	for _, step := range []time.Duration{time.Second, 7 * time.Minute} {
		looks := 0
		got := played(t, short(t, true), func(ctx context.Context, _ *sim.Organisation, l *lab.Live) error {
			for at := l.Now(); at < 20*time.Minute; at += step {
				if err := l.Until(ctx, at); err != nil {
					return err
				}
				res := l.Result()
				if res.Played == nil || *res.Played != l.Now() {
					t.Fatalf("played %v at %s", res.Played, l.Now())
				}
				if l.Now() > 6*time.Minute && !slices.ContainsFunc(res.Activities, func(a *lab.ActivityResult) bool { return a.Verdict == lab.Open }) {
					t.Fatal("nobody is seen to be in")
				}
				looks++
			}
			return nil // the runner plays the rest
		})
		if got != want {
			t.Errorf("in steps of %s, with %d looks, another result", step, looks)
		}
	}
}

// What is done by hand is a step, takes effect, and can be played again as an
// SOP, attempt for attempt.
func TestByHand(t *testing.T) {
	do := func(user string) lab.Action { return &mitigation.DisableAccount{User: user} }
	var steps []lab.Step
	by := played(t, short(t, false), func(ctx context.Context, _ *sim.Organisation, l *lab.Live) error {
		if _, err := l.Do(ctx, do("dana")); err == nil {
			t.Error("a step before the order was carried out")
		}
		if err := l.Until(ctx, 5*time.Minute+300*time.Millisecond); err != nil {
			return err
		}
		if out, err := l.Do(ctx, do("dana")); err != nil || out.Result != lab.Done {
			t.Errorf("%v, %v", out, err)
		}
		if out, err := l.Do(ctx, &mitigation.BlockSignIn{User: "dana"}); err != nil || out.Result != lab.NotApplicable {
			t.Errorf("what this organisation does not have: %v, %v", out, err)
		}
		if err := l.Until(ctx, 20*time.Minute); err != nil {
			return err
		}
		if out, err := l.Do(ctx, &mitigation.RestartRPCClientAccess{}); err != nil || out.Result != lab.Done {
			t.Errorf("%v, %v", out, err)
		}
		steps = l.Steps()
		return nil
	})
	var res lab.RunResult
	if err := json.Unmarshal([]byte(by), &res); err != nil {
		t.Fatal(err)
	}
	var at []float64
	for _, s := range res.Steps {
		at = append(at, s.AtS)
	}
	if want := []float64{301, 302, 1201}; !slices.Equal(at, want) {
		t.Errorf("steps at %v, want %v", at, want)
	}
	for _, a := range res.Activities {
		if a.Expected != "" {
			t.Errorf("%s %s is expected to be %s, of a case that nobody wrote", a.ID, a.Capability, a.Expected)
		}
		if a.ID == "dana-rpc" && (a.CutoffS == nil || *a.CutoffS > 1200) {
			t.Errorf("%s %s: cut off at %v, %s", a.ID, a.Capability, a.CutoffS, a.Verdict)
		}
	}
	again := short(t, false)
	again.SOP, again.SOPID = steps, "" // as a case
	again.Forget()
	// A case that names a mitigation which the lab does not have is not there.
	again.SOPID = "by-hand"
	anew := played(t, again, nil)
	res.SOP = "by-hand"
	want, _ := json.MarshalIndent(&res, "", " ")
	if anew != string(want) {
		t.Errorf("played again it is\n%s\nwant\n%s", anew, want)
	}
}
