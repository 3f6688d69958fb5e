package claims_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"shutout/lab"
	"shutout/scenarios/claims"
	"shutout/sim"
)

var update = flag.Bool("update", false, "write docs/claims.md anew")

// TestClaims plays the ledger on the simulation: a claim about which something
// else is found than predicted fails, and so does a page that does not tell what
// is found.
//
// The labels are source, disagreement and case:
//
//	go test ./scenarios/claims -run TestClaims -ginkgo.label-filter='disagreement: containsAny {X1}'
func TestClaims(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "claims")
}

const seed = 1

// page is what the README links.
var page = filepath.Join("..", "..", "docs", "claims.md")

var _ = Describe("the ledger", func() {
	ledger := claims.Load()
	for _, c := range ledger.All() {
		It(c.ID+" is "+string(c.Expect), labels(c), func(ctx SpecContext) {
			d := play(ctx, ledger, []*claims.Claim{c})
			got := d.Groups[0].Claims[0]
			Expect(got.Verdict).To(Equal(c.Expect), "%s", text(d))
			if got.Verdict == claims.Depends {
				Expect(got.DependsOn).NotTo(BeNil(), "nothing that was varied decides:\n%s", text(d))
				// An experiment in which two things vary together cannot tell
				// which of them decides.
				Expect(got.DependsOn.Also).To(BeEmpty(), "they vary together with %v", got.DependsOn.On)
			}
		})
	}
	It("is told by docs/claims.md", func(ctx SpecContext) {
		var found bytes.Buffer
		d := play(ctx, ledger, ledger.All())
		Expect(claims.Markdown(&found, d)).To(Succeed())
		if *update {
			Expect(os.WriteFile(page, found.Bytes(), 0o644)).To(Succeed())
		}
		want, err := os.ReadFile(page)
		Expect(err).NotTo(HaveOccurred())
		Expect(found.String() == string(want)).To(BeTrue(), "it is out of date: go test ./scenarios/claims -update, and read the difference")
	})
})

func labels(c *claims.Claim) Labels {
	l := Labels{"case: " + c.Case.ID}
	if c.Disagreement != "" {
		l = append(l, "disagreement: "+c.Disagreement)
	}
	for _, s := range c.Sources {
		code, _, _ := strings.Cut(s, "#")
		if v := "source: " + code; !slices.Contains(l, v) {
			l = append(l, v)
		}
	}
	return l
}

func text(d *claims.Document) string {
	var b bytes.Buffer
	Expect(claims.Terminal(&b, d, claims.Style{Detail: true})).To(Succeed())
	return b.String()
}

// played holds the result of each play: several claims, and the page, share
// them.
var played = struct {
	sync.Mutex
	results map[string]func() (*lab.RunResult, error)
	begun   sync.Once
}{results: map[string]func() (*lab.RunResult, error){}}

// play finds out about claims. When the first is asked for, all that specs may
// ask for are begun on all cores.
func play(ctx SpecContext, ledger *claims.Ledger, chosen []*claims.Claim) *claims.Document {
	GinkgoHelper()
	suite, _ := GinkgoConfiguration()
	played.begun.Do(func() {
		if len(suite.FocusStrings) > 0 {
			return // which specs are picked is not known
		}
		all := slices.DeleteFunc(ledger.All(), func(c *claims.Claim) bool { return !labels(c).MatchesLabelFilter(suite.LabelFilter) })
		plan, err := claims.NewPlan(ledger, all, nil)
		Expect(err).NotTo(HaveOccurred())
		queue := make(chan func() (*lab.RunResult, error), len(plan.Keys()))
		for i, key := range plan.Keys() {
			queue <- once(key, plan.Scenarios()[i])
		}
		close(queue)
		for range runtime.GOMAXPROCS(0) {
			go func() {
				for next := range queue {
					_, _ = next() // whoever asks for it is told
				}
			}()
		}
	})
	plan, err := claims.NewPlan(ledger, chosen, nil)
	Expect(err).NotTo(HaveOccurred())
	var results []*lab.RunResult
	for i, key := range plan.Keys() {
		r, err := once(key, plan.Scenarios()[i])()
		Expect(err).NotTo(HaveOccurred())
		results = append(results, r)
	}
	d := plan.Document(results, func(words []string) string { return strings.Join(words, " ") })
	d.Lab, d.Seed, d.Replay = "sim", seed, "shutout claims --seed 1"
	return d
}

// once returns what plays a case, the first time that it is called.
func once(key string, sc *lab.Scenario) func() (*lab.RunResult, error) {
	played.Lock()
	defer played.Unlock()
	if played.results[key] == nil {
		played.results[key] = sync.OnceValues(func() (*lab.RunResult, error) {
			return sim.Play(context.Background(), sc, sim.PlayOptions{Seed: seed})
		})
	}
	return played.results[key]
}
