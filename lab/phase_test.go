package lab

import (
	"testing"
	"time"
)

// TestPhases: an attempt that is let in owes it to what is older than the
// order; a change of what decides begins a new phase, and a renewal does not.
func TestPhases(t *testing.T) {
	order := time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC)
	at := func(m int) time.Duration { return time.Duration(m) * time.Minute }
	yes := func(l Layer, reason string, since time.Duration) Decision {
		d := Decision{Layer: l, Server: "cas1", Allowed: true, Reason: reason}
		if since != 0 {
			d.Since = order.Add(since)
		}
		return d
	}
	session := yes(LayerSession, "session open", at(-30))
	renewed := session
	renewed.Renewed = order.Add(at(1))
	asked := yes(LayerDirectory, "password accepted", 0)
	ticket := yes(LayerTicket, "ticket accepted", at(-30))
	no := Decision{Layer: LayerDirectory, Server: "dc1", Reason: "account disabled"}
	cookie := Decision{Layer: LayerCookie, Server: "cas1", Reason: "cookie refused"}
	refused := &Failure{Kind: Refused, Stage: "sign-in", Text: "401"}

	track := &Track{Activity: &Activity{}, Order: order}
	track.Observe(at(-2), at(-2), nil, []Decision{asked, session})
	track.Observe(at(-1), at(-1), nil, []Decision{asked, ticket})
	track.Observe(at(0), at(0), nil, []Decision{asked, session})
	track.Observe(at(1), at(1), nil, []Decision{renewed, asked})
	track.Observe(at(2), at(2), nil, []Decision{session, ticket})
	track.Observe(at(3), at(3), &Failure{Kind: Unreachable, Stage: "dial", Text: "no answer"}, nil)
	track.Observe(at(4), at(4), refused, []Decision{cookie, no})
	again := no
	again.Rule, again.Since = "from a cache", order.Add(at(4))
	track.Observe(at(5), at(5), refused, []Decision{cookie, again})

	want := []PhaseResult{
		{"ok", -120, -60, 2, LayerTicket, "ticket accepted on cas1, made T-30m"},
		{"ok", 0, 60, 2, LayerSession, "session open on cas1, made T-30m, renewed T+1m"},
		{"ok", 120, 120, 1, LayerTicket, "ticket accepted on cas1, made T-30m"},
		{"unreachable", 180, 180, 1, "", "dial: no answer"},
		{"refused", 240, 300, 2, LayerDirectory, "account disabled on dc1"},
	}
	got := track.phases(order)
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i, w := range want {
		if got[i] != w {
			t.Errorf("phase %d is %+v, want %+v", i, got[i], w)
		}
	}
}
