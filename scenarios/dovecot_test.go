package scenarios_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"shutout/lab"
	"shutout/scenarios"
	"shutout/sim/profile"
)

// whatEveryPathLeaves plays the case with every path and an SOP in the place of
// its own, and lists what was not ended within a minute.
func whatEveryPathLeaves(ctx SpecContext, sop string, without string, set ...string) []string {
	GinkgoHelper()
	s := named("dovecot-every-path")
	p, ok := scenarios.FindSOP(sop)
	Expect(ok).To(BeTrue())
	Expect(p.Bind(s)).To(Succeed())
	s.SOP = slices.DeleteFunc(s.SOP, func(step lab.Step) bool { return step.Action.Name() == without })
	var left []string
	for _, a := range play(ctx, s, set...).Activities {
		switch {
		case a.Role == lab.Control:
			Expect(a.Verdict).To(Equal(lab.Kept), "%s %s", a.ID, a.Capability)
		case a.Verdict != lab.Ended:
			left = append(left, a.ID)
		}
	}
	return left
}

var _ = Describe("SOPs at a site with Samba, Dovecot and Postfix", Label("profile: dovecot-postfix-samba"), func() {
	DescribeTable("leave", func(ctx SpecContext, sop, without, left string, set ...string) {
		Expect(strings.Join(whatEveryPathLeaves(ctx, sop, without, set...), " ")).To(Equal(left))
	},
		Entry("naive: what is open, what has a ticket, and the vacation script", "naive", "", "imap imap-idle smtp ticket ticket-anew vacation"),
		Entry("naive, with Dovecot's own lifetime of an hour: everything", "naive", "",
			"imap imap-idle imap-anew pop3-anew smtp smtp-anew phone ticket ticket-anew vacation", "dovecot.auth_cache_ttl=1h"),
		Entry("naive, without a cache: the same, and nobody signs in anew", "naive", "", "imap imap-idle smtp ticket ticket-anew vacation", "dovecot.auth_cache_ttl=0s"),
		Entry("disable-reset-kick: everything, for the reset has enabled the account", "disable-reset-kick", "",
			"imap imap-idle imap-anew pop3-anew smtp smtp-anew phone ticket ticket-anew vacation"),
		Entry("disable-reset-kick, where a reset enables nothing: who came in again, Postfix, tickets, vacation", "disable-reset-kick", "",
			"imap imap-idle smtp ticket ticket-anew vacation", "samba.reset_enables=false"),
		Entry("dovecot-within-a-minute: nothing", "dovecot-within-a-minute", "", ""),
		// Each step but three has a path that lives without it. The filter empties the
		// cache in the same moment as the flush, and has the mail returned that the
		// vacation script would answer.
		Entry("without the filter: tickets", "dovecot-within-a-minute", "filter-disabled-accounts", "ticket ticket-anew"),
		Entry("without disabling: tickets, and mail to the account", "dovecot-within-a-minute", "disable-account", "ticket ticket-anew"),
		Entry("without the kick: nothing, the filter's reload ends what is open", "dovecot-within-a-minute", "kick-sessions", ""),
		Entry("without the kick, where a reload ends nothing: what Dovecot holds open, though no more mail comes", "dovecot-within-a-minute", "kick-sessions", "imap ticket", "dovecot.reload_severs=never"),
		Entry("without close-smtp-sessions: what Postfix holds open", "dovecot-within-a-minute", "close-smtp-sessions", "smtp"),
		Entry("without the reset: nothing", "dovecot-within-a-minute", "reset-password", ""),
		Entry("without the flush: nothing, the filter's reload flushes", "dovecot-within-a-minute", "flush-auth-cache", ""),
		Entry("without the flush, where a reload keeps the cache: what was let in from it", "dovecot-within-a-minute", "flush-auth-cache", "imap smtp ticket", "dovecot.reload_flushes=false"),
	)
})

// told is how docs/layers.md tells a parameter's value: `krb.service` (10h).
var told = regexp.MustCompile("`([a-z]+\\.[a-z_]+)` \\(([^)]+)\\)")

var _ = It("docs/layers.md tells the values of the profile dovecot-postfix-samba", func() {
	text, err := os.ReadFile("../docs/layers.md")
	Expect(err).NotTo(HaveOccurred())
	_, section, found := strings.Cut(string(text), "\n## Samba, Dovecot and Postfix\n")
	Expect(found).To(BeTrue())
	p, err := profile.Load("dovecot-postfix-samba")
	Expect(err).NotTo(HaveOccurred())
	values := map[string]string{}
	for _, par := range p.List() {
		values[par.Name] = par.Text
	}
	matches := told.FindAllStringSubmatch(section, -1)
	Expect(len(matches)).To(BeNumerically(">", 8))
	for _, m := range matches {
		Expect(values).To(HaveKeyWithValue(m[1], m[2]))
	}
})

// What show leaves out of a profile must mean nothing there: with other values
// of all of it at once every case comes out the same.
var _ = Describe("what the servers of dovecot-postfix-samba do not read", Label("profile: dovecot-postfix-samba"), func() {
	unread := func() (set []string) {
		p, err := profile.Load("dovecot-postfix-samba")
		Expect(err).NotTo(HaveOccurred())
		for _, par := range p.List() {
			if !par.Read {
				set = append(set, par.Name+"="+another(p, par))
			}
		}
		return set
	}
	for _, s := range scenarios.Catalogue() {
		if s.Profile == "dovecot-postfix-samba" {
			It("changes nothing in "+s.ID, func(ctx SpecContext) {
				told := func(r *lab.RunResult) string {
					r.WallS, r.Set = 0, nil
					text, err := json.Marshal(r)
					Expect(err).NotTo(HaveOccurred())
					return string(text)
				}
				set := unread()
				Expect(len(set)).To(BeNumerically(">", 50))
				Expect(told(play(ctx, s, set...))).To(Equal(told(play(ctx, s))))
			})
		}
	}
})

// another is a value that a parameter can have and does not.
func another(p *profile.Profile, par profile.Parameter) string {
	values := []string{"true", "false", "7s", "7", "7MB", "1h", "30h"}
	for _, v := range par.Alternatives {
		values = append([]string{v.Text}, values...)
	}
	for _, v := range append(values, par.Choices...) {
		q := p.Clone()
		if q.Set(par.Name+"="+v) != nil {
			continue
		}
		for _, now := range q.List() {
			if now.Name == par.Name && now.Overridden {
				return v
			}
		}
	}
	Fail("no other value of " + par.Name)
	return ""
}
