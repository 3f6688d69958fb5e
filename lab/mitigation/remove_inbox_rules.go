package mitigation

import "shutout/lab"

// RemoveInboxRules takes every inbox rule of a mailbox away.
type RemoveInboxRules struct {
	User string `yaml:"user" kind:"account" doc:"whose mailbox"`
}

func (*RemoveInboxRules) Name() string                 { return "remove-inbox-rules" }
func (a *RemoveInboxRules) Validate(c *lab.Cast) error { return check(a, c) }

var removeInboxRules = Info{
	Title: "Remove the inbox rules",
	Doc: `The server carries rules out for every message that comes, whether the account is disabled or not, and a move takes them
		along. Acts on the next message. Exchange 2003 and 2007 have no command line for it: there, only Outlook and tools
		that open the mailbox see the rules.`,
	Cmdlets: []string{
		`Get-InboxRule -Mailbox USER | Format-List Name,Enabled,ForwardTo,RedirectTo,ForwardAsAttachmentTo   # what is there`,
		`Get-InboxRule -Mailbox USER | Remove-InboxRule -Confirm:$false`,
		"Exchange 2003, 2007: outlook.exe /cleanrules in a profile of the mailbox",
	},
	Sources: []string{
		"PS-RMRULE", "EWS-RULES",
	},
	SideEffects: "Rules that sort mail into folders go as well.",
	Undo:        "None: a removed rule has to be made anew. Disable-InboxRule leaves it there.",
	Purpose:     EndResidual,
	Where:       AnyExchange,
	New:         func() lab.Action { return new(RemoveInboxRules) },
}
