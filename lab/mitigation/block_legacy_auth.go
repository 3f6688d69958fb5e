package mitigation

import "shutout/lab"

// BlockLegacyAuth gives a user an authentication policy that blocks legacy
// authentication.
type BlockLegacyAuth struct {
	User string `yaml:"user" kind:"account" doc:"whose sign-ins"`
}

func (*BlockLegacyAuth) Name() string                 { return "block-legacy-auth" }
func (a *BlockLegacyAuth) Validate(c *lab.Cast) error { return check(a, c) }

var blockLegacyAuth = Info{
	Title: "Block legacy authentication for the user by an authentication policy",
	Doc: `Refuses Basic, and on a server of one's own NTLM and Kerberos from outside, where clients could sign in with tokens.
		It denies those ways to sign in and severs nothing; whoever has an access token goes on. On servers of one's own it
		needs Exchange 2019 CU2 with hybrid modern authentication, which this lab does not have. In Exchange Online Basic is
		off already, so nothing is left for it to refuse.`,
	Cmdlets: []string{
		"Exchange 2019: New-AuthenticationPolicy 'Block legacy' -BlockLegacyAuthActiveSync -BlockLegacyAuthAutodiscover -BlockLegacyAuthImap -BlockLegacyAuthMapi -BlockLegacyAuthOfflineAddressBook -BlockLegacyAuthPop -BlockLegacyAuthRpc -BlockLegacyAuthWebServices   # without the switches it blocks nothing",
		"Exchange Online: New-AuthenticationPolicy 'Block legacy'   # every -AllowBasicAuth… is off",
		"Set-User USER -AuthenticationPolicy 'Block legacy'",
		"Exchange Online: Set-User USER -STSRefreshTokensValidFrom ([DateTime]::UtcNow)   # within 30 minutes instead of a day",
	},
	Sources:     []string{"PS-AUTHPOL", "PS-USER", "EXO-BASIC"},
	SideEffects: "None for others.",
	Undo:        "Set-User USER -AuthenticationPolicy $null",
	Where:       AnyExchange,
	New:         func() lab.Action { return new(BlockLegacyAuth) },
}
