package scenarios_test

import (
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"shutout/lab"
	"shutout/scenarios"
	"shutout/sim/transport"
)

// mailflow is what mitigations of the mail flow do. Each is a case file without
// its head; the verdicts that it expects are those that must be seen. The
// controls are not disturbed unless their names are in away.
var mailflow = []struct {
	name, file string
	away       []string
}{
	{name: "freeze-outbound holds everybody's mail to other domains, and nothing else", file: `
activities:
  - {id: leaves, who: dana, from: home, path: smtp-submission, do: [send, deliver], to: olga, every: 1m, since: -5m}
  - {id: by-owa, who: dana, from: home, path: owa, do: [send, deliver], to: olga, every: 1m, since: -5m}
  - {id: erin-outside, who: erin, from: erin-desk, path: owa, do: [deliver], to: olga, every: 1m, since: -5m}
controls:
  - {id: inside, who: erin, from: erin-desk, path: smtp-submission, do: [send, deliver], to: frank, every: 1m, since: -5m}
  - {id: reads, who: erin, from: erin-desk, path: owa, do: [read, receive], every: 1m, since: -5m}
sop:
  - {at: 90s, do: freeze-outbound}
expect:
  leaves: {send: open, deliver: ended}
  by-owa: {send: open, deliver: ended}
  erin-outside: {deliver: ended}
  inside: {send: kept, deliver: kept}
  reads: {read: kept, receive: kept}
`},
	{name: "freeze-outbound of one domain leaves the others alone", file: `
cast: {domains: {other.example: good}, people: {oscar: {name: Oscar, mail: oscar@other.example}}}
activities:
  - {id: dana, who: dana, from: home, path: smtp-submission, do: [send, deliver], to: olga, every: 1m, since: -5m}
controls:
  - {id: erin, who: erin, from: erin-desk, path: smtp-submission, do: [send, deliver], to: oscar, every: 1m, since: -5m}
sop:
  - {at: 90s, do: freeze-outbound, domain: partner.example}
expect:
  dana: {send: open, deliver: ended}
  erin: {send: kept, deliver: kept}
`},
	{name: "thaw-outbound lets mail leave again", away: []string{"erin"}, file: `
activities:
  - {id: dana, who: dana, from: home, path: smtp-submission, do: [deliver], to: olga, every: 1m, since: -5m}
controls:
  - {id: erin, who: erin, from: erin-desk, path: smtp-submission, do: [deliver], to: olga, every: 1m, since: -5m}
sop:
  - {at: 90s, do: freeze-outbound}
  - {at: 1h, do: thaw-outbound}
expect:
  dana: {deliver: open}
  erin: {deliver: kept}
`},
	{name: "thaw-outbound of one domain lets its mail leave again", away: []string{"erin"}, file: `
activities:
  - {id: dana, who: dana, from: home, path: smtp-submission, do: [deliver], to: olga, every: 1m, since: -5m}
controls:
  - {id: erin, who: erin, from: erin-desk, path: smtp-submission, do: [deliver], to: olga, every: 1m, since: -5m}
sop:
  - {at: 90s, do: freeze-outbound, domain: partner.example}
  - {at: 1h, do: thaw-outbound, domain: partner.example}
expect:
  dana: {deliver: open}
  erin: {deliver: kept}
`},
}

// mailCase reads a case of the mail flow.
func mailCase(name, file string) *lab.Scenario {
	GinkgoHelper()
	if !strings.Contains(file, "\nwithin:") {
		file += "within: 5m\nhorizon: 3h\n"
	}
	s, err := scenarios.Parse("mailflow.yaml", []byte(fmt.Sprintf("id: mailflow\ntitle: %q\n%s", name, strings.TrimPrefix(file, "\n"))))
	Expect(err).NotTo(HaveOccurred())
	return s
}

var _ = Describe("mail flow", func() {
	for _, m := range mailflow {
		It(m.name, func(ctx SpecContext) {
			s := mailCase(m.name, m.file)
			res := play(ctx, s)
			for _, step := range res.Steps {
				Expect(step.Outcome).To(Equal(lab.Done), "%s: %s", step.Do, step.Detail)
			}
			for id, wants := range s.Expect {
				for c, want := range wants {
					got := find(res, id, c)
					Expect(got.Verdict).To(Equal(want), "%s %s: %s; answer %q; because %+v", id, c, got.Note, got.Answer, got.Because)
					if want == lab.Kept {
						Expect(len(got.Outages) > 0).To(Equal(strings.Contains(strings.Join(m.away, " "), id)), "%s %+v", id, got.Outages)
					}
				}
			}
			Expect(len(res.Activities)).To(Equal(predictions(s)), "every capability is predicted")
		})
	}
})

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

func predictions(s *lab.Scenario) (n int) {
	for _, wants := range s.Expect {
		n += len(wants)
	}
	return n
}
