package scenarios_test

import (
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"shutout/lab"
	"shutout/scenarios"
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
	{name: "reject-mail returns whatever the leaver hands in, by whatever program, and nobody else's", file: `
activities:
  - {id: by-smtp, who: dana, from: home, path: smtp-submission, do: [send, deliver], to: olga, every: 1m, since: -5m}
  - {id: by-owa, who: dana, from: home, path: owa, do: [send, deliver, read], to: frank, every: 1m, since: -5m}
controls:
  - {id: erin, who: erin, from: erin-desk, path: smtp-submission, do: [send, deliver], to: olga, every: 1m, since: -5m}
  - {id: erin-owa, who: erin, from: erin-desk, path: owa, do: [send, deliver, read], to: dana, every: 1m, since: -5m}
sop:
  - {at: 90s, do: reject-mail, user: dana}
expect:
  by-smtp: {send: open, deliver: ended}
  by-owa: {send: open, deliver: ended, read: open}
  erin: {send: kept, deliver: kept}
  erin-owa: {send: kept, deliver: kept, read: kept}
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
	{name: "filter-recipients refuses unknown recipients from outside, and nobody else", file: `
activities:
  - {id: spam, who: spammer, from: bot, path: smtp-anonymous, do: [send], to: nobody@corp.example, every: 1m, since: -5m}
  - {id: dana, who: dana, from: home, path: smtp-submission, do: [send], to: nobody@corp.example, every: 1m, since: -5m}
controls:
  - {id: olga, who: olga, from: partner, path: smtp-anonymous, do: [send, deliver], to: erin, every: 1m, since: -5m}
sop:
  - {at: 90s, do: filter-recipients, mode: recipient}
expect:
  spam: {send: ended}
  dana: {send: open}
  olga: {send: kept, deliver: kept}
`},
	{name: "filter-recipients on a Mailbox server refuses the message", file: `
activities:
  - {id: spam, who: spammer, from: bot, path: smtp-anonymous, do: [send], to: nobody@corp.example, every: 1m, since: -5m}
controls:
  - {id: olga, who: olga, from: partner, path: smtp-anonymous, do: [send, deliver], to: erin, every: 1m, since: -5m}
sop:
  - {at: 90s, do: filter-recipients, mode: message}
expect:
  spam: {send: ended}
  olga: {send: kept, deliver: kept}
`},
	{name: "filter-recipients can be taken back", file: `
activities:
  - {id: spam, who: spammer, from: bot, path: smtp-anonymous, do: [send], to: nobody@corp.example, every: 1m, since: -5m}
controls:
  - {id: olga, who: olga, from: partner, path: smtp-anonymous, do: [send], to: erin, every: 1m, since: -5m}
sop:
  - {at: 90s, do: filter-recipients, mode: recipient}
  - {at: 1h, do: filter-recipients, mode: off}
expect:
  spam: {send: open}
  olga: {send: kept}
`},
	{name: "a call to the provider has it take mail again, once the abuse is over", away: []string{"erin-writes"}, file: `
profile: ex2016
set: {smarthost.blocks_after: 30m}
cast: {people: {admin: {name: Administrator, mail: admin@corp.example, cas: cas1, database: db1, mailbox_mb: 50}}}
activities:
  - {id: relayed, who: admin, from: bot, path: smtp-submission, do: [send], to: trap, every: 1m, since: -5m}
controls:
  - {id: erin-writes, who: erin, from: erin-desk, path: owa, do: [deliver], to: olga, every: 1m, since: -5m}
  - {id: erin-submits, who: erin, from: erin-desk, path: smtp-submission, do: [send], to: frank, every: 1m, since: -5m}
sop:
  - {at: 0s, do: use-smart-host, host: provider}
  - {at: 40m, do: reset-password, user: admin, times: 2}
  - {at: 50m, do: remove-queued-mail, user: admin}
  - {at: 55m, do: request-delisting, whom: provider}
within: 1h
horizon: 3h
expect:
  relayed: {send: ended}
  erin-writes: {deliver: kept}
  erin-submits: {send: kept}
`},
	{name: "allow-anonymous-relay is for the addresses that it names", file: `
profile: ex2019
activities:
  - {id: script, who: spammer, from: infected, path: smtp-anonymous, do: [send], to: erin, every: 1m, since: -5m}
controls:
  - {id: scans, who: scanner, from: scan-station, path: smtp-anonymous, do: [send, deliver], to: erin, every: 1m, since: -5m}
sop:
  - {at: 0s, do: allow-anonymous-relay, ranges: [10.0.20.50]}
  - {at: 0s, do: restrict-anonymous, ranges: [192.0.2.0/24]}
expect:
  script: {send: ended}
  scans: {send: kept, deliver: kept}
`},
	{name: "disable-relay ends SMTP to other domains once the connection of before is over", file: `
activities:
  - {id: dana, who: dana, from: home, path: smtp-submission, do: [send], to: olga, every: 1m, since: -5m}
  - {id: dana-owa, who: dana, from: home, path: owa, do: [send, deliver], to: olga, every: 1m, since: -5m}
controls:
  - {id: erin, who: erin, from: erin-desk, path: smtp-submission, do: [send, deliver], to: frank, every: 1m, since: -5m}
  - {id: erin-owa, who: erin, from: erin-desk, path: owa, do: [send, deliver], to: olga, every: 1m, since: -5m}
sop:
  - {at: 90s, do: disable-relay}
expect:
  dana: {send: ended}
  dana-owa: {send: open, deliver: open}
  erin: {send: kept, deliver: kept}
  erin-owa: {send: kept, deliver: kept}
`},
	{name: "restrict-senders keeps others from writing to the mailbox, and its user from nothing", file: `
activities:
  - {id: olga, who: olga, from: partner, path: smtp-anonymous, do: [send, deliver], to: dana, every: 1m, since: -5m}
  - {id: erin, who: erin, from: erin-desk, path: owa, do: [send, deliver], to: dana, every: 1m, since: -5m}
  - {id: dana, who: dana, from: home, path: owa, do: [read, send, deliver], to: olga, every: 1m, since: -5m}
controls:
  - {id: postmaster, who: postmaster, from: frank-desk, path: owa, do: [send, deliver], to: dana, every: 1m, since: -5m}
  - {id: olga-to-frank, who: olga, from: partner, path: smtp-anonymous, do: [send, deliver], to: frank, every: 1m, since: -5m}
sop:
  - {at: 0s, do: restrict-senders, user: dana, from: [postmaster]}
expect:
  olga: {send: open, deliver: ended}
  erin: {send: open, deliver: ended}
  dana: {read: open, send: open, deliver: open}
  postmaster: {send: kept, deliver: kept}
  olga-to-frank: {send: kept, deliver: kept}
`},
	{name: "restrict-senders with nobody in the list takes everybody's mail again", away: []string{"frank"}, file: `
activities:
  - {id: erin, who: erin, from: erin-desk, path: owa, do: [deliver], to: dana, every: 1m, since: -5m}
controls:
  - {id: frank, who: frank, from: frank-desk, path: owa, do: [deliver], to: dana, every: 1m, since: -5m}
sop:
  - {at: 0s, do: restrict-senders, user: dana, from: [postmaster]}
  - {at: 1h, do: restrict-senders, user: dana, from: []}
expect:
  erin: {deliver: open}
  frank: {deliver: kept}
`},
	{name: "limit-replies keeps answers inside, and answers inside go on", file: `
profile: ex2016
cast: {people: {erin: {out_of_office: all}}}
activities:
  - {id: spam, who: spammer, from: bot, path: smtp-anonymous, do: [reply], to: erin, sender: "forged{n}@d{n}.dead.example", every: 5m, since: -30m}
controls:
  - {id: olga, who: olga, from: partner, path: smtp-anonymous, do: [send, deliver], to: erin, every: 5m, since: -30m}
sop:
  - {at: 0s, do: limit-replies, allow: none}
expect:
  spam: {reply: ended}
  olga: {send: kept, deliver: kept}
`},
	{name: "limit-replies of one domain leaves the others answered", file: `
profile: ex2016
cast: {people: {erin: {out_of_office: all}}}
activities:
  - {id: spam, who: spammer, from: bot, path: smtp-anonymous, do: [reply], to: erin, sender: "forged{n}@d{n}.dead.example", every: 5m, since: -30m}
  - {id: partners, who: olga, from: partner, path: smtp-anonymous, do: [reply], to: erin, sender: "writer{n}@partner.example", every: 5m, since: -30m}
controls:
  - {id: olga, who: olga, from: partner, path: smtp-anonymous, do: [send], to: erin, every: 5m, since: -30m}
sop:
  - {at: 0s, do: limit-replies, domain: dead.example, allow: none}
expect:
  spam: {reply: ended}
  partners: {reply: open}
  olga: {send: kept}
`},
	{name: "limit-replies can be taken back", file: `
profile: ex2016
cast: {people: {erin: {out_of_office: all}}}
activities:
  - {id: spam, who: spammer, from: bot, path: smtp-anonymous, do: [reply], to: erin, sender: "forged{n}@d{n}.dead.example", every: 5m, since: -30m}
controls:
  - {id: olga, who: olga, from: partner, path: smtp-anonymous, do: [send], to: erin, every: 5m, since: -30m}
sop:
  - {at: 0s, do: limit-replies, allow: none}
  - {at: 1h, do: limit-replies, allow: external}
expect:
  spam: {reply: open}
  olga: {send: kept}
`},
	{name: "close-outbound-port for all but the mail servers ends a bot with its own SMTP engine, and no mail through the servers", file: `
activities:
  - {id: bot, who: spammer, from: infected, path: smtp-direct, do: [send], to: olga, sender: "offers{n}@corp.example", every: 1m, since: -5m}
  - {id: relayed, who: dana, from: desk, path: smtp-submission, do: [send, deliver], to: olga, every: 1m, since: -5m}
controls:
  - {id: elsewhere, who: spammer, from: bot, path: smtp-direct, do: [send], to: olga, every: 1m, since: -5m}
  - {id: erin, who: erin, from: erin-desk, path: owa, do: [send, deliver], to: olga, every: 1m, since: -5m}
sop:
  - {at: 90s, do: close-outbound-port, port: 25, except: [mbx1, mbx2]}
expect:
  bot: {send: ended}
  relayed: {send: open, deliver: open}
  elsewhere: {send: kept}
  erin: {send: kept, deliver: kept}
`},
	{name: "close-outbound-port without an exception leaves the servers' mail in the queues", file: `
activities:
  - {id: dana, who: dana, from: desk, path: smtp-submission, do: [send, deliver], to: olga, every: 1m, since: -5m}
controls:
  - {id: erin, who: erin, from: erin-desk, path: smtp-submission, do: [send, deliver], to: frank, every: 1m, since: -5m}
sop:
  - {at: 90s, do: close-outbound-port, port: 25}
expect:
  dana: {send: open, deliver: ended}
  erin: {send: kept, deliver: kept}
`},
	{name: "admit-to-port tells computers apart, and not addresses outside", file: `
profile: ex2016
activities:
  - {id: script, who: spammer, from: infected, path: smtp-anonymous, do: [send], to: erin, sender: frank@corp.example, every: 1m, since: -5m}
  - {id: submission, who: dana, from: desk, path: smtp-submission, do: [send], to: olga, every: 1m, since: -5m}
controls:
  - {id: scans, who: scanner, from: scan-station, path: smtp-anonymous, do: [send, deliver], to: erin, every: 1m, since: -5m}
  - {id: olga, who: olga, from: partner, path: smtp-anonymous, do: [send, deliver], to: erin, every: 1m, since: -5m}
  - {id: between-servers, who: erin, from: erin-desk, path: owa, do: [deliver], to: frank, every: 1m, since: -5m}
sop:
  - {at: 90s, do: admit-to-port, port: 25, hosts: [scan-station]}
expect:
  script: {send: ended}
  submission: {send: open}
  scans: {send: kept, deliver: kept}
  olga: {send: kept, deliver: kept}
  between-servers: {deliver: kept}
`},
	{name: "admit-to-port tells people on one computer apart", file: `
profile: ex2016
activities:
  - {id: dana, who: dana, from: desk, path: smtp-anonymous, do: [send], to: erin, every: 1m, since: -5m}
  - {id: frank-elsewhere, who: frank, from: frank-desk, path: smtp-anonymous, do: [send], to: erin, every: 1m, since: -5m}
  - {id: nobody, who: spammer, from: desk, path: smtp-anonymous, do: [send], to: erin, every: 1m, since: -5m}
controls:
  - {id: frank, who: frank, from: desk, path: smtp-anonymous, do: [send], to: erin, every: 1m, since: -5m}
sop:
  - {at: 90s, do: admit-to-port, port: 25, hosts: [desk], people: [frank]}
expect:
  dana: {send: ended}
  frank-elsewhere: {send: ended}
  nobody: {send: ended}
  frank: {send: kept}
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

func predictions(s *lab.Scenario) (n int) {
	for _, wants := range s.Expect {
		n += len(wants)
	}
	return n
}
