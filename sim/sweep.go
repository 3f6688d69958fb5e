package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
	"shutout/sim/server/activesync"
	"shutout/sim/store"
	"shutout/sim/transport"
)

// Forward has a mailbox send its mail on and keep a copy: to a bare address
// where the version has that, otherwise to a contact, which an administrator has
// to make.
func (o *Organisation) Forward(who *lab.Person, to string) (err error) {
	o.Do(func(now time.Time) {
		mod := directory.Set(transport.AttrForwardAddress, "smtp:"+to)
		if !o.Params.Store.ForwardingSMTPAddress {
			mod = directory.Set(transport.AttrForwardTo, o.Dir.AddContact("Forward of "+who.ID, to))
		}
		for _, dc := range o.Dir.DCs() { // it has been there for long
			if err = dc.Modify(now, who.ID, []directory.Mod{mod, directory.Set(transport.AttrKeepCopy, "TRUE")}); err != nil {
				return
			}
		}
	})
	return err
}

// Grant gives full access to a mailbox.
func (o *Organisation) Grant(of, to *lab.Person) (err error) {
	o.Do(func(now time.Time) { _, err = o.setFullAccess(now, of.ID, true, to.ID) })
	return err
}

// Remains lists what an administrator finds about somebody.
func (o *Organisation) Remains(who *lab.Person) lab.Remains {
	o.Lock()
	defer o.Unlock()
	var r lab.Remains
	if _, obj, err := o.account(who.ID, ""); err == nil {
		r.Forwards = o.forwardsOf(obj)
	}
	for _, mb := range o.Store.Mailboxes() {
		own := strings.EqualFold(mb.User(), who.ID)
		if own {
			for _, rule := range mb.Rules() {
				for _, to := range slices.Concat(rule.Forward, rule.Redirect) {
					if rule.Enabled {
						r.Forwards = append(r.Forwards, lab.Onward{To: to, How: transport.RuleName(rule.Name)})
					}
				}
			}
		}
		for _, p := range mb.Permissions() {
			switch {
			case p.Rights&store.FullAccess == 0 || o.World.Cast.People[p.Grantee] == nil:
			case own:
				r.Delegates = append(r.Delegates, p.Grantee)
			case strings.EqualFold(p.Grantee, who.ID):
				r.Shared = append(r.Shared, mb.User())
			}
		}
	}
	for _, d := range o.devices.List(who.ID) {
		r.Devices = append(r.Devices, lab.Device{ID: d.ID, LastSync: d.LastSync, Wipe: wipeState(d)})
	}
	for _, q := range o.Transport.Queues() {
		for _, m := range q.Messages {
			if !strings.EqualFold(m.FromAddress, who.Mail) && !(m.IsAutomatic && strings.Contains(m.HeaderFrom, who.Mail)) {
				continue
			}
			for _, to := range m.Recipients {
				r.Queued = append(r.Queued, lab.Queued{ID: fmt.Sprintf("%d %s", m.InternalID, to), To: to, State: string(q.Status), Since: m.Received})
			}
		}
	}
	return r
}

// forwardsOf is what the account itself says about sending mail on.
func (o *Organisation) forwardsOf(obj *directory.Object) []lab.Onward {
	if dn := obj.Get(transport.AttrForwardTo); dn != "" {
		to, ok := o.Dir.PDC().Lookup(dn)
		if !ok {
			return nil
		}
		if to.SAM() == "" {
			return []lab.Onward{{To: to.Mail(), How: transport.ByContact}}
		}
		return []lab.Onward{{To: to.Mail(), How: transport.ByObject}}
	}
	if a := obj.Get(transport.AttrForwardAddress); a != "" && o.Params.Store.ForwardingSMTPAddress {
		return []lab.Onward{{To: strings.TrimPrefix(a, "smtp:"), How: transport.ByAddress}}
	}
	return nil
}

func wipeState(d *activesync.Device) string {
	switch {
	case d.Wipe == activesync.NoWipe:
		return ""
	case d.WipeAck.IsZero():
		return "its wipe still waits"
	default:
		return "wiped"
	}
}

// Onward tells where a message was sent on to, and why.
func (o *Organisation) Onward(_, messageID string) []lab.Onward {
	o.Lock()
	defer o.Unlock()
	return o.Transport.Onward(messageID)
}

// Trace tells what became of a message that [Organisation.Remains] found in a
// queue.
func (o *Organisation) Trace(id string) (string, bool) {
	number, to, _ := strings.Cut(id, " ")
	n, err := strconv.ParseUint(number, 10, 64)
	address, err2 := transport.ParseAddress(to)
	if err != nil || err2 != nil {
		return "no trace of the message", false
	}
	o.Lock()
	defer o.Unlock()
	return o.Transport.Trace(n, address)
}
