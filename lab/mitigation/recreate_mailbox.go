package mitigation

import "shutout/lab"

// RecreateMailbox gives an account a mailbox that is new and empty.
type RecreateMailbox struct {
	User string `yaml:"user" kind:"account" doc:"whose mailbox"`
}

func (*RecreateMailbox) Name() string                 { return "recreate-mailbox" }
func (a *RecreateMailbox) Validate(c *lab.Cast) error { return check(a, c) }

var recreateMailbox = Info{
	Title: "Make the mailbox anew",
	Doc: `For somebody who is hired again on Exchange 2003, where the right of NT AUTHORITY\SELF cannot be given back: the old
		mailbox is taken away and a new one made, with the rights that a new one has and without the mail of the old one.`,
	Cmdlets: []string{
		"Disable-Mailbox -Identity USER -Confirm:$false; Enable-Mailbox -Identity USER -Database DATABASE   # 2007 and later",
		"Exchange Tasks, Delete Mailbox, then Create Mailbox, in Active Directory Users and Computers   # 2003",
	},
	Sources: []string{
		"001_01342c1255a20eb5.txt#ex2003-new-mailbox",
		"PS-DISABLE",
	},
	SideEffects: "The mail stays behind in the old mailbox, which has no owner and is removed after its retention time.",
	Undo:        "None: the two can only be merged.",
	Purpose:     Restore,
	Where:       AnyExchange,
	Drastic:     true,
	New:         func() lab.Action { return new(RecreateMailbox) },
}
