package scenarios_test

import (
	"bytes"
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
	"shutout/sim/profile"
)

// TestScenarios replays every case of the catalogue on the simulation, and the
// statements about cut-offs that the layers make.
//
// The specs of the catalogue carry labels, so that -ginkgo.label-filter picks
// some of them. The keys are family, path, mitigation, profile and source; "own"
// and "elsewhere" stand for the case's own profile and the others, which are
// played only for a filter that asks for them:
//
//	go test ./scenarios -run TestScenarios -ginkgo.label-filter='own && path: containsAny {owa, imap}'
func TestScenarios(t *testing.T) {
	RegisterFailHandler(Fail)
	suite, _ := GinkgoConfiguration()
	if suite.LabelFilter == "" {
		suite.LabelFilter = "!elsewhere"
	}
	RunSpecs(t, "scenarios", suite)
}

const seed = 1

// play plays a case and fails the spec when it cannot be played.
func play(ctx SpecContext, s *lab.Scenario, set ...string) *lab.RunResult {
	GinkgoHelper()
	res, err := sim.Play(ctx, s, sim.PlayOptions{Seed: seed, Set: set})
	Expect(err).NotTo(HaveOccurred())
	rereads(res)
	return res
}

// rereads writes a result as a document and reads it again: nothing that the
// program writes contradicts itself.
func rereads(res *lab.RunResult) {
	GinkgoHelper()
	var b bytes.Buffer
	Expect(report.JSON(&b, &lab.Document{Schema: lab.Schema, Lab: lab.Simulation, Runs: []*lab.RunResult{res}})).To(Succeed())
	_, err := report.Decode(b.Bytes())
	Expect(err).NotTo(HaveOccurred())
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
		for _, name := range profile.Names() {
			predicted(cases, s.WithProfile(name))
		}
	}
})

// labels are what a case is filtered by.
func labels(s *lab.Scenario) Labels {
	l := Labels{"profile: " + s.Profile, "family: " + scenarios.Family(s), map[bool]string{true: "elsewhere", false: "own"}[s.Elsewhere]}
	add := func(key, value string) {
		// These characters belong to the language of filters.
		value = strings.Map(func(r rune) rune {
			if strings.ContainsRune("&|!,()/:", r) {
				return '-'
			}
			return r
		}, value)
		if v := key + ": " + value; !slices.Contains(l, v) {
			l = append(l, v)
		}
	}
	for _, list := range [][]*lab.Activity{s.Activities, s.Controls} {
		for _, a := range list {
			add("path", string(a.Path))
		}
	}
	for _, step := range s.SOP {
		add("mitigation", step.Action.Name())
	}
	for _, source := range s.Sources { // a document, and what it says
		code, _, _ := strings.Cut(source, "#")
		add("source", code)
		add("source", source)
	}
	return l
}

// predicted holds a case against what it expects on its profile.
func predicted(cases *ahead, s *lab.Scenario) {
	labels := labels(s)
	played := cases.add(labels, func() (*lab.Scenario, error) { return s, nil })
	Context(s.ID+" on "+s.Profile, Ordered, ContinueOnFailure, labels, func() {
		var res *lab.RunResult
		BeforeAll(func() { res = played.result() })
		It("carries out every step as the case expects", func() {
			Expect(res.Steps).To(HaveLen(len(s.SOP)))
			for i, step := range res.Steps {
				want := lab.Done
				if strings.Contains(mitigation.Describe(s.SOP[i].Action), "fails: true") {
					want = lab.Failed
				}
				if s.Elsewhere && step.Outcome == lab.NotApplicable {
					continue // the case does not exist on this version
				}
				Expect(step.Outcome).To(Equal(want), "%s: %s", step.Do, step.Detail)
			}
		})
		It("has a result that fits the published schema, and comes back as it is", func() { fitsSchema(res) })
		It("tells the same story by phases, by spans and by reasons", func() {
			for _, a := range res.Activities {
				agree(a)
			}
		})
		for _, kind := range slices.Sorted(maps.Keys(s.SweepExpect)) {
			It("finds by the sweep what is predicted of "+string(kind), func() {
				found := 0
				for _, f := range res.Sweep {
					if f.Kind == kind {
						found++
						if !s.Elsewhere || whole(res) && f.Works != lab.WorksNotAvailable {
							Expect(f.Expected).To(Equal(s.SweepExpect[kind]))
						}
						Expect(f.Drift).To(BeFalse(), "%+v", f)
					}
				}
				Expect(found).To(BeNumerically(">", 0))
			})
		}
		for _, list := range [][]*lab.Activity{s.Activities, s.Controls} {
			for _, a := range list {
				for _, c := range a.Do {
					It(a.ID+" "+string(c)+" is as predicted", func() {
						got := find(res, a.ID, c)
						want := s.Expect[a.ID][c]
						if s.Elsewhere && s.Stated[a.ID][c] == "" && (got.Verdict == lab.NotAvailable || !whole(res)) {
							Expect(got.Expected).To(BeEmpty())
							Skip("not on this version: " + got.Note)
						}
						Expect(got.Expected).To(Equal(want))
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

// whole tells whether the lab had every step of the case.
func whole(res *lab.RunResult) bool {
	return !slices.ContainsFunc(res.Steps, func(s *lab.StepResult) bool { return s.Outcome == lab.NotApplicable })
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
