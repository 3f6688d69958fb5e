package advice

import (
	"fmt"
	"slices"
	"testing"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/sim/profile"
)

// What the report names as a match for a layer over a path ends access there, when
// it comes a minute after the account was disabled; and where access lasts, some
// match is named. One profile of each way to hold sessions is played; Exchange
// Online is left out: its memories are ended by denying, in hours.
func TestMatchesEndAccess(t *testing.T) {
	for _, name := range []string{"ex2003", "ex2010", "ex2019", mitigation.OpenProfile} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, path := range []lab.Path{
				lab.OutlookRPC, lab.OutlookAnywhere, lab.MAPIHTTP, lab.OWA, lab.ActiveSync, lab.EWS, lab.IMAP, lab.POP3, lab.SMTPSubmission,
			} {
				sc := parse(t, disabled(name, path))
				base := play(t, sc)
				q := New(sc, base)
				if q == nil {
					continue // it ends by itself, or is not there
				}
				played := 0
				for _, info := range against(holds(base)) {
					if !info.Where.Has(mitigation.SiteOf(name)) {
						continue
					}
					for _, c := range expand(info, sc.Cast) {
						v := q.variation(c...)
						if v == nil {
							t.Fatalf("%s does not fit", info.Name)
						}
						r := q.compare(v, play(t, v.sc))
						if r == nil {
							continue // not in this version
						}
						played++
						if verdict := r.result.Promises[0].Verdict; verdict != lab.Ended {
							t.Errorf("%s over %s, kept by %v: %s is named as a match, and with it access is %s", name, path, holds(base), r.result.Label, verdict)
						}
					}
				}
				if played == 0 {
					t.Errorf("%s over %s, kept by %v: no match is named", name, path, holds(base))
				}
			}
		})
	}
}

// disabled is a case of somebody with a session over a path whose account is
// disabled.
func disabled(profileName string, path lab.Path) string {
	leaver, bystander, do, set := "home", "erin-home", "read", ""
	if path == lab.OutlookRPC {
		leaver, bystander = "desk", "erin-desk"
	}
	if path == lab.SMTPSubmission {
		do = "send"
	}
	if mitigation.SiteOf(profileName) == mitigation.ExchangeSite {
		set = "set: {popimap.autostart: true}\n"
	}
	activity := func(id, from string) string {
		return fmt.Sprintf("[{id: %s, who: %s, from: %s, path: %s, do: [%s], every: 20s, since: -6m}]\n", id, id, from, path, do)
	}
	return "id: disabled\ntitle: Disabled\nprofile: " + profileName + "\n" + set +
		"activities: " + activity("dana", leaver) + "controls: " + activity("erin", bystander) +
		"sop: [{at: 0s, do: disable-account, user: dana}]\nwithin: 10m\nhorizon: 40m\n"
}

// A site without Exchange has no match of Exchange's, and the other way round.
func TestCandidatesAreOfTheSite(t *testing.T) {
	for _, name := range profile.Names() {
		sc := parse(t, disabled(name, lab.IMAP))
		base := play(t, sc)
		for _, round := range candidates(sc, base) {
			if i := slices.IndexFunc(round, func(what []candidate) bool { return !what[0].info.Where.Has(mitigation.SiteOf(name)) }); i >= 0 {
				t.Errorf("%s: %s would be tried", name, round[i][0].label())
			}
		}
	}
}
