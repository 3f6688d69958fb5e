package mitigation

import "shutout/lab"

// RestartServer restarts a whole server.
type RestartServer struct {
	Servers []string `yaml:"servers,omitempty" kind:"exchange" doc:"which servers" omitted:"all client access and mailbox servers"`
}

func (*RestartServer) Name() string                 { return "restart-server" }
func (a *RestartServer) Validate(c *lab.Cast) error { return check(a, c) }

var restartServer = Info{
	Title: "Restart a whole mail server",
	Doc: `Severs everything that the server holds, over every path: what restart-store does on a mailbox server, and
		what restarting IIS, RPC Client Access, POP3, IMAP4 and SMTP does on the others. It denies nothing: whoever may still
		sign in is back when the server is.`,
	Cmdlets: []string{
		"Restart-Computer -ComputerName SERVER -Force",
	},
	Sources: []string{
		"000_aa5026bcf9d1a159.txt#disruption-stops",
	},
	SideEffects: "Everybody on these servers is without mail until they are back.",
	Undo:        "None needed.",
	Where:       OwnServers,
	Open: &Texts{
		Doc: `Severs everything that the server holds: the sessions at Dovecot and what it remembers of passwords, those at
			Postfix, and the request that a phone has waiting at SOGo. It denies nothing: whoever may still sign in is back when the
			server is.`,
		Cmdlets: []string{
			"systemctl reboot",
		},
		Sources: []string{"OPEN-LAB"},
	},
	New: func() lab.Action { return new(RestartServer) },
}
