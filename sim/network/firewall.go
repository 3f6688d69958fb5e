package network

import (
	"net/netip"
	"slices"
	"time"

	"shutout/lab"
)

// Action is what a firewall does with a packet.
type Action int

const (
	Allow  Action = iota
	Drop          // in silence: the caller waits for its time-out
	Reject        // with an answer: the caller is refused at once
)

// Rule is a line of the firewall. Empty fields match everything. The first
// rule that matches decides; what no rule matches is allowed.
type Rule struct {
	ID       string // the same ID replaces or removes
	Action   Action
	FromZone lab.Zone
	From     []netip.Prefix
	To       []string // hosts
	ToZone   lab.Zone
	Ports    []int // on the far end
	// ExceptHosts and ExceptPeople are whom the rule does not hold: who calls
	// from one of these hosts and is one of these people, where both are named.
	ExceptHosts  []string
	ExceptPeople []string
}

// caller is who opens a connection, or has opened it.
type caller struct {
	addr   netip.Addr
	host   *host
	person string // who is logged on there; empty where nobody has said so
}

func (r *Rule) excepts(c caller) bool {
	return (len(r.ExceptHosts) > 0 || len(r.ExceptPeople) > 0) &&
		(len(r.ExceptHosts) == 0 || slices.Contains(r.ExceptHosts, c.host.ID)) &&
		(len(r.ExceptPeople) == 0 || slices.Contains(r.ExceptPeople, c.person))
}

func (r *Rule) matches(c caller, dst *host, port int) bool {
	if r.FromZone != "" && r.FromZone != c.host.Zone || r.excepts(c) {
		return false
	}
	if len(r.From) > 0 && !slices.ContainsFunc(r.From, func(p netip.Prefix) bool { return p.Contains(c.addr) }) {
		return false
	}
	if r.ToZone != "" && r.ToZone != dst.Zone {
		return false
	}
	if len(r.To) > 0 && !slices.Contains(r.To, dst.ID) {
		return false
	}
	return len(r.Ports) == 0 || slices.Contains(r.Ports, port)
}

// AddRule puts r before the other rules, or in place of the rule with its ID.
// Connections that r forbids go silent (Drop) or are reset (Reject).
func (n *Network) AddRule(r Rule) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if i := n.ruleIndex(r.ID); i >= 0 {
		n.firewall[i] = r
	} else {
		n.firewall = slices.Insert(n.firewall, 0, r)
	}
	n.enforce()
}

// AppendRule puts r behind the other rules.
func (n *Network) AppendRule(r Rule) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.firewall = append(n.firewall, r)
}

// RemoveRule takes the rule with this ID away. Connections whose packets it
// dropped go on unless something was lost on them.
func (n *Network) RemoveRule(id string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	i := n.ruleIndex(id)
	if i < 0 {
		return false
	}
	n.firewall = slices.Delete(n.firewall, i, i+1)
	n.enforce()
	return true
}

func (n *Network) ruleIndex(id string) int {
	return slices.IndexFunc(n.firewall, func(r Rule) bool { return id != "" && r.ID == id })
}

// enforce applies the rules to the open connections.
func (n *Network) enforce() {
	for s := range n.live {
		i := s.info()
		src := n.hosts[i.Client]
		if src.Behind.IsValid() {
			i.Remote = src.Behind
		}
		switch n.decide(caller{i.Remote, src, n.people[i.Owner]}, n.hosts[i.Server], i.Port) {
		case Reject:
			s.abort(errReset)
		case Drop:
			s.hole, s.peer.hole = true, true
		default:
			s.hole, s.peer.hole = s.lost, s.lost
		}
		s.peer.settle()
	}
	n.changed()
}

// LogOn tells who is logged on where an activity acts, which a firewall that
// authenticates its callers can go by.
func (n *Network) LogOn(ownerName, person string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.people[ownerName] = person
}

// verdict is about a call by owner; a server's own calls have none.
func (n *Network) verdict(owner string, src, dst *host, port int) Action {
	return n.decide(caller{n.inside(src), src, n.people[owner]}, dst, port)
}

// decide asks the organisation's firewall, which sees nothing of what two hosts on
// the internet send each other.
func (n *Network) decide(c caller, dst *host, port int) Action {
	if c.host.Zone == lab.Internet && dst.Zone == lab.Internet {
		return Allow
	}
	for i := range n.firewall {
		if r := &n.firewall[i]; r.matches(c, dst, port) {
			return r.Action
		}
	}
	return Allow
}

// Reachable tells whether a call from a host gets to a port of another, as far
// as the firewall is concerned. The firewall's log has the call if not.
func (n *Network) Reachable(from, to string, port int) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	src, dst := n.hosts[from], n.find(to)
	if src == nil || dst == nil {
		return false
	}
	v := n.verdict("", src, dst, port)
	if v == Drop {
		n.dropped.add(Dropped{n.tl.Now(), n.inside(src), n.addr(dst), port})
	}
	return v == Allow
}

// ReachableZone tells whether a host could connect to a port of some unnamed
// host on a network.
func (n *Network) ReachableZone(from string, to lab.Zone, port int) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	src := n.hosts[from]
	return src != nil && n.verdict("", src, &host{lab.Host{Zone: to}}, port) == Allow
}

// Dropped is a line of the firewall's log: a connection that did not come about.
type Dropped struct {
	At       time.Time
	From, To netip.Addr // From is the router that the caller stands behind, if there is one
	Port     int        // of To
}

// dropLogSize bounds the firewall's log; older lines make room.
const dropLogSize = 10000

type dropLog struct {
	lines []Dropped
	next  int
}

func (l *dropLog) add(d Dropped) {
	if len(l.lines) < dropLogSize {
		l.lines = append(l.lines, d)
		return
	}
	l.lines[l.next] = d
	l.next = (l.next + 1) % dropLogSize
}

// DropLog returns the firewall's log of dropped calls, oldest first.
func (n *Network) DropLog() []Dropped {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Concat(n.dropped.lines[n.dropped.next:], n.dropped.lines[:n.dropped.next])
}
