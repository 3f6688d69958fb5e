package scenarios_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"shutout/sim/transport"
)

// What was held is not what leaves afterwards: a removed message never does.
var _ = Describe("remove-queued-mail", func() {
	It("takes a sender's messages out of frozen queues, and nobody else's", func(ctx SpecContext) {
		s := mailCase("removed", `
activities:
  - {id: dana, who: dana, from: home, path: owa, do: [send, deliver], to: olga, every: 10m, since: -5m}
controls:
  - {id: erin, who: erin, from: erin-desk, path: owa, do: [send], to: olga, every: 10m, since: -5m}
sop:
  - {at: 0s, do: freeze-outbound}
  - {at: 1h, do: remove-queued-mail, user: dana}
  - {at: 2h, do: thaw-outbound}
`)
		res, seen := queuesAt(ctx, s, time.Hour-time.Second, time.Hour+time.Second, 2*time.Hour+time.Second)
		Expect(res.Steps[1].Detail).To(Equal("12 messages from dana@corp.example removed"))
		Expect(senders(seen[0])).To(Equal(map[string]int{"dana@corp.example": 12, "erin@corp.example": 6}))
		Expect(senders(seen[1])).To(Equal(map[string]int{"erin@corp.example": 6}))
		Expect(seen[2]).To(BeEmpty())
	})
})

// What the attack leaves in the queues tells it apart from a relay: every
// message is a report of the organisation's own postmaster (KB909005).
var _ = Describe("an NDR attack", func() {
	It("fills the queues with reports from postmaster, until unknown recipients are refused", func(ctx SpecContext) {
		_, seen := queuesAt(ctx, named("ndr-attack"), -time.Second, 30*time.Second, 2*time.Minute, 12*time.Hour)
		Expect(seen[0]).To(HaveLen(30))
		for _, q := range seen[0] {
			Expect(q.NextHop).To(HaveSuffix(".dead.example"))
			Expect(q.Status).To(Equal(transport.QueueRetry))
		}
		Expect(senders(seen[0])).To(Equal(map[string]int{"postmaster@corp.example": 30}))
		Expect(seen[1]).To(HaveLen(30), "no new one comes, and those that wait stay")
		Expect(seen[2]).To(BeEmpty(), "removed")
		Expect(seen[3]).To(BeEmpty())
	})
})

// How an infected workstation is found: mail is frozen and port 25 closed, and
// the firewall's log names whoever goes on trying (the fourth source).
var _ = Describe("an infected workstation", func() {
	It("is in the firewall's log, and not in the queues", func(ctx SpecContext) {
		s := mailCase("infected", `
activities:
  - {id: bot, who: spammer, from: infected, path: smtp-direct, do: [send], to: olga, every: 1m, since: -5m}
controls:
  - {id: erin, who: erin, from: erin-desk, path: owa, do: [send], to: olga, every: 1m, since: -5m}
sop:
  - {at: 0s, do: freeze-outbound}
  - {at: 0s, do: close-outbound-port, port: 25, except: [mbx1, mbx2]}
`)
		org := organisation(s)
		run(ctx, org, s)

		infected := s.Cast.Hosts["infected"].Addr
		log := org.Net.DropLog()
		Expect(len(log)).To(BeNumerically(">", 100))
		for _, line := range log {
			Expect(line).To(And(HaveField("From", infected), HaveField("Port", 25)))
		}
		Expect(senders(queues(org))).To(And(HaveLen(1), HaveKey("erin@corp.example")))
	})
})
