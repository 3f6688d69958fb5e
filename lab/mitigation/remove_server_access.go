package mitigation

import "shutout/lab"

// RemoveServerAccess takes the full access of the groups of Exchange's own
// servers from a mailbox.
type RemoveServerAccess struct {
	User string `yaml:"user" kind:"account" doc:"whose mailbox"`
}

func (*RemoveServerAccess) Name() string                 { return "remove-server-access" }
func (a *RemoveServerAccess) Validate(c *lab.Cast) error { return check(a, c) }

var removeServerAccess = Info{
	Title: "Take the rights of Exchange Servers and Exchange Trusted Subsystem away",
	Doc: `One test saw that the user could not send any more, after the account had been disabled and while the mailbox was
		being moved; what this step did by itself is not known. Here the profile's store.send_needs_server_rights decides
		whether it does anything. Reading goes on in any case.`,
	Cmdlets: []string{
		`Remove-MailboxPermission -Identity USER -User "Exchange Servers" -AccessRights FullAccess -Confirm:$false`,
		`Remove-MailboxPermission -Identity USER -User "Exchange Trusted Subsystem" -AccessRights FullAccess -Confirm:$false`,
	},
	Sources: []string{
		"001_01342c1255a20eb5.txt#remove-server-rights", "001_01342c1255a20eb5.txt#no-sending-during-move",
	},
	SideEffects: "Services that act for the mailbox may fail on it.",
	Undo:        "restore-full-access with of: servers",
	Where:       OwnExchange,
	New:         func() lab.Action { return new(RemoveServerAccess) },
}
