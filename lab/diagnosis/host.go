package diagnosis

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
)

// infected: a computer of the office, or the mail server itself, calls port 25
// outside by an engine of its own. The queues show nothing of it
// (004_4d27062e20911578.txt).
func (c *Case) infected(v *view) []Finding {
	station, server := Finding{Class: InfectedWorkstation}, Finding{Class: InfectedServer}
	role := "which is no mail server"
	if len(c.servers) == 0 {
		role = "which is not known to be a mail server"
	}
	for _, a := range slices.SortedFunc(maps.Keys(c.callers), netip.Addr.Compare) {
		k := c.callers[a]
		if c.servers[a] {
			c.serverCalls(v, &server, a, k)
			continue
		}
		shown := len(station.Evidence)
		if k.blocked.n >= c.t.Blocked && shown < maxShown {
			station.Evidence = append(station.Evidence, observed(FromFirewall, &k.blocked,
				"%s, %s, called port 25 of %s and was blocked", a, role, plural(k.to.size(), "host")))
		}
		if k.passed.n >= c.t.Calls && shown < maxShown {
			station.Evidence = append(station.Evidence, observed(FromFirewall, &k.passed,
				"%s, %s, called port 25 of %s and was let through", a, role, plural(k.to.size(), "host")))
		}
		if k.blocked.n >= c.t.Blocked || k.passed.n >= c.t.Calls {
			station.Who = append(station.Who, a.String())
		}
	}
	var found []Finding
	for _, f := range []*Finding{&station, &server} {
		if f.Evidence == nil {
			continue
		}
		if v.clear(c) {
			f.Evidence = append(f.Evidence, Evidence{Kind: FromQueues, Count: v.waiting - v.suspended,
				Text: "the queues are clear: " + plural(v.waiting-v.suspended, "message") + " on the way to other domains"})
		}
		f.Confidence = Likely
		if f == &station && len(c.servers) > 0 {
			f.Confidence = Strong // nobody but a mail server needs port 25 outside
		}
		found = append(found, *f)
	}
	return found
}

// serverCalls holds a mail server's calls against the mail that it is known to
// have sent: one that calls far more often has something else on board.
func (c *Case) serverCalls(v *view, f *Finding, a netip.Addr, k *caller) {
	calls := k.passed.n + k.blocked.n
	if !c.saw[FromTracking] || !v.clear(c) || calls < c.t.Calls || calls <= 2*(c.sent.n+v.waiting) {
		return
	}
	t := k.passed
	t.join(&k.blocked)
	f.Who = append(f.Who, a.String())
	f.Evidence = append(f.Evidence, observed(FromFirewall, &t, "%s, a mail server, called port 25 of %s, and its tracking log knows of %s that left",
		a, plural(k.to.size(), "host"), plural(c.sent.n, "message")))
}

// byElimination is what is left to think of when an address is listed, or mail
// leaves by a smart host, and nothing else was found.
func (c *Case) byElimination(v *view) []Finding {
	if len(c.o.Listed) == 0 || !v.clear(c) {
		return nil
	}
	e := []Evidence{
		{Kind: FromListing, Text: onList(c.o.Listed)},
		{Kind: FromQueues, Text: "the queues are clear: " + plural(v.waiting-v.suspended, "message") + " on the way to other domains"},
	}
	if to := c.smartHost(v); to != "" {
		e = append(e, Evidence{Kind: FromTracking, Text: "mail leaves by the smart host " + to + ", so what is abused may wait there"})
		return []Finding{
			{Class: SmartHost, Confidence: Possible, Who: []string{to}, Evidence: e},
			{Class: InfectedWorkstation, Confidence: Possible, Evidence: e[:2]},
		}
	}
	return []Finding{{Class: InfectedWorkstation, Confidence: Possible, Evidence: e}}
}

// smartHost is where all mail goes that leaves, or "".
func (c *Case) smartHost(v *view) string {
	if v.smartHost != "" {
		return v.smartHost
	}
	outside := 0
	for d := range c.left {
		if c.outside(d) {
			outside++
		}
	}
	if outside < c.t.SmartHostDomains {
		return ""
	}
	hops := slices.SortedFunc(maps.Keys(c.nextHop), func(a, b netip.Addr) int { return cmp.Or(cmp.Compare(c.nextHop[b], c.nextHop[a]), a.Compare(b)) })
	hops = slices.DeleteFunc(hops, func(a netip.Addr) bool { return c.servers[a] })
	if len(hops) != 1 {
		return ""
	}
	return hops[0].String()
}
