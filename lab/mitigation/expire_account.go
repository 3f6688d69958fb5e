package mitigation

import (
	"time"

	"shutout/lab"
)

// ExpireAccount sets accountExpires.
type ExpireAccount struct {
	User  string        `yaml:"user" kind:"account" doc:"whose account"`
	After time.Duration `yaml:"after,omitempty" kind:"duration" doc:"how long after the step the account expires" omitted:"at once"`
	DC    string        `yaml:"dc,omitempty" kind:"dc" doc:"the domain controller that takes the change" omitted:"the PDC emulator"`
}

func (*ExpireAccount) Name() string                 { return "expire-account" }
func (a *ExpireAccount) Validate(c *lab.Cast) error { return check(a, c) }

var expireAccount = Info{
	Title:       "Let the account expire",
	Doc:         `Acts like disable-account from the moment of expiry on: the next authentication is refused, what is open goes on.`,
	Cmdlets:     []string{"Set-ADAccountExpiration -Identity USER -DateTime TIME -Server DC"},
	Sources:     []string{"000_aa5026bcf9d1a159.txt#account-settings-do-nothing", "KILE-AS", "KILE-TGS"},
	SideEffects: "None for others.",
	Undo:        "enable-account, or Clear-ADAccountExpiration -Identity USER",
	Open: &Texts{
		Cmdlets: []string{
			"samba-tool user setexpiry USER --days=0 -H ldap://DC",
		},
		Sources: []string{"SAMBA-TOOL", "OPEN-LAB"},
		Undo:    "enable-account, or samba-tool user setexpiry USER --noexpiry",
	},
	New: func() lab.Action { return new(ExpireAccount) },
}
