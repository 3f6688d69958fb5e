package scenarios_test

import (
	"context"
	"runtime"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"shutout/lab"
	"shutout/sim"
)

// ahead plays cases on all cores as soon as a spec asks for the first of them:
// specs run one after the other, and each case would keep one core only.
type ahead struct {
	start sync.Once
	jobs  []*job
}

// job is a case to be played.
type job struct {
	group    *ahead
	labels   Labels
	scenario func() (*lab.Scenario, error)
	set      []string
	once     sync.Once
	res      *lab.RunResult
	err      error
}

// add takes a case while the tree of specs is built. Scenario makes it; labels
// are those of its specs, so that a case that was filtered out is not played.
func (a *ahead) add(labels Labels, scenario func() (*lab.Scenario, error), set ...string) *job {
	j := &job{group: a, labels: labels, scenario: scenario, set: set}
	a.jobs = append(a.jobs, j)
	return j
}

// result waits for what became of the case, or plays it.
func (j *job) result() *lab.RunResult {
	GinkgoHelper()
	j.group.start.Do(j.group.play)
	j.once.Do(j.play)
	Expect(j.err).NotTo(HaveOccurred())
	rereads(j.res)
	return j.res
}

// play begins with all cases that specs will ask for. Which they are is not
// known when specs are picked by name.
func (a *ahead) play() {
	suite, _ := GinkgoConfiguration()
	if len(suite.FocusStrings) > 0 {
		return
	}
	queue := make(chan *job, len(a.jobs))
	for _, j := range a.jobs {
		if j.labels.MatchesLabelFilter(suite.LabelFilter) {
			queue <- j
		}
	}
	close(queue)
	for range runtime.GOMAXPROCS(0) {
		go func() {
			for j := range queue {
				j.once.Do(j.play)
			}
		}()
	}
}

func (j *job) play() {
	s, err := j.scenario()
	if err == nil {
		j.res, err = sim.Play(context.Background(), s, sim.PlayOptions{Seed: seed, Set: j.set})
	}
	j.err = err
}
