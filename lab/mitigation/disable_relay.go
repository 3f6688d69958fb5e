package mitigation

import "shutout/lab"

// DisableRelay keeps those who sign in from sending to other domains by SMTP.
type DisableRelay struct {
	Servers []string `yaml:"servers,omitempty" kind:"store" doc:"whose receive connectors" omitted:"all mailbox servers"`
}

func (*DisableRelay) Name() string                 { return "disable-relay" }
func (a *DisableRelay) Validate(c *lab.Cast) error { return check(a, c) }

var disableRelay = Info{
	Title: "Disable relay for those who sign in",
	Doc: `By default whoever signs in to SMTP may send to any domain, so one guessed password relays spam. After this only
		recipients of the organisation are taken over SMTP. A connection that is open keeps its permission until it
		ends, ten minutes at most from 2007 on. Outlook, browsers and phones send through the mailbox and are not
		touched.`,
	Cmdlets: []string{
		`Get-ReceiveConnector -Server SERVER | Remove-ADPermission -User "NT AUTHORITY\Authenticated Users" -ExtendedRights ms-Exch-SMTP-Accept-Any-Recipient`,
		"Exchange 2003: System Manager, SMTP virtual server, Access, Relay: clear \"Allow all computers which successfully authenticate to relay\"",
	},
	Sources: []string{
		"004_4d27062e20911578.txt#relay-by-default", "004_4d27062e20911578.txt#disable-relay", "RECV", "SBS-RELAY",
	},
	SideEffects: "People whose mail program speaks IMAP or POP3 cannot write to other domains any more.",
	Undo:        `Add-ADPermission with the same values, or the tick box in 2003`,
	Purpose:     EndAbuse,
	Where:       OwnExchange,
	New:         func() lab.Action { return new(DisableRelay) },
}
