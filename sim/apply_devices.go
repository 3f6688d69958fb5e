package sim

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/sim/directory"
	"shutout/sim/server/activesync"
)

// devicesOf lists the devices that have a partnership with a mailbox.
func (o *Organisation) devicesOf(user string) ([]*activesync.Device, error) {
	devices := o.devices.List(user)
	if len(devices) == 0 {
		return nil, fmt.Errorf("no device has a partnership with the mailbox of %s", user)
	}
	return devices, nil
}

func (o *Organisation) blockDevices(now time.Time, a *mitigation.BlockDevice) (string, error) {
	devices, err := o.devicesOf(a.User)
	if err != nil {
		return "", err
	}
	dc, obj, err := o.account(a.User, a.DC)
	if err != nil {
		return "", err
	}
	blocked := slices.Clone(obj.All("msExchMobileBlockedDeviceIDs"))
	for _, d := range devices {
		if !slices.ContainsFunc(blocked, func(id string) bool { return strings.EqualFold(id, d.ID) }) {
			blocked = append(blocked, d.ID)
		}
	}
	if _, err := o.modify(now, a.User, a.DC, directory.Set("msExchMobileBlockedDeviceIDs", blocked...)); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s blocked, on %s", lab.Count(len(devices), "device"), dc.Host()), nil
}

func (o *Organisation) removeDevices(user string) (string, error) {
	devices, err := o.devicesOf(user)
	for _, d := range devices {
		o.devices.Remove(user, d.ID)
	}
	return "partnership of " + lab.Count(len(devices), "device") + " removed", err
}

func (o *Organisation) wipeDevices(a *mitigation.WipeDevice) (string, error) {
	what, word := activesync.DeviceWipe, "wipe of "
	if a.AccountOnly {
		if !o.Params.EAS.AccountOnlyWipe {
			return "", fmt.Errorf("%w: this version wipes whole devices only (eas.account_only_wipe)", lab.ErrNotAvailable)
		}
		what, word = activesync.AccountWipe, "account-only wipe of "
	}
	devices, err := o.devicesOf(a.User)
	for _, d := range devices {
		o.devices.Wipe(a.User, d.ID, what)
	}
	return word + lab.Count(len(devices), "device") + " waits for the next contact", err
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
