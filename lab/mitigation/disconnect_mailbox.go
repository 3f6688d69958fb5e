package mitigation

import "shutout/lab"

// DisconnectMailbox separates the mailbox from the account (Disable-Mailbox).
type DisconnectMailbox struct {
	User string `yaml:"user" kind:"account" doc:"whose mailbox"`
}

func (*DisconnectMailbox) Name() string                 { return "disconnect-mailbox" }
func (a *DisconnectMailbox) Validate(c *lab.Cast) error { return check(a, c) }

var disconnectMailbox = Info{
	Title: "Take the mailbox away from the account",
	Doc: `Severs and denies: right after the command the account has no mailbox. The contents are kept in the database
		until its retention time is over.`,
	Cmdlets:     []string{"Disable-Mailbox -Identity USER -Confirm:$false"},
	Sources:     []string{"PS-DISABLE", "KB3132711"},
	SideEffects: "Mail to this address bounces from now on.",
	Undo:        "reconnect-mailbox, then check the Set-CASMailbox flags, which stay as they were.",
	Where:       AnyExchange,
	Drastic:     true,
	New:         func() lab.Action { return new(DisconnectMailbox) },
}
