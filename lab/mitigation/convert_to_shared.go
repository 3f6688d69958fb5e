package mitigation

import "shutout/lab"

// ConvertToShared makes a mailbox a shared one.
type ConvertToShared struct {
	User string `yaml:"user" kind:"account" doc:"whose mailbox"`
}

func (*ConvertToShared) Name() string                 { return "convert-to-shared" }
func (a *ConvertToShared) Validate(c *lab.Cast) error { return check(a, c) }

var convertToShared = Info{
	Title: "Convert the mailbox to a shared one",
	Doc: `Keeps the mailbox without a licence, for those who take over. It ends nobody's access: the account stays and may
		sign in until that is blocked.`,
	Cmdlets:     []string{"Set-Mailbox -Identity USER -Type Shared"},
	Sources:     []string{"M365-REMOVE"},
	SideEffects: "None. The account must be kept: without it the shared mailbox has no anchor.",
	Undo:        "Set-Mailbox -Identity USER -Type Regular",
	Where:       CloudTenant,
	New:         func() lab.Action { return new(ConvertToShared) },
}

// RemoveLicence takes the licence of Exchange Online from an account.
type RemoveLicence struct {
	User string `yaml:"user" kind:"account" doc:"whose licence"`
}

func (*RemoveLicence) Name() string                 { return "remove-licence" }
func (a *RemoveLicence) Validate(c *lab.Cast) error { return check(a, c) }

var removeLicence = Info{
	Title: "Remove the Microsoft 365 licence",
	Doc: `The mailbox is disconnected, unless it is a shared one, and its data kept for 30 days. The account may still sign
		in, to what is left.`,
	Cmdlets:     []string{"Set-MgUserLicense -UserId USER -RemoveLicenses @(SKU) -AddLicenses @()"},
	Sources:     []string{"M365-REMOVE"},
	SideEffects: "Incoming mail bounces.",
	Undo:        "reconnect-mailbox: the licence is given back, within 30 days",
	Where:       CloudTenant,
	Drastic:     true,
	New:         func() lab.Action { return new(RemoveLicence) },
}
