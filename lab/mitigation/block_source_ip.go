package mitigation

import (
	"errors"

	"shutout/lab"
)

// BlockSourceIP drops, at the firewall, what comes from some addresses.
type BlockSourceIP struct {
	Host   string `yaml:"host,omitempty" kind:"host" example:"home" doc:"the host whose address, at the time of the step, is blocked" omitted:"source says it"`
	Source Range  `yaml:"source,omitempty" kind:"range" doc:"the addresses that are blocked" omitted:"host says it"`
	Ports  []int  `yaml:"ports,omitempty" min:"1" max:"65535" doc:"the destination ports" omitted:"all ports"`
}

func (*BlockSourceIP) Name() string { return "block-source-ip" }

func (a *BlockSourceIP) Validate(c *lab.Cast) error {
	err := check(a, c)
	if (a.Host == "") == !a.Source.IsValid() {
		text := "or source is needed: which host, or which addresses?"
		if a.Host != "" {
			text = "and source exclude each other: say one of the two"
		}
		err = errors.Join(err, &ParamError{Action: a.Name(), Param: "host", Text: text})
	}
	return err
}

var blockSourceIP = Info{
	Title:       "Block an address at the firewall",
	Doc:         `Severs and denies what comes from this address, and nothing else: a phone with another address tomorrow is let in.`,
	Cmdlets:     []string{"New-NetFirewallRule -DisplayName Leaver -Direction Inbound -RemoteAddress ADDRESS -Action Block"},
	Sources:     []string{"000_aa5026bcf9d1a159.txt#block-source-address"},
	SideEffects: "Everybody else behind the same address is blocked too.",
	Undo:        "Remove-NetFirewallRule -DisplayName Leaver",
	Where:       OwnServers,
	Open: &Texts{
		Cmdlets: []string{
			"nft insert rule inet filter input ip saddr ADDRESS drop",
		},
		Undo: "nft delete rule inet filter input handle N   # the handle that nft -a list ruleset tells",
	},
	New: func() lab.Action { return new(BlockSourceIP) },
}
