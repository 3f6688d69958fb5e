package mitigation

import "shutout/lab"

// EnableAccount clears the disabled bit of userAccountControl and an account
// expiry, for somebody who comes back.
type EnableAccount struct {
	User string `yaml:"user" kind:"account" doc:"whose account"`
	DC   string `yaml:"dc,omitempty" kind:"dc" doc:"the domain controller that takes the change" omitted:"the PDC emulator"`
}

func (*EnableAccount) Name() string                 { return "enable-account" }
func (a *EnableAccount) Validate(c *lab.Cast) error { return check(a, c) }

var enableAccount = Info{
	Title:       "Enable the account again",
	Doc:         `Admits the next authentication again: clears the disabled bit and the expiry date. Passwords, protocol flags and limits stay as they are.`,
	Cmdlets:     []string{"Enable-ADAccount -Identity USER -Server DC", "Clear-ADAccountExpiration -Identity USER -Server DC"},
	Sources:     []string{"ADTS-UAC"},
	SideEffects: "None for others.",
	Undo:        "disable-account",
	Purpose:     Restore,
	Open: &Texts{
		Cmdlets: []string{
			"samba-tool user enable USER -H ldap://DC",
			"samba-tool user setexpiry USER --noexpiry -H ldap://DC",
		},
		Sources: []string{"SAMBA-TOOL"},
	},
	New: func() lab.Action { return new(EnableAccount) },
}
