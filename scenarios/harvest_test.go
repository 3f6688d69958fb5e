package scenarios_test

import (
	"context"
	"net/textproto"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/sim"
)

// A harvester asks one server about invented names, one after the other, until
// five minutes are over or the list is. What it is told comes over the wire.
var _ = Describe("directory harvest", func() {
	harvest := func(ctx context.Context, actions ...lab.Action) (asked, refused int) {
		GinkgoHelper()
		s := named("anonymous-internal-send").WithProfile("ex2016")
		org := organisation(s)
		for _, a := range actions {
			Expect(a.Validate(s.Cast)).To(Succeed())
			Expect(org.Apply(ctx, a).Result).To(Equal(lab.Done))
		}
		org.Clock().At(sim.Order, lab.ClassAttempt, "harvester", func(ctx context.Context) {
			defer GinkgoRecover()
			conn, err := org.Dial(ctx, "harvester", "bot", "mbx1:25")
			Expect(err).NotTo(HaveOccurred())
			defer conn.Close()
			c := textproto.NewConn(conn)
			_, _, err = c.ReadResponse(220)
			Expect(err).NotTo(HaveOccurred())
			for _, hello := range []string{"EHLO harvester", "MAIL FROM:<offers@bogus.example>"} {
				Expect(c.PrintfLine("%s", hello)).To(Succeed())
				_, _, err = c.ReadResponse(250)
				Expect(err).NotTo(HaveOccurred())
			}
			for ; asked < 100 && org.Clock().Now().Before(sim.Order.Add(5*time.Minute)); asked++ {
				if c.PrintfLine("RCPT TO:<guess%d@corp.example>", asked) != nil {
					return
				}
				code, text, err := c.ReadResponse(250)
				if err != nil && code == 0 {
					return // the connection's time is up
				}
				if code == 550 {
					refused++
					Expect(text).To(ContainSubstring("not found"))
				}
			}
		})
		Expect(org.Clock().Run(ctx, sim.Order.Add(time.Hour))).To(Succeed())
		return asked, refused
	}
	filter := &mitigation.FilterRecipients{Mode: "recipient"}
	It("learns nothing where every recipient is taken", func(ctx SpecContext) {
		asked, refused := harvest(ctx)
		Expect([]int{asked, refused}).To(Equal([]int{100, 0}))
	})
	It("learns which names exist as fast as it can ask, without a tarpit", func(ctx SpecContext) {
		asked, refused := harvest(ctx, filter, &mitigation.SetTarpit{})
		Expect([]int{asked, refused}).To(Equal([]int{100, 100}))
	})
	It("learns one name in five seconds with the tarpit that is the default", func(ctx SpecContext) {
		asked, refused := harvest(ctx, filter)
		Expect([]int{asked, refused}).To(Equal([]int{60, 60}))
	})
	It("learns one name in half a minute when set-tarpit says so", func(ctx SpecContext) {
		asked, refused := harvest(ctx, filter, &mitigation.SetTarpit{Interval: 30 * time.Second})
		Expect([]int{asked, refused}).To(Equal([]int{10, 10}))
	})
	It("is not slowed where the system has no tarpit", func(ctx SpecContext) {
		s := mailCase("no tarpit", `
profile: ex2003
set: {smtp.tarpit_available: false, smtp.recipient_validation: recipient}
activities:
  - {id: harvester, who: spammer, from: bot, path: smtp-anonymous, do: [harvest], to: erin, every: 30s, since: -5m}
controls:
  - {id: olga, who: olga, from: partner, path: smtp-anonymous, do: [send], to: erin, every: 1m, since: -5m}
sop:
  - {at: 0s, do: set-tarpit, interval: 5s}
`)
		res := play(ctx, s)
		Expect(res.Steps[0].Outcome).To(Equal(lab.Failed))
		Expect(find(res, "harvester", lab.Harvest).Verdict).To(Equal(lab.Open))
	})
	It("is not slowed by a tarpit of another server", func(ctx SpecContext) {
		asked, _ := harvest(ctx, filter, &mitigation.SetTarpit{}, &mitigation.SetTarpit{Interval: 30 * time.Second, Servers: []string{"mbx2"}})
		Expect(asked).To(Equal(100))
	})
	It("is told nothing name by name where a Mailbox server filters", func(ctx SpecContext) {
		asked, refused := harvest(ctx, &mitigation.FilterRecipients{Mode: "message"})
		Expect([]int{asked, refused}).To(Equal([]int{100, 0}))
	})
})
