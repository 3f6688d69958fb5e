package transport

import (
	"net/netip"
	"strings"
	"testing"
)

func mustRanges(t testing.TB, s string) []Range {
	t.Helper()
	r, err := ParseRanges(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestDefaultConnectors(t *testing.T) {
	for _, tc := range []struct{ profile, names string }{
		{"ex2003", "Default SMTP Virtual Server"},
		{"ex2010", "Default MBX1, Client MBX1"},
		{"ex2016", "Default Frontend MBX1, Client Frontend MBX1"},
	} {
		w := newWorld(t, params(t, tc.profile))
		var names []string
		for _, c := range w.tr.Connectors() {
			if c.Server == "mbx1" {
				names = append(names, c.Name)
			}
		}
		equal(t, tc.profile, strings.Join(names, ", "), tc.names)
		for _, name := range []string{"Default Frontend MBX1", `MBX1\default mbx1`, "Default SMTP Virtual Server"} {
			if c, ok := w.tr.Connector("mbx1", name); !ok || c.Ports[0] != PortSMTP {
				t.Errorf("%s: no connector %q", tc.profile, name)
			}
		}
		equal(t, "anonymous connectors", len(w.tr.AnonymousConnectors("")), 2)
	}
}

func TestNarrowestRangeWins(t *testing.T) {
	w := newWorld(t, params(t, "ex2016"))
	for _, c := range []struct{ name, ranges string }{
		{"lan", "10.0.0.0/8"},
		{"printers", "10.1.0.0-10.1.0.9"},
		{"one", "10.1.0.5"},
		{"again", "10.1.0.5"}, // as narrow as "one", but younger
		{"six", "2001:db8::/32"},
	} {
		_, err := w.tr.AddConnector(Connector{
			Server: "mbx1", Name: c.name, Ports: []int{PortSMTP}, Ranges: mustRanges(t, c.ranges), Enabled: true, Groups: AnonymousUsers,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for addr, want := range map[string]string{
		"203.0.113.9": "Default Frontend MBX1", "10.2.0.1": "lan", "10.1.0.6": "printers", "10.1.0.5": "one",
		"::ffff:10.1.0.5": "one", "2001:db8::1": "six", "2001:db9::1": "Default Frontend MBX1", "10.1.0.10": "lan",
	} {
		equal(t, addr, w.connect(PortSMTP, addr).Connector().Name, want)
		equal(t, addr+" on 587", w.connect(PortSubmission, addr).Connector().Name, "Client Frontend MBX1")
	}
	if _, err := w.tr.AddConnector(Connector{Server: "mbx1", Name: "lan", Ports: []int{25}, Ranges: Everywhere()}); err == nil {
		t.Error("two connectors of one name")
	}
	if _, err := w.tr.AddConnector(Connector{Server: "nowhere", Name: "x", Ports: []int{25}, Ranges: Everywhere()}); err == nil {
		t.Error("connector on an unknown server")
	}
}

// Narrowing the anonymous connector shuts everybody else out at the door,
// while sessions that are open go on and the organisation's servers get in.
func TestRestrictedRanges(t *testing.T) {
	w := newWorld(t, params(t, "ex2016"))
	open := w.connect(PortSMTP, "10.1.0.5")
	for _, c := range w.tr.AnonymousConnectors("") {
		c.Ranges = mustRanges(t, "10.9.9.9")
	}
	for addr, admitted := range map[string]bool{
		"10.1.0.5": false, "203.0.113.9": false, "10.9.9.9": true, "10.0.0.12": true, "10.0.0.21": true,
	} {
		_, d, e := w.tr.Connect(w.now(), "mbx1", PortSMTP, netip.MustParseAddr(addr))
		equal(t, addr, d.Allowed, admitted)
		equal(t, addr+" refused", e != nil, !admitted)
		if e != nil && (e.Error() != "421 4.3.2 Service not available" || !e.Close) {
			t.Errorf("%s: %v", addr, e)
		}
	}
	if _, e := open.Mail(w.now(), "a@b.example", 0); e != nil {
		t.Errorf("the open session was cut: %v", e)
	}
}
