package mitigation

import "shutout/lab"

// RecycleAppPool replaces the worker process of one application pool, or of each.
type RecycleAppPool struct {
	Pool    string   `yaml:"pool,omitempty" choice:"MSExchangeOWAAppPool MSExchangeSyncAppPool MSExchangeServicesAppPool MSExchangeRPCProxyFrontEndAppPool MSExchangeMapiFrontEndAppPool MSExchangeAutodiscoverAppPool" doc:"the pool, by its name in Exchange 2013 and later" omitted:"every pool"`
	Servers []string `yaml:"servers,omitempty" kind:"cas" doc:"which servers" omitted:"all client access servers"`
}

func (*RecycleAppPool) Name() string                 { return "recycle-app-pool" }
func (a *RecycleAppPool) Validate(c *lab.Cast) error { return check(a, c) }

var recycleAppPool = Info{
	Title: "Recycle an application pool",
	Doc: `Starts a new worker process with an empty token cache. The old one finishes the requests that it holds within
		the drain time; TCP connections stay open. Tokens in one pool do not help in another, so whoever uses several
		protocols has one to lose in each.`,
	Cmdlets: []string{
		"Restart-WebAppPool MSExchangeSyncAppPool",
		"Get-ChildItem IIS:\\AppPools | Where-Object Name -like MSExchange* | Restart-WebAppPool",
		"Restart-WebAppPool DefaultAppPool   # 2007 and 2010, where several protocols share it",
	},
	Sources:     []string{"KB3035228", "RECYCLE", "SHUTLIM"},
	SideEffects: "Users of this protocol on these servers are authenticated anew.",
	Undo:        "None needed.",
	Where:       OwnExchange,
	Needs:       "IIS",
	New:         func() lab.Action { return new(RecycleAppPool) },
}
