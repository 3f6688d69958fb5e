package scenarios_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"shutout/lab"
	"shutout/scenarios"
)

// cloudEffects are what acts on Entra ID and on mailboxes of Exchange Online.
var cloudEffects = []effect{
	{name: "block-sign-in is felt when the servers have heard of it", profile: "exo",
		leaver: "owa read", every: "1m", steps: []string{"{at: 0s, do: block-sign-in, user: dana}"}, horizon: "2h",
		want: verdicts("read late"), cutoff: 14 * 60},
	{name: "block-sign-in is felt by a mail program when its token expires", profile: "exo",
		leaver: "activesync read", every: "1m", steps: []string{"{at: 0s, do: block-sign-in, user: dana}"}, horizon: "2h",
		want: verdicts("read late"), cutoff: 54 * 60},
	{name: "block-sign-in is undone by the synchronisation where the account is enabled on the premises", profile: "exo",
		leaver: "owa read", every: "1m", steps: []string{"{at: 0s, do: block-sign-in, user: dana}"},
		want: verdicts("read open")},
	{name: "unblock-sign-in takes it back", profile: "exo",
		leaver: "owa read", every: "1m", steps: []string{"{at: 0s, do: block-sign-in, user: dana}", "{at: 1h, do: unblock-sign-in, user: dana}"}, horizon: "2h",
		want: verdicts("read open")},
	{name: "revoke-sessions is a blip for whoever knows the password", profile: "exo",
		leaver: "owa read", every: "1m", steps: []string{"{at: 0s, do: revoke-sessions, user: dana}"},
		want: verdicts("read open")},
	{name: "revoke-sessions ends a session that nobody signs in to again", profile: "exo",
		leaver: "mapi-http read", client: "{reconnect: never}", every: "1m", steps: []string{"{at: 0s, do: revoke-sessions, user: dana}"},
		want: verdicts("read late"), cutoff: 14 * 60},
	{name: "reset-password in the cloud refuses the old one", profile: "exo",
		leaver: "mapi-http read, send", every: "1m", steps: []string{"{at: 0s, do: reset-password, user: dana, directory: cloud}"},
		want: verdicts("read late", "send late"), cutoff: 14 * 60},
	{name: "reset-password on the premises reaches the cloud with the passwords", profile: "exo",
		leaver: "owa read", every: "1m", steps: []string{"{at: 0s, do: reset-password, user: dana}"},
		want: verdicts("read late"), cutoff: 15 * 60},
	{name: "disable-account on the premises reaches the cloud with the accounts", profile: "exo", set: []string{"cloud.sync_interval=30m"},
		leaver: "owa read", every: "1m", steps: []string{disable},
		want: verdicts("read late"), cutoff: 39 * 60},
	{name: "expire-account never reaches the cloud", profile: "exo",
		leaver: "owa read", every: "1m", steps: []string{"{at: 0s, do: expire-account, user: dana}"}, horizon: "5h",
		want: verdicts("read open")},
	{name: "disable-devices ends the refresh tokens of programs", profile: "exo",
		leaver: "activesync read", client: "{reconnect: never}", every: "1m", steps: []string{"{at: 0s, do: disable-devices, user: dana}"},
		want: verdicts("read late"), cutoff: 54 * 60},
	{name: "disable-devices leaves the browser alone", profile: "exo", set: []string{"cloud.cae=false"},
		leaver: "owa read", client: "{reconnect: never}", every: "1m", steps: []string{"{at: 0s, do: disable-devices, user: dana}"},
		want: verdicts("read open")},
	{name: "delete-cloud-account takes the mailbox along", profile: "exo",
		leaver: "owa read", every: "1m", steps: []string{"{at: 0s, do: delete-cloud-account, user: dana}"},
		want: verdicts("read ended")},
	{name: "restore-cloud-account takes it back", profile: "exo",
		leaver: "owa read", every: "1m", steps: []string{"{at: 0s, do: delete-cloud-account, user: dana}", "{at: 1h, do: restore-cloud-account, user: dana}"},
		want: verdicts("read open")},
	{name: "convert-to-shared ends nobody's access", profile: "exo",
		leaver: "owa read, send", every: "1m", steps: []string{"{at: 0s, do: convert-to-shared, user: dana}"},
		want: verdicts("read open", "send open")},
	{name: "remove-licence disconnects the mailbox", profile: "exo",
		leaver: "imap read", every: "1m", steps: []string{"{at: 0s, do: remove-licence, user: dana}"},
		want: verdicts("read ended")},
	{name: "remove-licence leaves a shared mailbox", profile: "exo",
		leaver: "imap read", every: "1m", steps: []string{"{at: 0s, do: convert-to-shared, user: dana}", "{at: 1m, do: remove-licence, user: dana}"},
		want: verdicts("read open")},
}

var _ = Describe("Exchange Online", func() {
	cases := new(ahead)
	run := func(id, profile string, set ...string) *job {
		return cases.add(nil, func() (*lab.Scenario, error) {
			s, _ := scenarios.Find(id)
			return s.WithProfile(profile), nil
		}, set...)
	}

	onPremises := run("cloud-session-without-cae", "ex2019")
	It("has what other versions have not", func() {
		res := onPremises.result()
		Expect(res.Steps[1].Outcome).To(Equal(lab.NotApplicable))
		Expect(find(res, "dana-owa", lab.Read).Verdict).To(Equal(lab.NotAvailable))
	})

	soon := run("cloud-session-open-before-block", "exo", "cloud.cae_delay=0s")
	It("ends at once what follows continuous access evaluation when nobody waits", func() {
		for _, id := range []string{"dana-owa", "dana-outlook"} {
			Expect(*find(soon.result(), id, lab.Read).CutoffS).To(BeZero())
		}
		Expect(*find(soon.result(), "dana-phone", lab.Read).CutoffS).To(BeNumerically(">", 0))
	})

	short := run("cloud-session-without-cae", "exo", "cloud.access_token=5m")
	It("ends with the access token, however long that lasts", func() {
		Expect(*find(short.result(), "dana-phone", lab.Read).CutoffS).To(BeNumerically("<=", 5*60))
	})

	never := run("imap-oauth-session-ends-with-token", "exo", "popimap.session_ends_with_token=false")
	It("leaves an IMAP connection alone where that does not end with its token", func() {
		Expect(find(never.result(), "dana-imap", lab.Read).Verdict).To(Equal(lab.Open))
	})
})
