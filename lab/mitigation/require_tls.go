package mitigation

import "shutout/lab"

// RequireTLS has POP3 and IMAP4 take a password only under TLS.
type RequireTLS struct {
	Services []string `yaml:"services,omitempty" choice:"pop3 imap" doc:"which services" omitted:"both"`
	Servers  []string `yaml:"servers,omitempty" kind:"cas" doc:"which servers" omitted:"all client access servers"`
}

func (*RequireTLS) Name() string                 { return "require-tls" }
func (a *RequireTLS) Validate(c *lab.Cast) error { return check(a, c) }

// Affected lists the services that are set up.
func (a *RequireTLS) Affected() []string {
	if len(a.Services) > 0 {
		return a.Services
	}
	return []string{"pop3", "imap"}
}

var requireTLS = Info{
	Title: "Take passwords only under TLS",
	Doc: `POP3 and IMAP4 refuse a password that comes in the clear, and whoever listens on the network learns no new one. What
		has been overheard before is still good: the password has to be reset as well, and afterwards. A reset before it is
		overheard again. The services are restarted to read the setting, which severs their connections.`,
	Cmdlets: []string{
		"Set-PopSettings -Server SERVER -LoginType SecureLogin; Restart-Service MSExchangePOP3     # services: [pop3]",
		"Set-ImapSettings -Server SERVER -LoginType SecureLogin; Restart-Service MSExchangeIMAP4   # services: [imap]",
	},
	Sources: []string{
		"004_4d27062e20911578.txt#pop3-clear-passwords",
		"004_4d27062e20911578.txt#pop3-over-ssl",
		"004_4d27062e20911578.txt#only-pop3s-port",
		"PS-POP",
		"PS-IMAP",
	},
	Purpose:     EndAbuse,
	SideEffects: "Programs that cannot do TLS, or are not set up for it, get no mail any more.",
	Undo:        "The same commands with -LoginType PlainTextLogin.",
	Where:       OwnExchange,
	New:         func() lab.Action { return new(RequireTLS) },
}
