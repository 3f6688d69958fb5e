package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"shutout/lab"
	"shutout/lab/mitigation"
	"shutout/sim/directory"
	"shutout/sim/profile"
	"shutout/sim/store"
	"shutout/sim/transport"
)

// serverGroups are the groups of Exchange's own servers.
var serverGroups = []string{store.ExchangeServers, store.TrustedSubsystem}

// setFullAccess gives grantees full access to a mailbox or takes it away. What
// else they hold stays.
func (o *Organisation) setFullAccess(now time.Time, user string, give bool, grantees ...string) (string, error) {
	mb, ok := o.Store.Mailbox(user)
	if !ok {
		return "", fmt.Errorf("%s has no mailbox", user)
	}
	held := mb.Permissions()
	for _, g := range grantees {
		i := slices.IndexFunc(held, func(p store.Permission) bool { return p.Grantee == g })
		var rights store.Rights
		if i >= 0 {
			rights = held[i].Rights
		}
		if give {
			rights |= store.FullAccess
		} else {
			rights &^= store.FullAccess
		}
		if err := o.Store.SetPermission(now, user, g, rights); err != nil {
			return "", err
		}
	}
	verb := "taken from "
	if give {
		verb = "given to "
	}
	return "full access " + verb + strings.Join(grantees, " and "), nil
}

func (o *Organisation) restoreFullAccess(now time.Time, a *mitigation.RestoreFullAccess) (string, error) {
	if a.Of == "servers" {
		return o.setFullAccess(now, a.User, true, serverGroups...)
	}
	if !o.Params.Store.SelfRestorable {
		return "", fmt.Errorf("%w: on this version the mailbox has to be made anew (store.self_restorable)", lab.ErrNotAvailable)
	}
	return o.setFullAccess(now, a.User, true, store.Self)
}

// exchangeAttributes are those of a mailbox's account that do not show by their
// names that they are Exchange's.
var exchangeAttributes = []string{
	"autoReply", "delivContLength", "deliverAndRedirect", "garbageCollPeriod", "homeMDB", "homeMTA", "legacyExchangeDN",
	"mail", "mailNickname", "protocolSettings", "proxyAddresses", "showInAddressBook", "submissionContLength", "targetAddress",
	"textEncodedORAddress",
}

// removeExchangeAttributes is the task of that name of Exchange 2003's console:
// the directory knows of no mailbox any more, and the store, sooner or later,
// of no owner.
func (o *Organisation) removeExchangeAttributes(now time.Time, a *mitigation.RemoveExchangeAttributes) (string, error) {
	dc, obj, err := o.account(a.User, a.DC)
	if err != nil {
		return "", err
	}
	var mods []directory.Mod
	for _, name := range obj.Names() {
		if slices.Contains(exchangeAttributes, name) || strings.HasPrefix(name, "msExch") || strings.HasPrefix(name, "mDB") {
			mods = append(mods, directory.Set(name))
		}
	}
	if len(mods) == 0 {
		return "", fmt.Errorf("the account has no Exchange attributes")
	}
	if err := dc.Modify(now, obj.DN(), mods); err != nil {
		return "", err
	}
	detail := fmt.Sprintf("%d attributes removed on %s", len(mods), dc.Host())
	if mb, ok := o.Store.Mailbox(a.User); ok && o.Params.Store.AttributesGoneSevers {
		if _, gone := mb.Disconnected(); !gone {
			return detail, o.Store.Disconnect(now, a.User)
		}
	}
	return detail, nil
}

// reconnectMailbox is Connect-Mailbox: the account gets the attributes of a
// mailbox user, with the addresses that it had.
func (o *Organisation) reconnectMailbox(now time.Time, user string) (string, error) {
	dc, obj, err := o.account(user, "")
	if err != nil {
		return "", err
	}
	mb, ok := o.Store.Mailbox(user)
	if !ok {
		return "", fmt.Errorf("%s has no mailbox", user)
	}
	if _, gone := mb.Disconnected(); gone {
		if err := o.Store.Reconnect(now, user); err != nil {
			return "", err
		}
	} else if obj.Get("homeMDB") != "" {
		return "", fmt.Errorf("the mailbox of %s is not disconnected", user)
	}
	return "the mailbox has its owner back", dc.Modify(now, obj.DN(), o.mailboxMods(mb))
}

// mailboxMods give an account what makes it the user of a mailbox.
func (o *Organisation) mailboxMods(mb *store.Mailbox) []directory.Mod {
	return []directory.Mod{
		directory.Set("homeMDB", mb.Database()),
		directory.Set("mail", mb.Mail()),
		directory.Set("proxyAddresses", "SMTP:"+mb.Mail()),
		directory.Set("legacyExchangeDN", o.Dir.LegacyDN(mb.User())),
	}
}

// recreateMailbox gives an account a new mailbox. The partnerships of devices
// stood in the old one.
func (o *Organisation) recreateMailbox(now time.Time, user string) (string, error) {
	if err := o.Store.Recreate(now, user); err != nil {
		return "", err
	}
	for _, d := range o.devices.List(user) {
		o.devices.Remove(user, d.ID)
	}
	mb, _ := o.Store.Mailbox(user)
	dc, obj, err := o.account(user, "")
	if err != nil {
		return "", err
	}
	return "a new and empty mailbox in " + mb.Database(), dc.Modify(now, obj.DN(), o.mailboxMods(mb))
}

func (o *Organisation) failover(now time.Time, a *mitigation.FailoverMailboxServer) (string, error) {
	to := a.To
	if to == "" {
		var err error
		if to, err = o.nextStore(a.Server); err != nil {
			return "", err
		}
	}
	moved, back, err := o.Store.Failover(now, a.Server, to)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("on %s after %s: %s", to, lab.Duration(back.Sub(now)), strings.Join(moved, ", ")), nil
}

// nextStore is the mailbox server that comes after another in its site.
func (o *Organisation) nextStore(server string) (string, error) {
	for _, site := range o.World.Cast.Organisation.Sites {
		if i := slices.Index(site.Stores, server); i >= 0 && len(site.Stores) > 1 {
			return site.Stores[(i+1)%len(site.Stores)], nil
		}
	}
	return "", fmt.Errorf("%s has no other mailbox server in its site", server)
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
	var details []string
	for _, name := range o.stores(a.Servers) {
		back, err := o.Store.Restart(now, name)
		if err != nil {
			return "", err
		}
		o.storeAway(name, back)
		details = append(details, fmt.Sprintf("%s: databases back after %s", name, lab.Duration(back.Sub(now))))
	}
	return strings.Join(details, "; "), nil
}

func (o *Organisation) removeForwarding(now time.Time, a *mitigation.RemoveForwarding) (string, error) {
	_, obj, err := o.account(a.User, a.DC)
	if err != nil {
		return "", err
	}
	var gone []string
	var mods []directory.Mod
	for _, attr := range []string{transport.AttrForwardTo, transport.AttrForwardAddress, transport.AttrKeepCopy} {
		if obj.Get(attr) != "" {
			mods = append(mods, directory.Set(attr))
			gone = append(gone, attr)
		}
	}
	if gone == nil {
		return "the mailbox sends nothing on", nil
	}
	dc, err := o.modify(now, a.User, a.DC, mods...)
	if err != nil {
		return "", err
	}
	return strings.Join(gone, ", ") + " cleared on " + dc.Host(), nil
}

func (o *Organisation) removeInboxRules(a *mitigation.RemoveInboxRules) (string, error) {
	if o.Params.Server.Version.Before(profile.Build2010) {
		return "", fmt.Errorf("%w: this version has no cmdlet for inbox rules", lab.ErrNotAvailable)
	}
	mb, ok := o.Store.Mailbox(a.User)
	if !ok {
		return "", fmt.Errorf("%s has no mailbox", a.User)
	}
	return fmt.Sprintf("inbox rules removed: %d", mb.RemoveRules()), nil
}

// removeDelegates takes from people what they hold on the mailbox, and from its
// user what he holds on others'. SELF and the groups of Exchange's servers stay.
func (o *Organisation) removeDelegates(now time.Time, a *mitigation.RemoveDelegates) (string, error) {
	if _, ok := o.Store.Mailbox(a.User); !ok {
		return "", fmt.Errorf("%s has no mailbox", a.User)
	}
	var taken []string
	for _, mb := range o.Store.Mailboxes() {
		own := strings.EqualFold(mb.User(), a.User)
		for _, p := range mb.Permissions() {
			theirs := own && a.On != "others" && o.World.Cast.People[p.Grantee] != nil
			his := !own && a.On != "own" && strings.EqualFold(p.Grantee, a.User)
			if !theirs && !his {
				continue
			}
			if err := o.Store.SetPermission(now, mb.User(), p.Grantee, 0); err != nil {
				return "", err
			}
			taken = append(taken, fmt.Sprintf("%s on the mailbox of %s", p.Grantee, mb.User()))
		}
	}
	if taken == nil {
		return "nobody held a right", nil
	}
	return "rights removed: " + strings.Join(taken, ", "), nil
}
