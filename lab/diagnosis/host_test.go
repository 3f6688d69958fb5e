package diagnosis_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"shutout/lab/diagnosis"
)

// TestAListedAddress is about what a block list leaves to think of.
func TestAListedAddress(t *testing.T) {
	listed := diagnosis.Options{Listed: []netip.Addr{public}}
	d := newDay(listed)
	d.ordinary()
	d.Case.AddQueue(diagnosis.Queue{Where: d.where(), Identity: "EX01\\7", NextHop: "away.example", Status: "Suspended", Count: 60})
	if got := classes(d.Conclude()); got != "infected-workstation possible" {
		t.Errorf("clear queues: found %q", got)
	}
	d = newDay(listed)
	d.ordinary()
	if got := classes(d.Conclude()); got != "" {
		t.Errorf("queues that are not clear: found %q", got)
	}
	d = newDay(listed)
	d.ordinary()
	d.ndrAttack(400)
	r := d.Conclude()
	if got := classes(r); got != "ndr-attack strong" || !strings.Contains(r.Findings[0].Evidence[len(r.Findings[0].Evidence)-1].Text, public.String()) {
		t.Errorf("an attack that explains it: found %q", got)
	}
	d = newDay(listed)
	d.AddQueue(diagnosis.Queue{Where: d.where(), Identity: "EX01\\9", NextHop: "[198.51.100.1]", DeliveryType: "SmartHostConnectorDelivery", Status: "Ready", Count: 1})
	if got := classes(d.Conclude()); got != "smart-host possible, infected-workstation possible" {
		t.Errorf("behind a smart host: found %q", got)
	}
}

func TestAnInfectedServer(t *testing.T) {
	for calls, want := range map[int]string{40: "", 100: "infected-server likely"} {
		d := newDay(diagnosis.Options{})
		d.Open(diagnosis.FromQueues)
		for i := range 20 {
			d.in(morning, "olga@partner.example", "erin@corp.example")
			d.out(morning.Add(time.Duration(i)*time.Minute), "erin@corp.example", "olga@partner.example")
		}
		for i := range calls {
			d.call(morning.Add(time.Duration(i)*time.Second), server, partner, 25, false)
		}
		if got := classes(d.Conclude()); got != want {
			t.Errorf("%d calls: found %q, want %q", calls, got, want)
		}
	}
}
