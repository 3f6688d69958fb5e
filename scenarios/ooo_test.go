package scenarios_test

import (
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"shutout/lab"
	"shutout/scenarios"
	"shutout/sim"
	"shutout/sim/transport"
)

// A spammer writes to Erin, who is out of office, every half hour from two
// hours before the order on, each time from another forged sender.
func spammed(audience string) *lab.Scenario {
	GinkgoHelper()
	s, err := scenarios.Parse("spammed.yaml", []byte(fmt.Sprintf(`
id: spammed
title: Replies to forged senders
profile: ex2016
cast: {people: {erin: {out_of_office: all}}}
activities:
  - {id: spam, who: spammer, from: bot, path: smtp-anonymous, do: [reply], to: erin, sender: "forged{n}@d{n}.dead.example", every: 30m, since: -2h}
controls:
  - {id: olga, who: olga, from: partner, path: smtp-anonymous, do: [send], to: erin, every: 1h, since: -2h}
sop:
  - {at: 0s, do: set-out-of-office, user: erin, audience: %s}
within: 5m
horizon: 3d
`, audience)))
	Expect(err).NotTo(HaveOccurred())
	return s
}

var _ = Describe("out-of-office to forged senders", func() {
	for _, audience := range []string{"internal", "off"} {
		It("leaves one reply per sender in Retry, and none from the moment that it is "+audience, func(ctx SpecContext) {
			before, after, late, expired := -time.Second, 90*time.Minute, 46*time.Hour-time.Minute, 48*time.Hour
			res, seen := queuesAt(ctx, spammed(audience), before, after, late, expired)

			Expect(seen[0]).To(HaveLen(4))
			for i, q := range seen[0] {
				Expect(q.NextHop).To(Equal(fmt.Sprintf("d%d.dead.example", i+1)))
				Expect(q.Status).To(Equal(transport.QueueRetry))
				Expect(q.Messages).To(HaveLen(1))
				Expect(q.Messages[0].HeaderFrom).To(ContainSubstring("erin@corp.example"))
				Expect(q.Messages[0].Recipients).To(ConsistOf(fmt.Sprintf("forged%d@d%d.dead.example", i+1, i+1)))
			}
			// The youngest was queued 30 minutes ago: 4 tries a minute apart,
			// then every 5 minutes six times, then every 10 (MSGINT).
			youngest := seen[0][3]
			Expect(youngest.LastRetry).To(Equal(sim.Order.Add(-time.Minute)))
			Expect(youngest.NextRetry).To(Equal(sim.Order.Add(4 * time.Minute)))
			oldest := seen[0][0]
			Expect(oldest.NextRetry.Sub(oldest.LastRetry)).To(Equal(10 * time.Minute))

			hops := func(qs []transport.Queue) (names []string) {
				for _, q := range qs {
					names = append(names, q.NextHop)
				}
				return names
			}
			Expect(hops(seen[1])).To(Equal(hops(seen[0])), "the queued ones go on, no new one comes")
			Expect(hops(seen[2])).To(Equal(hops(seen[0])), "a minute before the oldest expires")
			Expect(seen[3]).To(BeEmpty(), "two days after the last one was queued")

			spam := find(res, "spam", lab.Reply)
			Expect(spam.Verdict).To(Equal(lab.Ended))
			Expect(spam.Successes).To(Equal(4))
			Expect(find(res, "olga", lab.Send).Verdict).To(Equal(lab.Kept))
		})
	}
	It("goes on while replies go to everybody", func(ctx SpecContext) {
		_, seen := queuesAt(ctx, spammed("all"), 91*time.Minute)
		Expect(seen[0]).To(HaveLen(8))
	})
})
