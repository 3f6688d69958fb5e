package mitigation

import (
	"errors"

	"shutout/lab"
)

// ResetPassword gives the account another, random password.
type ResetPassword struct {
	User      string `yaml:"user" kind:"account" doc:"whose password"`
	Times     int    `yaml:"times,omitempty" min:"1" max:"2" default:"1" doc:"how often in a row; the second reset drives the old password out of the password history that the NTLM window looks at"`
	Directory string `yaml:"directory,omitempty" choice:"premises cloud" default:"premises" doc:"where it is reset: in Active Directory, from where it is synchronised, or in Entra ID at once"`
	DC        string `yaml:"dc,omitempty" kind:"dc" doc:"the domain controller that takes the change" omitted:"the PDC emulator"`
}

func (*ResetPassword) Name() string { return "reset-password" }

func (a *ResetPassword) Validate(c *lab.Cast) error {
	err := check(a, c)
	if a.Directory == "cloud" && a.DC != "" {
		err = errors.Join(err, &ParamError{Action: a.Name(), Param: "dc", Text: "is of no use: Entra ID has no domain controllers"})
	}
	return err
}

var resetPassword = Info{
	Title: "Reset the password",
	Doc: `Refuses the old password at the next authentication. A cached token goes on being found under the old
		password, and network logons may admit the previous password for a while. In Entra ID a reset ends every refresh token,
		too, and is an event that servers hear of by continuous access evaluation.`,
	Cmdlets: []string{
		"Set-ADAccountPassword -Identity USER -Reset -NewPassword $p1 -Server DC",
		"Set-ADAccountPassword -Identity USER -Reset -NewPassword $p2 -Server DC   # times: 2",
		"Update-MgUser -UserId USER -PasswordProfile @{Password = $p1; ForceChangePasswordNextSignIn = $false}   # directory: cloud",
	},
	Sources: []string{
		"000_aa5026bcf9d1a159.txt#reset-and-disable-do-nothing", "000_aa5026bcf9d1a159.txt#reset-prompts",
		"000_aa5026bcf9d1a159.txt#reset-better-than-move", "KB267568", "KB906305-old", "KB906305-2025", "ENTRA-REVOKE",
		"M365-S1", "M365-S7", "M365-SESS",
	},
	SideEffects: "The user's other devices are refused and may lock the account out.",
	Undo:        "None: the old password is gone. Hand out a new one.",
	Open: &Texts{
		Doc: `Refuses the old password at the next authentication that asks Samba. Dovecot goes on taking it from its
			authentication cache for a while (dovecot.auth_cache_ttl), and Samba itself may admit the previous one
			(ntlm.old_password). A reset by samba-tool enables an account that was disabled (samba.reset_enables): disable it again
			afterwards.`,
		Cmdlets: []string{
			"samba-tool user setpassword USER -H ldap://DC",
			"samba-tool user setpassword USER -H ldap://DC   # times: 2",
		},
		Sources: []string{"SAMBA-TOOL", "DOVECOT-CACHE", "OPEN-LAB"},
		Undo:    "None: the old password is gone. Hand out a new one.",
	},
	New: func() lab.Action { return new(ResetPassword) },
}
