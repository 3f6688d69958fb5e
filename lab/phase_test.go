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
	track.Observe(at(5), at(5), refused, []Decision{cookie, no})
	track.Observe(at(6), at(6), &Failure{Kind: Unknown, Stage: "send", Text: "connection closed by server"}, []Decision{no})
	track.Observe(at(7), at(7), nil, []Decision{session})
	track.Observe(at(8), at(8), nil, []Decision{yes(LayerSession, "session open", at(8))})

	busy := &Track{Activity: &Activity{}, Order: order}
	for m := range 3 * maxPhases {
		busy.Observe(at(m), at(m), nil, []Decision{[]Decision{session, asked}[m%2]})
	}
	busy.Observe(at(3*maxPhases), at(3*maxPhases), refused, []Decision{no})
	if p := busy.Phases; len(p) != maxPhases+1 || p[maxPhases-1].Count != 2*maxPhases+1 || p[maxPhases].OK {
		t.Errorf("%d phases, %+v", len(p), p[len(p)-2:])
	}

	want := []PhaseResult{
		{"ok", -120, -60, 2, LayerTicket, "ticket accepted on cas1, made T-30m"},
		{"ok", 0, 60, 2, LayerSession, "session open on cas1, made T-30m, renewed T+1m"},
		{"ok", 120, 120, 1, LayerTicket, "ticket accepted on cas1, made T-30m"},
		{"unreachable", 180, 180, 1, "", "dial: no answer"},
		{"refused", 240, 300, 2, LayerDirectory, "account disabled on dc1"},
		{"unknown", 360, 360, 1, LayerDirectory, "account disabled on dc1"}, // it may have worked
		{"ok", 420, 420, 1, LayerSession, "session open on cas1, made T-30m"},
		{"ok", 480, 480, 1, LayerSession, "session open on cas1, made T+8m"}, // of a sign-in after the order
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

// TestDeciding: of several layers that take part in an attempt, the one that
// explains it best.
func TestDeciding(t *testing.T) {
	order := time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC)
	made := func(l Layer, m int) Decision {
		return Decision{Layer: l, Allowed: true, Reason: string(l), Since: order.Add(time.Duration(m) * time.Minute)}
	}
	asked := Decision{Layer: LayerDirectory, Allowed: true, Reason: "asked"}
	no := func(l Layer) Decision { return Decision{Layer: l, Reason: string(l) + " says no"} }
	type ds = []Decision
	for name, tt := range map[string]struct {
		why  ds
		ok   bool
		want string
	}{
		"an old token before an old session":                {ds{made(LayerSession, -30), made(LayerToken, -30)}, true, "iis-token-cache"},
		"a token from after the order hides no old session": {ds{made(LayerToken, 5), made(LayerSession, -30)}, true, "protocol-session"},
		"an old ticket opens a new session":                 {ds{made(LayerTicket, -30), made(LayerSession, 5)}, true, "kerberos-ticket"},
		"an old connection, a new look at the rights":       {ds{made(LayerConnection, -30), made(LayerMailboxInfo, 5)}, true, "connection"},
		"rights from before on a new connection":            {ds{asked, made(LayerConnection, 5), made(LayerMailboxInfo, -5)}, true, "mailbox-info-cache"},
		"the old password, whenever its window began":       {ds{made(LayerOldPassword, 0), made(LayerSession, 5)}, true, "old-password-window"},
		"nothing old: the directory was asked":              {ds{asked, made(LayerConnection, 5), made(LayerSession, 5)}, true, "asked"},
		"nothing old and nobody asked":                      {ds{made(LayerSession, 5)}, true, "protocol-session"},
		"the last word of each layer counts":                {ds{made(LayerToken, -30), made(LayerToken, 5), made(LayerCookie, 5)}, true, "iis-token-cache"},
		"what was refused on the way does not let in":       {ds{no(LayerMailboxInfo), made(LayerSession, -30)}, true, "protocol-session"},
		"refused rights behind an old connection":           {ds{made(LayerConnection, -30), no(LayerMailboxInfo)}, false, "mailbox-info-cache says no"},
		"of two refusals the last":                          {ds{no(LayerSession), no(LayerDirectory)}, false, "directory says no"},
		"nobody said why":                                   {ds{made(LayerSession, -30)}, false, ""},
	} {
		if got := deciding(tt.why, tt.ok, order); got.Reason != tt.want {
			t.Errorf("%s: %q, want %q", name, got.Reason, tt.want)
		}
	}
}
