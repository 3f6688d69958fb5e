package mitigation

import "shutout/lab"

// RestrictAnonymous admits unauthenticated SMTP only from some addresses.
type RestrictAnonymous struct {
	Ranges  []Range  `yaml:"ranges" kind:"range" doc:"the remote addresses that may send without signing in; an empty list admits nobody"`
	Servers []string `yaml:"servers,omitempty" kind:"store" doc:"whose receive connectors" omitted:"all mailbox servers"`
}

func (*RestrictAnonymous) Name() string                 { return "restrict-anonymous" }
func (a *RestrictAnonymous) Validate(c *lab.Cast) error { return check(a, c) }

var restrictAnonymous = Info{
	Title: "Restrict anonymous SMTP to some addresses",
	Doc: `Takes the anonymous users out of the default receive connector and gives them one of their own that listens to
		these remote ranges only. Of two connectors the one with the more specific range answers.`,
	Cmdlets: []string{
		`Set-ReceiveConnector "SERVER\Default Frontend SERVER" -PermissionGroups ExchangeServers,ExchangeLegacyServers`,
		`New-ReceiveConnector -Name "Anonymous from known addresses" -Server SERVER -TransportRole FrontendTransport -Usage Custom -PermissionGroups AnonymousUsers -Bindings 0.0.0.0:25 -RemoteIPRanges RANGES`,
	},
	Sources: []string{
		"003_049f916dd82b29d8.txt#restrict-addresses", "003_049f916dd82b29d8.txt#addresses-less-flexible", "RECV",
		"ANON",
	},
	SideEffects: "Devices and programs that send without signing in are refused unless their address is listed.",
	Undo:        "Remove-ReceiveConnector, and add AnonymousUsers to the default connector again.",
	Purpose:     EndAbuse,
	Where:       OwnExchange,
	New:         func() lab.Action { return new(RestrictAnonymous) },
}
