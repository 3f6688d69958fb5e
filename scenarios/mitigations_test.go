package scenarios_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/lab/report"
	"shutout/scenarios"
)

// what a mitigation does to whom, as seen over the wire. Each row is a case of
// its own: a leaver, a bystander, and steps.
type effect struct {
	name   string
	leaver string // the leaver's activity without id and who
	client string // what the leaver's client does by itself, {script: true}
	every  string
	since  string // -5m unless it says otherwise
	steps  []string
	set    []string
	// profile is another version than the case's own, ex2010.
	profile string
	want    map[lab.Capability]lab.Verdict
	// cutoff in seconds for those that ended or are late; within one poll.
	cutoff  float64
	horizon string // 3h unless it says otherwise
	// because is part of what refused it, where that could be told wrongly.
	because string
	// outage says that the bystander is disturbed for a while.
	outage bool
}

func (e effect) scenario() *lab.Scenario {
	GinkgoHelper()
	s, err := e.parse()
	Expect(err).NotTo(HaveOccurred())
	return s
}

// parse writes the case down and reads it.
func (e effect) parse() (*lab.Scenario, error) {
	where, do, _ := strings.Cut(e.leaver, " ")
	path, from, _ := strings.Cut(where, "@")
	from = cmp.Or(from, "home")
	to := ""
	if path == "smtp-anonymous" {
		to = ", to: frank"
	}
	src := fmt.Sprintf(`
id: effect
title: One mitigation
set: {popimap.autostart: true}
activities:
  - {id: dana, who: dana, from: %[5]s, path: %[1]s, do: [%[2]s], every: %[3]s, since: %[9]s, size: 4KB%[6]s, client: %[8]s}
controls:
  - {id: erin, who: erin, from: erin-desk, path: %[1]s, do: [%[2]s], every: %[3]s, since: %[9]s%[6]s}
within: 5m
horizon: %[7]s
sop:
  - %[4]s
`, path, do, e.every, strings.Join(e.steps, "\n  - "), from, to, cmp.Or(e.horizon, "3h"), cmp.Or(e.client, "{}"), cmp.Or(e.since, "-5m"))
	s, err := scenarios.Parse("effect.yaml", []byte(src))
	if err == nil && e.profile != "" {
		s = s.WithProfile(e.profile)
	}
	return s, err
}

// verdicts reads what is wanted: "read ended".
func verdicts(words ...string) map[lab.Capability]lab.Verdict {
	m := map[lab.Capability]lab.Verdict{}
	for _, w := range words {
		c, v, _ := strings.Cut(w, " ")
		m[lab.Capability(c)] = lab.Verdict(v)
	}
	return m
}

const (
	disable = "{at: 0s, do: disable-account, user: dana}"
	move    = "{at: 0s, do: move-mailbox, user: dana, to: disabled-users}"
)

var _ = Describe("mitigations", func() {
	covered := map[string]bool{}
	cases := new(ahead)
	for _, e := range slices.Concat(outlookEffects, mailboxEffects, cloudEffects, []effect{
		{name: "disable-account refuses the next sign-in",
			leaver: "pop3 sign-in, read", every: "1m", steps: []string{disable},
			want: verdicts("sign-in ended", "read ended")},
		{name: "disable-account leaves an IMAP connection alone",
			leaver: "imap read", every: "1m", steps: []string{disable}, want: verdicts("read open")},
		{name: "disable-account leaves an SMTP session alone until its ten minutes are over",
			leaver: "smtp-submission send", every: "1m", steps: []string{disable}, want: verdicts("send ended"), cutoff: 240},
		{name: "enable-account takes it back",
			leaver: "pop3 sign-in", every: "1m", steps: []string{disable, "{at: 1h, do: enable-account, user: dana}"},
			want: verdicts("sign-in open")},
		{name: "expire-account acts when the time has come",
			leaver: "pop3 sign-in", every: "1m", steps: []string{"{at: 0s, do: expire-account, user: dana, after: 1h}"},
			want: verdicts("sign-in late"), cutoff: 3540},
		{name: "reset-password refuses the old one at the next sign-in",
			leaver: "pop3 sign-in", every: "1m", steps: []string{"{at: 0s, do: reset-password, user: dana}"},
			want: verdicts("sign-in ended")},
		{name: "reset-password leaves the window for the old one where clear text has it too",
			leaver: "pop3 sign-in", every: "1m", steps: []string{"{at: 0s, do: reset-password, user: dana}"},
			set:  []string{"ntlm.old_password_cleartext=true"},
			want: verdicts("sign-in late"), cutoff: 3540},
		{name: "reset-password twice closes the window",
			leaver: "pop3 sign-in", every: "1m", steps: []string{"{at: 0s, do: reset-password, user: dana, times: 2}"},
			set:  []string{"ntlm.old_password_cleartext=true"},
			want: verdicts("sign-in ended")},
		{name: "disable-protocols is felt when the mailbox information is read again",
			leaver: "owa read", every: "1m", steps: []string{"{at: 0s, do: disable-protocols, user: dana, protocols: [owa]}"},
			want: verdicts("read late"), cutoff: 115 * 60},
		{name: "disable-protocols for another protocol changes nothing",
			leaver: "owa read", every: "1m", steps: []string{"{at: 0s, do: disable-protocols, user: dana, protocols: [activesync]}"},
			want: verdicts("read open")},
		{name: "reset-iis severs what disable denies",
			leaver: "owa read, send", every: "1m", steps: []string{disable, "{at: 90s, do: reset-iis}"},
			want: verdicts("read ended", "send ended"), cutoff: 60},
		{name: "recycle-app-pool severs that pool",
			leaver: "activesync read", every: "1m", steps: []string{disable, "{at: 90s, do: recycle-app-pool, pool: MSExchangeSyncAppPool}"},
			want: verdicts("read ended"), cutoff: 60},
		{name: "recycle-app-pool without a pool severs them all",
			leaver: "activesync read", every: "1m", steps: []string{disable, "{at: 90s, do: recycle-app-pool}"},
			want: verdicts("read ended"), cutoff: 60},
		{name: "recycle-app-pool of another pool does not",
			leaver: "activesync read", every: "1m", steps: []string{disable, "{at: 90s, do: recycle-app-pool, pool: MSExchangeOWAAppPool}"},
			want: verdicts("read open")},
		{name: "set-token-ttl reaches tokens made afterwards, with a restart",
			leaver: "owa read", every: "2m", steps: []string{"{at: 0s, do: set-token-ttl, ttl: 1m, restart: true}", "{at: 10m, do: disable-account, user: dana}"},
			want: verdicts("read late"), cutoff: 8 * 60},
		{name: "set-token-ttl without a restart does nothing",
			leaver: "owa read", every: "2m", steps: []string{"{at: 0s, do: set-token-ttl, ttl: 1m}", "{at: 10m, do: disable-account, user: dana}"},
			want: verdicts("read open")},
		{name: "flush-token-cache severs what disable denies, on IIS 6",
			leaver: "owa read", every: "1m", steps: []string{disable, "{at: 90s, do: flush-token-cache}"}, profile: "ex2003",
			want: verdicts("read ended"), cutoff: 60},
		{name: "flush-token-cache is not to be had later",
			leaver: "owa read", every: "1m", steps: []string{disable, "{at: 90s, do: flush-token-cache}"},
			want: verdicts("read n/a")},
		{name: "flush-token-cache of another server does not",
			leaver: "owa read", every: "1m", steps: []string{disable, "{at: 90s, do: flush-token-cache, servers: [cas2]}"}, profile: "ex2003",
			want: verdicts("read open")},
		{name: "deny-local-logon is felt when the token lapses",
			leaver: "activesync read", every: "1m", steps: []string{"{at: 0s, do: deny-local-logon, user: dana}"}, set: []string{"iis.token_ttl_mode=absolute"},
			want: verdicts("read late"), cutoff: 9 * 60},
		{name: "deny-local-logon does nothing where Basic is a logon over the network",
			leaver: "activesync read", every: "1m", steps: []string{"{at: 0s, do: deny-local-logon, user: dana}"},
			set:  []string{"iis.token_ttl_mode=absolute", "iis.basic_needs_local_logon=false"},
			want: verdicts("read open")},
		{name: "restart-server severs what disable denies",
			leaver: "imap read", every: "1m", steps: []string{disable, "{at: 90s, do: restart-server, servers: [cas1]}"}, set: []string{"server.reboot_time=2m"},
			want: verdicts("read ended"), cutoff: 60, outage: true},
		{name: "restart-server alone is a blip",
			leaver: "owa read", every: "1m", steps: []string{"{at: 90s, do: restart-server}"},
			want: verdicts("read open"), outage: true},
		{name: "stop-service of IMAP leaves POP3",
			leaver: "pop3 sign-in, read", every: "1m", steps: []string{"{at: 90s, do: stop-service, service: imap}"},
			want: verdicts("sign-in open", "read open")},
		{name: "require-tls leaves who uses TLS, once the service is back",
			leaver: "pop3 sign-in, read", every: "1m", steps: []string{"{at: 1m, do: require-tls, services: [pop3]}"},
			want: verdicts("sign-in open", "read open"), outage: true},
		{name: "recreate-mailbox opens a new mailbox in the place of one that was closed",
			leaver: "ews read", every: "1m", steps: []string{"{at: 0s, do: disconnect-mailbox, user: dana}", "{at: 10m, do: recreate-mailbox, user: dana}"},
			want: verdicts("read open")},
		{name: "move-mailbox severs an IMAP session at its end",
			leaver: "imap read", every: "1m", steps: []string{disable, move},
			want: verdicts("read late"), cutoff: 6 * 60},
		{name: "move-mailbox alone is a blip",
			leaver: "imap read", every: "1m", steps: []string{move}, want: verdicts("read open")},
		{name: "a move-mailbox that fails changes nothing",
			leaver: "imap read", every: "1m", steps: []string{disable, "{at: 0s, do: move-mailbox, user: dana, to: disabled-users, fails: true}"},
			want: verdicts("read open")},
		{name: "disconnect-mailbox ends reading",
			leaver: "owa read", every: "1m", steps: []string{"{at: 90s, do: disconnect-mailbox, user: dana}"},
			want: verdicts("read ended"), cutoff: 60},
		{name: "disconnect-mailbox takes the address away, so nothing can be sent from it",
			leaver: "smtp-submission send", every: "1m", steps: []string{"{at: 1m, do: disconnect-mailbox, user: dana}"},
			want: verdicts("send ended"), cutoff: 240},
		{name: "limit-message-size keeps new mail out",
			leaver: "owa read, receive", every: "1m", steps: []string{"{at: 1m, do: limit-message-size, user: dana, size: 1KB, direction: receive}"},
			want: verdicts("read open", "receive ended"), cutoff: 240, because: "RecipSizeLimit"},
		{name: "client-access-rule is about other things than mail",
			leaver: "owa read, send", every: "5m", steps: []string{"{at: 0s, do: client-access-rule, user: dana}"}, profile: "ex2019",
			want: verdicts("read open", "send open")},
		{name: "block-legacy-auth leaves whoever has an access token",
			leaver: "owa read, send", every: "5m", steps: []string{"{at: 0s, do: block-legacy-auth, user: dana}"}, profile: "exo",
			want: verdicts("read open", "send open")},
		{name: "restart-store severs what disable denies",
			leaver: "imap read", every: "1m", steps: []string{disable, "{at: 90s, do: restart-store, servers: [mbx1]}"},
			want: verdicts("read ended"), cutoff: 60, outage: true},
		{name: "restart-store alone is a blip",
			leaver: "imap read", every: "1m", steps: []string{"{at: 90s, do: restart-store, servers: [mbx1]}"},
			want: verdicts("read open"), outage: true},
		{name: "limit-message-size ends sending when the directory cache lapses, and not reading",
			leaver: "smtp-submission send", every: "1m", steps: []string{"{at: 1m, do: limit-message-size, user: dana, size: 1KB, direction: send}"},
			want: verdicts("send ended"), cutoff: 240},
		{name: "limit-message-size over OWA leaves reading",
			leaver: "owa read, send", every: "1m", steps: []string{"{at: 1m, do: limit-message-size, user: dana, size: 1KB}"},
			want: verdicts("read open", "send ended"), cutoff: 240},
		{name: "block-source-ip ends what comes from there",
			leaver: "owa read", every: "1m", steps: []string{"{at: 90s, do: block-source-ip, host: home}"},
			want: verdicts("read ended"), cutoff: 60},
		{name: "block-source-ip does not hold a phone, which has another address tomorrow",
			leaver: "activesync@phone read", every: "10m", horizon: "30h", steps: []string{"{at: 0s, do: block-source-ip, host: phone}"},
			want: verdicts("read open")},
		{name: "close-port ends the path for that side of the firewall",
			leaver: "imap read", every: "1m", steps: []string{"{at: 90s, do: close-port, port: 993, from: internet}"},
			want: verdicts("read ended"), cutoff: 60},
		{name: "restrict-anonymous ends anonymous mail from elsewhere",
			leaver: "smtp-anonymous send", every: "1m", steps: []string{"{at: 90s, do: restrict-anonymous, ranges: [10.0.20.0/24]}"},
			want: verdicts("send ended"), cutoff: 60},
	}) {
		played := cases.add(nil, e.parse, e.set...)
		It(e.name, func() {
			res := played.result()
			for c, want := range e.want {
				got := find(res, "dana", c)
				Expect(got.Verdict).To(Equal(want), "%s %v: %s; answer %q; steps %+v", c, got.CutoffS, got.Note, got.Answer, res.Steps)
				if want == lab.Late || want == lab.Ended {
					every, err := time.ParseDuration(e.every)
					Expect(err).NotTo(HaveOccurred())
					Expect(*got.CutoffS).To(BeNumerically("~", e.cutoff, every.Seconds()), "%s", c)
					if e.because != "" {
						Expect(report.EndedBy(got)).To(HaveField("Detail", ContainSubstring(e.because)))
					}
				}
				control := find(res, "erin", c)
				Expect(control.Verdict).To(Equal(lab.Kept), "%s", control.Note)
				Expect(len(control.Outages) > 0).To(Equal(e.outage), "%+v", control.Outages)
			}
		})
		for _, s := range e.steps {
			for _, info := range mitigation.All() {
				if strings.Contains(s, "do: "+info.Name+",") || strings.Contains(s, "do: "+info.Name+"}") {
					covered[info.Name] = true
				}
			}
		}
	}
	for _, m := range mailflow {
		for _, info := range mitigation.All() {
			if strings.Contains(m.file, "do: "+info.Name+",") || strings.Contains(m.file, "do: "+info.Name+"}") {
				covered[info.Name] = true
			}
		}
	}
	for _, s := range sweeps {
		for _, info := range mitigation.All() {
			if strings.Contains(strings.Join(s.steps, " "), "do: "+info.Name) {
				covered[info.Name] = true
			}
		}
	}
	// Cases of the catalogue that turn on what a mitigation does.
	for _, id := range []string{"open-relay", "pull-the-plug", "shared-address-blacklisted", "second-address-for-the-server", "port-25-closed-pickup-in-its-place",
		"dovecot-cache-flushed", "dovecot-kick-alone", "dovecot-ticket-and-filter", "dovecot-restarted"} {
		if s, ok := scenarios.Find(id); ok {
			for _, step := range s.SOP {
				covered[step.Action.Name()] = true
			}
		}
	}
	covered["set-out-of-office"] = true   // which ooo_test.go is about
	covered["remove-queued-mail"] = true  // which mailflow_test.go counts in the queues
	covered["close-smtp-sessions"] = true // which dovecot_test.go leaves out of an SOP
	covered["set-tarpit"] = true          // which mailflow_test.go times
	It("are all covered", func() {
		for _, info := range mitigation.All() {
			Expect(covered).To(HaveKey(info.Name))
		}
	})
})
