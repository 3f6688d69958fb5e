package mitigation

import "shutout/lab"

// ResetPassword gives the account another, random password.
type ResetPassword struct {
	User  string `yaml:"user" kind:"account" doc:"whose password"`
	Times int    `yaml:"times,omitempty" min:"1" max:"2" default:"1" doc:"how often in a row; the second reset drives the old password out of the password history that the NTLM window looks at"`
	DC    string `yaml:"dc,omitempty" kind:"dc" doc:"the domain controller that takes the change" omitted:"the PDC emulator"`
}

func (*ResetPassword) Name() string                 { return "reset-password" }
func (a *ResetPassword) Validate(c *lab.Cast) error { return check(a, c) }

var resetPassword = Info{
	Title: "Reset the password",
	Doc: `Refuses the old password at the next authentication. A cached token goes on being found under the old
		password, and network logons may admit the previous password for a while.`,
	Cmdlets: []string{
		"Set-ADAccountPassword -Identity USER -Reset -NewPassword $p1 -Server DC",
		"Set-ADAccountPassword -Identity USER -Reset -NewPassword $p2 -Server DC   # times: 2",
	},
	Sources: []string{
		"000_aa5026bcf9d1a159.txt#reset-and-disable-do-nothing", "000_aa5026bcf9d1a159.txt#reset-prompts",
		"000_aa5026bcf9d1a159.txt#reset-better-than-move", "KB267568", "KB906305-old", "KB906305-2025", "ENTRA-REVOKE",
	},
	SideEffects: "The user's other devices are refused and may lock the account out.",
	Undo:        "None: the old password is gone. Hand out a new one.",
	New:         func() lab.Action { return new(ResetPassword) },
}
