package scenarios_test

import (
	"context"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"shutout/lab"
	"shutout/lab/client"
	"shutout/scenarios"
	"shutout/sim"
	"shutout/sim/profile"
	"shutout/sim/transport"
)

// named is a case of the catalogue.
func named(id string) *lab.Scenario {
	GinkgoHelper()
	s, ok := scenarios.Find(id)
	Expect(ok).To(BeTrue())
	return s
}

func parse(file, src string) *lab.Scenario {
	GinkgoHelper()
	s, err := scenarios.Parse(file, []byte(src))
	Expect(err).NotTo(HaveOccurred())
	return s
}

// organisation builds the world of a case, for a look while [run] plays it and
// afterwards.
func organisation(s *lab.Scenario, set ...string) *sim.Organisation {
	GinkgoHelper()
	p, err := profile.Load(s.Profile, slices.Concat(s.Set, set)...)
	Expect(err).NotTo(HaveOccurred())
	org, err := sim.New(sim.Options{Profile: p, Cast: s.Cast.Clone(), Seed: seed, Start: sim.Order.Add(-s.Lead())})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(org.Close)
	return org
}

// run plays a case to its end in its organisation.
func run(ctx context.Context, org *sim.Organisation, s *lab.Scenario) *lab.RunResult {
	GinkgoHelper()
	res, err := (&lab.Runner{NewClient: client.New}).Run(ctx, org, s)
	Expect(err).NotTo(HaveOccurred())
	return res
}

// looked plays a case to its end and calls look with the organisation at a
// moment relative to the order.
func looked(ctx context.Context, s *lab.Scenario, at time.Duration, look func(*sim.Organisation)) {
	GinkgoHelper()
	org := organisation(s)
	org.Clock().At(sim.Order.Add(at), lab.ClassAttempt, "", func(context.Context) {
		defer GinkgoRecover()
		look(org)
	})
	run(ctx, org, s)
}

// queuesAt plays s and returns what Get-Queue shows at moments relative to the
// order.
func queuesAt(ctx context.Context, s *lab.Scenario, moments ...time.Duration) (*lab.RunResult, [][]transport.Queue) {
	GinkgoHelper()
	org := organisation(s)
	seen := make([][]transport.Queue, len(moments))
	for i, m := range moments {
		org.Clock().At(sim.Order.Add(m), lab.ClassAttempt, "", func(context.Context) { seen[i] = queues(org) })
	}
	return run(ctx, org, s), seen
}

func queues(org *sim.Organisation) (list []transport.Queue) {
	org.Do(func(time.Time) { list = org.Transport.Queues() })
	return list
}

// senders counts queued messages by sender.
func senders(queues []transport.Queue) map[string]int {
	n := map[string]int{}
	for _, q := range queues {
		for _, m := range q.Messages {
			n[m.FromAddress]++
		}
	}
	return n
}
