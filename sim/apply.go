package sim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
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

// apply tells in a line what was changed, or why it could not be. The methods
// that it calls stand in the apply_ file of what they change.
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

// Available tells whether an organisation such as this can carry out a
// mitigation at all.
func (o *Organisation) Available(a lab.Action) error {
	info, _ := mitigation.Lookup(a.Name())
	site := mitigation.ExchangeSite
	switch {
	case o.Open != nil:
		site = mitigation.OpenSite
	case o.Cloud != nil:
		site = mitigation.CloudSite
	}
	why := ""
	switch {
	case info.Where.Has(site):
		return nil
	case slices.Equal(info.Where, mitigation.CloudTenant):
		why = "nobody signs in at Entra ID"
	case slices.Equal(info.Where, mitigation.OpenServers):
		why = "the servers are Exchange, not Samba, Dovecot and Postfix"
	case o.Open != nil:
		why = "there is no " + cmp.Or(info.Needs, "Exchange") + " here"
	default:
		why = "the servers are the provider's"
	}
	return fmt.Errorf("%w: %s", lab.ErrNotAvailable, why)
}
