package sim

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/sim/network"
	"shutout/sim/transport"
)

// What stands between the organisation and the internet: its public addresses,
// what others hold against them, the way out for mail, and the plug.

func (o *Organisation) useSmartHost(now time.Time, host string, resubmit bool) (string, error) {
	o.Transport.SetSmartHost(now, host, resubmit)
	detail := "mail for other domains goes to their own mail servers"
	if host != "" {
		detail = "mail for other domains goes to " + host
	}
	if resubmit {
		detail += ", that in the queues, too"
	}
	return detail, nil
}

func (o *Organisation) useSecondAddress(a *mitigation.UseSecondAddress) (string, error) {
	public := o.World.Cast.Organisation.Addresses
	if len(public) < 2 && a.Address == "" {
		return "", errors.New("the organisation has no second address")
	}
	servers := a.Servers
	if len(servers) == 0 {
		servers = o.Servers().Stores
	}
	address := a.Address
	if address == "" {
		address = public[1].String()
	}
	addr, err := netip.ParseAddr(address)
	if err != nil {
		return "", err
	}
	o.Net.SetPublic(addr, servers...)
	return fmt.Sprintf("%s leave by %s", strings.Join(servers, ", "), addr), nil
}

func (o *Organisation) requestDelisting(a *mitigation.RequestDelisting) (string, error) {
	watch, who := o.Transport.Internet().List, "the block list"
	if a.Whom == "provider" {
		watch, who = o.Transport.Internet().Provider, "the provider"
	}
	var off []string
	for _, addr := range o.World.Cast.Organisation.Addresses {
		if watch.Forget(addr) {
			off = append(off, addr.String())
		}
	}
	if off == nil {
		return who + " has nothing against the organisation's addresses", nil
	}
	return fmt.Sprintf("%s has taken off %s", who, strings.Join(off, ", ")), nil
}

// anonymousRelay is the name of the connector that allow-anonymous-relay makes.
const anonymousRelay = "Anonymous Relay"

func (o *Organisation) allowAnonymousRelay(a *mitigation.AllowAnonymousRelay) (string, error) {
	servers := a.Servers
	if len(servers) == 0 {
		servers = o.Servers().Stores
	}
	ranges, err := rangesOf(a.Ranges)
	if err != nil {
		return "", err
	}
	var names []string
	for _, server := range slices.Compact(servers) {
		c, ok := o.Transport.Connector(server, anonymousRelay)
		if !ok {
			if c, err = o.relayConnector(server); err != nil {
				return "", err
			}
		}
		c.Ranges, c.AnyRecipient = ranges, true
		names = append(names, c.Identity())
	}
	return fmt.Sprintf("%s: any recipient from %s", strings.Join(names, ", "), joinRanges(a.Ranges)), nil
}

// relayConnector makes the connector as a copy of the server's default one, so
// that all limits are the same.
func (o *Organisation) relayConnector(server string) (*transport.Connector, error) {
	for _, c := range o.Transport.Connectors() {
		if c.Server != server || !slices.Contains(c.Ports, portSMTP) {
			continue
		}
		relay := *c
		relay.Name, relay.Groups, relay.OwnDomainSender = anonymousRelay, transport.AnonymousUsers, true
		return o.Transport.AddConnector(relay)
	}
	return nil, fmt.Errorf("%s has no receive connector on port 25", server)
}

func (o *Organisation) sharePickup(a *mitigation.SharePickup) (string, error) {
	servers := a.Servers
	if len(servers) == 0 {
		servers = o.Servers().Stores
	}
	for _, s := range servers {
		if !o.Transport.SharePickup(s, a.Users) {
			return "", fmt.Errorf("%s has no Pickup directory", s)
		}
	}
	who := "nobody"
	if len(a.Users) > 0 {
		who = strings.Join(a.Users, ", ")
	}
	return fmt.Sprintf("the Pickup directories of %s may be written to by %s", strings.Join(servers, ", "), who), nil
}

func (o *Organisation) restrictAnonymous(a *mitigation.RestrictAnonymous) (string, error) {
	ranges, err := rangesOf(a.Ranges)
	if err != nil {
		return "", err
	}
	servers := a.Servers
	if len(servers) == 0 {
		servers = []string{""}
	}
	var names []string
	for _, s := range servers {
		for _, c := range o.Transport.AnonymousConnectors(s) {
			if c.Name == anonymousRelay {
				continue // it has ranges of its own, and more rights
			}
			c.Ranges = ranges
			names = append(names, c.Identity())
		}
	}
	if names == nil {
		return "", fmt.Errorf("no receive connector admits anonymous senders")
	}
	return fmt.Sprintf("remote ranges of %s: %s", strings.Join(names, ", "), joinRanges(a.Ranges)), nil
}

func rangesOf(rs []mitigation.Range) ([]transport.Range, error) {
	var ranges []transport.Range
	for _, r := range rs {
		tr, err := transport.ParseRange(r.Prefix.String())
		if err != nil {
			return nil, err
		}
		ranges = append(ranges, tr)
	}
	return ranges, nil
}

func joinRanges(rs []mitigation.Range) string {
	if len(rs) == 0 {
		return "none"
	}
	var out []string
	for _, r := range rs {
		out = append(out, r.String())
	}
	return strings.Join(out, ", ")
}

func (o *Organisation) blockSource(a *mitigation.BlockSourceIP) (string, error) {
	prefix := a.Source.Prefix
	if a.Host != "" {
		addr, ok := o.Net.HostAddr(a.Host)
		if !ok {
			return "", fmt.Errorf("no host %q", a.Host)
		}
		prefix = netip.PrefixFrom(addr, addr.BitLen())
	}
	o.Net.AddRule(network.Rule{ID: fmt.Sprintf("block %s %v", prefix, a.Ports), Action: network.Drop, From: []netip.Prefix{prefix}, Ports: a.Ports})
	return "packets from " + prefix.String() + " are dropped", nil
}

func (o *Organisation) closePort(a *mitigation.ClosePort) (string, error) {
	rule := network.Rule{
		ID: fmt.Sprintf("close %d on %v from %s", a.Port, a.Servers, a.From), Action: network.Drop,
		FromZone: a.From, To: a.Servers, Ports: []int{a.Port},
	}
	where := strings.Join(a.Servers, ", ")
	if len(a.Servers) == 0 {
		rule.ToZone = lab.Servers
		where = "all servers"
	}
	o.Net.AddRule(rule)
	return fmt.Sprintf("packets to port %d of %s are dropped", a.Port, where), nil
}

// plug is the firewall rules that stand for a pulled plug.
const plug = "internet disconnected, "

func (o *Organisation) disconnectInternet() (string, error) {
	for _, zone := range []lab.Zone{lab.LAN, lab.Servers} {
		o.Net.AddRule(network.Rule{ID: plug + "out of " + string(zone), Action: network.Drop, FromZone: zone, ToZone: lab.Internet})
		o.Net.AddRule(network.Rule{ID: plug + "into " + string(zone), Action: network.Drop, FromZone: lab.Internet, ToZone: zone})
	}
	return fmt.Sprintf("nothing goes out or comes in, in the queues: %s", o.waiting()), nil
}

func (o *Organisation) reconnectInternet() (string, error) {
	pulled := false
	for _, zone := range []lab.Zone{lab.LAN, lab.Servers} {
		pulled = o.Net.RemoveRule(plug+"out of "+string(zone)) || pulled
		pulled = o.Net.RemoveRule(plug+"into "+string(zone)) || pulled
	}
	if !pulled {
		return "", errors.New("the internet is not disconnected")
	}
	return fmt.Sprintf("the internet is there again, in the queues: %s", o.waiting()), nil
}
