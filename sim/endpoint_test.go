package sim_test

import (
	"errors"
	"slices"
	"testing"

	"shutout/lab"
	"shutout/sim/profile"
)

// A case says nothing of a path that a version lacks, so which version lacks
// which stands here once: [MAPIHTTP] for Outlook's transports, [EWS-VERSIONS]
// for Exchange Web Services, [SMTP-AUTH] for the port of submission.
func TestWhichVersionLacksWhichPath(t *testing.T) {
	lacks := map[string][]lab.Path{
		"ex2003": {lab.MAPIHTTP, lab.EWS},
		"ex2007": {lab.MAPIHTTP},
		"ex2010": {lab.MAPIHTTP},
		"ex2013": {lab.OutlookRPC, lab.MAPIHTTP},
		"ex2016": {lab.OutlookRPC},
		"ex2019": {lab.OutlookRPC},
		"exo":    {lab.OutlookRPC, lab.OutlookAnywhere, lab.Pickup},

		"dovecot-postfix-samba": {lab.OutlookRPC, lab.OutlookAnywhere, lab.MAPIHTTP, lab.OWA, lab.EWS, lab.Pickup},
	}
	for _, name := range profile.Names() {
		o := organisation(t, name, "popimap.autostart=true")
		var missing []lab.Path
		for _, path := range lab.Paths {
			if path == lab.SMTPDirect {
				continue // it leads to people outside
			}
			if _, err := o.Endpoint(o.Cast().People["dana"], path); errors.Is(err, lab.ErrNotAvailable) {
				missing = append(missing, path)
			} else if err != nil {
				t.Errorf("%s on %s: %v", path, name, err)
			}
		}
		if want, known := lacks[name]; !known || !slices.Equal(missing, want) {
			t.Errorf("%s lacks %v, want %v", name, missing, want)
		}
	}
}
