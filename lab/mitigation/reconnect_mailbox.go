package mitigation

import "shutout/lab"

// ReconnectMailbox gives a disconnected mailbox back to its account
// (Connect-Mailbox).
type ReconnectMailbox struct {
	User string `yaml:"user" kind:"account" doc:"whose mailbox"`
}

func (*ReconnectMailbox) Name() string                 { return "reconnect-mailbox" }
func (a *ReconnectMailbox) Validate(c *lab.Cast) error { return check(a, c) }

var reconnectMailbox = Info{
	Title: "Give the mailbox back to the account",
	Doc: `Takes disconnect-mailbox and remove-exchange-attributes back, with the contents as they were. Protocol flags that
		disconnect-mailbox has left on the account are in force again.`,
	Cmdlets: []string{
		"Connect-Mailbox -Identity GUID -Database DATABASE -User USER",
		"Get-CASMailbox USER   # which protocols are on",
	},
	Sources:     []string{"PS-DISABLE", "KB3132711"},
	SideEffects: "None for others. Mail that has bounced meanwhile does not come back.",
	Undo:        "disconnect-mailbox",
	Purpose:     Restore,
	Where:       AnyExchange,
	New:         func() lab.Action { return new(ReconnectMailbox) },
}
