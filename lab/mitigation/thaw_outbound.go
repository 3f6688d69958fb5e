package mitigation

import "shutout/lab"

// ThawOutbound lets go what FreezeOutbound holds.
type ThawOutbound struct {
	Domain string `yaml:"domain,omitempty" kind:"domain" doc:"the domain that was frozen by itself" omitted:"what was frozen for every other domain"`
}

func (*ThawOutbound) Name() string                 { return "thaw-outbound" }
func (a *ThawOutbound) Validate(c *lab.Cast) error { return check(a, c) }

var thawOutbound = Info{
	Title: "Resume outbound mail",
	Doc: `Takes freeze-outbound back. The queues are tried at once: whatever still lies in them leaves, the mail of the
		person who was to be stopped included.`,
	Cmdlets: []string{
		`Get-Queue -Server SERVER -Filter "Status -eq 'Suspended'" | Resume-Queue -Confirm:$false`,
		"Set-SendConnector CONNECTOR -Enabled $true",
		"Exchange 2003: System Manager, Queues, Disable Outbound Mail once more",
	},
	Sources:     []string{"004_4d27062e20911578.txt#freeze-close-and-watch", "PS-RESUME"},
	SideEffects: "Mail arrives late, all at once.",
	Undo:        "freeze-outbound, for what has not left yet",
	Purpose:     Restore,
	Where:       OwnServers,
	Open: &Texts{
		Cmdlets: []string{
			"postconf defer_transports=; postfix reload; postqueue -f",
		},
		Sources: []string{"POSTFIX", "OPEN-LAB"},
	},
	New: func() lab.Action { return new(ThawOutbound) },
}
