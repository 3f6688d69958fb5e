package scenarios_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"shutout/lab"
)

// outlookEffects is what mitigations do to Outlook's paths and to EWS.
var outlookEffects = []effect{
	{name: "disable-account leaves Outlook in the office until its session is checked again",
		leaver: "outlook-rpc@desk read, send", every: "1m", steps: []string{disable},
		want: verdicts("read late", "send late"), cutoff: 114 * 60},
	{name: "disable-account leaves Outlook Anywhere until its session is checked again",
		leaver: "outlook-anywhere read, send", every: "1m", steps: []string{disable},
		want: verdicts("read late", "send late"), cutoff: 114 * 60},
	{name: "disable-account leaves MAPI over HTTP until its session is checked again",
		leaver: "mapi-http read, send", every: "1m", steps: []string{disable}, profile: "ex2016",
		want: verdicts("read late", "send late"), cutoff: 114 * 60},
	{name: "disable-account leaves Outlook alone where nothing is checked again",
		leaver: "outlook-rpc@desk send", every: "10m", steps: []string{disable}, set: []string{"rpc.session_revalidate=never"},
		want: verdicts("send open")},
	{name: "restart-rpc-client-access ends Outlook in the office",
		leaver: "outlook-rpc@desk read, send", every: "1m", steps: []string{disable, "{at: 90s, do: restart-rpc-client-access}"},
		want: verdicts("read ended", "send ended"), cutoff: 60},
	{name: "restart-rpc-client-access ends Outlook Anywhere",
		leaver: "outlook-anywhere read, send", every: "1m", steps: []string{disable, "{at: 90s, do: restart-rpc-client-access}"},
		want: verdicts("read ended", "send ended"), cutoff: 60},
	{name: "restart-rpc-client-access does not reach a browser",
		leaver: "owa read", every: "1m", steps: []string{disable, "{at: 90s, do: restart-rpc-client-access}"},
		want: verdicts("read open")},
	{name: "restart-rpc-client-access alone is a blip",
		leaver: "outlook-rpc@desk read", every: "1m", steps: []string{"{at: 90s, do: restart-rpc-client-access}"},
		want: verdicts("read open")},
	{name: "reset-iis ends Outlook Anywhere",
		leaver: "outlook-anywhere read, send", every: "1m", steps: []string{disable, "{at: 90s, do: reset-iis}"},
		want: verdicts("read ended", "send ended"), cutoff: 60},
	{name: "reset-iis does not reach Outlook in the office",
		leaver: "outlook-rpc@desk read, send", every: "1m", steps: []string{disable, "{at: 90s, do: reset-iis}"},
		want: verdicts("read late", "send late"), cutoff: 114 * 60},
	{name: "reset-iis ends MAPI over HTTP",
		leaver: "mapi-http read, send", every: "1m", steps: []string{disable, "{at: 90s, do: reset-iis}"}, profile: "ex2016",
		want: verdicts("read ended", "send ended"), cutoff: 60},
	{name: "reset-iis ends EWS",
		leaver: "ews read, send", every: "1m", steps: []string{disable, "{at: 90s, do: reset-iis}"},
		want: verdicts("read ended", "send ended"), cutoff: 60},
	{name: "restart-store ends Outlook where the store holds the session",
		leaver: "outlook-rpc@desk read, send", every: "1m", steps: []string{disable, "{at: 90s, do: restart-store}"}, profile: "ex2003",
		want: verdicts("read ended", "send ended"), cutoff: 60, outage: true},
	{name: "restart-store ends Outlook on 2007, where Autodiscover is on another server",
		leaver: "outlook-rpc@desk read, send", every: "1m", steps: []string{disable, "{at: 90s, do: restart-store}"}, profile: "ex2007",
		want: verdicts("read ended", "send ended"), cutoff: 60, outage: true},
	{name: "restart-store ends Outlook wherever the store is said to hold the session",
		leaver: "outlook-rpc@desk read", every: "1m", steps: []string{disable, "{at: 90s, do: restart-store}"}, set: []string{"rpc.session_holder=store"},
		want: verdicts("read ended"), cutoff: 60, outage: true},
	{name: "restart-store ends Outlook Anywhere as well",
		leaver: "outlook-anywhere read, send", every: "1m", steps: []string{disable, "{at: 90s, do: restart-store}"},
		want: verdicts("read ended", "send ended"), cutoff: 60, outage: true},
	{name: "reset-password ends MAPI over HTTP at once where a reset is said to sever",
		leaver: "mapi-http read", client: "{auth: ntlm}", every: "1m", steps: []string{"{at: 90s, do: reset-password, user: dana}"}, profile: "ex2016",
		set: []string{"rpc.reset_severs=true", "ntlm.old_password=0s"}, want: verdicts("read ended"), cutoff: 60},
	{name: "reset-password ends Outlook Anywhere at once where a reset is said to sever",
		leaver: "outlook-anywhere read", client: "{auth: ntlm}", every: "1m", steps: []string{"{at: 90s, do: reset-password, user: dana}"},
		set: []string{"rpc.reset_severs=true", "ntlm.old_password=0s"}, want: verdicts("read ended"), cutoff: 60},
	{name: "move-mailbox ends Outlook when it is done",
		leaver: "outlook-anywhere read, send", every: "1m", steps: []string{disable, move},
		want: verdicts("read late", "send late"), cutoff: 6 * 60},
	{name: "move-mailbox ends Outlook at its beginning where moves are offline",
		leaver: "outlook-rpc@desk read, send", every: "1m", steps: []string{disable, move}, profile: "ex2007",
		want: verdicts("read ended", "send ended")},
	{name: "move-mailbox alone is a blip for Outlook where moves are offline, too",
		leaver: "outlook-rpc@desk read", every: "1m", steps: []string{move}, profile: "ex2007",
		want: verdicts("read open")},
	{name: "disable-account leaves MAPI over HTTP of 2013, once that is switched on",
		leaver: "mapi-http read", every: "1m", steps: []string{disable}, profile: "ex2013", set: []string{"mapihttp.available=true"},
		want: verdicts("read late"), cutoff: 114 * 60},
	{name: "disconnect-mailbox ends Outlook",
		leaver: "outlook-rpc@desk read, send", every: "1m", steps: []string{"{at: 90s, do: disconnect-mailbox, user: dana}"},
		want: verdicts("read ended", "send ended"), cutoff: 60},
	{name: "disable-protocols for MAPI is felt when the session is checked again",
		leaver: "outlook-rpc@desk read", every: "1m", steps: []string{"{at: 0s, do: disable-protocols, user: dana, protocols: [mapi]}"},
		want: verdicts("read late"), cutoff: 114 * 60},
	{name: "disable-protocols for Outlook Anywhere leaves Outlook in the office",
		leaver: "outlook-rpc@desk read", every: "1m", steps: []string{"{at: 0s, do: disable-protocols, user: dana, protocols: [outlook-anywhere]}"},
		want: verdicts("read open")},
	{name: "disable-protocols for Outlook Anywhere is felt when the session is checked again",
		leaver: "outlook-anywhere read", every: "1m", steps: []string{"{at: 0s, do: disable-protocols, user: dana, protocols: [outlook-anywhere]}"},
		want: verdicts("read late"), cutoff: 114 * 60},
	{name: "disable-protocols for MAPI over HTTP is felt when the session is checked again",
		leaver: "mapi-http read", every: "1m", steps: []string{"{at: 0s, do: disable-protocols, user: dana, protocols: [mapi-http]}"}, profile: "ex2016",
		want: verdicts("read late"), cutoff: 114 * 60},
	{name: "limit-message-size leaves Outlook reading",
		leaver: "outlook-anywhere read, send", every: "1m", steps: []string{"{at: 1m, do: limit-message-size, user: dana, size: 1KB}"},
		want: verdicts("read open", "send ended"), cutoff: 240},
	{name: "set-outlook-guard stops a program that drives Outlook",
		leaver: "mapi-http@desk read, send", client: "{script: true}", every: "1m", profile: "ex2016",
		steps: []string{"{at: 90s, do: set-outlook-guard, mode: deny}"},
		want:  verdicts("read open", "send ended"), cutoff: 60},
	{name: "set-outlook-guard has Outlook ask, and somebody at the desk allows it",
		leaver: "mapi-http@desk send", client: "{script: true, consent: true}", every: "1m", profile: "ex2016",
		steps: []string{"{at: 90s, do: set-outlook-guard, mode: prompt}"},
		want:  verdicts("send open")},
	{name: "set-outlook-guard through the Trust Center does nothing where group policy rules",
		leaver: "mapi-http@desk send", client: "{script: true}", every: "1m", profile: "ex2016",
		steps: []string{"{at: 90s, do: set-outlook-guard, mode: deny}", "{at: 1h, do: set-outlook-guard, mode: allow, via: trust-center}"},
		want:  verdicts("send ended"), cutoff: 60},
	{name: "set-outlook-guard of another computer does nothing",
		leaver: "mapi-http@desk send", client: "{script: true}", every: "1m", profile: "ex2016",
		steps: []string{"{at: 90s, do: set-outlook-guard, mode: deny, hosts: [erin-desk]}"},
		want:  verdicts("send open")},
	{name: "set-outlook-guard leaves people alone",
		leaver: "mapi-http@desk send", every: "1m", profile: "ex2016",
		steps: []string{"{at: 90s, do: set-outlook-guard, mode: deny}"},
		want:  verdicts("send open")},
	{name: "set-outlook-guard does nothing about SMTP",
		leaver: "smtp-anonymous@desk send", every: "1m", steps: []string{"{at: 90s, do: set-outlook-guard, mode: deny}"},
		want: verdicts("send open")},
}

// The statements about Outlook that the sources make, with their numbers.
var _ = Describe("Outlook", func() {
	story := func() *lab.Scenario {
		GinkgoHelper()
		s := named("outlook-session-open-before-disable")
		return s
	}
	It("goes on sending an hour after the account was disabled, and ends when its session is checked two hours after it was opened", func(ctx SpecContext) {
		res := play(ctx, story())
		for _, id := range []string{"dana-rpc", "dana-anywhere"} {
			sends := find(res, id, lab.Send)
			Expect(sends.Spans[0]).To(And(HaveField("Outcome", "ok"), HaveField("FromS", -1800.0), HaveField("ToS", BeNumerically(">", 3600))))
			Expect(*sends.CutoffS).To(BeNumerically("~", 5400, 60), id)
			Expect(sends.Phases).To(HaveLen(2), "in by the session, then out: %+v", sends.Phases)
			Expect(sends.Phases[0].Layer).To(Equal(lab.LayerSession))
		}
	})
	It("is still open after a day if its session is never checked", func(ctx SpecContext) {
		res := play(ctx, story(), "rpc.session_revalidate=never")
		for _, id := range []string{"dana-rpc", "dana-anywhere"} {
			Expect(find(res, id, lab.Send).Verdict).To(Equal(lab.Open), id)
			Expect(find(res, id, lab.Read).Verdict).To(Equal(lab.Open), id)
		}
	})
	DescribeTable("has servers without what a later version has", func(ctx SpecContext, version, step, reason string) {
		e := effect{leaver: "outlook-anywhere read", every: "10m", horizon: "1h", steps: []string{"{at: 0s, " + step + "}"}}
		got := play(ctx, e.scenario().WithProfile(version)).Steps[0]
		Expect(got.Outcome).To(Equal(lab.NotApplicable), got.Detail)
		Expect(got.Detail).To(ContainSubstring(reason))
	},
		Entry("no RPC Client Access in 2003", "ex2003", "do: restart-rpc-client-access", "this version has no RPC Client Access"),
		Entry("no RPC Client Access in 2007", "ex2007", "do: restart-rpc-client-access", "this version has no RPC Client Access"),
		Entry("no pool for MAPI over HTTP in 2010", "ex2010", "do: recycle-app-pool, pool: MSExchangeMapiFrontEndAppPool", "this version has no MSExchangeMapiFrontEndAppPool"),
		Entry("no pool for Exchange Web Services in 2003", "ex2003", "do: recycle-app-pool, pool: MSExchangeServicesAppPool", "this version has no MSExchangeServicesAppPool"),
	)
	It("has a pool for MAPI over HTTP from 2013 on, switched on or not", func(ctx SpecContext) {
		e := effect{leaver: "outlook-anywhere read", every: "10m", horizon: "1h", steps: []string{"{at: 0s, do: recycle-app-pool, pool: MSExchangeMapiFrontEndAppPool}"}}
		got := play(ctx, e.scenario().WithProfile("ex2013")).Steps[0]
		Expect(got.Outcome).To(Equal(lab.Done), got.Detail)
	})
	It("comes back until its ticket ends, where opening a session does not look at the account", func(ctx SpecContext) {
		e := effect{leaver: "outlook-rpc@desk read", every: "5m", horizon: "24h", steps: []string{disable, "{at: 1m, do: restart-rpc-client-access}"}}
		dana := find(play(ctx, e.scenario(), "rpc.logon_checks_account=false"), "dana", lab.Read)
		Expect(dana.Verdict).To(Equal(lab.Late), "%+v", dana.Phases)
		// The ticket is of ten hours, from the first sign-in at T-5m on; the
		// session that it opened last is checked two hours later.
		Expect(*dana.CutoffS).To(And(BeNumerically(">", 9*3600), BeNumerically("<", 12*3600)), "%+v", dana.Phases)
		dana = find(play(ctx, e.scenario()), "dana", lab.Read)
		Expect(dana.Verdict).To(Equal(lab.Ended), "%+v", dana.Phases)
	})
	It("with Basic comes back as long as its token lives, where opening a session does not look at the account", func(ctx SpecContext) {
		e := effect{leaver: "outlook-anywhere read", every: "1m", horizon: "3h", client: "{reconnect: every 10m}", steps: []string{disable}}
		dana := find(play(ctx, e.scenario(), "rpc.logon_checks_account=false"), "dana", lab.Read)
		Expect(dana.Verdict).To(Equal(lab.Open), "%+v", dana.Phases) // KB3035228
	})
})
