package mitigation

import "shutout/lab"

// DisableAccount sets the disabled bit (ACCOUNTDISABLE, 0x2) of
// userAccountControl.
type DisableAccount struct {
	User string `yaml:"user" kind:"account" doc:"whose account"`
	DC   string `yaml:"dc,omitempty" kind:"dc" doc:"the domain controller that takes the change" omitted:"the PDC emulator"`
}

func (*DisableAccount) Name() string                 { return "disable-account" }
func (a *DisableAccount) Validate(c *lab.Cast) error { return check(a, c) }

var disableAccount = Info{
	Title: "Disable the account in Active Directory",
	Doc: `Refuses the next authentication, once the domain controller that a server asks has the change. Sessions,
		cached tokens and open connections are not told.`,
	Cmdlets: []string{"Disable-ADAccount -Identity USER -Server DC"},
	Sources: []string{
		"000_aa5026bcf9d1a159.txt#reset-and-disable-do-nothing", "000_aa5026bcf9d1a159.txt#account-settings-do-nothing",
		"KB3035228", "KB2612821", "BLOG-P2",
	},
	SideEffects: "None for others. Mail to the mailbox still arrives.",
	Undo:        "enable-account",
	Open: &Texts{
		Doc: `Refuses the next authentication that asks Samba. Dovecot lets in from its authentication cache for a while
			(dovecot.auth_cache_ttl), SOGo from its own; a Kerberos ticket and the sessions that are open are not told.`,
		Cmdlets: []string{
			"samba-tool user disable USER -H ldap://DC",
		},
		Sources: []string{"SAMBA-TOOL", "DOVECOT-CACHE", "OPEN-LAB"},
	},
	New: func() lab.Action { return new(DisableAccount) },
}
