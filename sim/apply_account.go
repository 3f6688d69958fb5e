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
)

// modify changes an account on the domain controller that takes the change.
func (o *Organisation) modify(now time.Time, user, dcName string, mods ...directory.Mod) (*directory.DC, error) {
	dc, obj, err := o.account(user, dcName)
	if err != nil {
		return nil, err
	}
	return dc, dc.Modify(now, obj.DN(), mods)
}

// account finds whose account an action means, on the domain controller that
// takes the change: the PDC emulator if none is named.
func (o *Organisation) account(user, dcName string) (*directory.DC, *directory.Object, error) {
	dc := o.Dir.PDC()
	if dcName != "" {
		if dc = o.Dir.DC(dcName); dc == nil {
			return nil, nil, fmt.Errorf("no domain controller %q", dcName)
		}
	}
	obj, ok := dc.Lookup(user)
	if !ok {
		return nil, nil, fmt.Errorf("no account %q on %s", user, dc.Host())
	}
	return dc, obj, nil
}

// replace sets one attribute of an account, and tells what it was and what it is.
func (o *Organisation) replace(now time.Time, user, dcName, attr string, value func(*directory.Object) string) (string, error) {
	dc, obj, err := o.account(user, dcName)
	if err != nil {
		return "", err
	}
	v := value(obj)
	if err := dc.Modify(now, obj.DN(), []directory.Mod{directory.Set(attr, v)}); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %s -> %s on %s", attr, orNone(obj.Get(attr)), orNone(v), dc.Host()), nil
}

func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}

func (o *Organisation) denyLogonHours(now time.Time, a *mitigation.DenyLogonHours) (string, error) {
	dc, err := o.modify(now, a.User, a.DC, directory.Set("logonHours", directory.LogonHours(func(time.Weekday, int) bool { return false })))
	if err != nil {
		return "", err
	}
	return "no hour of the week is left, on " + dc.Host(), nil
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

func (o *Organisation) setEnabled(now time.Time, user, dc string, enabled bool) (string, error) {
	return o.replace(now, user, dc, "userAccountControl", func(obj *directory.Object) string {
		uac := obj.UAC() | directory.AccountDisable
		if enabled {
			uac &^= directory.AccountDisable
		}
		return strconv.Itoa(uac)
	})
}

func (o *Organisation) resetPassword(now time.Time, a *mitigation.ResetPassword) (string, error) {
	if a.Directory == "cloud" {
		return o.resetCloudPassword(now, a)
	}
	dc, obj, err := o.account(a.User, a.DC)
	if err != nil {
		return "", err
	}
	for _, next := range o.newPasswords(a) {
		if err := dc.SetPassword(now, obj.DN(), next); err != nil {
			return "", err
		}
	}
	detail := fmt.Sprintf("new password set %s on %s", times(a.Times), dc.Host())
	if o.Params.Samba.ResetEnables && obj.UAC()&directory.AccountDisable != 0 {
		enabled, err := o.setEnabled(now, a.User, a.DC, true)
		if err != nil {
			return "", err
		}
		detail += ", which enables the account: " + enabled
	}
	return detail, nil
}

// newPasswords are what a reset sets, one after another. The first step leaves
// the password that a person may be told; what is set before and after that is
// told to nobody.
func (o *Organisation) newPasswords(a *mitigation.ResetPassword) []string {
	told := o.resets[a.User] == 0
	var list []string
	for range a.Times {
		o.resets[a.User]++
		list = append(list, lab.NewPassword(o.TL.Rand(fmt.Sprintf("reset %s %d", a.User, o.resets[a.User]))))
	}
	if told {
		list[a.Times-1] = o.World.Cast.People[a.User].NewPassword
	}
	return list
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func (o *Organisation) expireAccount(now time.Time, a *mitigation.ExpireAccount) (string, error) {
	at := now.Add(a.After)
	detail, err := o.replace(now, a.User, a.DC, "accountExpires", func(*directory.Object) string {
		return strconv.FormatInt(directory.FileTime(at), 10)
	})
	if err != nil {
		return "", err
	}
	_, dc, _ := strings.Cut(detail, " on ")
	return fmt.Sprintf("account expires at %s on %s", at.Format("15:04:05"), dc), nil
}

func (o *Organisation) disableProtocols(now time.Time, a *mitigation.DisableProtocols) (string, error) {
	protocols := a.Protocols
	if len(protocols) == 0 {
		protocols = directory.Protocols
	}
	protocols, features, err := o.features(protocols)
	if err != nil {
		return "", err
	}
	var dc *directory.DC
	for _, p := range protocols {
		var obj *directory.Object
		var err error
		if dc, obj, err = o.account(a.User, a.DC); err != nil {
			return "", err
		}
		if err := dc.Modify(now, obj.DN(), obj.ProtocolMods(p, false)); err != nil {
			return "", err
		}
	}
	detail := fmt.Sprintf("%s switched off on %s", strings.Join(protocols, ", "), dc.Host())
	return strings.Join(append([]string{detail}, features...), "; "), nil
}

// features takes those words out of a list of protocols that are no way to a
// mailbox here, and tells what they change.
func (o *Organisation) features(words []string) (protocols, details []string, err error) {
	for _, f := range []struct {
		word, text string
		has        bool
	}{
		{"unified-messaging", "Unified Messaging disabled, no path of this lab leads there", o.Params.Store.UnifiedMessaging},
		{"archive", "archive disabled, no path of this lab leads there", o.Params.Store.Archive},
	} {
		switch {
		case !slices.Contains(words, f.word):
		case !f.has:
			details = append(details, "this version has no "+strings.ReplaceAll(f.word, "-", " "))
		default:
			details = append(details, f.text)
		}
	}
	for _, w := range words {
		if slices.Contains(directory.Protocols, w) {
			protocols = append(protocols, w)
		}
	}
	if protocols == nil {
		return nil, nil, fmt.Errorf("%w: %s", lab.ErrNotAvailable, strings.Join(details, "; "))
	}
	return protocols, details, nil
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

func (o *Organisation) limitMessageSize(now time.Time, a *mitigation.LimitMessageSize) (string, error) {
	kb := strconv.FormatInt((int64(a.Size)+1023)/1024, 10)
	var details []string
	for _, l := range []struct {
		limited bool
		attr    string
	}{{a.Sends(), "submissionContLength"}, {a.Receives(), "delivContLength"}} {
		if !l.limited {
			continue
		}
		d, err := o.replace(now, a.User, a.DC, l.attr, func(*directory.Object) string { return kb })
		if err != nil {
			return "", err
		}
		details = append(details, d)
	}
	return strings.Join(details, "; "), nil
}
