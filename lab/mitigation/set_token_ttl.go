package mitigation

import (
	"time"

	"shutout/lab"
)

// SetTokenTTL changes the registry value UserTokenTTL.
type SetTokenTTL struct {
	TTL     time.Duration `yaml:"ttl" kind:"duration" doc:"the lifetime of a cached token; what 0s means depends on the IIS version"`
	Servers []string      `yaml:"servers,omitempty" kind:"cas" doc:"which servers" omitted:"all client access servers"`
	Restart bool          `yaml:"restart,omitempty" kind:"flag" doc:"restart IIS on these servers afterwards" omitted:"false"`
}

func (*SetTokenTTL) Name() string                 { return "set-token-ttl" }
func (a *SetTokenTTL) Validate(c *lab.Cast) error { return check(a, c) }

var setTokenTTL = Info{
	Title: "Change the lifetime of cached tokens",
	Doc: `Neither severs nor denies: tokens that are made later live for the new time. Whether the edit is felt before
		IIS restarts is a parameter of the profile, because the vendor's texts disagree.`,
	Cmdlets: []string{
		`Set-ItemProperty HKLM:\SYSTEM\CurrentControlSet\Services\InetInfo\Parameters -Name UserTokenTTL -Type DWord -Value 60`,
		"iisreset   # restart: true",
	},
	Sources: []string{
		"KB152526 Changing the default interval for user tokens in IIS",
		"KB267568 Old password still works after change in OWA",
		"Token Cache (Windows Server 2003, TechNet cc783800)",
	},
	SideEffects: "More work for the domain controllers. With restart, that of reset-iis.",
	Undo:        "set-token-ttl with ttl: 15m",
	Where:       OwnServers,
	New:         func() lab.Action { return new(SetTokenTTL) },
}
