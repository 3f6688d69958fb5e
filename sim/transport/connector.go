package transport

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"shutout/sim/profile"
)

// PermissionGroups is who may submit over a receive connector.
type PermissionGroups uint8

// The groups have the names of Set-ReceiveConnector's PermissionGroups.
const (
	AnonymousUsers PermissionGroups = 1 << iota
	ExchangeUsers
	ExchangeServers
	ExchangeLegacyServers
	Partners
	Custom
)

var groupNames = []string{"AnonymousUsers", "ExchangeUsers", "ExchangeServers", "ExchangeLegacyServers", "Partners", "Custom"}

// Has tells whether all groups of h are in g.
func (g PermissionGroups) Has(h PermissionGroups) bool { return g&h == h }

// String lists the groups as Get-ReceiveConnector does; "None" for none.
func (g PermissionGroups) String() string { return bitNames(uint8(g), groupNames) }

// ParsePermissionGroups reads what String writes, in any letter case.
func ParsePermissionGroups(s string) (PermissionGroups, error) {
	bits, err := parseBits("permission group", s, groupNames)
	return PermissionGroups(bits), err
}

// AuthMechanisms is how a client may prove who it is.
type AuthMechanisms uint8

// The mechanisms have the names of Set-ReceiveConnector's AuthMechanism.
const (
	TLS AuthMechanisms = 1 << iota
	Integrated
	BasicAuth
	BasicAuthRequireTLS
	ExchangeServer
	ExternalAuthoritative
)

var mechanismNames = []string{"Tls", "Integrated", "BasicAuth", "BasicAuthRequireTLS", "ExchangeServer", "ExternalAuthoritative"}

// Has tells whether all mechanisms of n are in m.
func (m AuthMechanisms) Has(n AuthMechanisms) bool { return m&n == n }

// String lists the mechanisms as Get-ReceiveConnector does.
func (m AuthMechanisms) String() string { return bitNames(uint8(m), mechanismNames) }

func bitNames(bits uint8, names []string) string {
	var set []string
	for i, name := range names {
		if bits&(1<<i) != 0 {
			set = append(set, name)
		}
	}
	if set == nil {
		return "None"
	}
	return strings.Join(set, ", ")
}

func parseBits(what, s string, names []string) (bits uint8, err error) {
	if strings.EqualFold(strings.TrimSpace(s), "None") {
		return 0, nil
	}
	for word := range strings.SplitSeq(s, ",") {
		word = strings.TrimSpace(word)
		i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, word) })
		if i < 0 {
			return 0, fmt.Errorf("unknown %s %q: expected None or some of %s", what, word, strings.Join(names, ", "))
		}
		bits |= 1 << i
	}
	return bits, nil
}

// Range is a remote address range, both ends included.
type Range struct{ First, Last netip.Addr }

// ParseRange reads "192.0.2.7", "192.0.2.0/24" or "192.0.2.1-192.0.2.9", IPv4
// or IPv6.
func ParseRange(s string) (Range, error) {
	bad := func() (Range, error) {
		return Range{}, fmt.Errorf("bad address range %q: expected an address, a network such as 192.0.2.0/24 or first-last", s)
	}
	if p, err := netip.ParsePrefix(s); err == nil {
		p = p.Masked()
		last := p.Addr().AsSlice()
		for i := p.Bits(); i < len(last)*8; i++ {
			last[i/8] |= 0x80 >> (i % 8)
		}
		end, _ := netip.AddrFromSlice(last)
		return Range{p.Addr(), end}, nil
	}
	from, to, dash := strings.Cut(s, "-")
	if !dash {
		to = from
	}
	first, err1 := netip.ParseAddr(strings.TrimSpace(from))
	last, err2 := netip.ParseAddr(strings.TrimSpace(to))
	if err1 != nil || err2 != nil || first.Zone() != "" || last.Zone() != "" ||
		first.BitLen() != last.BitLen() || last.Less(first) {
		return bad()
	}
	return Range{first, last}, nil
}

// ParseRanges reads a list of ranges, separated by commas.
func ParseRanges(s string) ([]Range, error) {
	var list []Range
	for word := range strings.SplitSeq(s, ",") {
		r, err := ParseRange(strings.TrimSpace(word))
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}

// String writes the range in a form that ParseRange reads.
func (r Range) String() string {
	if r.First == r.Last {
		return r.First.String()
	}
	return r.First.String() + "-" + r.Last.String()
}

// Contains tells whether a lies in the range. An IPv4-mapped IPv6 address
// counts as the IPv4 address.
func (r Range) Contains(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return a.BitLen() == r.First.BitLen() && !a.Less(r.First) && !r.Last.Less(a)
}

// width is the number of addresses in the range, less one, as a big-endian
// number.
func (r Range) width() [16]byte {
	first, last := r.First.As16(), r.Last.As16()
	var w [16]byte
	borrow := 0
	for i := 15; i >= 0; i-- {
		d := int(last[i]) - int(first[i]) - borrow
		if borrow = 0; d < 0 {
			d, borrow = d+256, 1
		}
		w[i] = byte(d)
	}
	return w
}

// Everywhere is every address, as the default connectors have it.
func Everywhere() []Range {
	all4, _ := ParseRange("0.0.0.0/0")
	all6, _ := ParseRange("::/0")
	return []Range{all4, all6}
}

// Connector is a receive connector: on which port of which server who may hand
// over what. An administrator's edits take effect for the next connection;
// sessions that are open keep the settings that they started with.
type Connector struct {
	Server  string // host
	Name    string // "Default Frontend MBX1"
	Ports   []int
	Ranges  []Range
	Groups  PermissionGroups
	Auth    AuthMechanisms
	Enabled bool
	// RequireTLS refuses MAIL before STARTTLS.
	RequireTLS bool
	// AnyRecipient grants ms-Exch-SMTP-Accept-Any-Recipient to anonymous
	// clients: relaying (Allow anonymous relay, OfficeDocs-Exchange).
	AnyRecipient bool
	// OwnDomainSender grants ms-Exch-SMTP-Accept-Authoritative-Domain-Sender
	// to anonymous clients: they may use the organisation's own addresses as
	// sender.
	OwnDomainSender bool
	// RelayForUsers grants ms-Exch-SMTP-Accept-Any-Recipient to authenticated
	// users (the ExchangeUsers group has it; in 2003 it is a tick box).
	RelayForUsers bool

	MaxMessageSize    int64         // bytes; 0: no limit
	MaxRecipients     int           // 0: no limit
	MaxHeaderSize     int           // bytes
	MaxHops           int           // Received lines
	Tarpit            time.Duration // before a refusal to somebody anonymous; 0: none
	AuthTarpit        time.Duration // before the refusal of a sign-in
	MaxLogonFailures  int           // with that many the connection ends; 0: it never does
	MaxProtocolErrors int           // with one more the connection ends; 0: it never does
	ConnectionTimeout time.Duration // profile.Never: none
	IdleTimeout       time.Duration
	MessageRate       int // per minute and client address; 0: no limit
	ProtocolLog       profile.ProtocolLog
}

// Identity is the name with its server, as cmdlets write it: `MBX1\Default Frontend MBX1`.
func (c *Connector) Identity() string { return strings.ToUpper(c.Server) + `\` + c.Name }

// match returns the narrowest range of c that holds the client. The servers of
// the organisation are always in the ranges of a connector for Exchange
// servers, as an administrator who narrows the ranges has to leave them in, or
// mail between the servers would stop.
func (c *Connector) match(port int, client netip.Addr, isServer bool) (width [16]byte, ok bool) {
	if !c.Enabled || !slices.Contains(c.Ports, port) {
		return width, false
	}
	for _, r := range c.Ranges {
		if w := r.width(); r.Contains(client) && (!ok || bytes.Compare(w[:], width[:]) < 0) {
			width, ok = w, true
		}
	}
	if isServer && !ok && c.Groups.Has(ExchangeServers) {
		return [16]byte{}, true
	}
	return width, ok
}
