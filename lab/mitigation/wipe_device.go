package mitigation

import "shutout/lab"

// WipeDevice asks for a user's devices to be erased.
type WipeDevice struct {
	User        string `yaml:"user" kind:"account" doc:"whose devices: all that have a partnership with the mailbox"`
	AccountOnly bool   `yaml:"account-only,omitempty" kind:"flag" doc:"erase the mail of this account only, which a device must speak ActiveSync 16.1 for" omitted:"false: the whole device"`
}

func (*WipeDevice) Name() string                 { return "wipe-device" }
func (a *WipeDevice) Validate(c *lab.Cast) error { return check(a, c) }

var wipeDevice = Info{
	Title: "Wipe the devices",
	Doc: `The request waits at the server and is served at a device's next contact, for which it has to be let in once more: wipe
		first, deny afterwards, or it never arrives, and what is on the device stays there. It is the only mitigation that
		reaches what a device has taken along, and it reaches that device only.`,
	Cmdlets: []string{
		"Get-MobileDevice -Mailbox USER | Clear-MobileDevice -Confirm:$false",
		"Get-MobileDevice -Mailbox USER | Clear-MobileDevice -AccountOnly -Confirm:$false   # account-only; 2016 and later",
		"Get-ActiveSyncDevice -Mailbox USER | Clear-ActiveSyncDevice -Confirm:$false   # 2010",
		"Get-MobileDeviceStatistics -Mailbox USER | Format-List DeviceWipeSentTime,DeviceWipeAckTime   # has it arrived?",
	},
	Sources:     []string{"000_aa5026bcf9d1a159.txt#old-mail-stays", "WIPE", "PS-CLEAR"},
	SideEffects: "Everything on the device goes, what belongs to the user included; with account-only, what the account has there.",
	Undo:        "None once the device has obeyed; until then Clear-MobileDevice -Identity DEVICE -Cancel.",
	Where:       AnyExchange,
	Drastic:     true,
	New:         func() lab.Action { return new(WipeDevice) },
}
