package mitigation

import (
	"errors"
	"time"

	"shutout/lab"
)

// SetTarpit sets how long a client waits for a refusal.
type SetTarpit struct {
	Interval time.Duration `yaml:"interval" kind:"duration" example:"5s" doc:"the wait before each refusal, 0s for none, at most 10m"`
	Servers  []string      `yaml:"servers,omitempty" kind:"store" doc:"whose receive connectors" omitted:"all mailbox servers"`
}

func (*SetTarpit) Name() string { return "set-tarpit" }

func (a *SetTarpit) Validate(c *lab.Cast) error {
	err := check(a, c)
	// 00:10:00 is the most that Set-ReceiveConnector takes.
	if a.Interval > 10*time.Minute {
		err = errors.Join(err, &ParamError{Action: a.Name(), Param: "interval", Found: lab.Duration(a.Interval), Text: "is too long: expected at most 10m"})
	}
	return err
}

var setTarpit = Info{
	Title: "Make clients wait for a refusal",
	Doc: `A client that has not signed in waits before it is told no, an unknown recipient above all: guessing addresses
		(directory harvest) takes that long for each wrong guess. It ends nothing, and connections that are open keep
		the wait that they began with. Without filter-recipients there is no refusal to wait for.`,
	Cmdlets: []string{
		`Set-ReceiveConnector "SERVER\Default Frontend SERVER" -TarpitInterval 00:00:05`,
		`Exchange 2003 on Windows Server 2003 SP1: reg add HKLM\SYSTEM\CurrentControlSet\Services\SMTPSVC\Parameters /v TarpitTime /t REG_DWORD /d 5; Restart-Service SMTPSVC`,
	},
	Sources: []string{
		"004_4d27062e20911578.txt#directory-harvest", "004_4d27062e20911578.txt#filter-needs-tarpit", "PS-RC", "RECIPF",
	},
	SideEffects: "Good senders who mistype an address wait as well; a long wait makes some servers give up.",
	Undo:        "set-tarpit with the former interval, 5s by default",
	Purpose:     EndAbuse,
	Where:       OwnExchange,
	New:         func() lab.Action { return new(SetTarpit) },
}
