package mitigation

import "shutout/lab"

// CloseSMTPSessions ends the SMTP sessions on which a user has signed in at
// Postfix.
type CloseSMTPSessions struct {
	User string `yaml:"user" kind:"account" doc:"whose sessions"`
}

func (*CloseSMTPSessions) Name() string                 { return "close-smtp-sessions" }
func (a *CloseSMTPSessions) Validate(c *lab.Cast) error { return check(a, c) }

var closeSMTPSessions = Info{
	Title: "Close the user's SMTP sessions at Postfix",
	Doc: `Severs what doveadm kick does not reach: the session on which somebody has signed in at Postfix, which is never asked
		again. Postfix has no command for it. Each client has an smtpd process of its own, whose number stands in the log
		beside sasl_username. It denies nothing: the program signs in anew. Stopping and starting Postfix ends the sessions of
		everybody; reloading it ends none.`,
	Cmdlets: []string{
		`grep "sasl_username=USER" /var/log/mail.log | tail -1   # postfix/submission/smtpd[PID]`,
		"kill PID",
	},
	Sources:     []string{"POSTFIX-SASL", "OPEN-LAB"},
	SideEffects: "None for others, if the number is right.",
	Undo:        "None needed.",
	Where:       OpenServers,
	New:         func() lab.Action { return new(CloseSMTPSessions) },
}
