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
		for _, name := range r.Ends {
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
