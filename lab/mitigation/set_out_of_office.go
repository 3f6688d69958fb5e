package mitigation

import "shutout/lab"

// SetOutOfOffice says who gets a mailbox's automatic replies.
type SetOutOfOffice struct {
	User     string `yaml:"user" kind:"account" doc:"whose mailbox"`
	Audience string `yaml:"audience" choice:"off internal all" example:"internal" doc:"who is answered: nobody, senders inside the organisation, or everybody"`
}

func (*SetOutOfOffice) Name() string                 { return "set-out-of-office" }
func (a *SetOutOfOffice) Validate(c *lab.Cast) error { return check(a, c) }

var setOutOfOffice = Info{
	Title: "Say who gets out-of-office replies",
	Doc: `Read for each message that arrives. Replies that are already in a queue are not recalled; they go on being
		retried until they are delivered or expire. Switching off forgets who has been answered.`,
	Cmdlets: []string{
		"Set-MailboxAutoReplyConfiguration -Identity USER -AutoReplyState Enabled -ExternalAudience None   # internal",
		"Set-MailboxAutoReplyConfiguration -Identity USER -AutoReplyState Enabled -ExternalAudience All    # all",
		"Set-MailboxAutoReplyConfiguration -Identity USER -AutoReplyState Disabled                         # off",
	},
	Sources: []string{
		"002_235895b6475120ef.txt#turn-off-out-of-office", "002_235895b6475120ef.txt#back-to-internal", "PS-ARC",
		"KB266166", "KB157961",
	},
	SideEffects: "People outside are no longer told that the user is away.",
	Undo:        "set-out-of-office with audience: all",
	Purpose:     EndAbuse,
	Open: &Texts{
		Doc: `A vacation script of Dovecot's Pigeonhole, read for each message that arrives. Replies that are already in a queue
			are not recalled; they go on being retried until they are delivered or expire. A disabled account has its script
			carried out all the same.`,
		Cmdlets: []string{
			"doveadm sieve activate -u USER SCRIPT   # internal: a script that answers senders of the own domain; all: one that answers everybody",
			"doveadm sieve deactivate -u USER        # off",
		},
		Sources: []string{"OPEN-LAB"},
	},
	New: func() lab.Action { return new(SetOutOfOffice) },
}
