package lab

import (
	"slices"
	"testing"
)

// Every kind is answered for everybody who left, and the worst answer of a kind
// is what a prediction is about.
func TestSettle(t *testing.T) {
	found := []*SweepResult{
		{Kind: SweepForward, Of: "dana", Works: WorksNo, Broken: true, Ends: []string{"x"}},
		{Kind: SweepSignIn, Of: "frank", Works: WorksUnknown, Broken: true},
		{Kind: SweepForward, Of: "dana", Works: WorksYes, Broken: true, Ends: []string{"x"}},
		{Kind: SweepDelegate, Of: "dana", Works: WorksNotAvailable},
	}
	s := &Scenario{SweepExpect: SweepPredictions{SweepForward: WorksNo, SweepSignIn: WorksUnknown, SweepDelegate: WorksYes, SweepQueue: WorksNo}}
	list := settle(slices.Clone(found), []string{"dana", "frank"}, s, true)
	if len(list) != 2*len(SweepKinds)+1 {
		t.Fatalf("%d findings", len(list))
	}
	drift := map[SweepKind]int{}
	for i, f := range list {
		if i > 0 && slices.Index(SweepKinds, f.Kind) < slices.Index(SweepKinds, list[i-1].Kind) {
			t.Errorf("%s after %s", f.Kind, list[i-1].Kind)
		}
		if f.Drift {
			drift[f.Kind]++
		}
		if f.Works != WorksYes && (f.Broken || f.Ends != nil) {
			t.Errorf("it does not work and is broken: %+v", f)
		}
		if f.Because == nil {
			t.Errorf("no list of reasons: %+v", f)
		}
	}
	if drift[SweepForward] != 1 || drift[SweepDelegate] != 1 || len(drift) != 2 {
		t.Errorf("drift %v", drift)
	}
	if !found[2].Drift || !found[2].Broken || found[0].Drift {
		t.Errorf("%+v, %+v", found[0], found[2])
	}

	// Elsewhere, what is not there was not predicted.
	s.Elsewhere = true
	for _, f := range settle([]*SweepResult{{Kind: SweepDelegate, Of: "dana", Works: WorksNotAvailable}}, []string{"dana"}, s, true) {
		if f.Kind == SweepDelegate && (f.Drift || f.Expected != "") {
			t.Errorf("%+v", f)
		}
	}
}

// What serves whoever left fails a document, and nothing else that works does.
func TestSweepFails(t *testing.T) {
	run := &RunResult{
		Activities: []*ActivityResult{{Role: Threat, Verdict: Ended}},
		Sweep:      []*SweepResult{{Kind: SweepDelegate, Works: WorksYes}, {Kind: SweepForward, Works: WorksNo}},
	}
	d := &Document{Runs: []*RunResult{run}}
	if d.Failed() {
		t.Error("a delegate fails the run")
	}
	run.Sweep[1].Works, run.Sweep[1].Broken = WorksYes, true
	if !d.Failed() {
		t.Error("mail that goes out does not fail the run")
	}
}
