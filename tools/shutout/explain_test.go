package main

import (
	"testing"

	"shutout/lab"
	"shutout/lab/results"
)

// Only what servers of the profile read is named: no IIS or cloud where there is
// none.
func TestDecidedBy(t *testing.T) {
	decided := func(layer lab.Layer, allowed bool) *lab.ActivityResult {
		return &lab.ActivityResult{CutoffS: new(60.0), Because: []lab.Reason{{Layer: layer, Allowed: allowed}}}
	}
	m := &results.Meeting{A: decided(lab.LayerConnection, true), B: decided(lab.LayerDirectory, false)}
	for on, want := range map[string]string{
		"dovecot-postfix-samba": "decided by connection, directory, which the parameters ad.*, dir.cache_ttl, iis.connection_idle, popimap.*, postfix.*, samba.*, smtp.* govern (shutout show dovecot-postfix-samba)",
		"ex2010":                "decided by connection, directory, which the parameters ad.*, auth.*, cloud.*, dir.cache_ttl, iis.*, popimap.*, smtp.* govern (shutout show ex2010)",
		"ours":                  "decided by connection, directory",
	} {
		if got := decidedBy(m, on); got != want {
			t.Errorf("%s: %s", on, got)
		}
	}
}
