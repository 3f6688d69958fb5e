package mitigation

import "shutout/lab"

// HideFromAddressLists takes a mailbox out of the address book.
type HideFromAddressLists struct {
	User string `yaml:"user" kind:"account" doc:"whose mailbox"`
	DC   string `yaml:"dc,omitempty" kind:"dc" doc:"the domain controller that takes the change" omitted:"the PDC emulator"`
}

func (*HideFromAddressLists) Name() string                 { return "hide-from-address-lists" }
func (a *HideFromAddressLists) Validate(c *lab.Cast) error { return check(a, c) }

var hideFromAddressLists = Info{
	Title: "Hide the mailbox from the address lists",
	Doc: `Neither severs nor denies: others do not see the name in the address book any more, and that is all. It stands in many
		procedures, and here as a control: it never ends access.`,
	Cmdlets:     []string{"Set-Mailbox USER -HiddenFromAddressListsEnabled $true"},
	Sources:     []string{"PS-MBX"},
	SideEffects: "Nobody finds the name in the address book. Mail to the address still arrives.",
	Undo:        "Set-Mailbox USER -HiddenFromAddressListsEnabled $false",
	Where:       AnyExchange,
	New:         func() lab.Action { return new(HideFromAddressLists) },
}
