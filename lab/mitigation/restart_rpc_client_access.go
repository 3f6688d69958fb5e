package mitigation

import "shutout/lab"

// RestartRPCClientAccess restarts the service that holds Outlook's sessions
// from Exchange 2010 on.
type RestartRPCClientAccess struct {
	Servers []string `yaml:"servers,omitempty" kind:"cas" doc:"which servers" omitted:"all client access servers"`
}

func (*RestartRPCClientAccess) Name() string                 { return "restart-rpc-client-access" }
func (a *RestartRPCClientAccess) Validate(c *lab.Cast) error { return check(a, c) }

var restartRPCClientAccess = Info{
	Title: "Restart RPC Client Access",
	Doc: `Ends every Outlook session that the service holds, over RPC and over Outlook Anywhere: each Outlook has to sign in
		and open its session again. It denies nothing, and it does not touch what passes IIS alone (OWA, ActiveSync, EWS,
		MAPI over HTTP). Exchange 2003 and 2007 have no such service: there the information store holds the sessions.`,
	Cmdlets: []string{
		"Restart-Service MSExchangeRPC",
	},
	Sources:     []string{"BLOG-P2", "WIKI3406"},
	SideEffects: "Every Outlook on these servers loses its connection for a moment; some ask for the password.",
	Undo:        "None needed.",
	Where:       OwnExchange,
	New:         func() lab.Action { return new(RestartRPCClientAccess) },
}
