package sim

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"shutout/lab/mitigation"
	"shutout/sim/transport"
)

// Which mail the organisation takes: its receive connectors and Pickup
// directories.

// stores are the mailbox servers that an action means: all if it names none.
func (o *Organisation) stores(named []string) []string {
	if len(named) == 0 {
		return o.Servers().Stores
	}
	return named
}

// editConnectors changes the receive connectors of mailbox servers, of all if
// none is named. Connections that are open keep what they began with.
func (o *Organisation) editConnectors(servers []string, what string, edit func(*transport.Connector)) (string, error) {
	var names []string
	for _, c := range o.Transport.Connectors() {
		if len(servers) == 0 || slices.Contains(servers, c.Server) {
			edit(c)
			names = append(names, c.Identity())
		}
	}
	if names == nil {
		return "", errors.New("no receive connector there")
	}
	return fmt.Sprintf("%s: %s", strings.Join(names, ", "), what), nil
}

// anonymousRelay is the name of the connector that allow-anonymous-relay makes.
const anonymousRelay = "Anonymous Relay"

func (o *Organisation) allowAnonymousRelay(a *mitigation.AllowAnonymousRelay) (string, error) {
	servers := o.stores(a.Servers)
	ranges, err := rangesOf(a.Ranges)
	if err != nil {
		return "", err
	}
	var names []string
	for _, server := range slices.Compact(slices.Sorted(slices.Values(servers))) {
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
	servers := o.stores(a.Servers)
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
