package mitigation

import "shutout/lab"

// AllowAnonymousRelay lets some addresses send to any domain without signing in.
type AllowAnonymousRelay struct {
	Ranges  []Range  `yaml:"ranges" kind:"range" example:"10.0.20.50" doc:"the remote addresses that may relay; an empty list admits nobody"`
	Servers []string `yaml:"servers,omitempty" kind:"store" doc:"on which mailbox servers" omitted:"all mailbox servers"`
}

func (*AllowAnonymousRelay) Name() string                 { return "allow-anonymous-relay" }
func (a *AllowAnonymousRelay) Validate(c *lab.Cast) error { return check(a, c) }

var allowAnonymousRelay = Info{
	Title: "Let some addresses relay without signing in",
	Doc: `A receive connector of its own that listens to these remote addresses only: what they hand over goes to any domain.
		Of two connectors the one with the more specific range answers. A wide range makes an open relay of the server.`,
	Cmdlets: []string{
		`New-ReceiveConnector -Name "Anonymous Relay" -Server SERVER -TransportRole FrontendTransport -Custom -Bindings 0.0.0.0:25 -RemoteIPRanges RANGES   # 2007 and 2010 without -TransportRole`,
		`Set-ReceiveConnector "SERVER\Anonymous Relay" -PermissionGroups AnonymousUsers`,
		`Get-ReceiveConnector "SERVER\Anonymous Relay" | Add-ADPermission -User "NT AUTHORITY\ANONYMOUS LOGON" -ExtendedRights ms-Exch-SMTP-Accept-Any-Recipient`,
	},
	Sources:     []string{"ANON", "RECV", "003_049f916dd82b29d8.txt#external-not-by-default"},
	SideEffects: "Whatever runs on one of these computers can send data out of the organisation, and nobody signs for it.",
	Undo:        `Remove-ReceiveConnector "SERVER\Anonymous Relay"; deny-anonymous-relay takes the right away from every connector.`,
	Purpose:     Restore,
	Where:       OwnExchange,
	New:         func() lab.Action { return new(AllowAnonymousRelay) },
}

// DenyAnonymousRelay keeps those who do not sign in from sending to other
// domains.
type DenyAnonymousRelay struct {
	Servers []string `yaml:"servers,omitempty" kind:"store" doc:"whose receive connectors" omitted:"all mailbox servers"`
}

func (*DenyAnonymousRelay) Name() string                 { return "deny-anonymous-relay" }
func (a *DenyAnonymousRelay) Validate(c *lab.Cast) error { return check(a, c) }

var denyAnonymousRelay = Info{
	Title: "Take the right to relay from those who do not sign in",
	Doc: `Cures a receive connector that was set up wrong and takes mail for any domain from anybody who can reach it. After
		this only recipients of the organisation are taken without signing in, as the default is; mail in anybody's
		name to people inside goes on.`,
	Cmdlets: []string{
		`Get-ReceiveConnector -Server SERVER | Remove-ADPermission -User "NT AUTHORITY\ANONYMOUS LOGON" -ExtendedRights ms-Exch-SMTP-Accept-Any-Recipient`,
		"Exchange 2003: System Manager, SMTP virtual server, Access, Relay: Only the list below, and an empty list",
	},
	Sources: []string{
		"ANON",
		"003_049f916dd82b29d8.txt#external-not-by-default",
		"003_049f916dd82b29d8.txt#external-leaks-data",
	},
	SideEffects: "Devices and programs that send to other domains without signing in are refused.",
	Undo:        "allow-anonymous-relay for the addresses that need it",
	Purpose:     EndAbuse,
	Where:       OwnExchange,
	New:         func() lab.Action { return new(DenyAnonymousRelay) },
}
