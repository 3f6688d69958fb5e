package mitigation

import "shutout/lab"

// FreezeOutbound holds mail for other domains.
type FreezeOutbound struct {
	Domain string `yaml:"domain,omitempty" kind:"domain" doc:"hold only what goes to this domain" omitted:"mail for every other domain"`
}

func (*FreezeOutbound) Name() string                 { return "freeze-outbound" }
func (a *FreezeOutbound) Validate(c *lab.Cast) error { return check(a, c) }

var freezeOutbound = Info{
	Title: "Freeze outbound mail",
	Doc: `Mail for other domains is still taken from whoever sends, and held: nothing leaves, nothing expires, and nobody is
		told of a delay. What was handed to another mail server before is gone. It ends nobody's access: reading, and
		mail inside the organisation, go on. Suspend-Queue holds a queue that exists; a queue without mail goes away by
		itself, so where none is there the send connector is disabled instead.`,
	Cmdlets: []string{
		`Get-Queue -Server SERVER -Filter "DeliveryType -eq 'DnsConnectorDelivery'" | Suspend-Queue -Confirm:$false`,
		`Get-Queue -Server SERVER -Filter "NextHopDomain -eq 'DOMAIN'" | Suspend-Queue -Confirm:$false   # one domain`,
		"Set-SendConnector CONNECTOR -Enabled $false",
		"Exchange 2003: System Manager, Queues, Disable Outbound Mail",
	},
	Sources:     []string{"004_4d27062e20911578.txt#freeze-close-and-watch", "PS-SUSP"},
	SideEffects: "Everybody's mail to other domains waits as well, and it leaves, the unwanted mail too, when the queues are resumed.",
	Undo:        "thaw-outbound; remove-queued-mail first takes out what must not leave.",
	Purpose:     EndAbuse,
	Where:       OwnServers,
	Open: &Texts{
		Doc: `Mail for other domains is still taken from whoever sends, and held: nothing leaves, and what was handed to
			another mail server before is gone. It ends nobody's access: reading, and mail inside the organisation, go on. Postfix
			holds the mail for all other domains or for none.`,
		Cmdlets: []string{
			"postconf defer_transports=smtp; postfix reload",
		},
		Sources:     []string{"POSTFIX", "OPEN-LAB"},
		SideEffects: "Everybody's mail to other domains waits as well, and it leaves, the unwanted mail too, when the transport is free again.",
	},
	New: func() lab.Action { return new(FreezeOutbound) },
}
