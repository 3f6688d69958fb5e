package mitigation

import "shutout/lab"

// LimitReplies sets whether out-of-office replies leave for other domains.
type LimitReplies struct {
	Domain string `yaml:"domain,omitempty" kind:"domain" doc:"the remote domain" omitted:"the default remote domain, every domain without a setting of its own"`
	Allow  string `yaml:"allow" choice:"none external" doc:"which out-of-office replies may leave"`
}

func (*LimitReplies) Name() string                 { return "limit-replies" }
func (a *LimitReplies) Validate(c *lab.Cast) error { return check(a, c) }

var limitReplies = Info{
	Title: "Keep out-of-office replies inside",
	Doc: `AllowedOOFType of a remote domain: with none, no mailbox answers senders of that domain, whatever its user chose.
		Read for each message that arrives. Replies that are already in a queue are retried until they are delivered or
		expire. The settings of the mailboxes stay.`,
	Cmdlets: []string{
		"Set-RemoteDomain Default -AllowedOOFType None",
		"New-RemoteDomain -Name NAME -DomainName *.DOMAIN; Set-RemoteDomain NAME -AllowedOOFType None   # one domain and those below it",
		"Exchange 2003: System Manager, Internet Message Formats, Default, Advanced: clear \"Allow out of office responses\"",
	},
	Sources: []string{
		"002_235895b6475120ef.txt#replies-stay-inside", "002_235895b6475120ef.txt#replies-can-be-let-out", "PS-RD",
		"KB266166",
	},
	SideEffects: "Good correspondents of that domain are no longer told that somebody is away.",
	Undo:        "limit-replies with allow: external",
	Purpose:     EndAbuse,
	Where:       AnyExchange,
	New:         func() lab.Action { return new(LimitReplies) },
}
