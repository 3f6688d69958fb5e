package mitigation

import "shutout/lab"

// RestoreFullAccess gives back what remove-self-access and
// remove-server-access have taken.
type RestoreFullAccess struct {
	User string `yaml:"user" kind:"account" doc:"whose mailbox"`
	Of   string `yaml:"of,omitempty" choice:"self servers" default:"self" doc:"whose full access: that of the user, or that of the Exchange servers"`
}

func (*RestoreFullAccess) Name() string                 { return "restore-full-access" }
func (a *RestoreFullAccess) Validate(c *lab.Cast) error { return check(a, c) }

var restoreFullAccess = Info{
	Title: "Give the right to the mailbox back",
	Doc: `For somebody who is hired again: opens the mailbox to its user once the store has read the rights again. The
		console cannot do it, because NT AUTHORITY\SELF is no user of the directory; the shell can. Exchange 2003 has no way
		back: the mailbox has to be made anew.`,
	Cmdlets: []string{
		`Add-MailboxPermission -Identity USER -User "NT AUTHORITY\SELF" -AccessRights FullAccess`,
		`Add-MailboxPermission -Identity USER -User "Exchange Servers" -AccessRights FullAccess             # of: servers`,
		`Add-MailboxPermission -Identity USER -User "Exchange Trusted Subsystem" -AccessRights FullAccess   # of: servers`,
	},
	Sources: []string{
		"001_01342c1255a20eb5.txt#re-add-self", "001_01342c1255a20eb5.txt#re-add-self-by-shell",
		"001_01342c1255a20eb5.txt#ex2003-new-mailbox",
	},
	SideEffects: "None.",
	Undo:        "remove-self-access, or remove-server-access",
	Purpose:     Restore,
	Where:       AnyExchange,
	New:         func() lab.Action { return new(RestoreFullAccess) },
}
