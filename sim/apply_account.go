package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/sim/directory"
	"shutout/sim/server/activesync"
)

func (o *Organisation) denyLogonHours(now time.Time, a *mitigation.DenyLogonHours) (string, error) {
	dc, err := o.modify(now, a.User, a.DC, directory.Set("logonHours", directory.LogonHours(func(time.Weekday, int) bool { return false })))
	if err != nil {
		return "", err
	}
	return "no hour of the week is left, on " + dc.Host(), nil
}

// modify changes an account on the domain controller that takes the change.
func (o *Organisation) modify(now time.Time, user, dcName string, mods ...directory.Mod) (*directory.DC, error) {
	dc, obj, err := o.account(user, dcName)
	if err != nil {
		return nil, err
	}
	return dc, dc.Modify(now, obj.DN(), mods)
}

// lockAccount gives a domain controller wrong passwords, as an administrator
// has to, until the domain's policy locks the account.
func (o *Organisation) lockAccount(now time.Time, a *mitigation.LockAccount) (string, error) {
	dc, _, err := o.account(a.User, a.DC)
	if err != nil {
		return "", err
	}
	policy := o.Params.AD
	if policy.LockoutThreshold == 0 {
		return "", fmt.Errorf("the domain locks nobody out (ad.lockout_threshold is 0)")
	}
	for i := range policy.LockoutThreshold {
		l := dc.Logon(now, a.User, lab.NewPassword(o.TL.Rand(fmt.Sprintf("wrong password %d for %s", i, a.User))), directory.Network)
		if l.Code == directory.LockedOut {
			return "", fmt.Errorf("the account is locked already")
		}
	}
	if c := dc.Logon(now, a.User, "", directory.Network).Code; c != directory.LockedOut {
		return "", fmt.Errorf("the account is not locked: %s", c)
	}
	lasts := "until somebody unlocks it"
	if policy.LockoutDuration > 0 {
		lasts = "for " + lab.Duration(policy.LockoutDuration)
	}
	return fmt.Sprintf("locked %s, after %d wrong passwords on %s", lasts, policy.LockoutThreshold, dc.Host()), nil
}

func (o *Organisation) limitRecipients(now time.Time, a *mitigation.LimitRecipients) (string, error) {
	if low := o.Params.SMTP.RecipientLimitMin; a.Recipients < low {
		return "", fmt.Errorf("RecipientLimits cannot be %d: this version takes at least %d (smtp.recipient_limit_min)", a.Recipients, low)
	}
	return o.replace(now, a.User, a.DC, "msExchRecipLimit", func(*directory.Object) string { return strconv.Itoa(a.Recipients) })
}

func (o *Organisation) limitSendQuota(now time.Time, a *mitigation.LimitSendQuota) (string, error) {
	kb := strconv.FormatInt(int64(a.Quota)>>10, 10)
	mods := []directory.Mod{directory.Set("mDBOverQuotaLimit", kb), directory.Set("mDBStorageQuota", kb)}
	detail := "send quota " + a.Quota.String()
	if a.KeepDefaults {
		detail += ", ignored while UseDatabaseQuotaDefaults is on"
	} else {
		mods = append(mods, directory.Set("mDBUseDefaults", "FALSE"))
	}
	dc, err := o.modify(now, a.User, a.DC, mods...)
	if err != nil {
		return "", err
	}
	return detail + ", on " + dc.Host(), nil
}

func (o *Organisation) hideFromAddressLists(now time.Time, a *mitigation.HideFromAddressLists) (string, error) {
	dc, err := o.modify(now, a.User, a.DC, directory.Set("msExchHideFromAddressLists", "TRUE"), directory.Set("showInAddressBook"))
	if err != nil {
		return "", err
	}
	return "hidden, on " + dc.Host(), nil
}

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
