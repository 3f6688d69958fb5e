package diagnosis

import (
	"net/netip"
	"strings"
)

// AddRecipient takes a RCPT command.
func (c *Case) AddRecipient(r Recipient) {
	c.Open(FromProtocol)
	c.until(r.At)
	c.server(r.Server)
	if r.Code/100 == 2 {
		c.wroteTo(bare(r.From), r.To, r.Where, r.At)
		s := room(c, c.streams, streamKey{r.Client, r.Account})
		if s == nil {
			return
		}
		s.senders.add(sending{strings.Clone(bare(r.From)), strings.Clone(domainOf(r.To))})
		s.connectors.add(r.Connector)
		s.pairs.add(pair{strings.Clone(domainOf(r.From)), strings.Clone(domainOf(r.To))}, r.Where, r.At, func() string {
			as := ""
			if r.Account != "" && r.Account != Unnamed {
				as = " as " + r.Account
			}
			return r.Client.String() + as + ": " + bare(r.From) + " -> " + bare(r.To)
		})
	}
	if r.Account != "" {
		return // a harvester has none
	}
	h := room(c, c.refused, r.Client)
	if h == nil {
		return
	}
	h.tried++
	if r.Code/100 == 5 && (r.Text == "" || contains(r.Text, unknownUser)) {
		h.addresses.add(bare(r.To))
		h.refused.add(r.Where, r.At, func() string { return strings.TrimSpace(r.Client.String() + ": " + bare(r.To) + "  " + r.Text) })
	}
}

// AddLogon takes an attempt to sign in.
func (c *Case) AddLogon(l Logon) {
	c.Open(FromProtocol)
	c.until(l.At)
	c.server(l.Server)
	c.logons.add(logonKey{l.Client, l.Account, l.OK}, l.Where, l.At, func() string {
		what := " signs in"
		if !l.OK {
			what = " is refused"
		}
		if l.Account != Unnamed && l.Account != "" {
			what += " as " + l.Account
		}
		return l.Client.String() + what
	})
}

// AddPacket takes a line of a firewall log. Only calls from the organisation to
// port 25 outside count.
func (c *Case) AddPacket(p Packet) {
	c.Open(FromFirewall)
	c.until(p.At)
	if p.Port != PortSMTP || !local(p.From) || local(p.To) {
		return
	}
	k := room(c, c.callers, p.From)
	if k == nil {
		return
	}
	k.to.add(p.To.String())
	t, what := &k.passed, "let through"
	if p.Blocked {
		t, what = &k.blocked, "blocked"
	}
	t.add(p.Where, p.At, func() string {
		return p.From.String() + " -> " + netip.AddrPortFrom(p.To, PortSMTP).String() + " " + what
	})
}

// local tells whether an address is one of an office, not of the internet (RFC
// 1918, RFC 4193).
func local(a netip.Addr) bool {
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified()
}
