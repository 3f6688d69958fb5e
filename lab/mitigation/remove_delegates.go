package mitigation

import "shutout/lab"

// RemoveDelegates takes away the rights that people hold on a mailbox, and those
// that its user holds on others'.
type RemoveDelegates struct {
	User string `yaml:"user" kind:"account" doc:"whose mailbox"`
	On   string `yaml:"on,omitempty" choice:"both own others" default:"both" doc:"rights on the user's own mailbox, the user's rights on others', or both"`
}

func (*RemoveDelegates) Name() string                 { return "remove-delegates" }
func (a *RemoveDelegates) Validate(c *lab.Cast) error { return check(a, c) }

var removeDelegates = Info{
	Title: "Remove the delegates of the mailbox, and the user from other mailboxes",
	Doc: `Whoever holds full access opens the mailbox with an account and a session of his own, which nothing that is done to the
		user's account touches. Refuses the next logon, once the store has read the rights again; who is in stays in. The
		rights of the user himself (SELF) and of Exchange's servers stay.`,
	Cmdlets: []string{
		`Get-MailboxPermission USER | Where {-not $_.IsInherited -and $_.User -notlike "NT AUTHORITY\SELF"} | Remove-MailboxPermission -Confirm:$false`,
		`Get-Mailbox -ResultSize Unlimited | Get-MailboxPermission -User USER | Remove-MailboxPermission -Confirm:$false   # others`,
	},
	Sources: []string{
		"PS-RMPERM", "MBI-1",
	},
	SideEffects: "A colleague who took the mailbox over loses it.",
	Undo:        "Add-MailboxPermission -Identity USER -User COLLEAGUE -AccessRights FullAccess",
	Purpose:     EndResidual,
	Where:       AnyExchange,
	New:         func() lab.Action { return new(RemoveDelegates) },
}
