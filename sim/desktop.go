package sim

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

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

// setOutlookGuard writes the registry of computers in the office.
func (o *Organisation) setOutlookGuard(a *mitigation.SetOutlookGuard) (string, error) {
	hosts := a.Hosts
	if len(hosts) == 0 {
		for _, id := range slices.Sorted(maps.Keys(o.World.Cast.Hosts)) {
			if o.World.Cast.Hosts[id].Zone == lab.LAN {
				hosts = append(hosts, id)
			}
		}
	}
	var reached, missed []string
	for _, host := range hosts {
		d, ok := o.desktops[host]
		if !ok {
			return "", fmt.Errorf("no computer %q", host)
		}
		if !a.Reaches(d.Windows) {
			missed = append(missed, host+" ("+d.Windows+")")
			continue
		}
		a.Registry(d.Registry, d.OfficeVersion)
		reached = append(reached, host)
	}
	detail := fmt.Sprintf("guard set to %s by %s on %s", a.Mode, a.Via, cmp.Or(strings.Join(reached, ", "), "no computer"))
	if missed != nil {
		detail += "; the script does not know " + strings.Join(missed, ", ")
	}
	return detail, nil
}
