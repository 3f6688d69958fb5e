package diagnosis

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// ndrAttack: spam for people who do not exist makes the server send reports to
// the forged senders. In the queues the reports come from postmaster or the
// null reverse path (KB909005). The forged senders are many, or those who do
// not exist are: reports to one correspondent about one mailbox that is gone
// are no attack.
func (c *Case) ndrAttack(v *view) []Finding {
	f := Finding{Class: NDRAttack}
	unknown, missing := c.unknown.sum(strings.Compare, func(a string) bool { return !c.outside(domainOf(a)) })
	n, victims := v.reports.n, v.victims.size()
	if n >= c.t.Many && float64(n) >= c.t.Share*float64(v.waiting) && (victims >= c.t.Many || len(missing) >= c.t.Many) {
		f.Evidence = append(f.Evidence, observed(FromQueues, &v.reports,
			"%d of %s that wait for other domains are reports of non-delivery, for %s in %s",
			n, plural(v.waiting, "message"), plural(victims, "address"), plural(v.hops.size(), "domain")))
	}
	reports, _ := c.reports.sum(compareReports, func(k reportKey) bool {
		return c.outside(k.to) && !c.outside(k.about)
	})
	victims = 0
	for k := range c.victims.of {
		if c.outside(domainOf(k.from)) && !c.outside(k.to) {
			victims++
		}
	}
	if reports.busiest() >= c.t.Many && float64(reports.n) >= c.t.Share*float64(c.inbound.n) && (victims >= c.t.Many || len(missing) >= c.t.Many) {
		f.Evidence = append(f.Evidence, observed(FromTracking, &reports,
			"%s of non-delivery made for %s outside, %d in the busiest hour, while %s came in",
			plural(reports.n, "report"), plural(victims, "sender"), reports.busiest(), plural(c.inbound.n, "message")))
		if unknown.n > 0 {
			f.Evidence = append(f.Evidence, observed(FromTracking, &unknown,
				"%s came for people who do not exist: %s", plural(unknown.n, "message"), some(missing)))
		}
	}
	if f.Evidence == nil {
		return nil
	}
	f.confidence(Likely)
	return []Finding{f}
}

// outOfOffice: a mailbox answers forged senders, and the answers stick. The
// sender is one user, each queue holds one or two, and each recipient wrote in
// before (002_235895b6475120ef.txt).
func (c *Case) outOfOffice(v *view) []Finding {
	users := map[string]bool{}
	for u := range v.own {
		users[u] = true
	}
	for u := range c.replies {
		users[u] = true
	}
	var found []Finding
	for _, user := range slices.Sorted(maps.Keys(users)) {
		if f := c.replying(v, user); f != nil {
			found = append(found, *f)
		}
	}
	return found
}

func (c *Case) replying(v *view, user string) *Finding {
	f := &Finding{Class: OutOfOffice}
	if user != "" && !null(user) {
		f.Who = []string{user}
	}
	marked := false // as automatic
	recipients := map[string]bool{}
	if u := v.own[user]; u != nil && len(u.perHop) >= c.t.StuckReplies && u.small(c.t.FewPerQueue) {
		t := tally{}
		for _, to := range slices.SortedFunc(maps.Keys(u.to), func(a, b string) int {
			return cmp.Or(cmp.Compare(u.to[a].File, u.to[b].File), cmp.Compare(u.to[a].Line, u.to[b].Line), cmp.Compare(a, b))
		}) {
			recipients[to] = true
			if s := u.to[to]; len(t.samples) == 0 || s.Where != t.samples[len(t.samples)-1].Where { // a line may be for several
				t.add(s.Where, s.At, func() string { return s.Text })
			}
		}
		t.n = u.n
		marked = u.replies*2 > u.n
		f.Evidence = append(f.Evidence, observed(FromQueues, &t, "%s, none with more than %d, hold mail from one user, %s: %s",
			plural(len(u.perHop), "queue"), c.t.FewPerQueue, cmp.Or(strings.Trim(user, "<>"), "the null sender"), plural(u.n, "message")))
	}
	if m := c.replies[user]; m != nil {
		marked = true
		out := func(a string) bool { return c.outside(domainOf(a)) }
		made, _ := m.made.sum(strings.Compare, out)
		stuck, to := m.stuck.sum(strings.Compare, out)
		if domains(to) >= c.t.StuckReplies && float64(len(to)) >= c.t.Share*float64(made.n) {
			for _, a := range to {
				recipients[a] = true
			}
			f.Evidence = append(f.Evidence, observed(FromTracking, &stuck,
				"%d of %s of %s to people outside could not be delivered, to %s", len(to), plural(made.n, "automatic reply"), user, plural(domains(to), "domain")))
		}
	}
	if f.Evidence == nil {
		return nil
	}
	before := tally{}
	for _, to := range slices.Sorted(maps.Keys(recipients)) {
		if s, ok := c.wrote[[2]string{to, user}]; ok {
			before.add(s.Where, s.at, func() string { return to + " wrote to " + user })
		}
	}
	wrote := len(recipients) > 0 && float64(before.n) >= c.t.WroteBefore*float64(len(recipients))
	if !marked && !wrote {
		return nil // mail that a person wrote
	}
	if before.n > 0 {
		kind := FromTracking
		if !c.saw[FromTracking] {
			kind = FromProtocol
		}
		f.Evidence = append(f.Evidence, observed(kind, &before, "%d of the %s wrote in before", before.n, plural(len(recipients), "recipient")))
	}
	f.confidence(Likely)
	return f
}

// small tells whether no queue holds more than n of the user's messages.
func (u *fromUser) small(n int) bool {
	for _, have := range u.perHop {
		if have > n {
			return false
		}
	}
	return true
}

func domains(addresses []string) int {
	s := map[string]bool{}
	for _, a := range addresses {
		s[domainOf(a)] = true
	}
	return len(s)
}

// directoryHarvest: one client asks for many addresses to learn which exist
// (004_4d27062e20911578.txt).
func (c *Case) directoryHarvest(*view) []Finding {
	f := Finding{Class: DirectoryHarvest}
	for _, client := range slices.SortedFunc(maps.Keys(c.refused), netip.Addr.Compare) {
		h := c.refused[client]
		if h.addresses.size() < c.t.Many || h.refused.n*2 < h.tried {
			continue
		}
		f.Who = append(f.Who, client.String())
		if len(f.Evidence) < maxShown {
			f.Evidence = append(f.Evidence, observed(FromProtocol, &h.refused, "%s asked for %s that do not exist, %d in the busiest hour",
				client, plural(h.addresses.size(), "address"), h.refused.busiest()))
		}
	}
	if f.Evidence == nil {
		return nil
	}
	f.Confidence = Strong // nothing else asks for so many
	return []Finding{f}
}

// maxShown bounds how many clients or hosts a finding shows the lines of.
const maxShown = 5

// notes tells what is worth knowing and no cause.
func (c *Case) notes(v *view, r *Report) (notes []string) {
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	if len(r.Domains) == 0 && (c.saw[FromTracking] || c.saw[FromProtocol] || c.saw[FromQueues]) {
		note("nothing shows which domains are yours: name them with --domain, or relay and automatic replies cannot be told apart")
	}
	if v.suspended > 0 {
		note("%s in the queues held by an administrator, which is no sign of anything", plural(v.suspended, "message"))
	}
	if n := v.waiting - v.suspended; n >= c.t.Many && len(r.Findings) == 0 {
		note("%s wait in %s without a sign of abuse: the far end may be away", plural(n, "message"), plural(len(v.queues), "queue"))
	}
	if unknown, who := c.unknown.sum(strings.Compare, func(a string) bool { return !c.outside(domainOf(a)) }); unknown.busiest() >= c.t.Many && !has(r, NDRAttack) {
		note("%s came for people who do not exist (any more): %s", plural(unknown.n, "message"), some(who))
	}
	if slices.ContainsFunc(r.Findings, func(f Finding) bool {
		return (f.Class == Relay || f.Class == AuthenticatedRelay) && !f.shows(FromProtocol)
	}) {
		note("which account relays stands in the SMTP protocol log only: switch it on (Set-ReceiveConnector -ProtocolLoggingLevel Verbose)")
	}
	if to := c.smartHost(v); to != "" && !has(r, SmartHost) {
		note("all mail leaves by the smart host %s: clear queues here prove little, ask its operator what waits there", to)
	}
	if !c.saw[FromQueues] {
		note("no list of the queues was given (Get-Queue and Get-Message), so whether they are clear is not known")
	}
	if has(r, InfectedWorkstation) && len(r.Servers) == 0 {
		note("nothing shows which addresses are your mail servers: name them with --server, since a mail server may call port 25")
	}
	if lost := c.lost; lost > 0 {
		note("there were more addresses and domains than are kept, so %s were left out", plural(lost, "detail"))
	}
	return notes
}

func has(r *Report, classes ...Class) bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return slices.Contains(classes, f.Class) })
}
