package scenarios_test

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"shutout/lab"
	"shutout/lab/diagnosis"
	"shutout/lab/diagnosis/logfile"
	"shutout/scenarios"
	"shutout/sim"
	"shutout/sim/serverlogs"
)

// rightBefore is when an administrator looks who then gives the order.
const rightBefore = -time.Nanosecond

// diagnosed plays a case until a moment and tells what its servers' files show.
func diagnosed(ctx SpecContext, s *lab.Scenario, at time.Duration, set ...string) *diagnosis.Report {
	GinkgoHelper()
	Expect(scenarios.CutAt(s, at)).To(Succeed())
	c := diagnosis.New(diagnosis.Options{})
	for _, f := range logs(ctx, s, set...) {
		stats, err := logfile.Read(f.Name, bytes.NewReader(f.Content), c)
		Expect(err).NotTo(HaveOccurred())
		Expect(stats.Problems).To(BeEmpty(), f.Name)
	}
	return c.Conclude()
}

// logs plays a case and returns what its servers wrote down.
func logs(ctx SpecContext, s *lab.Scenario, set ...string) (files []serverlogs.File) {
	GinkgoHelper()
	_, err := sim.Play(ctx, s, sim.PlayOptions{Seed: seed, Set: set, Inspect: func(o *sim.Organisation) { files, _ = o.Logs() }})
	Expect(err).NotTo(HaveOccurred())
	return files
}

// found lists the causes, with whom they are about.
func found(r *diagnosis.Report) []string {
	list := []string{}
	for _, f := range r.Findings {
		list = append(list, strings.TrimSpace(string(f.Class)+" "+strings.Join(f.Who, " ")))
	}
	return list
}

// Activities and controls of which cases for diagnosis are made. Times are such
// that each has begun well before the order.
var (
	ordinaryMail = []string{
		`{id: olga-writes, who: olga, from: partner, path: smtp-anonymous, do: [send], to: erin, every: 5m, since: -3h}`,
		`{id: erin-answers, who: erin, from: erin-desk, path: owa, do: [send, deliver], to: olga, every: 10m, since: -3h}`,
		`{id: frank-by-smtp, who: frank, from: home, path: smtp-submission, do: [send], to: olga, every: 5m, since: -3h}`,
		`{id: scans, who: scanner, from: scan-station, path: smtp-anonymous, do: [send], to: erin, every: 5m, since: -3h}`,
		`{id: typing-error, who: olga, from: partner, path: smtp-anonymous, do: [send], to: erni@corp.example, every: 30m, since: -3h}`,
		`{id: to-postmaster-away, who: olga, from: partner, path: smtp-anonymous, do: [send], to: postmaster, every: 1h, since: -3h}`,
	}
	ndrAttack = []string{
		`{id: attack, who: spammer, from: bot, path: smtp-anonymous, do: [send], to: nobody@corp.example, sender: "victim{n}@d{n}.dead.example", every: 1m, since: -2h}`,
	}
	spamToErin = []string{
		`{id: spam, who: spammer, from: bot, path: smtp-anonymous, do: [send], to: erin, sender: "forged{n}@e{n}.dead.example", every: 5m, since: -2h}`,
	}
	relayByAdmin = []string{
		`{id: relayed, who: admin, from: cafe, path: smtp-submission, do: [send], to: olga, every: 20s, since: -2h}`,
	}
	workstation = []string{
		`{id: bot-in-office, who: spammer, from: infected, path: smtp-direct, do: [send], to: olga, sender: "offers{n}@corp.example", every: 1m, since: -2h}`,
	}
)

// mailDay is a day with these activities beside ordinary mail. Port 25 to the
// internet is closed for all but the mail servers at the order.
func mailDay(profile string, activities ...[]string) *lab.Scenario {
	GinkgoHelper()
	list := slices.Concat(append([][]string{ordinaryMail}, activities...)...)
	s, err := scenarios.Parse("mail-day.yaml", fmt.Appendf(nil, `
id: mail-day
title: A day of mail
profile: %s
cast:
  people:
    erin: {out_of_office: all}
    postmaster: {out_of_office: all}
    admin: {name: Administrator, mail: admin@corp.example, cas: cas1, database: db1, mailbox_mb: 50}
activities:
  - %s
controls:
  - {id: frank-reads, who: frank, from: frank-desk, path: owa, do: [read], every: 5m, since: -1h}
sop:
  - {at: 0s, do: close-outbound-port, port: 25, except: [mbx1, mbx2]}
within: 5m
horizon: 24h
`, profile, strings.Join(list, "\n  - ")))
	Expect(err).NotTo(HaveOccurred())
	return s
}

var _ = Describe("diagnosis", func() {
	It("reads the same logs however many cores there are, also of who hangs up and calls again", func(ctx SpecContext) {
		play := func(cores int) []serverlogs.File {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
			s := named("authenticated-relay").WithProfile("ex2003")
			Expect(scenarios.CutAt(s, -20*time.Minute)).To(Succeed())
			return logs(ctx, s, "smtp.protocol_log=verbose")
		}
		Expect(play(1)).To(Equal(play(4)))
	})

	const (
		ndr    = "ndr-attack"
		away   = "out-of-office erin@corp.example"
		stolen = `authenticated-relay CORP\admin`
		host   = "infected-workstation 10.0.20.66"
	)
	catalogue := func(id string) func(profile string) *lab.Scenario {
		return func(profile string) *lab.Scenario {
			return named(id).WithProfile(profile)
		}
	}
	day := func(activities ...[]string) func(profile string) *lab.Scenario {
		return func(profile string) *lab.Scenario { return mailDay(profile, activities...) }
	}
	// The cases of the catalogue, and each cause and some mixtures beside
	// ordinary mail. What is found is all that is found: no case is taken for
	// another.
	for _, c := range []struct {
		what  string
		s     func(profile string) *lab.Scenario
		at    time.Duration
		found []string
	}{
		{"the NDR attack of the catalogue", catalogue("ndr-attack"), rightBefore, []string{ndr}},
		{"the out-of-office replies of the catalogue", catalogue("spam-to-ooo-user"), rightBefore, []string{away}},
		{"the authenticated relay of the catalogue", catalogue("authenticated-relay"), rightBefore, []string{stolen}},
		{"the infected workstation of the catalogue", catalogue("infected-workstation"), 35 * time.Minute, []string{host}},
		{"a workstation that nothing has stopped yet", catalogue("infected-workstation"), rightBefore, nil},
		{"a mailbox that is gone", catalogue("removing-attributes-loses-mail"), time.Hour, nil},
		{"a leaver's last day", catalogue("session-open-before-disable"), time.Hour, nil},
		{"an ordinary day", day(), 5 * time.Minute, nil},
		{"an NDR attack", day(ndrAttack), 5 * time.Minute, []string{ndr}},
		{"replies to forged senders", day(spamToErin), 5 * time.Minute, []string{away}},
		{"a stolen account", day(relayByAdmin), 5 * time.Minute, []string{stolen}},
		{"an infected workstation", day(workstation), 5 * time.Minute, []string{host}},
		{"an attack and replies", day(ndrAttack, spamToErin), 5 * time.Minute, []string{ndr, away}},
		{"a stolen account and a workstation", day(relayByAdmin, workstation), 5 * time.Minute, []string{stolen, host}},
		{"everything at once", day(ndrAttack, spamToErin, relayByAdmin, workstation), 5 * time.Minute, []string{ndr, stolen, away, host}},
	} {
		for _, profile := range []string{"ex2003", "ex2010", "ex2016"} {
			It(fmt.Sprintf("tells %s apart on %s", c.what, profile), func(ctx SpecContext) {
				set := []string{"smtp.protocol_log=verbose", "oof.external_default=all"}
				r := diagnosed(ctx, c.s(profile), c.at, set...)
				want := slices.Clone(c.found)
				if i := slices.Index(want, stolen); i >= 0 && profile == "ex2003" {
					// The log of 2003 does not tell who signs in.
					want[i] = "authenticated-relay " + map[bool]string{true: "192.0.2.66", false: "203.0.113.77"}[strings.Contains(c.what, "catalogue")]
				}
				Expect(found(r)).To(Equal(append([]string{}, want...)), "%+v", r.Notes)
				Expect(r.Mixed).To(Equal(len(want) > 1))
				Expect(r.Domains).To(Equal([]string{"corp.example"}))
				for _, f := range r.Findings {
					Expect(f.Confidence).To(Equal(diagnosis.Strong), "%s", f.Class)
				}
			})
		}
	}

	It("says which relay it is from the connector's name when there is no protocol log, and not whose account", func(ctx SpecContext) {
		r := diagnosed(ctx, mailDay("ex2010", relayByAdmin), rightBefore)
		Expect(found(r)).To(Equal([]string{"authenticated-relay 203.0.113.77"}))
		Expect(r.Notes).To(ContainElement(ContainSubstring("protocol log")))
	})

	It("sees that an attack is over, and that a filter against it took hold", func(ctx SpecContext) {
		s := named("ndr-attack")
		r := diagnosed(ctx, s, 2*time.Hour)
		Expect(found(r)).To(Equal([]string{ndr}))
		Expect(r.Findings[0].Over).To(BeTrue())
		Expect(r.Waiting.Messages).To(BeZero())
	})

	It("finds the same whatever happens on how many cores", func(ctx SpecContext) {
		first := diagnosed(ctx, mailDay("ex2016", ndrAttack, spamToErin), rightBefore)
		Expect(diagnosed(ctx, mailDay("ex2016", ndrAttack, spamToErin), rightBefore)).To(Equal(first))
	})

	It("refuses a moment at which the case does not exist", func() {
		s := named("ndr-attack")
		Expect(scenarios.CutAt(s, -time.Hour)).To(MatchError("ndr-attack begins at T-30m, and T-1h is before that"))
		Expect(scenarios.CutAt(s, 1000*time.Hour)).NotTo(Succeed())
	})
})
