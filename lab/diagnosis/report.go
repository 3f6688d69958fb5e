package diagnosis

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Class is a cause.
type Class string

// The causes.
const (
	NDRAttack           Class = "ndr-attack"
	AuthenticatedRelay  Class = "authenticated-relay"
	OpenRelay           Class = "open-relay"
	Relay               Class = "relay" // one of the two before; the records do not tell which
	OutOfOffice         Class = "out-of-office"
	DirectoryHarvest    Class = "directory-harvest"
	InfectedWorkstation Class = "infected-workstation"
	InfectedServer      Class = "infected-server"
	SmartHost           Class = "smart-host"
)

// Confidence tells how much stands behind a finding.
type Confidence string

const (
	// Strong: two kinds of records agree, or one shows what nothing else
	// explains.
	Strong Confidence = "strong"
	// Likely: one kind of records shows it.
	Likely Confidence = "likely"
	// Possible: it is left over when the rest is ruled out.
	Possible Confidence = "possible"
)

// Kind is what sort of records a piece of evidence comes from.
type Kind string

const (
	FromQueues   Kind = "queues"
	FromTracking Kind = "tracking"
	FromProtocol Kind = "protocol"
	FromFirewall Kind = "firewall"
	FromListing  Kind = "block list"
)

// Evidence is one observation and some of the lines that show it.
type Evidence struct {
	Kind  Kind      `json:"kind"`
	Text  string    `json:"text"`
	Count int       `json:"count,omitempty"`
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`
	Lines []Sample  `json:"lines,omitempty"`
}

func observed(k Kind, t *tally, format string, args ...any) Evidence {
	return Evidence{Kind: k, Text: fmt.Sprintf(format, args...), Count: t.n, First: t.first, Last: t.last, Lines: t.samples}
}

// Finding is a cause that the records show.
type Finding struct {
	Class      Class      `json:"class"`
	Confidence Confidence `json:"confidence"`
	// Who is what it is about: an account, a mailbox, the address of a host.
	Who      []string   `json:"who,omitempty"`
	Evidence []Evidence `json:"evidence"`
	// Over tells that the logs go on for a while after the last sign of it, and
	// that nothing of it waits in the queues.
	Over bool `json:"over"`
}

// confidence follows from how many kinds of records agree.
func (f *Finding) confidence(floor Confidence) {
	f.Confidence = floor
	kinds := map[Kind]bool{}
	for _, e := range f.Evidence {
		kinds[e.Kind] = true
	}
	if len(kinds) > 1 && floor == Likely {
		f.Confidence = Strong
	}
}

// shows tells whether there is evidence of a kind.
func (f *Finding) shows(k Kind) bool {
	return slices.ContainsFunc(f.Evidence, func(e Evidence) bool { return e.Kind == k })
}

// Report is what a case comes to.
type Report struct {
	// Findings are the causes; none: nothing was found.
	Findings []Finding `json:"findings"`
	// Mixed tells that several causes are at work at once.
	Mixed bool `json:"mixed"`
	// Notes are what is worth knowing and no cause: what could not be told and why.
	Notes []string `json:"notes,omitempty"`
	// Domains and Servers are what was taken for the organisation's own.
	Domains []string     `json:"domains,omitempty"`
	Servers []netip.Addr `json:"servers,omitempty"`
	// End is how far the logs reach.
	End time.Time `json:"end,omitzero"`
	// Waiting is how much waits in the queues for other domains, where the
	// queues are known.
	Waiting *Waiting `json:"waiting,omitempty"`
}

// Waiting is what lies in the queues to other domains.
type Waiting struct {
	Messages  int `json:"messages"`
	Suspended int `json:"suspended"` // of these, held by an administrator
	Queues    int `json:"queues"`
}

// Conclude tells what the records show. The same records give the same report.
func (c *Case) Conclude() *Report {
	if len(c.inside) == 0 {
		for d := range c.submitted {
			c.own("@" + d)
		}
	}
	v := c.view()
	r := &Report{Domains: c.domains(), End: c.end}
	for a := range c.servers {
		r.Servers = append(r.Servers, a)
	}
	slices.SortFunc(r.Servers, netip.Addr.Compare)
	if c.saw[FromQueues] {
		r.Waiting = &Waiting{Messages: v.waiting, Suspended: v.suspended, Queues: len(v.queues)}
	}
	for _, find := range []func(*view) []Finding{
		c.ndrAttack, c.relay, c.outOfOffice, c.directoryHarvest, c.infected,
	} {
		r.Findings = append(r.Findings, find(v)...)
	}
	if len(r.Findings) == 0 {
		r.Findings = c.byElimination(v)
	}
	for i := range r.Findings {
		r.Findings[i].Over = c.over(&r.Findings[i])
	}
	c.listed(r)
	r.Mixed = len(causes(r.Findings)) > 1
	r.Notes = c.notes(v, r)
	return r
}

// over tells whether nothing is seen of a cause any more.
func (c *Case) over(f *Finding) bool {
	last := time.Time{}
	for _, e := range f.Evidence {
		if e.Kind == FromQueues && len(e.Lines) > 0 {
			return false
		}
		if e.Last.After(last) {
			last = e.Last
		}
	}
	return !last.IsZero() && c.end.Sub(last) >= c.t.Over
}

// causes lists the classes that were found.
func causes(list []Finding) []Class {
	var out []Class
	for _, f := range list {
		if !slices.Contains(out, f.Class) {
			out = append(out, f.Class)
		}
	}
	return out
}

// listed adds what a block list says to the findings that explain it.
func (c *Case) listed(r *Report) {
	if len(c.o.Listed) == 0 {
		return
	}
	e := Evidence{Kind: FromListing, Text: onList(c.o.Listed)}
	for i := range r.Findings {
		f := &r.Findings[i]
		if !f.shows(FromListing) {
			f.Evidence = append(f.Evidence, e)
		}
	}
}

func onList(list []netip.Addr) string {
	words := make([]string, len(list))
	for i, a := range list {
		words[i] = a.String()
	}
	return "a block list names " + strings.Join(words, ", ")
}

// some names the first few of a list.
func some(list []string) string {
	const few = 3
	if len(list) <= few {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:few], ", "), len(list)-few)
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	switch {
	case strings.HasSuffix(noun, "reply"):
		noun = strings.TrimSuffix(noun, "y") + "ies"
	case strings.HasSuffix(noun, "address"):
		noun += "es"
	default:
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

func compareReports(a, b reportKey) int {
	return cmp.Or(cmp.Compare(a.to, b.to), cmp.Compare(a.about, b.about))
}
func comparePairs(a, b pair) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) }
func compareLogons(a, b logonKey) int {
	return cmp.Or(a.client.Compare(b.client), cmp.Compare(a.account, b.account))
}
