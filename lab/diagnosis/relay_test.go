package diagnosis_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"shutout/lab/diagnosis"
)

// TestWhatIsNoRelay has a server's own ways of sending on not taken for abuse.
func TestWhatIsNoRelay(t *testing.T) {
	other := netip.MustParseAddr("10.0.1.32")
	for name, happen := range map[string]func(d *day, i int, at time.Time){
		"mail that a rule redirects, on its way between two servers": func(d *day, i int, at time.Time) {
			d.track(at, "STOREDRIVER", "DELIVER", d.newID(), "x@a.example", "erin@corp.example", func(t *diagnosis.Track) { t.Server = other })
			d.relayed(at, other, "", fmt.Sprintf("x%d@a.example", i), "erin@home.example")
		},
		"mail for a second domain of the organisation": func(d *day, i int, at time.Time) {
			id := d.newID()
			d.track(at, "SMTP", "RECEIVE", id, fmt.Sprintf("x%d@a.example", i), "erin@alias.example", by(bot))
			d.track(at, "STOREDRIVER", "DELIVER", id, "x@a.example", "erin@corp.example")
		},
	} {
		d := newDay(diagnosis.Options{})
		for i := range 100 {
			happen(d, i, morning.Add(time.Duration(i)*time.Second))
		}
		if got := classes(d.Conclude()); got != "" {
			t.Errorf("%s: found %q", name, got)
		}
	}
}

// TestGuessedPasswords make less mail suspicious than an hour's flood.
func TestGuessedPasswords(t *testing.T) {
	for refused, want := range map[int]string{9: "", 10: "authenticated-relay strong"} {
		d := newDay(diagnosis.Options{})
		d.in(morning, "olga@partner.example", "erin@corp.example")
		for range refused {
			d.AddLogon(diagnosis.Logon{Where: d.where(), At: morning, Client: bot, Server: server, Account: diagnosis.Unnamed})
		}
		d.stolen(30)
		if got := classes(d.Conclude()); got != want {
			t.Errorf("after %d refusals: found %q, want %q", refused, got, want)
		}
	}
}
