package mitigation

import "shutout/lab"

// BlockSignIn sets AccountEnabled of a cloud account to false.
type BlockSignIn struct {
	User string `yaml:"user" kind:"account" doc:"whose account in Entra ID"`
}

func (*BlockSignIn) Name() string                 { return "block-sign-in" }
func (a *BlockSignIn) Validate(c *lab.Cast) error { return check(a, c) }

var blockSignIn = Info{
	Title: "Block the sign-in in Entra ID",
	Doc: `Refuses the next sign-in at Entra ID, and every refresh token while it lasts. Access tokens that are out go on until
		they expire, or until the servers have heard of it where client and server follow continuous access evaluation. Of an
		account that is synchronised, Active Directory has the last word: do it there as well, or the next synchronisation
		may undo it.`,
	Cmdlets:     []string{"Update-MgUser -UserId USER -AccountEnabled:$false"},
	Sources:     []string{"ENTRA-REVOKE", "CAE", "M365-S1", "M365-REMOVE"},
	SideEffects: "None for others. Mail to the mailbox still arrives.",
	Undo:        "unblock-sign-in",
	Where:       CloudTenant,
	New:         func() lab.Action { return new(BlockSignIn) },
}

// UnblockSignIn sets AccountEnabled of a cloud account to true.
type UnblockSignIn struct {
	User string `yaml:"user" kind:"account" doc:"whose account in Entra ID"`
}

func (*UnblockSignIn) Name() string                 { return "unblock-sign-in" }
func (a *UnblockSignIn) Validate(c *lab.Cast) error { return check(a, c) }

var unblockSignIn = Info{
	Title:       "Admit the sign-in in Entra ID again",
	Doc:         `Undoes block-sign-in. Refresh tokens from before are good again, unless they were revoked.`,
	Cmdlets:     []string{"Update-MgUser -UserId USER -AccountEnabled:$true"},
	Sources:     []string{"ENTRA-REVOKE"},
	SideEffects: "None.",
	Undo:        "block-sign-in",
	Purpose:     Restore,
	Where:       CloudTenant,
	New:         func() lab.Action { return new(UnblockSignIn) },
}
