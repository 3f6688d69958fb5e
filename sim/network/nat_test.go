package network

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"shutout/lab"
	"shutout/sim/timeline"
)

// What a server sees of a caller: its own address inside, and outside the one
// that the perimeter gives it.
func TestPublicAddresses(t *testing.T) {
	n := New(timeline.New(time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC), 1))
	defer n.Close()
	for id, h := range map[string]lab.Host{
		"desk": {Addr: netip.MustParseAddr("10.0.20.11"), Zone: lab.LAN}, "mbx1": {Addr: netip.MustParseAddr("10.0.1.31"), Zone: lab.Servers},
		"guest":   {Addr: netip.MustParseAddr("192.168.7.5"), Zone: lab.LAN, Behind: netip.MustParseAddr("10.0.20.1")},
		"visitor": {Addr: netip.MustParseAddr("192.168.7.6"), Zone: lab.LAN, Behind: netip.MustParseAddr("10.0.20.1")},
		"partner": {Addr: netip.MustParseAddr("192.0.2.25"), Zone: lab.Internet},
	} {
		h.ID = id
		n.AddHost(h)
	}
	seen := func(from, to string) string {
		t.Helper()
		l, err := n.Listen(to, 25)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		c, err := n.Dial(context.Background(), "x", from, to+":25")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		s, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		return ClientAddr(s).String()
	}
	check := func(from, to, want string) {
		t.Helper()
		if got := seen(from, to); got != want {
			t.Errorf("%s sees %s at %s, want %s", to, from, got, want)
		}
	}
	check("desk", "partner", "10.0.20.11") // no address is translated where the cast gives none
	n.SetPublic(netip.MustParseAddr("198.51.100.1"))
	check("desk", "partner", "198.51.100.1")
	check("mbx1", "partner", "198.51.100.1")
	check("guest", "partner", "198.51.100.1")
	check("desk", "mbx1", "10.0.20.11")
	check("partner", "mbx1", "192.0.2.25")
	check("guest", "mbx1", "10.0.20.1")
	check("visitor", "mbx1", "10.0.20.1")
	check("guest", "visitor", "192.168.7.5")
	n.SetPublic(netip.MustParseAddr("198.51.100.2"), "mbx1")
	check("mbx1", "partner", "198.51.100.2")
	check("desk", "partner", "198.51.100.1")
	if got := n.Public("mbx1").String() + " " + n.Public("partner").String(); got != "198.51.100.2 192.0.2.25" {
		t.Error(got)
	}
}
