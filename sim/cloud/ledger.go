package cloud

import (
	"slices"
	"strings"
	"time"

	"shutout/lab"
	"shutout/sim/profile"
)

// Ledger lists the tokens of somebody that would be taken now: those that get
// new access tokens, and the access tokens themselves.
func (t *Tenant) Ledger(now time.Time, sam string) []lab.LedgerEntry {
	var out []lab.LedgerEntry
	for _, g := range t.grants {
		if !strings.EqualFold(g.user.SAM, sam) || t.dead(now, g) != nil {
			continue
		}
		e := lab.LedgerEntry{Layer: lab.LayerRefreshToken, Server: t.host, What: "refresh token of " + clientName(g.client.ID), Since: g.signed}
		if t.p.RefreshToken != profile.Never {
			e.Rule, e.Until = "for "+lab.Duration(t.p.RefreshToken), g.used.Add(t.p.RefreshToken)
		}
		out = append(out, e)
		if r := t.Check(now, t.host, g.access); r.User != nil {
			out = append(out, lab.LedgerEntry{Layer: lab.LayerCloudToken, Server: t.host, What: "access token of " + clientName(g.client.ID), Rule: r.Decision.Rule, Since: r.Decision.Since, Until: r.Until})
		}
	}
	slices.SortFunc(out, func(a, b lab.LedgerEntry) int {
		if c := a.Since.Compare(b.Since); c != 0 {
			return c
		}
		if c := strings.Compare(a.What, b.What); c != 0 {
			return c
		}
		return a.Until.Compare(b.Until)
	})
	return out
}

func clientName(id string) string {
	if id == "" {
		return "a program"
	}
	return id
}
