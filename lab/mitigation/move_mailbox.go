package mitigation

import "shutout/lab"

// MoveMailbox moves a mailbox to another database.
type MoveMailbox struct {
	User  string `yaml:"user" kind:"account" doc:"whose mailbox"`
	To    string `yaml:"to" kind:"database" doc:"the database that takes it, for example one kept for disabled users"`
	Fails bool   `yaml:"fails,omitempty" kind:"flag" doc:"the move breaks off before it locks the mailbox" omitted:"false"`
}

func (*MoveMailbox) Name() string                 { return "move-mailbox" }
func (a *MoveMailbox) Validate(c *lab.Cast) error { return check(a, c) }

var moveMailbox = Info{
	Title: "Move the mailbox to another database",
	Doc: `Copies while the mailbox stays in use, locks it at the end and severs its sessions. The time grows with the
		mailbox. It denies nothing: whoever may still sign in finds the mailbox in its new place.`,
	Cmdlets: []string{
		"New-MoveRequest -Identity USER -TargetDatabase DATABASE -Priority Emergency",
		"Get-MoveRequestStatistics USER",
		"Remove-MoveRequest USER -Confirm:$false",
		"Move-Mailbox -Identity USER -TargetDatabase DATABASE -Confirm:$false   # 2007",
	},
	Sources: []string{
		"000_aa5026bcf9d1a159.txt#move-least-disruptive", "000_aa5026bcf9d1a159.txt#disabled-users-store",
		"001_01342c1255a20eb5.txt#ex2013-move", "LB2013", "WIKI3406",
	},
	SideEffects: "None for others but the load of the copy. Mail to the mailbox waits while it is locked.",
	Undo:        "Move it back.",
	Where:       OwnExchange,
	New:         func() lab.Action { return new(MoveMailbox) },
}
