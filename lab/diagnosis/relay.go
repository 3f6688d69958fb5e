package diagnosis

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// relayed is what one client handed in for other domains.
type relayed struct {
	client  netip.Addr
	account string
	kind    Kind
	s       *stream
	out     tally
	foreign int // of these, with senders of other domains
	domains []string
	senders []string
	reasons []string // why it is no ordinary mail
}

// relay: mail from outside to outside, with a stolen account or without any
// (KB909005). Whether somebody signed in stands in the protocol log, or in the
// name of the connector.
func (c *Case) relay(v *view) []Finding {
	byClass := map[Class]*Finding{}
	at := func(class Class) *Finding {
		if byClass[class] == nil {
			byClass[class] = &Finding{Class: class}
		}
		return byClass[class]
	}
	classOf := map[netip.Addr]Class{}
	shown := map[Class]int{}
	for _, m := range c.suspects() {
		class := Relay
		switch {
		case m.kind == FromProtocol && m.account != "":
			class = AuthenticatedRelay
		case m.kind == FromProtocol:
			class = OpenRelay
		case classOf[m.client] != "":
			class = classOf[m.client]
		case m.s.connectors.size() > 0 && !slices.ContainsFunc(sorted(&m.s.connectors), func(n string) bool { return !forUsers(n) }):
			class = AuthenticatedRelay
		}
		if m.kind == FromProtocol {
			classOf[m.client] = class
		}
		f := at(class)
		if who := cmp.Or(strings.Trim(m.account, Unnamed), m.client.String()); !slices.Contains(f.Who, who) && (m.kind == FromProtocol || classOf[m.client] == "") {
			f.Who = append(f.Who, who)
		}
		if shown[class]++; shown[class] <= maxShown {
			f.Evidence = append(f.Evidence, c.describe(&m)...)
		}
	}
	if v.foreign.n >= c.t.Many && float64(v.foreign.n) >= c.t.Share*float64(v.waiting) && len(c.inside) > 0 {
		e := observed(FromQueues, &v.foreign, "%d of %s that wait for other domains have senders of other domains: %s",
			v.foreign.n, plural(v.waiting, "message"), some(sorted(&v.senders)))
		if len(byClass) == 0 {
			at(Relay)
		}
		for _, class := range slices.Sorted(maps.Keys(byClass)) {
			byClass[class].Evidence = append([]Evidence{e}, byClass[class].Evidence...)
		}
	}
	var found []Finding
	for _, class := range slices.Sorted(maps.Keys(byClass)) {
		byClass[class].confidence(Likely)
		found = append(found, *byClass[class])
	}
	return found
}

// suspects are the clients whose mail to other domains is no ordinary mail,
// the protocol log's before those of the tracking log.
func (c *Case) suspects() (list []relayed) {
	if len(c.inside) == 0 {
		return nil
	}
	add := func(m relayed) {
		if c.measure(&m) {
			list = append(list, m)
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(c.streams), func(a, b streamKey) int {
		return cmp.Or(cmp.Compare(a.account, b.account), a.client.Compare(b.client))
	}) {
		add(relayed{client: k.client, account: k.account, kind: FromProtocol, s: c.streams[k]})
	}
	n := len(list)
	slices.SortStableFunc(list, func(a, b relayed) int { return cmp.Compare(b.out.n, a.out.n) })
	for _, a := range slices.SortedFunc(maps.Keys(c.tracked), netip.Addr.Compare) {
		add(relayed{client: a, kind: FromTracking, s: c.tracked[a]})
	}
	slices.SortStableFunc(list[n:], func(a, b relayed) int { return cmp.Compare(b.out.n, a.out.n) })
	return list
}

// measure counts what a client handed in for other domains, and tells whether
// that is no ordinary mail.
func (c *Case) measure(m *relayed) bool {
	if c.servers[m.client] {
		return false // mail between the organisation's own servers
	}
	seen := map[string]bool{}
	var keys []pair
	m.out, keys = m.s.pairs.sum(comparePairs, func(k pair) bool { return c.outside(k.to) && c.went(k.to) })
	for _, k := range keys {
		if !seen[k.to] {
			seen[k.to] = true
			m.domains = append(m.domains, k.to)
		}
		if c.outside(k.from) {
			m.foreign += m.s.pairs.of[k].n
		}
	}
	if m.out.n < c.t.Many {
		return false
	}
	senders := set[string]{}
	for k := range m.s.senders.of {
		if seen[k.to] {
			senders.add(k.from)
		}
	}
	m.senders = sorted(&senders)
	reason := func(format string, args ...any) { m.reasons = append(m.reasons, fmt.Sprintf(format, args...)) }
	if m.foreign >= c.t.Many {
		reason("%d with senders of other domains", m.foreign)
	}
	if local(m.client) {
		return len(m.reasons) > 0 // a program in the office may write to many, in its own name
	}
	if n := m.out.busiest(); n > c.t.PerHour {
		reason("%d in the busiest hour, more than anybody writes", n)
	}
	if n := c.refusals(m.client); n >= c.t.FailedLogons {
		reason("after %s", plural(n, "refused password"))
	}
	if administrative(m.account) || m.account == "" && len(m.senders) == 1 && administrative(m.senders[0]) {
		reason("an account that guessers try first")
	}
	return len(m.reasons) > 0
}

// went tells whether mail to a domain is known to have left. Without a tracking
// log that is not known of any.
func (c *Case) went(domain string) bool { return !c.saw[FromTracking] || c.left[domain] }

func (c *Case) refusals(client netip.Addr) int {
	t, _ := c.logons.sum(compareLogons, func(k logonKey) bool { return k.client == client && !k.ok })
	return t.n
}

// describe is the evidence about one client.
func (c *Case) describe(m *relayed) (list []Evidence) {
	who := m.client.String()
	switch m.account {
	case "":
		who += ", without signing in,"
		if m.kind == FromTracking {
			who = m.client.String()
		}
	case Unnamed:
		who += ", signed in (the log does not tell as whom),"
	default:
		who += ", signed in as " + m.account + ","
	}
	what := ""
	if n := sorted(&m.s.connectors); len(n) > 0 && n[0] != "" {
		what = ", through " + some(n)
	}
	list = append(list, observed(m.kind, &m.out, "%s handed in mail for %s in %s%s, from %s: %s",
		who, plural(m.out.n, "recipient"), plural(len(m.domains), "other domain"), what, some(m.senders), strings.Join(m.reasons, "; ")))
	if m.kind != FromProtocol {
		return list
	}
	failures, _ := c.logons.sum(compareLogons, func(k logonKey) bool { return k.client == m.client && !k.ok })
	if failures.n >= c.t.FailedLogons {
		list = append(list, observed(FromProtocol, &failures, "%s was refused %s", m.client, plural(failures.n, "password")))
	}
	if m.account != "" {
		in, _ := c.logons.sum(compareLogons, func(k logonKey) bool { return k.client == m.client && k.ok && k.account == m.account })
		if in.n > 0 {
			list = append(list, observed(FromProtocol, &in, "%s signed in %s", m.client, plural(in.n, "time")))
		}
	}
	return list
}
