package mitigation

import "shutout/lab"

// DenyLogonHours takes every hour of the week from an account's logon hours.
type DenyLogonHours struct {
	User string `yaml:"user" kind:"account" doc:"whose account"`
	DC   string `yaml:"dc,omitempty" kind:"dc" doc:"the domain controller that takes the change" omitted:"the PDC emulator"`
}

func (*DenyLogonHours) Name() string                 { return "deny-logon-hours" }
func (a *DenyLogonHours) Validate(c *lab.Cast) error { return check(a, c) }

var denyLogonHours = Info{
	Title: "Leave the account no logon hours",
	Doc: `Refuses the next authentication at any hour, once the domain controller that a server asks has the change, just as a
		disabled account does, and just as little is felt by whoever is in.`,
	Cmdlets: []string{
		"Set-ADUser -Identity USER -Replace @{logonHours = [byte[]](,0 * 21)} -Server DC",
		"net user USER /times: /domain",
	},
	Sources:     []string{"000_aa5026bcf9d1a159.txt#account-settings-do-nothing", "KILE-TGS"},
	SideEffects: "None for others. Mail to the mailbox still arrives.",
	Undo:        "net user USER /times:all /domain",
	Open: &Texts{
		Doc: `Refuses the next authentication that asks Samba at any hour, just as a disabled account does, and just as little is
			felt by whoever is in.`,
		Cmdlets: []string{
			"samba-tool user edit USER -H ldap://DC   # logonHours:: and 28 times the letter A, which is 21 bytes of 0",
		},
		Sources: []string{"SAMBA-TOOL", "OPEN-LAB"},
		Undo:    "samba-tool user edit USER   # take logonHours out",
	},
	New: func() lab.Action { return new(DenyLogonHours) },
}
