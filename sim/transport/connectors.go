package transport

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"shutout/sim/profile"
)

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
	if !p.TarpitAvailable {
		front.Tarpit = 0
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

// SetRecipientValidation sets what happens to unknown recipients from now on,
// on every server (Set-RecipientFilterConfig).
func (t *Transport) SetRecipientValidation(v profile.RecipientValidation) {
	t.params.SMTP.RecipientValidation = v
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
