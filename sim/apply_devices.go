package sim

import (
	"fmt"
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
