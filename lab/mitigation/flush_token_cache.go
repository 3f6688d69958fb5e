package mitigation

import "shutout/lab"

// FlushTokenCache writes the registry value of that name.
type FlushTokenCache struct {
	Servers []string `yaml:"servers,omitempty" kind:"cas" doc:"which servers" omitted:"all client access servers"`
}

func (*FlushTokenCache) Name() string                 { return "flush-token-cache" }
func (a *FlushTokenCache) Validate(c *lab.Cast) error { return check(a, c) }

var flushTokenCache = Info{
	Title: "Empty the token caches",
	Doc: `Empties the token cache of every worker process, live tokens included, and cuts nobody off: the next request of
		everybody is checked by the directory again. It denies nothing. Only IIS 6, that is Exchange 2003, is known to have
		the value (iis.flush_token_cache).`,
	Cmdlets: []string{
		`reg add "HKLM\SYSTEM\CurrentControlSet\Services\InetInfo\Parameters" /v FlushTokenCache /t REG_DWORD /d 1 /f   # on each server`,
	},
	Sources: []string{
		"WANG",
		"TOKBASIC",
	},
	SideEffects: "For a moment the domain controllers are asked about everybody. Nobody notices otherwise.",
	Undo:        "None needed; set the value to 0 again, or the next flush is no change that is noticed.",
	Where:       OwnExchange,
	Needs:       "IIS",
	New:         func() lab.Action { return new(FlushTokenCache) },
}
