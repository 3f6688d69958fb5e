// Package transport is the organisation's mail transport: receive connectors
// and the policy of an SMTP session, submission from the mailboxes, the
// categorizer, the queues with their retries, bounces and delay notices, and
// out-of-office replies. It is plain data; whoever calls in holds the world's
// lock and says what time it is. Nothing here reads or writes a network.
package transport

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
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
	gen    generation
	domain string // the accepted domain, lower case

	hosts      []*host // in the organisation's order
	connectors []*Connector
	servers    map[netip.Addr]bool // addresses of the organisation's own servers
	people     map[string]*autoReply
	replies    replyLog
	external   bool // AllowedOOFType of the default remote domain lets replies out
	frozen     bool // nothing leaves for other domains

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
}

// New returns the transport of cast's organisation, its mailboxes'
// out-of-office set as the cast has it. Reach tells whether a connection from
// a host to another host, or to the mail exchanger of an outside domain (then
// toAddr is the domain's name), gets through at the moment.
func New(tl *timeline.Timeline, p profile.Params, dir *directory.Directory, st *store.Store, cast *lab.Cast,
	reach func(from, toAddr string, port int) bool) *Transport {
	t := &Transport{
		tl: tl, params: p, dir: dir, st: st, cast: cast, reach: reach,
		gen:      generationOf(p),
		domain:   strings.ToLower(cast.Organisation.Domain),
		servers:  map[netip.Addr]bool{},
		people:   map[string]*autoReply{},
		external: externalByDefault(p),
		ids:      tl.Rand("transport"),
		tracking: newRing[TrackEvent](maxTracking),
		log:      newRing[LogLine](maxLogLines),
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

// generationOf tells the server version from what only that version has: the
// parameters carry no version of their own.
func generationOf(p profile.Params) generation {
	switch {
	case !p.SMTP.StampsAuthAs:
		return gen2003
	case p.RPC.Direct:
		return gen2007
	case p.SMTP.AuthTarpit == 0:
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

// defaultConnectors are those that setup makes on a mailbox server. Before
// 2013 anonymous permission on the default connector was ticked by the
// administrator of a server without an Edge in front; smtp.anonymous says
// whether it is.
func (t *Transport) defaultConnectors(h *host) []*Connector {
	p, upper := t.params.SMTP, strings.ToUpper(h.name)
	front := Connector{
		Server: h.name, Name: "Default Frontend " + upper, Ports: []int{PortSMTP}, Ranges: Everywhere(), Enabled: true,
		Groups:          ExchangeServers | ExchangeLegacyServers,
		Auth:            TLS | Integrated | BasicAuth | BasicAuthRequireTLS | ExchangeServer,
		OwnDomainSender: p.AnonymousLocalSender,
		AnyRecipient:    p.AnonymousRelay,
		RelayForUsers:   p.RelayForAuthenticated,
		MaxMessageSize:  int64(p.MaxMessageSize), MaxRecipients: p.MaxRecipients,
		MaxHeaderSize: maxHeaderSize, MaxHops: maxHops,
		Tarpit: p.Tarpit, AuthTarpit: p.AuthTarpit,
		MaxLogonFailures: p.MaxLogonFailures, MaxProtocolErrors: p.MaxProtocolErrors,
		ConnectionTimeout: p.ConnectionTimeout, IdleTimeout: p.ConnectionIdle,
		MessageRate: p.MessageRate, ProtocolLog: p.ProtocolLog,
	}
	if p.Anonymous {
		front.Groups |= AnonymousUsers
	}
	client := front
	client.Name, client.Ports = "Client Frontend "+upper, []int{PortSubmission}
	client.Groups, client.AnyRecipient, client.OwnDomainSender = ExchangeUsers, false, false
	client.Auth = TLS | Integrated | BasicAuth | BasicAuthRequireTLS
	switch {
	case t.gen == gen2003: // one virtual server does everything, passwords in the clear included
		front.Name = "Default SMTP Virtual Server"
		front.Groups |= ExchangeUsers
		front.Auth &^= BasicAuthRequireTLS
		client.Auth &^= BasicAuthRequireTLS
	case t.gen == gen2007:
		front.Name, client.Name = "Default "+upper, "Client "+upper
		front.Groups |= ExchangeUsers
	default:
		// 2013+: the front end takes a password on port 25 too and hands the
		// session to the connector behind it, which admits users.
		front.Groups |= ExchangeUsers
	}
	list := []*Connector{&front}
	switch p.SubmissionPort {
	case 0:
	case PortSMTP:
	default:
		client.Ports = []int{p.SubmissionPort}
		list = append(list, &client)
	}
	return list
}

// Connectors lists the receive connectors in a fixed order: by server as the
// organisation lists them, then in order of creation.
func (t *Transport) Connectors() []*Connector { return slices.Clone(t.connectors) }

// Connector finds a receive connector on a server by name. The name of the
// default connectors may be given as any version writes it.
func (t *Transport) Connector(server, name string) (*Connector, bool) {
	upper := strings.ToUpper(server)
	alias := map[string]int{
		"default frontend " + strings.ToLower(server): PortSMTP,
		"default " + strings.ToLower(server):          PortSMTP,
		"default smtp virtual server":                 PortSMTP,
		"client frontend " + strings.ToLower(server):  PortSubmission,
		"client " + strings.ToLower(server):           PortSubmission,
	}
	name = strings.TrimPrefix(name, upper+`\`)
	for _, c := range t.connectors {
		if strings.EqualFold(c.Server, server) && strings.EqualFold(c.Name, name) {
			return c, true
		}
	}
	port, ok := alias[strings.ToLower(name)]
	if !ok {
		return nil, false
	}
	if port == PortSubmission {
		port = t.params.SMTP.SubmissionPort
	}
	for _, c := range t.connectors {
		if strings.EqualFold(c.Server, server) && slices.Contains(c.Ports, port) {
			return c, true // the default connectors are the first of their server
		}
	}
	return nil, false
}

// AddConnector adds a receive connector to a server. Two connectors of one
// server may share a port when their ranges differ.
func (t *Transport) AddConnector(c Connector) (*Connector, error) {
	switch {
	case t.host(c.Server) == nil:
		return nil, fmt.Errorf("no mailbox server %q", c.Server)
	case c.Name == "" || strings.ContainsFunc(c.Name, func(r rune) bool { return r < ' ' }):
		return nil, fmt.Errorf("a receive connector needs a name of printable characters")
	case len(c.Ports) == 0 || len(c.Ranges) == 0:
		return nil, fmt.Errorf("receive connector %q needs ports and remote ranges", c.Name)
	}
	if _, ok := t.Connector(c.Server, c.Name); ok {
		return nil, fmt.Errorf("server %s has a receive connector %q already", c.Server, c.Name)
	}
	c.MaxHeaderSize = cmp.Or(c.MaxHeaderSize, maxHeaderSize)
	c.MaxHops = cmp.Or(c.MaxHops, maxHops)
	t.connectors = append(t.connectors, &c)
	return &c, nil
}

// AnonymousConnectors lists the connectors that admit anonymous clients on
// server, or on every server when server is "".
func (t *Transport) AnonymousConnectors(server string) []*Connector {
	var list []*Connector
	for _, c := range t.connectors {
		if c.Groups.Has(AnonymousUsers) && (server == "" || strings.EqualFold(c.Server, server)) {
			list = append(list, c)
		}
	}
	return list
}

// connectorFor picks the connector for a connection: of those on the port, the
// one whose range is the narrowest around the client's address; the older one
// of two that are equally narrow.
func (t *Transport) connectorFor(server string, port int, client netip.Addr) *Connector {
	var best *Connector
	var narrowest [16]byte
	own := t.servers[client]
	for _, c := range t.connectors {
		if !strings.EqualFold(c.Server, server) {
			continue
		}
		if w, ok := c.match(port, client, own); ok && (best == nil || slices.Compare(w[:], narrowest[:]) < 0) {
			best, narrowest = c, w
		}
	}
	return best
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
