package sim_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"shutout/fixtures"
	"shutout/lab"
	"shutout/lab/mitigation"
)

// The ledger of a leaver at each step is that of the servers' own state: what a
// step cuts is gone after it, what it does not reach goes on, and what nobody
// uses wears off.
func TestLedger(t *testing.T) {
	sc := func() *lab.Scenario {
		act := func(id string, role lab.Role, who, from string, path lab.Path) *lab.Activity {
			return &lab.Activity{ID: id, Role: role, Who: who, From: from, Path: path, Do: []lab.Capability{lab.Read}, Every: time.Minute, Since: -30 * time.Minute}
		}
		return &lab.Scenario{
			ID: "ledger", Profile: "ex2010", Cast: fixtures.DefaultCast(), Within: 5 * time.Minute, Horizon: 6 * time.Hour,
			Activities: []*lab.Activity{act("dana-owa", lab.Threat, "dana", "home", lab.OWA), act("dana-rpc", lab.Threat, "dana", "desk", lab.OutlookRPC)},
			Controls:   []*lab.Activity{act("erin-owa", lab.Control, "erin", "erin-home", lab.OWA)},
			SOP: []lab.Step{
				{At: 0, Action: &mitigation.DisableAccount{User: "dana"}},
				{At: 2 * time.Minute, Action: &mitigation.ResetIIS{}},
			},
		}
	}
	r := play(t, sc())
	l := r.Ledger
	var moments []string
	for _, m := range l.Moments {
		moments = append(moments, lab.Moment(time.Duration(m.AtS)*time.Second)+" "+m.When)
	}
	if got, want := strings.Join(moments, ", "), "T0 before, T0 after, T+2m before, T+2m after, T+6h horizon"; got != want {
		t.Fatalf("taken at %s, not %s", got, want)
	}
	// Remaining life by moment: none, or how much at least and at most.
	row := func(layer lab.Layer, what string) []*float64 {
		i := slices.IndexFunc(l.Rows, func(r *lab.LedgerRow) bool { return r.Layer == layer && strings.Contains(r.What, what) })
		if i < 0 {
			t.Fatalf("no %s in the ledger", what)
		}
		if l.Rows[i].Who != "dana" {
			t.Errorf("%s: of %s", what, l.Rows[i].Who)
		}
		return l.Rows[i].LeftS
	}
	is := func(what string, left []*float64, want ...string) {
		t.Helper()
		var got []string
		for _, s := range left {
			switch {
			case s == nil:
				got = append(got, "-")
			case *s == lab.NoEnd:
				got = append(got, "no end")
			default:
				got = append(got, lab.Duration(time.Duration(*s)*time.Second))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, not %q", what, got, want)
		}
	}
	is("the token", row(lab.LayerToken, "MSExchangeOWAAppPool"), "14m", "14m", "14m", "-", "-")
	is("the cookie", row(lab.LayerCookie, "cookie"), "11h30m", "11h30m", "11h28m", "-", "-")
	is("Outlook's session", row(lab.LayerSession, "Outlook session"), "1h30m", "1h30m", "1h28m", "1h28m", "-")
	is("the ticket", row(lab.LayerTicket, "ticket-granting"), "9h30m", "9h30m", "9h28m", "9h28m", "3h30m")
	is("the mail on the desk", row(lab.LayerLocalCopy, "dana-rpc"), "no end", "no end", "no end", "no end", "no end")

	again := play(t, sc())
	r.WallS, again.WallS = 0, 0
	if !reflect.DeepEqual(r, again) {
		t.Error("played again, it is another ledger")
	}
}
