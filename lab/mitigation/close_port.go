package mitigation

import "shutout/lab"

// ClosePort closes a port of servers at the firewall.
type ClosePort struct {
	Port    int      `yaml:"port" min:"1" max:"65535" example:"25" doc:"the TCP port, such as 25 or 443"`
	Servers []string `yaml:"servers,omitempty" kind:"server" doc:"which servers" omitted:"all servers"`
	From    lab.Zone `yaml:"from,omitempty" choice:"internet lan servers" doc:"the network that is shut out" omitted:"every network"`
}

func (*ClosePort) Name() string                 { return "close-port" }
func (a *ClosePort) Validate(c *lab.Cast) error { return check(a, c) }

var closePort = Info{
	Title:   "Close a port at the firewall",
	Doc:     `Severs and denies everybody's connections to this port, those of bystanders included.`,
	Cmdlets: []string{"New-NetFirewallRule -DisplayName Closed -Direction Inbound -Protocol TCP -LocalPort PORT -Action Block"},
	Sources: []string{
		"003_049f916dd82b29d8.txt#close-port-use-pickup", "004_4d27062e20911578.txt#pull-the-plug",
	},
	SideEffects: "Whoever needs this port is cut off.",
	Undo:        "Remove-NetFirewallRule -DisplayName Closed",
	Purpose:     EndAbuse,
	Where:       OwnServers,
	Open: &Texts{
		Cmdlets: []string{
			"nft insert rule inet filter input tcp dport PORT drop",
		},
		Undo: "nft delete rule inet filter input handle N   # the handle that nft -a list ruleset tells",
	},
	New: func() lab.Action { return new(ClosePort) },
}
