package mitigation

import "shutout/lab"

// BlockDevice puts a user's devices on the mailbox's block list.
type BlockDevice struct {
	User string `yaml:"user" kind:"account" doc:"whose devices: all that have a partnership with the mailbox at the time of the step"`
	DC   string `yaml:"dc,omitempty" kind:"dc" doc:"the domain controller that takes the change" omitted:"the PDC emulator"`
}

func (*BlockDevice) Name() string                 { return "block-device" }
func (a *BlockDevice) Validate(c *lab.Cast) error { return check(a, c) }

var blockDevice = Info{
	Title: "Block the devices of the mailbox",
	Doc: `Refuses these devices at their next ActiveSync request, once the servers' directory cache has read the list, even where
		a cached token still lets the user in. A device says itself what its ID is, so another one, or the same one under
		another ID, is let in. What is on the device stays there, and no other path is touched.`,
	Cmdlets: []string{
		"Get-MobileDevice -Mailbox USER | Format-List DeviceId",
		"Set-CASMailbox USER -ActiveSyncBlockedDeviceIDs ID1,ID2",
	},
	Sources:     []string{"PS-CAS", "OM-DEV", "EXO-OMSEC"},
	SideEffects: "None for others.",
	Undo:        "Set-CASMailbox USER -ActiveSyncBlockedDeviceIDs $null",
	Where:       AnyExchange,
	New:         func() lab.Action { return new(BlockDevice) },
}
