package mitigation

import "shutout/lab"

// RestartStore restarts the information store of mailbox servers.
type RestartStore struct {
	Servers []string `yaml:"servers,omitempty" kind:"store" doc:"which servers" omitted:"all mailbox servers"`
}

func (*RestartStore) Name() string                 { return "restart-store" }
func (a *RestartStore) Validate(c *lab.Cast) error { return check(a, c) }

var restartStore = Info{
	Title: "Restart the information store",
	Doc: `Severs every mailbox session on these servers and empties the mailbox-information cache, so that flags, rights
		and limits are read anew. It denies nothing.`,
	Cmdlets: []string{
		"Restart-Service MSExchangeIS",
	},
	Sources:     []string{"000_aa5026bcf9d1a159.txt#restart-or-failover", "KB326252", "MBI-1"},
	SideEffects: "Every mailbox on these servers is away for some minutes.",
	Undo:        "None needed.",
	Where:       OwnExchange,
	New:         func() lab.Action { return new(RestartStore) },
}
