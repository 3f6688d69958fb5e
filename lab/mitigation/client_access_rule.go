package mitigation

import "shutout/lab"

// ClientAccessRule adds a Client Access Rule against a user.
type ClientAccessRule struct {
	User string `yaml:"user" kind:"account" doc:"whose access"`
}

func (*ClientAccessRule) Name() string                 { return "client-access-rule" }
func (a *ClientAccessRule) Validate(c *lab.Cast) error { return check(a, c) }

var clientAccessRule = Info{
	Title: "Add a Client Access Rule against the user",
	Doc: `On a server of one's own, which means Exchange 2019, such rules are about the Exchange admin center and remote
		PowerShell only: neither severs nor denies any way to mail. Its name makes people expect more, so it stands here as a
		control. The first rule takes up to a day, later ones up to an hour.`,
	Cmdlets:     []string{"New-ClientAccessRule 'Block USER' -Action DenyAccess -AnyOfProtocols ExchangeAdminCenter,RemotePowerShell -UsernameMatchesAnyOfPatterns USER"},
	Sources:     []string{"CAR"},
	SideEffects: "A rule that is too wide locks administrators out of remote PowerShell.",
	Undo:        "Remove-ClientAccessRule 'Block USER'",
	Where:       OwnExchange,
	New:         func() lab.Action { return new(ClientAccessRule) },
}
