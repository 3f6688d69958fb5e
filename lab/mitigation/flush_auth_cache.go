package mitigation

import "shutout/lab"

// FlushAuthCache empties Dovecot's authentication cache.
type FlushAuthCache struct {
	User string `yaml:"user,omitempty" kind:"account" doc:"whose entries" omitted:"everybody's"`
}

func (*FlushAuthCache) Name() string                 { return "flush-auth-cache" }
func (a *FlushAuthCache) Validate(c *lab.Cast) error { return check(a, c) }

var flushAuthCache = Info{
	Title: "Empty Dovecot's authentication cache",
	Doc: `Has the next sign-in over IMAP, POP3 and SMTP ask the directory again, for Postfix asks the same cache. It severs
		nothing, and a Kerberos ticket never was in the cache. Without it a disabled account signs in until its entry dies, so
		long after the first look at the directory (dovecot.auth_cache_ttl).`,
	Cmdlets: []string{
		"doveadm auth cache flush USER",
		"doveadm auth cache flush   # everybody",
	},
	Sources:     []string{"DOVECOT-SET", "DOVECOT-CACHE", "OPEN-LAB"},
	SideEffects: "None that anybody notices: the directory is asked once more.",
	Undo:        "None needed.",
	Where:       OpenServers,
	New:         func() lab.Action { return new(FlushAuthCache) },
}
