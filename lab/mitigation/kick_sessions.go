package mitigation

import "shutout/lab"

// KickSessions ends the sessions that a user has at Dovecot.
type KickSessions struct {
	User string `yaml:"user" kind:"account" doc:"whose sessions"`
}

func (*KickSessions) Name() string                 { return "kick-sessions" }
func (a *KickSessions) Validate(c *lab.Cast) error { return check(a, c) }

var kickSessions = Info{
	Title: "Kick the user's sessions at Dovecot",
	Doc: `Severs IMAP (IDLE, too), POP3 and Dovecot's own submission service at once, and denies nothing: a mail program signs
		in again within the second, from the authentication cache if need be. An SMTP session at Postfix goes on sending.`,
	Cmdlets:     []string{"doveadm kick USER"},
	Sources:     []string{"DOVECOT-KICK", "OPEN-LAB"},
	SideEffects: "None for others.",
	Undo:        "None needed.",
	Where:       OpenServers,
	New:         func() lab.Action { return new(KickSessions) },
}
