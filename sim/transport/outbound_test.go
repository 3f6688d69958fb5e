package transport

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/sim/internet"
)

// newSmartWorld has a provider and, besides the domains of newWorld, a trap.
func newSmartWorld(t *testing.T, set ...string) *world {
	w := newWorld(t, params(t, "ex2016", set...))
	public := netip.MustParseAddr("198.51.100.1")
	w.tr.cast.Organisation.Addresses = []netip.Addr{public}
	w.tr.cast.Domains["trap.example"] = lab.TrapDomain
	w.tr.PublicAddr = func(string) netip.Addr { return public }
	w.tr.inet = internet.New(w.tr.cast, w.tr.params)
	return w
}

func (w *world) send(to string) string {
	w.t.Helper()
	before := len(w.inbox("dana"))
	if err := w.submit("dana", to); err != nil {
		w.t.Fatal(err)
	}
	if after := w.inbox("dana"); len(after) > before {
		return "back: " + after[len(after)-1]
	}
	return w.tr.Whereabouts(w.now(), "hello").Reason
}

func TestSmartHostTakesEverything(t *testing.T) {
	w := newSmartWorld(t)
	w.tr.SetSmartHost(w.now(), "provider", false)
	for _, tt := range []struct{ to, want string }{
		{"x@good.example", "taken by the smart host provider and delivered"},
		{"x@refusing.example", "back: Undelivered: hello"}, {"x@bogus.example", "back: Undelivered: hello"},
		{"x@dead.example", "taken by the smart host provider, which waits"},
	} {
		if got := w.send(tt.to); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.to, got, tt.want)
		}
	}
	equal(t, "queues", len(w.tr.Queues()), 0)
	equal(t, "arrived", w.tr.Whereabouts(w.now(), "hello").Allowed, false)
}

func TestSmartHostQueuesWhenBlocked(t *testing.T) {
	w := newSmartWorld(t, "smarthost.blocks_after=10m")
	w.tr.SetSmartHost(w.now(), "provider", false)
	w.send("x@trap.example")
	w.until(10 * time.Minute)
	w.send("x@trap.example")
	if got := w.send("x@good.example"); !strings.HasPrefix(got, "queued for provider") {
		t.Fatal(got)
	}
	q := w.tr.Queues()
	equal(t, "queues", len(q), 1)
	equal(t, "delivery type", q[0].DeliveryType, "SmartHostConnectorDelivery")
	if !strings.HasPrefix(q[0].LastError, "421 4.7.0") {
		t.Error(q[0].LastError)
	}
	w.tr.SetSmartHost(w.now(), "", true)
	equal(t, "after send-directly", w.tr.Whereabouts(w.now(), "hello").Reason, "taken by the mail server of good.example")
}

// A queue keeps its way until it has stood still for smtp.resubmit_idle.
func TestResubmit(t *testing.T) {
	for _, tt := range []struct {
		set      string
		resubmit bool
		left     time.Duration // 0: at once; -1: never
	}{
		{"smtp.resubmit_idle=12h", true, 0}, {"smtp.resubmit_idle=12h", false, 12 * time.Hour},
		{"smtp.resubmit_idle=3h", false, 3 * time.Hour}, {"smtp.resubmit_idle=never", false, -1},
	} {
		w := newSmartWorld(t, tt.set)
		w.send("x@dead.example")
		w.tr.SetSmartHost(w.now(), "provider", tt.resubmit)
		left := time.Duration(-1)
		for at := time.Duration(0); at <= 24*time.Hour; at += 10 * time.Minute {
			w.until(at)
			if len(w.tr.Queues()) == 0 {
				left = at
				break
			}
		}
		if left < tt.left || left > tt.left+10*time.Minute {
			t.Errorf("%s, resubmit %t: left the queue after %s, want %s", tt.set, tt.resubmit, left, tt.left)
		}
	}
}

func TestListedServer(t *testing.T) {
	w := newSmartWorld(t, "dnsbl.listed_after=1h")
	w.send("x@trap.example")
	w.until(time.Hour)
	w.send("x@trap.example")
	equal(t, "to a partner", w.send("x@good.example"), "back: Undeliverable: hello")
}
