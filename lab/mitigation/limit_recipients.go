package mitigation

import "shutout/lab"

// LimitRecipients sets to how many people a mailbox may address one message.
type LimitRecipients struct {
	User       string `yaml:"user" kind:"account" doc:"whose mailbox"`
	Recipients int    `yaml:"recipients" min:"0" max:"2147483647" example:"0" doc:"how many recipients a message may have; with 0 nothing can be sent"`
	DC         string `yaml:"dc,omitempty" kind:"dc" doc:"the domain controller that takes the change" omitted:"the PDC emulator"`
}

func (*LimitRecipients) Name() string                 { return "limit-recipients" }
func (a *LimitRecipients) Validate(c *lab.Cast) error { return check(a, c) }

var limitRecipients = Info{
	Title: "Limit the number of recipients",
	Doc: `With 0, ends sending as soon as transport has read the limit, over every path that knows the user; no session needs to be
		made anew for it. Reading goes on. Exchange Online takes 1 to 1000 only, so there it ends nothing.`,
	Cmdlets:     []string{"Set-Mailbox USER -RecipientLimits 0"},
	Sources:     []string{"MELLO", "PS-MBX"},
	SideEffects: "None for others.",
	Undo:        "Set-Mailbox USER -RecipientLimits unlimited",
	Where:       AnyExchange,
	New:         func() lab.Action { return new(LimitRecipients) },
}
