package mitigation

import "shutout/lab"

// RestrictSenders sets who may write to a mailbox.
type RestrictSenders struct {
	User string   `yaml:"user" kind:"account" doc:"whose mailbox"`
	From []string `yaml:"from" kind:"account" example:"postmaster" doc:"the people whose mail it takes; an empty list takes everybody's again"`
	DC   string   `yaml:"dc,omitempty" kind:"dc" doc:"the domain controller that takes the change" omitted:"the PDC emulator"`
}

func (*RestrictSenders) Name() string                 { return "restrict-senders" }
func (a *RestrictSenders) Validate(c *lab.Cast) error { return check(a, c) }

var restrictSenders = Info{
	Title: "Accept mail from some people only",
	Doc: `Keeps others from writing to the mailbox, from when transport has read the change. The mail is taken and returned.
		Its user goes on reading and sending: it is no way to end access.`,
	Cmdlets: []string{
		"Set-Mailbox USER -AcceptMessagesOnlyFrom ADMIN",
		"Exchange 2003: the user's Exchange General tab, Delivery Restrictions, Only from",
	},
	Sources:     []string{"PS-MBX"},
	SideEffects: "Others' mail to the mailbox bounces; mail that should be captured after the person left is lost.",
	Undo:        "restrict-senders with from: [], that is Set-Mailbox USER -AcceptMessagesOnlyFrom $null",
	Purpose:     EndAbuse,
	Where:       AnyExchange,
	New:         func() lab.Action { return new(RestrictSenders) },
}
