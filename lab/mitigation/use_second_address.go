package mitigation

import "shutout/lab"

// UseSecondAddress gives servers a public address of their own.
type UseSecondAddress struct {
	Address string   `yaml:"address,omitempty" kind:"public" doc:"which of the organisation's public addresses" omitted:"the second"`
	Servers []string `yaml:"servers,omitempty" kind:"store" doc:"which mailbox servers" omitted:"all mailbox servers"`
}

func (*UseSecondAddress) Name() string                 { return "use-second-address" }
func (a *UseSecondAddress) Validate(c *lab.Cast) error { return check(a, c) }

var useSecondAddress = Info{
	Title: "Give the mail servers a public address of their own",
	Doc: `What the mail servers send leaves with an address that no workstation shares, so spam of a workstation does not get
		the organisation's mail refused. The shared address stays listed, and the spam goes on. It helps as long as the
		spam does not pass the mail servers: a relay, or reports to forged senders, soil the new address as well.`,
	Cmdlets: []string{
		"iptables -t nat -I POSTROUTING 1 -s SERVER -o WAN -j SNAT --to-source ADDRESS   # on the perimeter firewall",
	},
	Sources:     []string{"004_4d27062e20911578.txt#second-address", "XBL-NAT"},
	SideEffects: "The new address needs the names in DNS that receivers look for (PTR, SPF); mail may be distrusted until it has them.",
	Undo:        "iptables -t nat -D POSTROUTING with the same values",
	Purpose:     EndAbuse,
	Where:       OwnExchange,
	New:         func() lab.Action { return new(UseSecondAddress) },
}
