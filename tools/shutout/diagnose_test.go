package main

import (
	"testing"

	"shutout/fixtures/sources"
	"shutout/lab/diagnosis"
	"shutout/lab/mitigation"
	"shutout/scenarios"
)

// TestAdviceNamesWhatExists holds what a diagnosis advises against the
// catalogue.
func TestAdviceNamesWhatExists(t *testing.T) {
	for _, class := range diagnosis.Classes() {
		a := diagnosis.AdviceFor(class)
		for _, name := range a.Mitigations {
			if _, ok := mitigation.Lookup(name); !ok {
				t.Errorf("%s advises %s, which does not exist", class, name)
			}
		}
		for _, cite := range a.Sources {
			if _, err := sources.Parse(cite); err != nil {
				t.Errorf("%s: %v", class, err)
			}
		}
		for _, id := range a.Cases {
			if _, ok := scenarios.Find(id); !ok {
				t.Errorf("%s names the case %s, which does not exist", class, id)
			}
		}
	}
}
