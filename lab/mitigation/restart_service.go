package mitigation

import "shutout/lab"

// RestartService restarts one of the services of an open site.
type RestartService struct {
	Service string `yaml:"service" choice:"dovecot postfix sogo samba" doc:"which service"`
}

func (*RestartService) Name() string                 { return "restart-service" }
func (a *RestartService) Validate(c *lab.Cast) error { return check(a, c) }

var restartService = Info{
	Title: "Restart Dovecot, Postfix, SOGo or Samba",
	Doc: `Each severs what the service itself holds. Dovecot: every IMAP and POP3 session, and the authentication cache with
		them. Postfix: every SMTP session, if it is stopped and started; a reload ends none. SOGo: the request that a phone has
		waiting; what SOGo remembers of passwords is in memcached and stays. Samba: nothing, for no session asks the directory,
		and while it is away Dovecot even takes an entry of its cache that has had its time.`,
	Cmdlets: []string{
		"systemctl restart dovecot                      # service: dovecot",
		"systemctl stop postfix; systemctl start postfix   # service: postfix",
		"systemctl restart sogo                         # service: sogo",
		"systemctl restart samba-ad-dc                  # service: samba",
	},
	Sources:     []string{"DOVECOT-SET", "POSTFIX", "OPEN-LAB"},
	SideEffects: "Everybody is cut off for a moment and signs in again.",
	Undo:        "None needed.",
	Where:       OpenServers,
	New:         func() lab.Action { return new(RestartService) },
}
