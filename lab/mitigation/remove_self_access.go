package mitigation

import "shutout/lab"

// RemoveSelfAccess takes the full access of NT AUTHORITY\SELF, which stands for
// the user, from a mailbox.
type RemoveSelfAccess struct {
	User string `yaml:"user" kind:"account" doc:"whose mailbox"`
}

func (*RemoveSelfAccess) Name() string                 { return "remove-self-access" }
func (a *RemoveSelfAccess) Validate(c *lab.Cast) error { return check(a, c) }

var removeSelfAccess = Info{
	Title: "Take the user's own right to the mailbox away",
	Doc: `Refuses the next logon to the mailbox, once the store has read the rights again: at once if nobody has used the
		mailbox for a while, otherwise when the mailbox information that it keeps is too old. A connection that is let in
		once, such as that of IMAP, goes on. The right to send as the address stays, so SMTP submission goes on, too.`,
	Cmdlets: []string{
		`Remove-MailboxPermission -Identity USER -User "NT AUTHORITY\SELF" -AccessRights FullAccess -Confirm:$false`,
	},
	Sources: []string{
		"001_01342c1255a20eb5.txt#remove-self", "001_01342c1255a20eb5.txt#remove-self-open-session",
		"001_01342c1255a20eb5.txt#re-add-self", "001_01342c1255a20eb5.txt#ex2003-new-mailbox", "PS-GMP", "MBI-1",
	},
	SideEffects: "None for others. Whoever is hired again finds the mailbox closed until the right is given back.",
	Undo:        "restore-full-access with of: self. On Exchange 2003 the mailbox has to be made anew.",
	Where:       AnyExchange,
	New:         func() lab.Action { return new(RemoveSelfAccess) },
}
