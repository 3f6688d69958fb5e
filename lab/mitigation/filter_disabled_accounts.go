package mitigation

import "shutout/lab"

// FilterDisabledAccounts has Dovecot's lookups in the directory leave disabled
// accounts out.
type FilterDisabledAccounts struct{}

func (*FilterDisabledAccounts) Name() string                 { return "filter-disabled-accounts" }
func (a *FilterDisabledAccounts) Validate(c *lab.Cast) error { return check(a, c) }

var filterDisabledAccounts = Info{
	Title: "Leave disabled accounts out of Dovecot's lookups",
	Doc: `Refuses a Kerberos ticket whose account is disabled. A ticket says who somebody is, and until it ends, ten hours
		later, nobody asks the directory whether that is still so, unless the lookup of the user behind it finds nobody. The
		filter has to stand in the lookup of users: with one in pass_filter alone a client is let in that gives no name besides
		its ticket. Dovecot reads it when it is reloaded, which empties the authentication cache and, unless
		shutdown_clients is off, ends everybody's open sessions some seconds later (dovecot.reload_severs). A lookup from before the account was disabled is remembered as long as a sign-in (dovecot.auth_cache_ttl).`,
	Cmdlets: []string{
		"user_filter = (&(sAMAccountName=%n)(!(userAccountControl:1.2.840.113556.1.4.803:=2)))   # of userdb { driver = ldap }",
		"pass_filter = (&(sAMAccountName=%n)(!(userAccountControl:1.2.840.113556.1.4.803:=2)))   # of passdb { driver = ldap }",
		"doveadm reload",
	},
	Sources:     []string{"OPEN-LAB", "ADTS-UAC"},
	SideEffects: "Everybody's sessions at Dovecot end and are opened anew. Mail to a disabled account is returned to its sender, and its vacation replies end with that. One whose account is disabled by mistake loses mail.",
	Undo:        "Take the condition out of the filters and reload.",
	Where:       OpenServers,
	New:         func() lab.Action { return new(FilterDisabledAccounts) },
}
