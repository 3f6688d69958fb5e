package mitigation

import "shutout/lab"

// UseSmartHost hands mail for other domains to a provider's server.
type UseSmartHost struct {
	Host     string `yaml:"host" kind:"relay" doc:"the provider's server"`
	Resubmit bool   `yaml:"resubmit,omitempty" kind:"flag" doc:"send what is in the queues that way, too" omitted:"what is queued keeps its way until the queue is resubmitted by itself (smtp.resubmit_idle)"`
}

func (*UseSmartHost) Name() string                 { return "use-smart-host" }
func (a *UseSmartHost) Validate(c *lab.Cast) error { return check(a, c) }

var useSmartHost = Info{
	Title: "Send mail for other domains through the provider's server",
	Doc: `All mail for other domains is handed to one server of the provider, a smart host, which sends it on from its own
		address: a block list that has the organisation's address does not matter to it. It ends no abuse and hides it:
		the queues are clear while the spam goes out by the provider's server, until the provider notices and blocks
		its customer (smarthost.blocks_after); then everybody's mail waits in the one queue. A bot with its own SMTP
		engine is not touched.`,
	Cmdlets: []string{
		"Set-SendConnector CONNECTOR -DNSRoutingEnabled $false -SmartHosts HOST",
		`Get-Queue -Server SERVER -Filter "DeliveryType -eq 'DnsConnectorDelivery'" | Retry-Queue -Resubmit $true   # resubmit`,
		"Exchange 2003: System Manager, Connectors, SMTP connector, General: Forward all mail through this connector to the following smart hosts",
	},
	Sources: []string{
		"004_4d27062e20911578.txt#send-through-provider",
		"004_4d27062e20911578.txt#smart-host-hides-abuse",
		"004_4d27062e20911578.txt#smart-host-keeps-off-lists",
		"004_4d27062e20911578.txt#smart-host-blocks",
		"XBL-NAT",
	},
	SideEffects: "Whether mail arrives can be seen no longer than up to the provider, and the provider's limits hold for everybody.",
	Undo:        "send-directly",
	Purpose:     EndAbuse,
	Where:       AnyExchange,
	New:         func() lab.Action { return new(UseSmartHost) },
}

// SendDirectly has mail for other domains sent to their own mail exchangers.
type SendDirectly struct {
	Resubmit bool `yaml:"resubmit,omitempty" kind:"flag" doc:"send what is in the queue of the smart host that way, too" omitted:"what is queued keeps its way until the queue is resubmitted by itself (smtp.resubmit_idle)"`
}

func (*SendDirectly) Name() string                 { return "send-directly" }
func (a *SendDirectly) Validate(c *lab.Cast) error { return check(a, c) }

var sendDirectly = Info{
	Title: "Send mail for other domains to their own mail servers",
	Doc:   `Takes use-smart-host back: each domain's mail exchanger is looked up and called by the organisation's own servers.`,
	Cmdlets: []string{
		"Set-SendConnector CONNECTOR -DNSRoutingEnabled $true",
		"Exchange 2003: System Manager, Connectors, SMTP connector, General: Use DNS to route to each address space",
	},
	Sources:     []string{"004_4d27062e20911578.txt#send-through-provider"},
	SideEffects: "The organisation's own address is judged by block lists again.",
	Undo:        "use-smart-host",
	Purpose:     Restore,
	Where:       AnyExchange,
	New:         func() lab.Action { return new(SendDirectly) },
}
