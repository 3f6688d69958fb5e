package scenarios_test

import (
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"shutout/lab"
	"shutout/sim/clientaccess"
	"shutout/sim/profile"
)

// The second document warns that a short token lifetime floods the domain
// controllers: each token that lapses is a logon more (001_01342c1255a20eb5.txt,
// KB152526). How much it is depends on how often people's programs ask.
var _ = Describe("what a shorter token lifetime costs the domain controllers", func() {
	// logons counts those that a domain controller is asked for in eight hours
	// by one program that asks every so often.
	logons := func(ttl, every time.Duration, mode profile.TTLMode) (n int) {
		s := leaver("owa", "1m", "  - {at: 0s, do: disable-account, user: dana}\n")
		org := organisation(s, "iis.token_ttl="+ttl.String(), "iis.token_ttl_mode="+string(mode))
		dana := org.Cast().People["dana"]
		org.Do(func(now time.Time) {
			for end := now.Add(8 * time.Hour); now.Before(end); now = now.Add(every) {
				_, d := org.CAS.Server("cas1").Authenticate(now, clientaccess.PoolOWA, dana.Mail, dana.Password)
				Expect(d.Allowed).To(BeTrue())
				if d.Layer != lab.LayerToken {
					n++
				}
			}
		})
		return n
	}
	It("is three times the logons where lifetimes are absolute, and nothing for busy programs where they slide", func() {
		var table strings.Builder
		fmt.Fprintln(&table, "logons an hour at the domain controllers for 1000 programs")
		fmt.Fprintf(&table, "  %-22s%10s%10s%10s\n", "", "ttl 15m", "ttl 5m", "ttl 1m")
		at := map[string]int{}
		for _, mode := range []profile.TTLMode{profile.Sliding, profile.Absolute} {
			for _, every := range []time.Duration{30 * time.Second, 4 * time.Minute, 10 * time.Minute} {
				fmt.Fprintf(&table, "  %-9s every %-6s", mode, lab.Duration(every))
				for _, ttl := range []time.Duration{15 * time.Minute, 5 * time.Minute, time.Minute} {
					n := logons(ttl, every, mode)
					at[fmt.Sprintf("%s %s %s", mode, every, ttl)] = n
					fmt.Fprintf(&table, "%10d", n*1000/8)
				}
				fmt.Fprintln(&table)
			}
		}
		AddReportEntry("directory load", table.String(), ReportEntryVisibilityAlways)
		GinkgoWriter.Println(table.String())
		Expect(at["absolute 30s 15m0s"]).To(Equal(8 * 4))
		Expect(at["absolute 30s 5m0s"]).To(Equal(8 * 12))
		Expect(at["sliding 30s 15m0s"]).To(Equal(1), "a busy program is never asked for again")
		Expect(at["sliding 30s 5m0s"]).To(Equal(1))
		Expect(at["sliding 10m0s 5m0s"]).To(Equal(8*6), "each request is a logon")
		Expect(at["sliding 10m0s 15m0s"]).To(Equal(1))
	})
})

var _ = Describe("a token interval", func() {
	It("reaches new tokens without a restart where the worker process watches the value, and never a live one", func(ctx SpecContext) {
		s := named("token-interval-does-not-reach-a-live-session")
		res := play(ctx, s, "iis.token_ttl_live_reload=live")
		Expect(find(res, "live-session", lab.Read).Verdict).To(Equal(lab.Open))
		fresh := find(res, "new-token-unread", lab.Read)
		Expect(fresh.Verdict).To(Equal(lab.Late), "it signs in before its account is disabled, and has a minute then: %+v", fresh.Because)
	})
	It("reaches a live one where tokens were not frozen", func(ctx SpecContext) {
		s := named("token-interval-does-not-reach-a-live-session")
		res := play(ctx, s, "iis.token_ttl_live_reload=live", "iis.token_ttl_frozen=false")
		live := find(res, "live-session", lab.Read)
		Expect(live.Verdict).To(Equal(lab.Ended))
		Expect(*live.CutoffS).To(BeNumerically("<=", 600))
	})
	It("of zero means no token at all where zero is the minimum", func(ctx SpecContext) {
		s := named("token-interval-of-zero")
		Expect(find(play(ctx, s, "iis.token_ttl_zero=immediately"), "every-20-minutes", lab.Read).Verdict).To(Equal(lab.Ended))
	})
})

var _ = Describe("who holds on for how long", func() {
	It("is a question of how often they ask, and not under absolute lifetimes", func(ctx SpecContext) {
		s := named("idle-browser-versus-busy-browser")
		res := play(ctx, s, "iis.token_ttl_mode=absolute")
		for _, id := range []string{"asks-every-minute", "asks-every-14-minutes", "asks-every-16-minutes"} {
			Expect(find(res, id, lab.Read).Verdict).To(Equal(lab.Ended), id)
		}
	})
	It("is the same for phones", func(ctx SpecContext) {
		s := named("phone-holds-on-for-hours")
		res := play(ctx, s, "iis.token_ttl_mode=absolute")
		Expect(find(res, "heartbeat-12m", lab.Receive).Verdict).To(Equal(lab.Ended))
	})
	It("is a question of every server where tokens are copied: the restart of her own leaves her access", func(ctx SpecContext) {
		s := named("iisreset-noforce-fails-then-forced")
		dana := find(play(ctx, s, "iis.token_scope=organisation"), "dana-on-cas1", lab.Read)
		Expect(dana.Verdict).To(Equal(lab.Late), "cas2 has her token until it is restarted, too")
		Expect(*dana.CutoffS).To(BeNumerically("~", 40*60, 60))
	})
	It("is told apart by somebody who stays with one server: copied tokens outlive the restart of that one", func(ctx SpecContext) {
		s := named("tokens-on-several-servers")
		Expect(find(play(ctx, s), "dana-stays", lab.Read).Verdict).To(Equal(lab.Ended))
		res := play(ctx, s, "iis.token_scope=organisation")
		Expect(find(res, "dana-stays", lab.Read).Verdict).To(Equal(lab.Open))
		Expect(find(res, "sam-is-spread", lab.Read).Verdict).To(Equal(lab.Open))
	})
})

var _ = Describe("POP3", func() {
	const case25 = `
id: pop3-words
title: POP3
profile: ex2003
set: {popimap.autostart: true, popimap.login_type: plain}
activities:
  - {id: thief, who: dana, from: %s, path: pop3, do: [sign-in], every: 1m, since: -10m, client: {passwords: [overheard]}}
controls:
  - {id: dana, who: dana, from: desk, path: pop3, do: [sign-in, read], every: 1m, since: -30m, client: {%s}}
within: 5m
horizon: 30m
sop:
  - {at: 0s, do: hide-from-address-lists, user: erin}
`
	It("is not there until somebody starts it, whatever the flag says", func(ctx SpecContext) {
		res := play(ctx, parse("pop3.yaml", fmt.Sprintf(case25, "infected", "cleartext: true")), "popimap.autostart=false")
		Expect(find(res, "dana", lab.Read).Verdict).To(Equal(lab.NotAvailable))
	})
	It("lets a listener in the same office hear a password that is not under TLS", func(ctx SpecContext) {
		res := play(ctx, parse("pop3.yaml", fmt.Sprintf(case25, "infected", "cleartext: true")))
		Expect(find(res, "thief", lab.SignIn).Verdict).To(Equal(lab.Open))
	})
	It("tells a listener nothing under TLS", func(ctx SpecContext) {
		thief := find(play(ctx, parse("pop3.yaml", fmt.Sprintf(case25, "infected", ""))), "thief", lab.SignIn)
		Expect(thief.Verdict).To(Equal(lab.Invalid))
		Expect(thief.Note).To(ContainSubstring("no password has been overheard"))
	})
	It("tells a listener elsewhere nothing", func(ctx SpecContext) {
		thief := find(play(ctx, parse("pop3.yaml", fmt.Sprintf(case25, "bot", "cleartext: true"))), "thief", lab.SignIn)
		Expect(thief.Verdict).To(Equal(lab.Invalid))
	})
	It("empties the mailbox when it is used as it is meant, and the successor finds nothing", func(ctx SpecContext) {
		for removes, left := range map[string]int{"removes: true": 0, "removes: false": 3} {
			s := parse("pop3.yaml", fmt.Sprintf(case25, "infected", removes))
			org := organisation(s)
			run(ctx, org, s)
			n := 0
			org.Do(func(time.Time) {
				mb, _ := org.Store.Mailbox("dana")
				for _, f := range mb.Folders() {
					n += f.Total
				}
			})
			Expect(n).To(Equal(left), removes)
		}
	})
})

// What does not pass the organisation's servers cannot be produced later: it is
// in no mailbox and in no log of theirs (004_4d27062e20911578.txt).
var _ = Describe("mail that left by another SMTP server", func() {
	It("is in no mailbox and in no tracking log, and what Outlook sent is", func(ctx SpecContext) {
		s := parse("elsewhere.yaml", `
id: elsewhere
title: Two ways to write to a customer
activities:
  - {id: past-the-server, who: dana, from: desk, path: smtp-direct, do: [send], to: olga, sender: dana@corp.example, every: 5m, since: -10m}
controls:
  - {id: by-browser, who: dana, from: desk, path: owa, do: [send], to: olga, every: 5m, since: -10m}
within: 5m
horizon: 30m
sop:
  - {at: 0s, do: hide-from-address-lists, user: dana}
`)
		org := organisation(s)
		res := run(ctx, org, s)
		Expect(find(res, "past-the-server", lab.Send).Successes).To(BeNumerically(">", 5))
		tracked := map[string]int{}
		org.Do(func(time.Time) {
			events, _ := org.Transport.Tracking()
			for _, e := range events {
				id, _, _ := strings.Cut(e.Subject, " ")
				tracked[id]++
			}
		})
		Expect(tracked["by-browser"]).To(BeNumerically(">", 5))
		Expect(tracked).NotTo(HaveKey("past-the-server"))
	})
})
