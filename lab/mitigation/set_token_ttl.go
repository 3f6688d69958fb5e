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
		IIS restarts is a parameter of the profile, because the vendor's texts disagree. Nobody is asked for the password
		more often: the program sends it again and gets a new token.`,
	Cmdlets: []string{
		`Set-ItemProperty HKLM:\SYSTEM\CurrentControlSet\Services\InetInfo\Parameters -Name UserTokenTTL -Type DWord -Value 60`,
		"iisreset   # restart: true",
	},
	Sources: []string{
		"001_01342c1255a20eb5.txt#default-for-speed", "001_01342c1255a20eb5.txt#short-interval-slows",
		"001_01342c1255a20eb5.txt#short-interval-no-prompt", "001_01342c1255a20eb5.txt#interval-costs-network",
		"001_01342c1255a20eb5.txt#interval-hard-to-undo", "001_01342c1255a20eb5.txt#live-token-keeps-interval",
		"001_01342c1255a20eb5.txt#interval-after-new-logon", "001_01342c1255a20eb5.txt#change-interval",
		"001_01342c1255a20eb5.txt#interval-trouble-later", "KB152526", "KB267568", "TOKCACHE",
	},
	SideEffects: "More work for the domain controllers and the network, felt as slow sign-ins and perhaps months later. With restart, that of reset-iis.",
	Undo:        "set-token-ttl with ttl: 15m, on each server",
	Where:       OwnExchange,
	Needs:       "IIS",
	New:         func() lab.Action { return new(SetTokenTTL) },
}
