package mitigation

import "shutout/lab"

// FilterRecipients sets what happens to mail for addresses that do not exist.
type FilterRecipients struct {
	Mode string `yaml:"mode" choice:"recipient message off" doc:"refuse each unknown recipient at once, refuse the whole message for one unknown recipient, or take the mail and return it later"`
}

func (*FilterRecipients) Name() string                 { return "filter-recipients" }
func (a *FilterRecipients) Validate(c *lab.Cast) error { return check(a, c) }

var filterRecipients = Info{
	Title: "Refuse mail for unknown recipients",
	Doc: `Mail from outside for an address that does not exist is refused while the sender's connection is open, so the
		organisation makes no report of non-delivery for a forged sender (the NDR attack). The answer at each recipient
		(mode recipient: Edge servers and Exchange 2003) also tells a harvester which addresses exist; set-tarpit makes
		that slow. A Mailbox server answers after the message, and one unknown recipient costs the others the message
		(mode message). Who signs in is not filtered. Reports that are in the queues already stay there. Exchange
		2000 has no such filter.`,
	Cmdlets: []string{
		`& $env:ExchangeInstallPath\Scripts\Install-AntiSpamAgents.ps1; Restart-Service MSExchangeTransport   # Mailbox and Hub Transport servers`,
		"Set-RecipientFilterConfig -Enabled $true -RecipientValidationEnabled $true",
		"Set-AcceptedDomain DOMAIN -AddressBookEnabled $true",
		"Exchange 2003: System Manager, Message Delivery, Recipient Filtering, Filter recipients who are not in the Directory; then the SMTP virtual server's filter",
	},
	Sources: []string{
		"004_4d27062e20911578.txt#directory-harvest", "004_4d27062e20911578.txt#ex2000-needs-help",
		"004_4d27062e20911578.txt#ex2003-can-filter", "004_4d27062e20911578.txt#filter-needs-tarpit", "PS-RFC",
		"RECIPF", "RECIPFP", "KB909005",
	},
	SideEffects: "Addresses can be guessed (recipient), or good recipients miss mail that names an unknown one as well (message).",
	Undo:        "filter-recipients with mode: off",
	Purpose:     EndAbuse,
	Where:       OwnExchange,
	New:         func() lab.Action { return new(FilterRecipients) },
}
