package mitigation

import (
	"errors"

	"shutout/lab"
)

// FailoverMailboxServer brings a mailbox server's databases up on another one.
type FailoverMailboxServer struct {
	Server string `yaml:"server" kind:"store" doc:"the server that gives its databases up"`
	To     string `yaml:"to,omitempty" kind:"store" doc:"the server that takes them" omitted:"the next mailbox server of its site"`
}

func (*FailoverMailboxServer) Name() string { return "failover-mailbox-server" }

func (a *FailoverMailboxServer) Validate(c *lab.Cast) error {
	err := check(a, c)
	if a.Server != "" && a.Server == a.To {
		err = errors.Join(err, &ParamError{Action: a.Name(), Param: "to", Found: a.To, Text: "is the server that gives its databases up: name another one"})
	}
	return err
}

var failoverMailboxServer = Info{
	Title: "Fail the mailbox server over",
	Doc: `Severs every mailbox session on the server, as a restart of the information store does, and the databases come up on
		another server, which knows nothing of rights, limits and flags yet and reads them anew. It denies nothing.`,
	Cmdlets: []string{
		"Move-ActiveMailboxDatabase -Server SERVER   # 2010 and later, and with -ActivateOnServer OTHER for one database",
		`Move-ClusteredMailboxServer -Identity SERVER -TargetMachine OTHER -MoveComment "termination"   # 2007`,
		`cluster group "EXCHANGE GROUP" /moveto:OTHER   # 2003`,
	},
	Sources:     []string{"000_aa5026bcf9d1a159.txt#restart-or-failover", "MBI-1"},
	SideEffects: "Every mailbox on the server is away until its database has come up on the other one.",
	Undo:        "failover-mailbox-server from the other server",
	Where:       OwnExchange,
	New:         func() lab.Action { return new(FailoverMailboxServer) },
}
