package mitigation_test

import (
	"slices"
	"testing"

	"shutout/lab"
	"shutout/lab/mitigation"
)

// Each layer that may keep access alive has a remedy, and each remedy names
// mitigations that there are and that are for ending something.
func TestAgainst(t *testing.T) {
	names := mitigation.Names()
	for _, layer := range lab.ByMemory {
		r, ok := mitigation.Against(layer)
		if layer == lab.LayerService { // what is down keeps nobody in
			if ok {
				t.Errorf("%s: a remedy against what does not last", layer)
			}
			continue
		}
		if !ok || r.Word == "" || r.Why == "" || len(r.Ends) == 0 {
			t.Errorf("%s: no remedy: %+v", layer, r)
		}
		for _, m := range r.Ends {
			name := m.Name
			info, _ := mitigation.Lookup(name)
			switch {
			case !slices.Contains(names, name):
				t.Errorf("%s: there is no mitigation %q", layer, name)
			case info.Purpose == mitigation.Restore:
				t.Errorf("%s: %s gives access back", layer, name)
			case len(info.Sources) == 0:
				t.Errorf("%s: %s cites nothing", layer, name)
			}
		}
	}
}

// A profile's kind of site is the one that its mitigations are for: each layer
// has a remedy at the sites of its own.
func TestSiteOf(t *testing.T) {
	for profile, want := range map[string]mitigation.Site{
		"ex2010": mitigation.ExchangeSite, "exo": mitigation.CloudSite, "dovecot-postfix-samba": mitigation.OpenSite,
	} {
		if got := mitigation.SiteOf(profile); got != want {
			t.Errorf("%s is of %s, not %s", profile, got, want)
		}
	}
	for _, layer := range []lab.Layer{lab.LayerAuthCache, lab.LayerConnection, lab.LayerSession, lab.LayerTicket} {
		r, _ := mitigation.Against(layer)
		if !slices.ContainsFunc(r.Ends, func(m mitigation.Match) bool {
			info, _ := mitigation.Lookup(m.Name)
			return info.Where.Has(mitigation.OpenSite)
		}) {
			t.Errorf("%s: no remedy at a site without Exchange", layer)
		}
	}
}
