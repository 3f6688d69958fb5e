package mitigation

import "shutout/lab"

// RemoveDevice ends the partnerships of a user's devices.
type RemoveDevice struct {
	User string `yaml:"user" kind:"account" doc:"whose devices: all that have a partnership with the mailbox"`
}

func (*RemoveDevice) Name() string                 { return "remove-device" }
func (a *RemoveDevice) Validate(c *lab.Cast) error { return check(a, c) }

var removeDevice = Info{
	Title: "Remove the device partnerships",
	Doc: `Makes the server forget the devices, and a wipe that waits for them. It denies nothing: a device begins a partnership
		anew by itself and synchronises from the start. Account, mail, contacts and calendar stay on it.`,
	Cmdlets: []string{
		"Get-MobileDevice -Mailbox USER | Remove-MobileDevice -Confirm:$false",
		"Get-ActiveSyncDevice -Mailbox USER | Remove-ActiveSyncDevice -Confirm:$false   # 2010",
	},
	Sources: []string{
		"000_aa5026bcf9d1a159.txt#removed-device-keeps-data", "000_aa5026bcf9d1a159.txt#old-mail-stays", "PS-CLEAR",
	},
	SideEffects: "None for others.",
	Undo:        "None needed: the device makes a new partnership.",
	Where:       AnyExchange,
	New:         func() lab.Action { return new(RemoveDevice) },
}
