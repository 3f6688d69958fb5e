package mitigation

import "shutout/lab"

// RevokeSessions ends the refresh tokens of a cloud account.
type RevokeSessions struct {
	User string `yaml:"user" kind:"account" doc:"whose account in Entra ID"`
}

func (*RevokeSessions) Name() string                 { return "revoke-sessions" }
func (a *RevokeSessions) Validate(c *lab.Cast) error { return check(a, c) }

var revokeSessions = Info{
	Title: "Revoke the sign-in sessions in Entra ID",
	Doc: `Ends every refresh token of the account (refreshTokensValidFromDateTime is set to now) and, where client and server
		follow continuous access evaluation, the access tokens that are out. It denies nothing: whoever knows a password
		that is good signs in again.`,
	Cmdlets:     []string{"Revoke-MgUserSignInSession -UserId USER"},
	Sources:     []string{"ENTRA-REVOKE", "CAE", "M365-S1", "M365-SESS"},
	SideEffects: "The user has to sign in again in every program. An application that keeps sessions of its own is not told.",
	Undo:        "None needed.",
	Where:       CloudTenant,
	New:         func() lab.Action { return new(RevokeSessions) },
}
