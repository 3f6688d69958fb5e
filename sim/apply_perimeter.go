package sim

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/sim/network"
)

// What stands between the organisation and the internet: its public addresses,
// what others hold against them, the firewall, and the plug.

func (o *Organisation) useSecondAddress(a *mitigation.UseSecondAddress) (string, error) {
	public := o.World.Cast.Organisation.Addresses
	if len(public) < 2 && a.Address == "" {
		return "", errors.New("the organisation has no second address")
	}
	servers := o.stores(a.Servers)
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

func (o *Organisation) closeOutboundPort(a *mitigation.CloseOutboundPort) (string, error) {
	for _, zone := range []lab.Zone{lab.LAN, lab.Servers} {
		o.Net.AddRule(network.Rule{
			ID: fmt.Sprintf("close outbound %d from %s", a.Port, zone), Action: network.Drop,
			FromZone: zone, ToZone: lab.Internet, Ports: []int{a.Port}, ExceptHosts: a.Except,
		})
	}
	if len(a.Except) == 0 {
		return fmt.Sprintf("packets to port %d on the internet are dropped", a.Port), nil
	}
	return fmt.Sprintf("packets to port %d on the internet are dropped unless from %s", a.Port, strings.Join(a.Except, ", ")), nil
}

func (o *Organisation) admitToPort(a *mitigation.AdmitToPort) (string, error) {
	servers := o.stores(a.Servers)
	o.Net.AddRule(network.Rule{
		ID: fmt.Sprintf("admit to %d on %v", a.Port, servers), Action: network.Drop,
		FromZone: lab.LAN, To: servers, Ports: []int{a.Port}, ExceptHosts: a.Hosts, ExceptPeople: a.People,
	})
	who := "everybody"
	if len(a.People) > 0 {
		who = strings.Join(a.People, ", ")
	}
	where := "any computer"
	if len(a.Hosts) > 0 {
		where = strings.Join(a.Hosts, ", ")
	}
	return fmt.Sprintf("port %d of %s admits from the office %s on %s only", a.Port, strings.Join(servers, ", "), who, where), nil
}
