package sim

import (
	"errors"
	"fmt"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/sim/cloud"
)

// cloudUser finds an account of the tenant that has not been deleted.
func (o *Organisation) cloudUser(user string) (*cloud.User, error) {
	u, ok := o.Cloud.User(user)
	if !ok || u.Deleted() {
		return nil, fmt.Errorf("no account %q in Entra ID", user)
	}
	return u, nil
}

func (o *Organisation) blockSignIn(now time.Time, a *mitigation.BlockSignIn) (string, error) {
	u, err := o.cloudUser(a.User)
	if err != nil {
		return "", err
	}
	if from := o.Cloud.Block(now, u); from.After(now) {
		return "AccountEnabled false, felt after " + lab.Duration(from.Sub(now)), nil
	}
	return "AccountEnabled false", nil
}

func (o *Organisation) unblockSignIn(now time.Time, a *mitigation.UnblockSignIn) (string, error) {
	u, err := o.cloudUser(a.User)
	if err == nil {
		o.Cloud.Unblock(now, u)
	}
	return "AccountEnabled true", err
}

func (o *Organisation) revokeSessions(now time.Time, a *mitigation.RevokeSessions) (string, error) {
	u, err := o.cloudUser(a.User)
	if err == nil {
		o.Cloud.Revoke(now, u)
	}
	return "refresh tokens valid from now", err
}

func (o *Organisation) disableDevices(now time.Time, a *mitigation.DisableDevices) (string, error) {
	u, err := o.cloudUser(a.User)
	if err != nil {
		return "", err
	}
	n := o.Cloud.Devices(u)
	o.Cloud.DisableDevices(now, u)
	return lab.Count(n, "device") + " disabled", nil
}

func (o *Organisation) resetCloudPassword(now time.Time, a *mitigation.ResetPassword) (string, error) {
	if o.Cloud == nil {
		return "", fmt.Errorf("%w: nobody signs in at Entra ID", lab.ErrNotAvailable)
	}
	u, err := o.cloudUser(a.User)
	if err != nil {
		return "", err
	}
	for _, next := range o.newPasswords(a) {
		o.Cloud.ResetPassword(now, u, next)
	}
	return fmt.Sprintf("new password set %s in Entra ID", times(a.Times)), nil
}

func (o *Organisation) deleteCloudAccount(now time.Time, a *mitigation.DeleteCloudAccount) (string, error) {
	u, err := o.cloudUser(a.User)
	if err != nil {
		return "", err
	}
	o.Cloud.Delete(now, u)
	detail, err := o.releaseMailbox(now, a.User)
	return "account deleted, " + detail, err
}

func (o *Organisation) restoreCloudAccount(now time.Time, a *mitigation.RestoreCloudAccount) (string, error) {
	u, ok := o.Cloud.User(a.User)
	if !ok || !u.Deleted() {
		return "", fmt.Errorf("no deleted account %q in Entra ID", a.User)
	}
	o.Cloud.Restore(u)
	if mb, ok := o.Store.Mailbox(a.User); ok {
		if _, gone := mb.Disconnected(); gone {
			return "account and mailbox restored", o.Store.Reconnect(now, a.User)
		}
	}
	return "account restored", nil
}

func (o *Organisation) convertToShared(a *mitigation.ConvertToShared) (string, error) {
	if _, ok := o.Store.Mailbox(a.User); !ok {
		return "", fmt.Errorf("%s has no mailbox", a.User)
	}
	if o.shared[a.User] {
		return "", errors.New("the mailbox is a shared one already")
	}
	o.shared[a.User] = true
	return "shared mailbox, the account stays", nil
}

func (o *Organisation) removeLicence(now time.Time, a *mitigation.RemoveLicence) (string, error) {
	detail, err := o.releaseMailbox(now, a.User)
	return "licence removed, " + detail, err
}

// releaseMailbox is what a mailbox does without a licence or an account: it is
// disconnected, unless it is a shared one ([M365-REMOVE]).
func (o *Organisation) releaseMailbox(now time.Time, user string) (string, error) {
	if o.shared[user] {
		return "the shared mailbox stays", nil
	}
	mb, ok := o.Store.Mailbox(user)
	if !ok {
		return "there was no mailbox", nil
	}
	if _, gone := mb.Disconnected(); gone {
		return "the mailbox had no owner before", nil
	}
	return "the mailbox has no owner any more", o.Store.Disconnect(now, user)
}
