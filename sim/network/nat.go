package network

import (
	"net/netip"

	"shutout/lab"
)

// SetPublic has the packets of hosts inside leave for the internet with this
// address. With no hosts it is the one that all share who have none of their
// own. Connections that are open keep what they have.
func (n *Network) SetPublic(a netip.Addr, hosts ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(hosts) == 0 {
		n.public = a
	}
	for _, id := range hosts {
		n.own[id] = a
	}
}

// Public is the address that a host's packets have on the internet.
func (n *Network) Public(hostID string) netip.Addr {
	n.mu.Lock()
	defer n.mu.Unlock()
	if h := n.hosts[hostID]; h != nil {
		return n.outside(h)
	}
	return netip.Addr{}
}

func (n *Network) outside(h *host) netip.Addr {
	switch own := n.own[h.ID]; {
	case h.Zone == lab.Internet:
		return n.addr(h)
	case own.IsValid():
		return own
	case n.public.IsValid():
		return n.public
	}
	return n.inside(h)
}

// inside is the address that a host's packets have on the organisation's
// networks: that of the router that it stands behind, if there is one.
func (n *Network) inside(h *host) netip.Addr {
	if h.Behind.IsValid() {
		return h.Behind
	}
	return n.addr(h)
}

// seen is the address that dst sees src call from.
func (n *Network) seen(src, dst *host) netip.Addr {
	switch {
	case src.Zone != lab.Internet && dst.Zone == lab.Internet:
		return n.outside(src)
	case src.Behind.IsValid() && src.Behind == dst.Behind:
		return n.addr(src) // they see each other
	}
	return n.inside(src)
}
