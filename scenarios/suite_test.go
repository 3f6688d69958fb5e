package scenarios_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/lab/report"
	"shutout/scenarios"
	"shutout/sim"
)

// TestScenarios replays every case of the catalogue on the simulation, and the
// statements about cut-offs that the layers make.
func TestScenarios(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "scenarios")
}

const seed = 1

// play plays a case and fails the spec when it cannot be played.
func play(ctx SpecContext, s *lab.Scenario, set ...string) *lab.RunResult {
	GinkgoHelper()
	res, err := sim.Play(ctx, s, sim.PlayOptions{Seed: seed, Set: set})
	Expect(err).NotTo(HaveOccurred())
	return res
}

// find returns what was found about a capability of an activity.
func find(res *lab.RunResult, id string, c lab.Capability) *lab.ActivityResult {
	GinkgoHelper()
	for _, a := range res.Activities {
		if a.ID == id && a.Capability == c {
			return a
		}
	}
	Fail("no result for " + id + " " + string(c))
	return nil
}

var _ = Describe("the catalogue", func() {
	cases := new(ahead)
	for _, s := range scenarios.Catalogue() {
		predicted(cases, s)
		for _, name := range slices.Sorted(maps.Keys(s.ExpectOn)) {
			predicted(cases, s.WithProfile(name))
		}
	}
})

// predicted holds a case against what it expects on its profile.
func predicted(cases *ahead, s *lab.Scenario) {
	played := cases.add(func() (*lab.Scenario, error) { return s, nil })
	Context(s.ID+" on "+s.Profile, Ordered, func() {
		var res *lab.RunResult
		BeforeAll(func() { res = played.result() })
		It("carries out every step as the case expects", func() {
			Expect(res.Steps).To(HaveLen(len(s.SOP)))
			for i, step := range res.Steps {
				want := lab.Done
				if strings.Contains(mitigation.Describe(s.SOP[i].Action), "fails: true") {
					want = lab.Failed
				}
				Expect(step.Outcome).To(Equal(want), "%s: %s", step.Do, step.Detail)
			}
		})
		It("tells the same story by phases, by spans and by reasons", func() {
			for _, a := range res.Activities {
				agree(a)
			}
		})
		for _, kind := range slices.Sorted(maps.Keys(s.SweepExpect)) {
			want := s.SweepExpect[kind]
			It("finds by the sweep: "+string(kind)+" "+string(want), func() {
				found := 0
				for _, f := range res.Sweep {
					if f.Kind == kind {
						found++
						Expect(f.Drift).To(BeFalse(), "%+v", f)
					}
				}
				Expect(found).To(BeNumerically(">", 0))
			})
		}
		for _, list := range [][]*lab.Activity{s.Activities, s.Controls} {
			for _, a := range list {
				for _, c := range a.Do {
					want, predicted := s.Expect[a.ID][c]
					It(a.ID+" "+string(c)+" is "+string(want), func() {
						Expect(predicted).To(BeTrue(), "the case predicts nothing for %s %s", a.ID, c)
						got := find(res, a.ID, c)
						Expect(got.Verdict).To(Equal(want), "%s %s, answer %q, because %+v", got.Note, got.Verdict, got.Answer, got.Because)
						if want != lab.NotAvailable {
							Expect(got.Attempts).To(BeNumerically(">", 0))
						}
					})
				}
			}
		}
	})
}

// agree holds the phases of an activity against what else is told of it.
func agree(a *lab.ActivityResult) {
	GinkgoHelper()
	what := a.ID + " " + string(a.Capability)
	tried, worked := 0, 0
	var in *lab.PhaseResult // the last that let it in
	for i := range a.Phases {
		p := &a.Phases[i]
		tried += p.Count
		if p.Outcome == "ok" {
			worked += p.Count
			in = p
		}
	}
	Expect(tried).To(Equal(a.Attempts), what)
	Expect(worked).To(Equal(a.Successes), what)
	if in == nil {
		return
	}
	Expect(in.ToS).To(Equal(*a.LastSuccessS), what)
	kept := report.KeptBy(a)
	if in.Layer == "" {
		Expect(kept).To(BeNil(), what)
		return
	}
	Expect(kept).NotTo(BeNil(), what)
	if ended := report.EndedBy(a); ended != nil && ended.Layer == kept.Layer {
		return // what ended access is what had kept it, whatever else let it in beside
	}
	Expect(in.Detail).To(Equal(kept.Detail), what)
}
