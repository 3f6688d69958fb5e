// Package transport is the organisation's mail transport: receive connectors
// and the policy of an SMTP session, submission from the mailboxes, the
// categorizer, the queues with their retries, bounces and delay notices, and
// out-of-office replies. It is plain data; whoever calls in holds the world's
// lock and says what time it is. Nothing here reads or writes a network.
package transport

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
	"shutout/sim/internet"
	"shutout/sim/profile"
	"shutout/sim/store"
	"shutout/sim/timeline"
)

// Ports of SMTP. Mail between servers and databases does not pass the port
// that clients use from 2013 on (Receive connectors, OfficeDocs-Exchange).
const (
	PortSMTP       = 25
	PortSubmission = 587
	portHub        = 2525
)

// Transport is the transport service of every mailbox server.
type Transport struct {
	tl     *timeline.Timeline
	params profile.Params
	dir    *directory.Directory
	st     *store.Store
	cast   *lab.Cast
	reach  func(from, toAddr string, port int) bool
	inet   *internet.Internet
	gen    generation
	domain string // the accepted domain, lower case
	// PublicAddr tells which address a server's packets have on the internet.
	// It is set before the first message, if at all.
	PublicAddr func(server string) netip.Addr
	// Logon checks a password that a client of a server sent. At first it asks
	// the domain controller that the server uses.
	Logon func(now time.Time, server, user, password string) directory.Logon
	// Known, if set, is asked about the recipient at each delivery to a mailbox;
	// mail for somebody unknown is returned.
	Known func(now time.Time, server, user string) bool

	hosts       []*host // in the organisation's order
	connectors  []*Connector
	servers     map[netip.Addr]bool // addresses of the organisation's own servers
	people      map[string]*autoReply
	replies     replyLog
	external    bool            // AllowedOOFType of the default remote domain lets replies out
	remote      map[string]bool // the same for remote domains of their own
	rejects     map[string]bool // senders whose mail a transport rule returns, by address
	frozen      bool            // nothing leaves for other domains
	smartHost   string          // the host that all mail for other domains is handed to, if any
	autoForward bool            // AutoForwardEnabled of the default remote domain
	forwardTo   map[string]bool // the same for remote domains of their own
	onward      onwardLog

	signedIn []*Session // those of users, oldest first

	ids      *rand.Rand // Message-IDs and session ids
	nextID   uint64     // InternalMessageId
	nextNum  int        // queue numbers
	tracking ring[TrackEvent]
	log      ring[LogLine]
	rate     rateMeter
}

// host is the transport service of one mailbox server.
type host struct {
	name  string
	fqdn  string
	addr  netip.Addr
	cache *directory.Cache // what this service remembers of the directory
	down  bool
	// queues by kind and next hop; a queue exists while it holds a message
	// or is suspended.
	queues map[queueKey]*queue
	// waiting is what was handed over while the service was down.
	waiting []*message
	pickup  pickup
}

// New returns the transport of cast's organisation, its mailboxes'
// out-of-office set as the cast has it. Reach tells whether a connection from
// a host to another host, or to the mail exchanger of an outside domain (then
// toAddr is the domain's name), gets through at the moment.
func New(tl *timeline.Timeline, p profile.Params, dir *directory.Directory, st *store.Store, cast *lab.Cast,
	reach func(from, toAddr string, port int) bool) *Transport {
	t := &Transport{
		tl: tl, params: p, dir: dir, st: st, cast: cast, reach: reach,
		inet:        internet.New(cast, p),
		gen:         generationOf(p.Server.Version),
		domain:      strings.ToLower(cast.Organisation.Domain),
		servers:     map[netip.Addr]bool{},
		people:      map[string]*autoReply{},
		external:    externalByDefault(p),
		remote:      map[string]bool{},
		autoForward: p.Remote.AutoForward, forwardTo: map[string]bool{},
		ids:      tl.Rand("transport"),
		tracking: newRing[TrackEvent](maxTracking),
		log:      newRing[LogLine](maxLogLines),
	}
	t.Logon = func(now time.Time, server, user, password string) directory.Logon {
		return t.dir.DCFor(server).Logon(now, user, password, directory.Cleartext)
	}
	for _, site := range cast.Organisation.Sites {
		for _, name := range slices.Concat(site.DCs, site.CAS, site.Stores) {
			if h := cast.Hosts[name]; h != nil && h.Addr.IsValid() {
				t.servers[h.Addr.Unmap()] = true
			}
		}
		for _, name := range site.Stores {
			if t.host(name) != nil {
				continue
			}
			h := &host{
				name: name, fqdn: t.fqdn(name), queues: map[queueKey]*queue{},
				cache: directory.NewCache(dir.DCFor(name), p.Dir.CacheTTL),
			}
			if c := cast.Hosts[name]; c != nil {
				h.addr = c.Addr
			}
			t.hosts = append(t.hosts, h)
			t.connectors = append(t.connectors, t.defaultConnectors(h)...)
		}
	}
	if cast.Organisation.Pickup != nil {
		for _, h := range t.hosts {
			t.SharePickup(h.name, cast.Organisation.Pickup)
		}
	}
	ids := make([]string, 0, len(cast.People))
	for id := range cast.People {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		if who := cast.People[id]; !who.Outsider() && who.OutOfOffice != "" {
			if state, err := ParseOOFState(who.OutOfOffice); err == nil {
				t.autoReply(id).set(tl.Now(), OutOfOffice{State: state})
			}
		}
	}
	return t
}

// generationOf tells whose words a server of a version uses.
func generationOf(v profile.ServerVersion) generation {
	switch {
	case v.Before(profile.Build2007):
		return gen2003
	case v.Before(profile.Build2013):
		return gen2007
	case v.Before(profile.Build2016):
		return gen2013
	default:
		return gen2016
	}
}

func (t *Transport) fqdn(name string) string {
	if strings.Contains(name, ".") {
		return name
	}
	return name + "." + t.domain
}

func (t *Transport) host(name string) *host {
	for _, h := range t.hosts {
		if strings.EqualFold(h.name, name) {
			return h
		}
	}
	return nil
}

// SetService tells that the transport service of a server stopped or started.
// While it is down nothing is retried there; what mailboxes submit waits.
func (t *Transport) SetService(now time.Time, server string, up bool) {
	h := t.host(server)
	if h == nil || h.down == !up {
		return
	}
	h.down = !up
	if !up {
		return
	}
	waiting := h.waiting
	h.waiting = nil
	for _, m := range waiting {
		t.categorize(now, h, m)
	}
	for _, q := range h.sorted() {
		q.retryNow(now)
	}
}
