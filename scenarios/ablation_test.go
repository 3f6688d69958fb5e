package scenarios_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"shutout/lab"
)

// Which of the three steps of the second document's in-house test did it.
var _ = Describe("the Exchange 2013 test", func() {
	steps := []string{"all-three", "rights-removed", "account-disabled", "mailbox-moved"}
	replay := func(ctx SpecContext, id string, set ...string) map[string]*lab.ActivityResult {
		GinkgoHelper()
		s := named(id)
		res := play(ctx, s, set...)
		sends := map[string]*lab.ActivityResult{}
		for _, step := range steps {
			sends[step] = find(res, step, lab.Send)
		}
		return sends
	}
	It("sees nothing but the lock at the end of the move, if sending does not need the rights", func(ctx SpecContext) {
		sends := replay(ctx, "exchange-2013-test")
		for _, step := range []string{"rights-removed", "account-disabled"} {
			Expect(sends[step].Successes).To(Equal(sends[step].Attempts), step)
		}
		for _, step := range []string{"all-three", "mailbox-moved"} {
			Expect(sends[step].Phases).To(ContainElement(And(HaveField("Outcome", Not(Equal("ok"))), HaveField("Detail", ContainSubstring("mailbox locked by its move")))), step)
			// The lock is 30 s long, and somebody tries every 20 s.
			Expect(sends[step].Attempts-sends[step].Successes).To(BeNumerically("~", 1, 1), step)
		}
	})
	It("owes its result to the rights, and its speed to the move, if sending needs the rights", func(ctx SpecContext) {
		sends := replay(ctx, "exchange-2013-test-rights-needed")
		Expect(*sends["all-three"].CutoffS).To(BeNumerically("~", 400, 40), "when the move ends")
		Expect(*sends["rights-removed"].CutoffS).To(BeNumerically("~", 90*60, 60), "when the mailbox information is two hours old")
		Expect(sends["account-disabled"].Verdict).To(Equal(lab.Open))
		Expect(sends["mailbox-moved"].Verdict).To(Equal(lab.Open))
	})
	It("is reproduced by the disabled account and the move alone, where a browser has to sign in again", func(ctx SpecContext) {
		sends := replay(ctx, "exchange-2013-test", "iis.token_ttl_mode=absolute")
		Expect(sends["account-disabled"].Verdict).To(Equal(lab.Ended))
		Expect(sends["all-three"].Verdict).To(Equal(lab.Ended))
		Expect(sends["rights-removed"].Verdict).To(Equal(lab.Open))
		Expect(sends["mailbox-moved"].Verdict).To(Equal(lab.Open))
	})
})
