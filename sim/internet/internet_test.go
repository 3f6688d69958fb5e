package internet

import (
	"net/netip"
	"testing"
	"time"

	"shutout/lab"
	"shutout/sim/profile"
)

var (
	start  = time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)
	shared = netip.MustParseAddr("198.51.100.1")
	second = netip.MustParseAddr("198.51.100.2")
)

func world(t *testing.T, set ...string) *Internet {
	t.Helper()
	p, err := profile.Load("ex2010", append([]string{"dnsbl.listed_after=1h", "dnsbl.listing_life=3d", "smarthost.blocks_after=2h"}, set...)...)
	if err != nil {
		t.Fatal(err)
	}
	cast := &lab.Cast{Organisation: lab.Organisation{Addresses: []netip.Addr{shared, second}}, Domains: map[string]lab.Domain{
		"partner.example": lab.GoodDomain, "refusing.example": lab.RefusingDomain, "dead.example": lab.DeadDomain,
		"bogus.example": lab.BogusDomain, "trap.example": lab.TrapDomain,
	}}
	return New(cast, p.Params())
}

// spam has an address send spam every minute for a while.
func spam(n *Internet, from netip.Addr, begin, end time.Duration, automatic bool) {
	for at := begin; at <= end; at += time.Minute {
		n.Took(start.Add(at), from, "trap.example", automatic)
	}
}

func TestRecipient(t *testing.T) {
	n := world(t)
	spam(n, shared, 0, 2*time.Hour, false)
	for _, tt := range []struct {
		from   netip.Addr
		domain string
		want   Outcome
	}{
		{shared, "partner.example", Refused}, {second, "partner.example", Taken}, {second, "PARTNER.example", Taken},
		{second, "refusing.example", Refused}, {second, "a.refusing.example", Refused}, {second, "dead.example", NoAnswer},
		{second, "bogus.example", NoDomain}, {second, "nowhere.example", NoDomain}, {second, "", NoDomain},
		{shared, "trap.example", Taken}, // a trap turns nobody away
	} {
		if got := n.Recipient(start.Add(2*time.Hour), tt.from, tt.domain); got.Outcome != tt.want {
			t.Errorf("from %s to %q: %d, want %d", tt.from, tt.domain, got.Outcome, tt.want)
		}
	}
}

func TestListing(t *testing.T) {
	listed := func(n *Internet, at time.Duration) bool {
		return n.Recipient(start.Add(at), shared, "partner.example").Outcome == Refused
	}
	n := world(t)
	spam(n, shared, 0, 90*time.Minute, false)
	for at, want := range map[time.Duration]bool{
		90 * time.Minute: true, 90*time.Minute + 3*24*time.Hour - time.Second: true, 90*time.Minute + 3*24*time.Hour: false,
	} {
		if listed(n, at) != want {
			t.Errorf("listed at %s: %t", at, !want)
		}
	}
	n = world(t)
	spam(n, shared, 0, 59*time.Minute, false)
	if listed(n, 2*time.Hour) {
		t.Error("spam of less than an hour had the address listed")
	}
	spam(n, shared, 61*time.Minute, 70*time.Minute, false)
	if !listed(n, 70*time.Minute) || !n.List.Forget(shared) || listed(n, 71*time.Minute) {
		t.Error("the address was not listed, or not taken off")
	}
	spam(n, shared, 72*time.Minute, 3*time.Hour, false)
	if listed(n, 72*time.Minute) || !listed(n, 3*time.Hour) {
		t.Error("the listing did not come back, or at once")
	}
	if n.List.Forget(second) {
		t.Error("there was something to forget")
	}
	for _, set := range []string{"dnsbl.consulted=false", "dnsbl.listed_after=never"} {
		n = world(t, set)
		if spam(n, shared, 0, 3*time.Hour, false); listed(n, 3*time.Hour) {
			t.Errorf("%s: mail is refused", set)
		}
	}
	for _, backscatter := range []bool{true, false} {
		n = world(t, map[bool]string{true: "dnsbl.backscatter_lists=true", false: "dnsbl.backscatter_lists=false"}[backscatter])
		if spam(n, shared, 0, 3*time.Hour, true); listed(n, 3*time.Hour) != backscatter {
			t.Errorf("backscatter lists: %t", !backscatter)
		}
	}
}

func TestRelay(t *testing.T) {
	n := world(t)
	if a := n.Relay(start, netip.MustParseAddr("192.0.2.66")); a.Outcome != Refused {
		t.Errorf("a stranger is told %s", a)
	}
	for at := time.Duration(0); at < 2*time.Hour; at += time.Minute {
		if a := n.Relay(start.Add(at), shared); a.Outcome != Taken {
			t.Fatalf("at %s: %s", at, a)
		}
		n.Onward(start.Add(at), shared, "trap.example", false)
	}
	n.Onward(start.Add(2*time.Hour), shared, "trap.example", false)
	if a := n.Relay(start.Add(30*24*time.Hour), shared); a.Outcome != Deferred {
		t.Errorf("a month later: %s", a)
	}
	if a := n.Onward(start, shared, "partner.example", false); a.Outcome != Taken {
		t.Errorf("the provider itself is told %s", a)
	}
	n.Provider.Forget(shared)
	if a := n.Relay(start.Add(30*24*time.Hour), shared); a.Outcome != Taken {
		t.Errorf("after the call: %s", a)
	}
}
