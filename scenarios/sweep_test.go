package scenarios_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/scenarios"
)

// leftover is what goes on without a session when somebody has left, who took
// care of it before, and after steps that may end it.
type leftover struct {
	name    string
	scene   string
	oof     string // dana's out-of-office
	profile string
	steps   []string // after the account is disabled and IIS restarted
	set     []string
	want    map[lab.SweepKind]lab.Works
	text    string // a part of what is told of the first kind in want
}

const (
	byRule    = "rules: {dana: dana@private.example}"
	byMailbox = "forwards: {dana: dana@private.example}"
	delegate  = "delegates: {dana: [erin]}"
)

func (l leftover) parse() (*lab.Scenario, error) {
	src := fmt.Sprintf(`
id: leftover
title: What goes on
cast:
  domains: {private.example: good}
  people: {dana: {out_of_office: "%s"}}
scene: {%s}
activities:
  - {id: dana, who: dana, from: home, path: owa, do: [read], every: 10m, since: -30m}
controls:
  - {id: erin, who: erin, from: erin-desk, path: owa, do: [read], every: 10m, since: -30m}
within: 15m
horizon: 4h
sop:
  - {at: 0s, do: disable-account, user: dana}
  - {at: 1m, do: reset-iis}
%s
sweep-expect: {}
`, l.oof, l.scene, strings.Join(indented(l.steps), "\n"))
	s, err := scenarios.Parse("leftover.yaml", []byte(src))
	if err == nil && l.profile != "" {
		s = s.WithProfile(l.profile)
	}
	return s, err
}

func indented(steps []string) []string {
	var out []string
	for _, s := range steps {
		out = append(out, "  - "+s)
	}
	return out
}

func finds(kind lab.SweepKind, w lab.Works) map[lab.SweepKind]lab.Works {
	return map[lab.SweepKind]lab.Works{kind: w}
}

var sweeps = []leftover{
	{name: "a rule sends mail on where that is let out", scene: byRule, set: []string{"remote.auto_forward=true"},
		want: finds(lab.SweepForward, lab.WorksYes), text: `inbox rule "copy": taken by the mail server of private.example`},
	{name: "a rule sends nothing out by default", scene: byRule,
		want: finds(lab.SweepForward, lab.WorksNo), text: "may not send mail on to private.example"},
	{name: "a rule goes on after a move", scene: byRule, set: []string{"remote.auto_forward=true"},
		steps: []string{"{at: 2m, do: move-mailbox, user: dana, to: disabled-users}"}, want: finds(lab.SweepForward, lab.WorksYes)},
	{name: "a rule is no longer asked where the mailbox has no owner", scene: byRule, set: []string{"remote.auto_forward=true"},
		steps: []string{"{at: 2m, do: disconnect-mailbox, user: dana}"}, want: finds(lab.SweepForward, lab.WorksNo)},
	{name: "remove-inbox-rules ends it", scene: byRule, set: []string{"remote.auto_forward=true"},
		steps: []string{"{at: 2m, do: remove-inbox-rules, user: dana}"}, want: finds(lab.SweepForward, lab.WorksNo), text: "none"},
	{name: "remove-forwarding does not end a rule", scene: byRule, set: []string{"remote.auto_forward=true"},
		steps: []string{"{at: 2m, do: remove-forwarding, user: dana}"}, want: finds(lab.SweepForward, lab.WorksYes)},
	{name: "block-auto-forward ends it and leaves the rule there", scene: byRule, set: []string{"remote.auto_forward=true"},
		steps: []string{"{at: 2m, do: block-auto-forward}"}, want: finds(lab.SweepForward, lab.WorksNo), text: "may not send mail on"},
	{name: "block-auto-forward for another domain does not", scene: byRule, set: []string{"remote.auto_forward=true"},
		steps: []string{"{at: 2m, do: block-auto-forward, domain: partner.example}"}, want: finds(lab.SweepForward, lab.WorksYes)},
	{name: "a size limit does not bind a rule", scene: byRule, set: []string{"remote.auto_forward=true"},
		steps: []string{"{at: 2m, do: limit-message-size, user: dana, size: 1KB, direction: send}"}, want: finds(lab.SweepForward, lab.WorksYes)},
	{name: "a size limit binds a rule, if it does", scene: byRule, set: []string{"remote.auto_forward=true", "store.rules_within_send_limit=true"},
		steps: []string{"{at: 2m, do: limit-message-size, user: dana, size: 1KB, direction: send}"},
		want:  finds(lab.SweepForward, lab.WorksNo), text: "larger than allowed"},
	{name: "a size limit on what comes in starves the rule", scene: byRule, set: []string{"remote.auto_forward=true"},
		steps: []string{"{at: 2m, do: limit-message-size, user: dana, size: 1KB, direction: receive}"}, want: finds(lab.SweepForward, lab.WorksNo)},
	{name: "nobody can make a rule over web services in 2007", scene: byRule, profile: "ex2007",
		want: finds(lab.SweepForward, lab.WorksNotAvailable), text: "could not be set"},

	{name: "a mailbox sends mail on to an address where that is let out", scene: byMailbox, set: []string{"remote.auto_forward=true"},
		want: finds(lab.SweepForward, lab.WorksYes), text: "ForwardingSmtpAddress: taken by the mail server of private.example"},
	{name: "a mailbox sends nothing out by default", scene: byMailbox, want: finds(lab.SweepForward, lab.WorksNo)},
	{name: "a mailbox sends mail out if only rules are asked about", scene: byMailbox, set: []string{"remote.auto_forward_scope=rules"},
		want: finds(lab.SweepForward, lab.WorksYes)},
	{name: "remove-forwarding ends it", scene: byMailbox, set: []string{"remote.auto_forward=true"},
		steps: []string{"{at: 2m, do: remove-forwarding, user: dana}"}, want: finds(lab.SweepForward, lab.WorksNo), text: "none"},
	{name: "remove-inbox-rules does not", scene: byMailbox, set: []string{"remote.auto_forward=true"},
		steps: []string{"{at: 2m, do: remove-inbox-rules, user: dana}"}, want: finds(lab.SweepForward, lab.WorksYes)},
	{name: "a contact is not asked about", scene: byMailbox, profile: "ex2003",
		want: finds(lab.SweepForward, lab.WorksYes), text: "ForwardingAddress, a contact: taken by the mail server of private.example"},
	{name: "a contact is asked about, if it is", scene: byMailbox, profile: "ex2003", set: []string{"remote.auto_forward_scope=everything"},
		want: finds(lab.SweepForward, lab.WorksNo)},
	{name: "a colleague gets the mail", scene: "forwards: {dana: erin@corp.example}", want: finds(lab.SweepForward, lab.WorksYes),
		text: "delivered to erin@corp.example"},

	{name: "a delegate opens the mailbox", scene: delegate, want: finds(lab.SweepDelegate, lab.WorksYes), text: "full access on"},
	{name: "a delegate opens it with Outlook where there are no web services", scene: delegate, profile: "ex2003",
		want: finds(lab.SweepDelegate, lab.WorksYes), text: "mapi flag and full access on"},
	{name: "the owner's flags do not keep a delegate out", scene: delegate, steps: []string{"{at: 2m, do: disable-protocols, user: dana}"},
		want: finds(lab.SweepDelegate, lab.WorksYes)},
	{name: "the owner's flags keep a delegate out, if they count", scene: delegate, steps: []string{"{at: 2m, do: disable-protocols, user: dana}"},
		set: []string{"store.delegate_flags=mailbox"}, want: finds(lab.SweepDelegate, lab.WorksNo), text: "ews flag off"},
	{name: "remove-self-access does not keep a delegate out", scene: delegate, steps: []string{"{at: 2m, do: remove-self-access, user: dana}"},
		want: finds(lab.SweepDelegate, lab.WorksYes)},
	{name: "remove-delegates ends it", scene: delegate, steps: []string{"{at: 2m, do: remove-delegates, user: dana}"},
		want: finds(lab.SweepDelegate, lab.WorksNo), text: "none"},
	{name: "remove-delegates can leave them there", scene: delegate, steps: []string{"{at: 2m, do: remove-delegates, user: dana, on: others}"},
		want: finds(lab.SweepDelegate, lab.WorksYes)},
	{name: "a right on another's mailbox is of no use without an account", scene: "delegates: {frank: [dana]}",
		want: finds(lab.SweepShared, lab.WorksNo), text: "account disabled"},
	{name: "a right on another's mailbox outlives a change of the own one", scene: "delegates: {frank: [dana]}",
		steps: []string{"{at: 2m, do: enable-account, user: dana}", "{at: 3m, do: remove-self-access, user: dana}"},
		want:  finds(lab.SweepShared, lab.WorksYes), text: "full access on"},
	{name: "remove-delegates takes that, too", scene: "delegates: {frank: [dana]}",
		steps: []string{"{at: 2m, do: enable-account, user: dana}", "{at: 3m, do: remove-delegates, user: dana, on: others}"},
		want:  finds(lab.SweepShared, lab.WorksNo), text: "none"},

	{name: "an enabled account signs in", steps: []string{"{at: 2m, do: enable-account, user: dana}"}, want: finds(lab.SweepSignIn, lab.WorksYes)},
	{name: "a disabled one does not", want: finds(lab.SweepSignIn, lab.WorksNo), text: "account disabled"},
	{name: "a mailbox answers strangers", oof: "all", want: finds(lab.SweepReply, lab.WorksYes), text: "sent to partner.example"},
	{name: "a mailbox answers nobody outside", oof: "internal", want: finds(lab.SweepReply, lab.WorksNo), text: "for the organisation only"},
	{name: "limit-replies keeps the answers inside", oof: "all", steps: []string{"{at: 2m, do: limit-replies, allow: none}"},
		want: finds(lab.SweepReply, lab.WorksNo), text: "replies to other domains are off"},
}

var _ = Describe("a sweep", func() {
	cases := new(ahead)
	for _, l := range sweeps {
		played := cases.add(nil, l.parse, l.set...)
		It("finds: "+l.name, func() {
			res := played.result()
			for kind, want := range l.want {
				var found []*lab.SweepResult
				for _, f := range res.Sweep {
					if f.Kind == kind {
						found = append(found, f)
					}
				}
				Expect(found).NotTo(BeEmpty())
				worst := found[0]
				for _, f := range found {
					if slices.Index(lab.WorksWords, f.Works) < slices.Index(lab.WorksWords, worst.Works) {
						worst = f
					}
				}
				Expect(worst.Works).To(Equal(want), "%+v; steps %+v", worst, res.Steps)
				Expect(worst.What + ": " + worst.Detail).To(ContainSubstring(l.text))
				Expect(len(worst.Ends) > 0).To(Equal(want == lab.WorksYes), "%+v", worst)
				for _, name := range worst.Ends {
					_, known := mitigation.Lookup(name)
					Expect(known).To(BeTrue(), name)
				}
			}
		})
	}

	// The thorough SOP ends every session, and the other one what needs none.
	for _, c := range []struct {
		id    string
		dirty lab.SweepKind // what the thorough one leaves behind
	}{
		{"thorough-but-mail-goes-on", lab.SweepForward}, {"phone-keeps-its-mail", lab.SweepCopy}, {"mail-leaves-after-the-leaver", lab.SweepReply},
	} {
		for _, sop := range []string{"thorough", "clean-sweep"} {
			played := cases.add(nil, func() (*lab.Scenario, error) {
				s, _ := scenarios.Find(c.id)
				found, _ := scenarios.FindSOP(sop)
				return s, cmp.Or(found.Bind(s), scenarios.SetTimes(s, s.Within, s.Horizon))
			})
			It("of "+c.id+" with the SOP "+sop, func() {
				var left []lab.SweepKind
				for _, f := range played.result().Sweep {
					if f.Works == lab.WorksYes || f.Works == lab.WorksUnknown {
						left = append(left, f.Kind)
					}
				}
				if sop == "clean-sweep" {
					Expect(left).To(BeEmpty())
					return
				}
				Expect(left).To(ContainElement(c.dirty))
			})
		}
	}
})
