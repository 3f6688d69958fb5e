package mitigation

import "shutout/lab"

// LimitSendQuota sets the size from which on a mailbox may not send.
type LimitSendQuota struct {
	User         string `yaml:"user" kind:"account" doc:"whose mailbox"`
	Quota        Size   `yaml:"quota,omitempty" kind:"quota" doc:"a mailbox of this size or more may not send" omitted:"0B, so that every mailbox is over it"`
	KeepDefaults bool   `yaml:"keep-defaults,omitempty" kind:"flag" doc:"leave UseDatabaseQuotaDefaults on, as one forgets to do; the quota is then ignored" omitted:"false"`
	DC           string `yaml:"dc,omitempty" kind:"dc" doc:"the domain controller that takes the change" omitted:"the PDC emulator"`
}

func (*LimitSendQuota) Name() string                 { return "limit-send-quota" }
func (a *LimitSendQuota) Validate(c *lab.Cast) error { return check(a, c) }

var limitSendQuota = Info{
	Title: "Set the send quota to zero",
	Doc: `Ends sending from the mailbox when the store reads the quotas again, up to two hours later, and at once if it
		restarts. No session needs to be made anew for it. Reading goes on, but on Exchange 2003 a phone stops syncing. SMTP
		submission does not pass the mailbox and goes on.`,
	Cmdlets: []string{
		"Set-Mailbox USER -UseDatabaseQuotaDefaults $false -IssueWarningQuota 0 -ProhibitSendQuota 0",
	},
	Sources:     []string{"KB327378", "KB326252", "WIKI3406", "MELLO", "PS-MBX"},
	SideEffects: "None for others. The user is told that the mailbox is full.",
	Undo:        "Set-Mailbox USER -UseDatabaseQuotaDefaults $true",
	Where:       AnyExchange,
	New:         func() lab.Action { return new(LimitSendQuota) },
}
