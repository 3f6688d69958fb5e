package lab

import "testing"

func TestPredictionsOnOtherProfiles(t *testing.T) {
	s := &Scenario{
		Profile: "ex2010",
		Expect:  Predictions{"dana": {Read: Late, Send: Late}, "erin": {Read: Kept}},
		ExpectOn: map[string]Predictions{
			"ex2016": {"dana": {Send: Ended}},
			"exo":    {"dana": {Read: NotAvailable}},
		},
	}
	for _, c := range []struct {
		profile, id string
		capability  Capability
		found, want Verdict
	}{
		{"ex2010", "dana", Send, Late, Late},
		{"ex2010", "dana", Send, NotAvailable, Late}, // a case exists on its own profile
		{"ex2016", "dana", Send, Late, Ended},
		{"ex2016", "dana", Read, Open, Late},
		{"ex2016", "erin", Read, Kept, Kept},
		{"ex2016", "dana", Send, NotAvailable, Ended}, // it was named
		{"ex2016", "dana", Read, NotAvailable, ""},
		{"ex2019", "dana", Send, Open, Late},
		{"ex2019", "dana", Send, NotAvailable, ""},
		{"exo", "dana", Read, NotAvailable, NotAvailable},
		{"exo", "dana", Read, Ended, NotAvailable},
	} {
		if got := s.WithProfile(c.profile).Predicts(c.id, c.capability, c.found != NotAvailable); got != c.want {
			t.Errorf("%s %s on %s, found %s: predicts %q, want %q", c.id, c.capability, c.profile, c.found, got, c.want)
		}
	}
	if s.Expect["dana"][Send] != Late || s.Elsewhere {
		t.Error("the case itself was changed")
	}
	again := s.WithProfile("ex2016")
	again.Forget()
	if got := again.Predicts("dana", Send, true); got != "" {
		t.Errorf("what was forgotten predicts %s", got)
	}
}
