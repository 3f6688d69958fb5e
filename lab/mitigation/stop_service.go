package mitigation

import "shutout/lab"

// StopService stops the POP3 or the IMAP4 service.
type StopService struct {
	Service string   `yaml:"service" choice:"pop3 imap" doc:"which service"`
	Servers []string `yaml:"servers,omitempty" kind:"cas" doc:"which servers" omitted:"all client access servers"`
}

func (*StopService) Name() string                 { return "stop-service" }
func (a *StopService) Validate(c *lab.Cast) error { return check(a, c) }

var stopService = Info{
	Title: "Stop the POP3 or IMAP4 service",
	Doc: `Severs and denies, for everybody. There are two switches: the service, which is off until an administrator starts
		it (popimap.autostart), and the flag of each mailbox, which is on until somebody clears it (disable-protocols). Once
		the service runs, everybody may use it.`,
	Cmdlets: []string{
		"Stop-Service MSExchangePOP3; Set-Service MSExchangePOP3 -StartupType Disabled     # service: pop3; 2013 and later MSExchangePOP3BE, too",
		"Stop-Service MSExchangeIMAP4; Set-Service MSExchangeIMAP4 -StartupType Disabled   # service: imap; 2013 and later MSExchangeIMAP4BE, too",
	},
	Sources: []string{
		"004_4d27062e20911578.txt#pop3-off-by-default",
		"004_4d27062e20911578.txt#pop3-on-for-all",
		"POPIMAP",
	},
	SideEffects: "Nobody can use the protocol any more.",
	Undo:        "Set-Service -StartupType Automatic and Start-Service.",
	Where:       OwnServers,
	Open: &Texts{
		Doc: `Severs and denies, for everybody: once the protocol is out of Dovecot's list it has no port any more, and the
			sessions that are open are ended. There is no flag of a mailbox beside it.`,
		Cmdlets: []string{
			"protocols = imap lmtp   # dovecot.conf, service: pop3; with service: imap leave imap out",
			"doveadm reload",
			"doveadm kick USER         # each whom doveadm who names with the protocol",
		},
		Sources: []string{"DOVECOT-SET", "DOVECOT-KICK", "OPEN-LAB"},
		Undo:    "Put the protocol back into the list, and doveadm reload.",
	},
	New: func() lab.Action { return new(StopService) },
}
