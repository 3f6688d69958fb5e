package clientaccess

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"shutout/lab"
	"shutout/sim/profile"
)

// Ledger lists what this server remembers of somebody: tokens, cookies that it
// would open, sessions and requests that it holds, and what it has read of the
// account. Looking renews nothing.
func (s *Server) Ledger(now time.Time, sam string) []lab.LedgerEntry {
	out := append(s.tokensOf(now, sam), s.cookiesOf(now, sam)...)
	for _, e := range s.Sessions() {
		if strings.EqualFold(e.User, sam) {
			out = append(out, e.entry(now, s.host))
		}
	}
	if loaded, until, ok := s.cache.Known(now, sam); ok {
		out = append(out, lab.LedgerEntry{Layer: lab.LayerDirCache, Server: s.host, What: "the account as it was read", Rule: age(s.ca.p.Dir.CacheTTL), Since: loaded, Until: until})
	}
	return out
}

func age(d time.Duration) string {
	if d == profile.Never {
		return "kept"
	}
	return "age " + lab.Duration(d)
}

func (s *Server) tokensOf(now time.Time, sam string) (out []lab.LedgerEntry) {
	for _, pool := range slices.Sorted(maps.Keys(s.processes)) {
		var mine []*token
		for _, t := range s.processes[pool].tokens.entries {
			if !t.lapsed(now) && strings.EqualFold(t.user.SAM(), sam) {
				mine = append(mine, t)
			}
		}
		slices.SortFunc(mine, func(a, b *token) int {
			return cmp.Or(a.minted.Compare(b.minted), a.renewed.Compare(b.renewed), cmp.Compare(a.rule.text, b.rule.text))
		})
		for _, t := range mine {
			out = append(out, lab.LedgerEntry{Layer: lab.LayerToken, Server: s.host, What: "token of " + string(pool), Rule: t.rule.text, Since: t.minted, Until: t.until()})
		}
	}
	return out
}

func (s *Server) cookiesOf(now time.Time, sam string) (out []lab.LedgerEntry) {
	for _, id := range slices.Sorted(maps.Keys(s.issued)) {
		c := s.issued[id]
		ring := s.keys[c.kind]
		until := ring.lapse(c.gen)
		if o, ok := s.dc.Lookup(c.user); !ok || !strings.EqualFold(o.SAM(), sam) || !now.Before(until) {
			continue
		}
		out = append(out, lab.LedgerEntry{Layer: lab.LayerCookie, Server: s.host, What: "cookie of the browser", Rule: ring.rule, Since: c.issued, Until: until})
	}
	return out
}

// entry tells what is held for a user.
func (e *Session) entry(now time.Time, host string) lab.LedgerEntry {
	if e.Tell != nil {
		d := e.Tell(now)
		return lab.LedgerEntry{Layer: d.Layer, Server: d.Server, What: d.Reason, Rule: d.Rule, Since: d.Since, Until: d.Until}
	}
	out := lab.LedgerEntry{Layer: lab.LayerHanging, Server: host, What: "request held open", Since: e.Opened}
	switch {
	case e.process == nil:
		out.Layer, out.What = lab.LayerConnection, "session of "+e.Service
	case e.process.Pool == PoolRPCProxy:
		out.Layer, out.What = lab.LayerConnection, "tunnel of Outlook Anywhere"
	default:
		out.What += " in " + string(e.process.Pool)
	}
	return out
}
