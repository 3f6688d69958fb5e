package mitigation

import "shutout/lab"

// DenyLocalLogon takes the right to log on locally from somebody.
type DenyLocalLogon struct {
	User    string   `yaml:"user" kind:"account" doc:"whose right"`
	Servers []string `yaml:"servers,omitempty" kind:"cas" doc:"on which servers" omitted:"all client access servers"`
}

func (*DenyLocalLogon) Name() string                 { return "deny-local-logon" }
func (a *DenyLocalLogon) Validate(c *lab.Cast) error { return check(a, c) }

var denyLocalLogon = Info{
	Title: "Take the right to log on locally away",
	Doc: `Refuses the next sign-in whose password IIS has in the clear (Basic, the form of OWA), where that is a logon on the
		server itself (iis.basic_needs_local_logon). A token that was made before is used for as long as it lives. What does
		not pass IIS, and what signs in with NTLM or Kerberos, does not need the right.`,
	Cmdlets: []string{
		`secedit /configure /db deny.sdb /cfg deny.inf /areas USER_RIGHTS   # deny.inf: [Privilege Rights] SeDenyInteractiveLogonRight = USER`,
	},
	Sources: []string{
		"KB173658",
		"001_01342c1255a20eb5.txt#fifteen-minutes",
	},
	SideEffects: "None for others.",
	Undo:        "Take the user out of the list again and apply it once more.",
	Where:       OwnExchange,
	Needs:       "IIS",
	New:         func() lab.Action { return new(DenyLocalLogon) },
}
