package sim

import (
	"cmp"
	"maps"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/sim/profile"
)

// desktops are the computers that people work at, by host.
type desktops map[string]lab.Desktop

// newDesktops sets every computer up as the profile has it. What a computer
// does by itself needs no value in its registry.
func newDesktops(cast *lab.Cast, p profile.Params) desktops {
	ds := desktops{}
	for id, h := range cast.Hosts {
		if h.Zone == lab.Servers {
			continue
		}
		d := lab.Desktop{OfficeVersion: string(p.Outlook.Version), Windows: cmp.Or(h.Windows, string(p.Outlook.Windows)), Registry: lab.Registry{}, Antivirus: p.Outlook.Antivirus}
		switch p.Outlook.Guard {
		case profile.GuardDeny:
			(&mitigation.SetOutlookGuard{Mode: "deny", Via: "policy"}).Registry(d.Registry, d.OfficeVersion)
		case profile.GuardPrompt, profile.GuardAllow:
			(&mitigation.SetOutlookGuard{Mode: string(p.Outlook.Guard), Via: "trust-center"}).Registry(d.Registry, d.OfficeVersion)
		}
		ds[id] = d
	}
	return ds
}

// Desktop tells how a host of the cast is set up now.
func (o *Organisation) Desktop(host string) lab.Desktop {
	o.Lock()
	defer o.Unlock()
	d := o.desktops[host]
	d.Registry = maps.Clone(d.Registry)
	return d
}
