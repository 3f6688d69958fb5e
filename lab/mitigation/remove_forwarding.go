package mitigation

import "shutout/lab"

// RemoveForwarding has a mailbox send its mail on no more.
type RemoveForwarding struct {
	User string `yaml:"user" kind:"account" doc:"whose mailbox"`
	DC   string `yaml:"dc,omitempty" kind:"dc" doc:"the domain controller that takes the change" omitted:"the PDC emulator"`
}

func (*RemoveForwarding) Name() string                 { return "remove-forwarding" }
func (a *RemoveForwarding) Validate(c *lab.Cast) error { return check(a, c) }

var removeForwarding = Info{
	Title: "Stop the mailbox from sending its mail on",
	Doc: `Takes away where the mailbox itself sends its mail, to an address or to a contact. No session is needed for it to go on,
		so nothing else that is done to the account ends it. Felt when the mailbox servers read the account again. Inbox rules
		are another thing, and what has been sent on is gone.`,
	Cmdlets: []string{
		`Set-Mailbox -Identity USER -ForwardingAddress $null -ForwardingSmtpAddress $null -DeliverToMailboxAndForward $false`,
		`Get-Mailbox -ResultSize Unlimited | Where {$_.ForwardingAddress -or $_.ForwardingSmtpAddress} | Format-Table Name,Forwarding*   # who forwards`,
		"Exchange 2003: Active Directory Users and Computers, Exchange General, Delivery Options, Forwarding address: None",
	},
	Sources: []string{
		"PS-MBX", "FICILITY",
	},
	SideEffects: "A colleague who was to get the mail gets it no more.",
	Undo:        "Set-Mailbox -Identity USER -ForwardingAddress COLLEAGUE",
	Purpose:     EndResidual,
	Where:       AnyExchange,
	New:         func() lab.Action { return new(RemoveForwarding) },
}
