package diagnosis

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Options are what is known besides the records.
type Options struct {
	Thresholds Thresholds // the zero value: [DefaultThresholds]
	// Domains are the organisation's mail domains. Those that the records show
	// come to them.
	Domains []string
	// Servers are the addresses of the organisation's mail servers. Those that
	// the records show come to them.
	Servers []netip.Addr
	// Listed are the organisation's public addresses that a block list names.
	Listed []netip.Addr
}

// Case collects records. It is a [Sink]; [Case.Conclude] tells what they show.
type Case struct {
	o Options
	t Thresholds

	queues []Queue
	queued []Queued
	saw    map[Kind]bool // the kinds of records that there are

	end time.Time // the latest moment of any log

	inside    map[string]bool     // domains
	submitted map[string]bool     // domains of what mailboxes sent
	servers   map[netip.Addr]bool // mail servers
	left      map[string]bool     // domains that mail was sent to, or was tried to be
	nextHop   map[netip.Addr]int  // where mail that left went
	sent      tally               // mail that left

	inbound tally        // messages taken by SMTP
	unknown book[string] // mail for who does not exist, by address
	failure map[string]string
	reports book[reportKey]     // by who gets the report and whom it is about
	victims set[sending]        // who gets a report, and the domain that it is about
	ids     map[string]kindOf   // what a Message-ID is
	replies map[string]*mailbox // automatic replies by the mailbox that sends them
	wrote   map[[2]string]sign  // first sign that somebody wrote to somebody
	lost    int                 // records that found no room

	tracked map[netip.Addr]*stream // what clients handed in, by tracking
	streams map[streamKey]*stream  // the same, by protocol log
	logons  book[logonKey]
	refused map[netip.Addr]*harvest
	callers map[netip.Addr]*caller
}

type reportKey struct{ to, about string } // domains

type logonKey struct {
	client  netip.Addr
	account string
	ok      bool
}

type kindOf struct {
	report bool
	user   string // of an automatic reply: whose mailbox
}

// mailbox is what one mailbox answered by itself.
type mailbox struct {
	made  book[string] // by recipient
	stuck book[string] // those that could not be delivered, by recipient
}

type streamKey struct {
	client  netip.Addr
	account string
}

type pair struct{ from, to string } // domains

// stream is what one client handed in.
type stream struct {
	pairs      book[pair]
	senders    set[sending]
	connectors set[string]
}

// sending is a sender and the domain that he wrote to.
type sending struct{ from, to string }

// harvest is the addresses that one client was refused.
type harvest struct {
	addresses set[string]
	refused   tally
	tried     int
}

// caller is somebody who calls port 25 of hosts outside.
type caller struct {
	blocked, passed tally
	to              set[string]
}

// PortSMTP is the port that mail servers listen on (RFC 5321 section 4.5.4.2).
const PortSMTP = 25

// New returns a case without records.
func New(o Options) *Case {
	c := &Case{
		o: o, t: o.Thresholds, saw: map[Kind]bool{}, inside: map[string]bool{}, submitted: map[string]bool{}, servers: map[netip.Addr]bool{}, left: map[string]bool{},
		nextHop: map[netip.Addr]int{}, failure: map[string]string{}, ids: map[string]kindOf{},
		replies: map[string]*mailbox{}, wrote: map[[2]string]sign{}, tracked: map[netip.Addr]*stream{},
		streams: map[streamKey]*stream{}, refused: map[netip.Addr]*harvest{}, callers: map[netip.Addr]*caller{},
	}
	if c.t == (Thresholds{}) {
		c.t = DefaultThresholds
	}
	for _, d := range o.Domains {
		c.inside[strings.ToLower(d)] = true
	}
	for _, a := range o.Servers {
		c.servers[a.Unmap()] = true
	}
	return c
}

// room returns the entry of key, a new one when there is room for it.
func room[K comparable, V any](c *Case, m map[K]*V, key K) *V {
	v := m[key]
	if v == nil {
		if len(m) >= maxBook {
			c.lost++
			return nil
		}
		v = new(V)
		m[key] = v
	}
	return v
}

func keep[K comparable, V any](c *Case, m map[K]V, key K, v V, most int) {
	if _, known := m[key]; !known && len(m) >= most {
		c.lost++
		return
	}
	m[key] = v
}

// Open tells that there are records of a kind, if only an empty list of them:
// nothing in a queue is something to know.
func (c *Case) Open(k Kind) { c.saw[k] = true }

// AddQueue takes a line of Get-Queue.
func (c *Case) AddQueue(q Queue) {
	c.Open(FromQueues)
	if len(c.queues) < maxQueues {
		c.queues = append(c.queues, q)
	} else {
		c.lost++
	}
}

// AddQueued takes a line of Get-Message.
func (c *Case) AddQueued(m Queued) {
	c.Open(FromQueues)
	if len(c.queued) < maxQueued {
		c.queued = append(c.queued, m)
	} else {
		c.lost++
	}
	if begins(bare(m.From), reportSenders) {
		c.own(m.From)
	}
}

// own notes that an address is one of the organisation's.
func (c *Case) own(address string) {
	if d := domainOf(address); d != "" {
		keep(c, c.inside, d, true, maxBook)
	}
}

// AddTrack takes a line of a message tracking log.
func (c *Case) AddTrack(t Track) {
	c.Open(FromTracking)
	switch t.Event {
	case "RECEIVE", "SUBMIT", "DELIVER":
		c.server(t.Server) // of the others it is, or may be, the far end
	}
	c.until(t.At)
	switch t.Event {
	case "RECEIVE", "SUBMIT":
		if t.Source == SourceMailboxRule || begins(t.Subject, replySubjects) {
			c.reply(&t)
		}
		switch t.Source {
		case "SMTP", "":
			c.received(&t)
		case "STOREDRIVER":
			// Mostly a user of the organisation, but a rule that redirects mail
			// leaves the sender as it was.
			keep(c, c.submitted, domainOf(t.Sender), true, maxBook)
		}
	case "DELIVER", "RESOLVE":
		for _, to := range t.Recipients {
			c.own(to)
		}
	case "DSN":
		c.report(&t)
	case "SEND":
		c.sentOut(&t)
	case "DEFER":
		if t.Source == "SMTP" || t.Source == "DNS" || t.Source == "" {
			c.goesOut(&t)
			c.stuck(&t)
		}
	case "FAIL":
		c.failed(&t)
	}
}

// until notes how far the logs reach.
func (c *Case) until(at time.Time) {
	if at.After(c.end) {
		c.end = at
	}
}

func (c *Case) server(a netip.Addr) {
	if a.IsValid() && len(c.servers) < maxBook {
		c.servers[a] = true
	}
}

func (c *Case) goesOut(t *Track) {
	for _, to := range t.Recipients {
		if d := domainOf(to); d != "" {
			keep(c, c.left, d, true, maxPairs)
		}
	}
}

func (c *Case) sentOut(t *Track) {
	c.goesOut(t)
	if t.Server.IsValid() {
		keep(c, c.nextHop, t.Server, c.nextHop[t.Server]+1, maxBook)
	}
	c.sent.add(t.Where, t.At, func() string { return route(t) })
}

func route(t *Track) string {
	from := t.envelope()
	if null(from) && t.Sender != "" && !null(t.Sender) {
		from = "<> (" + t.Sender + ")"
	}
	return from + " -> " + strings.Join(t.Recipients[:min(len(t.Recipients), 3)], ", ")
}

// received is mail that came by SMTP.
func (c *Case) received(t *Track) {
	from := bare(t.envelope())
	c.inbound.add(t.Where, t.At, func() string { return route(t) })
	for _, to := range t.Recipients {
		c.wroteTo(from, to, t.Where, t.At)
	}
	if !t.Client.IsValid() {
		return
	}
	s := room(c, c.tracked, t.Client)
	if s == nil {
		return
	}
	s.connectors.add(t.Connector)
	for _, to := range t.Recipients {
		s.senders.add(sending{strings.Clone(from), strings.Clone(domainOf(to))})
		s.pairs.add(pair{strings.Clone(domainOf(from)), strings.Clone(domainOf(to))}, t.Where, t.At, func() string {
			return t.Client.String() + ": " + t.envelope() + " -> " + to
		})
	}
}

// sign is where and when something was first seen.
type sign struct {
	Where
	at time.Time
}

// wroteTo notes that somebody wrote to somebody. The words are copied: they are
// parts of lines, which would be kept with them.
func (c *Case) wroteTo(from, to string, w Where, at time.Time) {
	to = bare(to)
	if _, known := c.wrote[[2]string{from, to}]; !known && from != "" {
		keep(c, c.wrote, [2]string{strings.Clone(from), strings.Clone(to)}, sign{w, at}, maxPairs)
	}
}

// reply is mail that a mailbox sends by itself.
func (c *Case) reply(t *Track) {
	user := bare(t.Sender)
	if user == "" {
		user = bare(t.ReturnPath)
	}
	m := room(c, c.replies, user)
	if m == nil {
		return
	}
	if t.MessageID != "" {
		keep(c, c.ids, strings.Clone(t.MessageID), kindOf{user: strings.Clone(user)}, maxIDs)
	}
	for _, to := range t.Recipients {
		m.made.add(bare(to), t.Where, t.At, func() string { return user + " -> " + to + "  " + t.Subject })
	}
}

// stuck is mail that could not be delivered, for now or for good.
func (c *Case) stuck(t *Track) {
	kind := c.ids[t.MessageID]
	if kind.user == "" {
		return
	}
	if m := room(c, c.replies, kind.user); m != nil {
		for _, to := range t.Recipients {
			m.stuck.add(bare(to), t.Where, t.At, func() string {
				return strings.TrimSpace(kind.user + " -> " + to + "  " + t.Event + " " + t.Status)
			})
		}
	}
}

func (c *Case) failed(t *Track) {
	if t.Source == "SMTP" || t.Source == "DNS" {
		c.goesOut(t)
	}
	c.stuck(t)
	if t.Status != "" && !contains(t.Status, unknownUser) {
		return
	}
	for _, to := range t.Recipients {
		keep(c, c.failure, strings.Clone(t.MessageID), strings.Clone(domainOf(to)), maxIDs)
		c.unknown.add(bare(to), t.Where, t.At, func() string { return strings.TrimSpace(bare(to) + "  " + t.Status) })
	}
}

func (c *Case) report(t *Track) {
	if t.MessageID != "" {
		keep(c, c.ids, strings.Clone(t.MessageID), kindOf{report: true}, maxIDs)
	}
	if begins(bare(t.Sender), reportSenders) {
		c.own(t.Sender)
	}
	about := c.failure[t.Reference]
	for _, to := range t.Recipients {
		c.victims.add(sending{bare(to), about})
		c.reports.add(reportKey{domainOf(to), about}, t.Where, t.At, func() string {
			return strings.TrimSpace("report to " + bare(to) + "  " + t.Status)
		})
	}
}

// outside tells whether a domain is none of the organisation's.
func (c *Case) outside(domain string) bool {
	if domain == "" {
		return false
	}
	for d := domain; d != ""; _, d, _ = strings.Cut(d, ".") {
		if c.inside[d] {
			return false
		}
	}
	return true
}

func (c *Case) domains() []string {
	var list []string
	for d := range c.inside {
		if d != "" {
			list = append(list, d)
		}
	}
	slices.Sort(list)
	return list
}
