package mitigation

import "shutout/lab"

// RejectMail adds a transport rule that returns whatever somebody sends.
type RejectMail struct {
	User string `yaml:"user" kind:"account" doc:"whose mail"`
}

func (*RejectMail) Name() string                 { return "reject-mail" }
func (a *RejectMail) Validate(c *lab.Cast) error { return check(a, c) }

var rejectMail = Info{
	Title: "Reject whatever somebody sends by a transport rule",
	Doc: `Looks at each message in transport, after the client has handed it in: the program says that it was sent, and it comes
		back. It needs no new sign-in and reaches every way of sending that passes the organisation's servers. Messages that
		were taken before go on, and so does reading. Exchange 2003 has no transport rules.`,
	Cmdlets: []string{
		"New-TransportRule 'Reject USER' -From USER -RejectMessageReasonText 'not sent'",
		"Exchange 2007: New-TransportRule with the predicate From and the action RejectMessage",
	},
	Sources:     []string{"GENERAL"},
	SideEffects: "None for others. The user is told with each message that it was rejected.",
	Undo:        "Remove-TransportRule 'Reject USER'",
	Where:       AnyExchange,
	New:         func() lab.Action { return new(RejectMail) },
}
