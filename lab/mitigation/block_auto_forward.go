package mitigation

import "shutout/lab"

// BlockAutoForward keeps mail that is forwarded automatically inside.
type BlockAutoForward struct {
	Domain string `yaml:"domain,omitempty" kind:"domain" doc:"the remote domain" omitted:"the default remote domain, every domain without a setting of its own"`
}

func (*BlockAutoForward) Name() string                 { return "block-auto-forward" }
func (a *BlockAutoForward) Validate(c *lab.Cast) error { return check(a, c) }

var blockAutoForward = Info{
	Title: "Keep automatically forwarded mail inside",
	Doc: `AutoForwardEnabled of a remote domain: what inbox rules send on, and what a mailbox sends on to a bare address, does not
		leave for that domain, and nobody is told. Read for each message. Forwarding to a contact, which an administrator has
		made, goes on. On servers of one's own it is off until somebody switches it on, in Exchange Online it is on.`,
	Cmdlets: []string{
		"Set-RemoteDomain Default -AutoForwardEnabled $false",
		"New-RemoteDomain -Name NAME -DomainName *.DOMAIN; Set-RemoteDomain NAME -AutoForwardEnabled $false   # one domain and those below it",
		"Exchange 2003: System Manager, Internet Message Formats, Default, Advanced: clear \"Allow automatic forward\"",
	},
	Sources: []string{
		"PS-RD", "KB266166", "FICILITY",
	},
	SideEffects: "Nobody's rules send mail out of the organisation any more.",
	Undo:        "Set-RemoteDomain Default -AutoForwardEnabled $true",
	Purpose:     EndResidual,
	Where:       AnyExchange,
	New:         func() lab.Action { return new(BlockAutoForward) },
}
