package sim

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/sim/directory"
	"shutout/sim/profile"
	"shutout/sim/store"
	"shutout/sim/transport"
)

// Apply carries out a mitigation as the administrator's tool would: it changes
// the directory, a server or the network, and what follows is up to them.
func (o *Organisation) Apply(_ context.Context, a lab.Action) lab.Outcome {
	o.Lock()
	defer o.Unlock()
	detail, err := o.apply(o.Now(), a)
	switch {
	case err == nil:
		return lab.Outcome{Result: lab.Done, Detail: detail}
	case errors.Is(err, lab.ErrNotAvailable):
		return lab.Outcome{Result: lab.NotApplicable, Detail: err.Error()}
	default:
		return lab.Outcome{Result: lab.Failed, Detail: err.Error()}
	}
}

func (o *Organisation) apply(now time.Time, a lab.Action) (string, error) {
	if err := o.Available(a); err != nil {
		return "", err
	}
	switch a := a.(type) {
	case *mitigation.DisableAccount:
		return o.setEnabled(now, a.User, a.DC, false)
	case *mitigation.EnableAccount:
		return o.setEnabled(now, a.User, a.DC, true)
	case *mitigation.ResetPassword:
		return o.resetPassword(now, a)
	case *mitigation.ExpireAccount:
		return o.expireAccount(now, a)
	case *mitigation.DenyLogonHours:
		return o.denyLogonHours(now, a)
	case *mitigation.LockAccount:
		return o.lockAccount(now, a)
	case *mitigation.DisableProtocols:
		return o.disableProtocols(now, a)
	case *mitigation.LimitMessageSize:
		return o.limitMessageSize(now, a)
	case *mitigation.LimitRecipients:
		return o.limitRecipients(now, a)
	case *mitigation.LimitSendQuota:
		return o.limitSendQuota(now, a)
	case *mitigation.HideFromAddressLists:
		return o.hideFromAddressLists(now, a)

	case *mitigation.BlockSignIn:
		return o.blockSignIn(now, a)
	case *mitigation.UnblockSignIn:
		return o.unblockSignIn(now, a)
	case *mitigation.RevokeSessions:
		return o.revokeSessions(now, a)
	case *mitigation.DisableDevices:
		return o.disableDevices(now, a)
	case *mitigation.DeleteCloudAccount:
		return o.deleteCloudAccount(now, a)
	case *mitigation.RestoreCloudAccount:
		return o.restoreCloudAccount(now, a)
	case *mitigation.ConvertToShared:
		return o.convertToShared(a)
	case *mitigation.RemoveLicence:
		return o.removeLicence(now, a)

	case *mitigation.BlockDevice:
		return o.blockDevices(now, a)
	case *mitigation.RemoveDevice:
		return o.removeDevices(a.User)
	case *mitigation.WipeDevice:
		return o.wipeDevices(a)

	case *mitigation.ResetIIS:
		return o.resetIIS(now, a)
	case *mitigation.RecycleAppPool:
		return o.recyclePool(now, a)
	case *mitigation.SetTokenTTL:
		return o.setTokenTTL(now, a)
	case *mitigation.FlushTokenCache:
		return o.flushTokenCache(a)
	case *mitigation.DenyLocalLogon:
		return o.denyLocalLogon(a)
	case *mitigation.RequireTLS:
		return o.requireTLS(now, a)
	case *mitigation.StopService:
		return o.stopService(now, a)
	case *mitigation.RestartServer:
		return o.restartServer(now, a)

	case *mitigation.FlushAuthCache:
		return o.flushAuthCache(a)
	case *mitigation.KickSessions:
		return o.kickSessions(now, a)
	case *mitigation.CloseSMTPSessions:
		return o.closeSMTPSessions(a)
	case *mitigation.RestartService:
		return o.restartService(now, a)
	case *mitigation.FilterDisabledAccounts:
		return o.filterDisabled(now)

	case *mitigation.MoveMailbox:
		return o.moveMailbox(now, a)
	case *mitigation.DisconnectMailbox:
		return o.disconnectMailbox(now, a.User)
	case *mitigation.RemoveExchangeAttributes:
		return o.removeExchangeAttributes(now, a)
	case *mitigation.ReconnectMailbox:
		return o.reconnectMailbox(now, a.User)
	case *mitigation.RecreateMailbox:
		return o.recreateMailbox(now, a.User)
	case *mitigation.RemoveSelfAccess:
		return o.setFullAccess(now, a.User, false, store.Self)
	case *mitigation.RemoveServerAccess:
		return o.setFullAccess(now, a.User, false, serverGroups...)
	case *mitigation.RestoreFullAccess:
		return o.restoreFullAccess(now, a)
	case *mitigation.FailoverMailboxServer:
		return o.failover(now, a)
	case *mitigation.DismountDatabase:
		return "dismounted", o.Store.Dismount(now, a.Database)
	case *mitigation.MountDatabase:
		return "mounted", o.Store.Mount(now, a.Database)
	case *mitigation.RestartStore:
		return o.restartStore(now, a)
	case *mitigation.RestartRPCClientAccess:
		return o.restartRPC(now, a)

	case *mitigation.SetOutOfOffice:
		return o.setOutOfOffice(now, a)
	case *mitigation.RestrictAnonymous:
		return o.restrictAnonymous(a)

	case *mitigation.FreezeOutbound:
		return o.freezeOutbound(now, a)
	case *mitigation.ThawOutbound:
		return o.thawOutbound(now, a)
	case *mitigation.RemoveQueuedMail:
		return o.removeQueuedMail(now, a)
	case *mitigation.FilterRecipients:
		o.Transport.SetRecipientValidation(profile.RecipientValidation(a.Mode))
		return "unknown recipients: " + a.Mode, nil
	case *mitigation.SetTarpit:
		if !o.Params.SMTP.TarpitAvailable {
			return "", errors.New("these servers cannot make a client wait (smtp.tarpit_available)")
		}
		return o.editConnectors(a.Servers, "TarpitInterval "+lab.Duration(a.Interval), func(c *transport.Connector) { c.Tarpit = a.Interval })
	case *mitigation.DisableRelay:
		return o.editConnectors(a.Servers, "recipients of the organisation only", func(c *transport.Connector) { c.RelayForUsers = false })
	case *mitigation.AllowAnonymousRelay:
		return o.allowAnonymousRelay(a)
	case *mitigation.DenyAnonymousRelay:
		return o.editConnectors(a.Servers, "anonymous clients write to the organisation only", func(c *transport.Connector) { c.AnyRecipient = false })
	case *mitigation.SharePickup:
		return o.sharePickup(a)
	case *mitigation.UseSmartHost:
		return o.useSmartHost(now, a.Host, a.Resubmit)
	case *mitigation.SendDirectly:
		return o.useSmartHost(now, "", a.Resubmit)
	case *mitigation.UseSecondAddress:
		return o.useSecondAddress(a)
	case *mitigation.RequestDelisting:
		return o.requestDelisting(a)
	case *mitigation.RestrictSenders:
		return o.restrictSenders(now, a)
	case *mitigation.LimitReplies:
		return o.limitReplies(now, a)
	case *mitigation.RejectMail:
		return o.rejectMail(a)
	case *mitigation.ClientAccessRule:
		return o.clientAccessRule(a)
	case *mitigation.BlockLegacyAuth:
		return o.blockLegacyAuth(a)

	case *mitigation.RemoveForwarding:
		return o.removeForwarding(now, a)
	case *mitigation.RemoveInboxRules:
		return o.removeInboxRules(a)
	case *mitigation.RemoveDelegates:
		return o.removeDelegates(now, a)
	case *mitigation.BlockAutoForward:
		return o.blockAutoForward(a)

	case *mitigation.SetOutlookGuard:
		return o.setOutlookGuard(a)

	case *mitigation.BlockSourceIP:
		return o.blockSource(a)
	case *mitigation.ClosePort:
		return o.closePort(a)
	case *mitigation.CloseOutboundPort:
		return o.closeOutboundPort(a)
	case *mitigation.AdmitToPort:
		return o.admitToPort(a)
	case *mitigation.DisconnectInternet:
		return o.disconnectInternet()
	case *mitigation.ReconnectInternet:
		return o.reconnectInternet()
	}
	return "", fmt.Errorf("%w: %s", lab.ErrNotAvailable, a.Name())
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

func (o *Organisation) limitMessageSize(now time.Time, a *mitigation.LimitMessageSize) (string, error) {
	kb := strconv.FormatInt((int64(a.Size)+1023)/1024, 10)
	var details []string
	for _, l := range []struct{ direction, attr string }{{"send", "submissionContLength"}, {"receive", "delivContLength"}} {
		if a.Direction != "both" && a.Direction != l.direction {
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

func (o *Organisation) moveMailbox(now time.Time, a *mitigation.MoveMailbox) (string, error) {
	m, err := o.Store.Move(now, a.User, a.To)
	if err != nil {
		return "", err
	}
	if a.Fails {
		m.Fail(now, "the move request failed")
		return "", fmt.Errorf("the move to %s failed; the mailbox stays where it is", a.To)
	}
	m.OnDone(func(now time.Time, m *store.Move) {
		if m.State == store.MoveCompleted {
			// The move itself writes where the mailbox lives now.
			_, _ = o.replace(now, a.User, "", "homeMDB", func(*directory.Object) string { return m.To })
		}
	})
	return fmt.Sprintf("move to %s begun, done in %s", a.To, lab.Duration(m.EndsAt.Sub(now))), nil
}

// disconnectMailbox is Disable-Mailbox: the mailbox loses its owner and the
// account its Exchange attributes; the protocol flags stay (KB3132711).
func (o *Organisation) disconnectMailbox(now time.Time, user string) (string, error) {
	if err := o.Store.Disconnect(now, user); err != nil {
		return "", err
	}
	dc, obj, err := o.account(user, "")
	if err != nil {
		return "", err
	}
	var mods []directory.Mod
	for _, attr := range []string{"homeMDB", "msExchMailboxGuid", "mail", "proxyAddresses"} {
		if obj.Get(attr) != "" {
			mods = append(mods, directory.Set(attr))
		}
	}
	return "the mailbox has no owner any more", dc.Modify(now, obj.DN(), mods)
}

func (o *Organisation) restartStore(now time.Time, a *mitigation.RestartStore) (string, error) {
	servers := a.Servers
	if len(servers) == 0 {
		for _, s := range o.World.Cast.Organisation.Sites {
			servers = append(servers, s.Stores...)
		}
	}
	var details []string
	for _, name := range servers {
		back, err := o.Store.Restart(now, name)
		if err != nil {
			return "", err
		}
		o.storeAway(name, back)
		details = append(details, fmt.Sprintf("%s: databases back after %s", name, lab.Duration(back.Sub(now))))
	}
	return strings.Join(details, "; "), nil
}

func (o *Organisation) setOutOfOffice(now time.Time, a *mitigation.SetOutOfOffice) (string, error) {
	state, err := transport.ParseOOFState(a.Audience)
	if err != nil {
		return "", err
	}
	return "out-of-office replies: " + a.Audience, o.Transport.SetOutOfOffice(now, a.User, transport.OutOfOffice{State: state})
}
