package mitigation

import "shutout/lab"

// DeleteCloudAccount deletes an account of Entra ID.
type DeleteCloudAccount struct {
	User string `yaml:"user" kind:"account" doc:"whose account in Entra ID"`
}

func (*DeleteCloudAccount) Name() string                 { return "delete-cloud-account" }
func (a *DeleteCloudAccount) Validate(c *lab.Cast) error { return check(a, c) }

var deleteCloudAccount = Info{
	Title: "Delete the account in Entra ID",
	Doc: `Refuses sign-ins and refresh tokens, as for an account that does not exist; servers hear of it by continuous access
		evaluation. The mailbox goes with the account unless it has become a shared one.`,
	Cmdlets:     []string{"Remove-MgUser -UserId USER"},
	Sources:     []string{"M365-REMOVE", "CAE"},
	SideEffects: "Incoming mail bounces once the mailbox is gone.",
	Undo:        "restore-cloud-account, for about 30 days",
	Where:       CloudTenant,
	Drastic:     true,
	New:         func() lab.Action { return new(DeleteCloudAccount) },
}

// RestoreCloudAccount restores a deleted account of Entra ID.
type RestoreCloudAccount struct {
	User string `yaml:"user" kind:"account" doc:"whose account in Entra ID"`
}

func (*RestoreCloudAccount) Name() string                 { return "restore-cloud-account" }
func (a *RestoreCloudAccount) Validate(c *lab.Cast) error { return check(a, c) }

var restoreCloudAccount = Info{
	Title:       "Restore a deleted account in Entra ID",
	Doc:         `Undoes delete-cloud-account, with the mailbox.`,
	Cmdlets:     []string{"Restore-MgDirectoryDeletedItem -DirectoryObjectId ID"},
	Sources:     []string{"M365-REMOVE"},
	SideEffects: "None.",
	Undo:        "delete-cloud-account",
	Purpose:     Restore,
	Where:       CloudTenant,
	New:         func() lab.Action { return new(RestoreCloudAccount) },
}
