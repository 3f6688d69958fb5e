package kdc

import (
	"slices"
	"strings"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/kerberos"
	"shutout/sim/directory"
)

// issue grants or refuses a ticket. The error tells the client why it is
// refused; the decision, if there is one, tells everybody else.
func (k *kdc) issue(now time.Time, r *kerberos.Request) ([]byte, lab.Decision, error) {
	// Neither postdated tickets nor tickets under another's session key
	// (user-to-user) are issued.
	unsupported := []kerberos.Flags{kerberos.FlagPostdated, kerberos.FlagEncInSession, kerberos.FlagValidate, kerberos.FlagProxy}
	switch {
	case !strings.EqualFold(r.Realm, k.w.Dir.Realm()) && !strings.EqualFold(r.Realm, k.w.Dir.NetBIOS()):
		return nil, lab.Decision{}, refuse(kerberos.ErrWrongRealm)
	case !slices.Contains(r.Types, kerberos.TypeRC4):
		return nil, lab.Decision{}, refuse(kerberos.ErrNoEncryption)
	case slices.ContainsFunc(unsupported, r.Options.Has):
		return nil, lab.Decision{}, refuse(kerberos.ErrBadOption)
	case r.TGS:
		return k.service(now, r)
	}
	return k.initial(now, r)
}

// initial answers an AS request, which proves a password (RFC 4120 section
// 3.1.3).
func (k *kdc) initial(now time.Time, r *kerberos.Request) (reply []byte, d lab.Decision, err error) {
	name := strings.Join(r.Client.Parts, "/")
	if !r.Service.IsTGS(k.w.Dir.Realm()) && !r.Service.IsTGS(k.w.Dir.NetBIOS()) {
		return nil, d, refuse(kerberos.ErrServiceUnknown)
	}
	proof, proves, err := r.Proof()
	if err != nil {
		return nil, d, err
	}
	if !proves {
		l := k.dc.AskForTGT(now, name)
		if l.Code == directory.OK {
			return nil, d, refuse(kerberos.ErrPreAuthRequired)
		}
		return nil, l.Decision, refuse(refusals[l.Code])
	}
	var key kerberos.Key
	var at time.Time
	skew := k.w.Params.Kerberos.ClockSkew
	l, life := k.dc.GrantTGT(now, name, func(candidate kerberos.Key) bool {
		t, ok := proof.Open(candidate)
		if ok {
			key, at = candidate, t
		}
		return ok
	})
	switch {
	case l.Code != directory.OK:
		return nil, l.Decision, refuse(refusals[l.Code])
	case at.Before(now.Add(-skew)) || at.After(now.Add(skew)):
		d = l.Decision
		d.Allowed, d.Reason, d.Until = false, "the client's clock is wrong", time.Time{}
		return nil, d, refuse(kerberos.ErrSkew)
	}
	c := k.contents(r, life, kerberos.FlagInitial|kerberos.FlagPreAuth)
	c.Client = kerberos.Name{Type: kerberos.NamePrincipal, Parts: r.Client.Parts}
	if r.Client.Type == kerberos.NameEnterprise || r.Options.Has(kerberos.FlagCanonicalize) {
		c.Client.Parts = []string{l.Object.SAM()}
	}
	k.w.Dir.NoteTicket(now, l.Object.SAM(), "ticket-granting ticket", c.Start, c.End)
	t := kerberos.NewTicket(k.w.Dir.Realm(), r.Service, k.w.Dir.TGSKey(), c, k.rand)
	return r.Reply(t, c, kerberos.UserKey(key), k.rand), l.Decision, nil
}

// service answers a TGS request, which shows a ticket-granting ticket (RFC 4120
// section 3.3.3).
func (k *kdc) service(now time.Time, r *kerberos.Request) (reply []byte, d lab.Decision, err error) {
	if !r.HasTicket() {
		return nil, d, refuse(kerberos.ErrNoPreAuth)
	}
	tgt, replyKey, err := r.Present(k.w.Dir.TGSKey())
	if err == nil {
		err = tgt.CheckTimes(now, k.w.Params.Kerberos.ClockSkew)
	}
	if err != nil {
		return nil, lab.Decision{
			At: now, Layer: lab.LayerTicket, Server: k.dc.Host(), Reason: "ticket-granting ticket refused: " + kerberos.Reason(err),
		}, err
	}
	key, another, err := k.wanted(now, r, tgt)
	if err != nil {
		return nil, d, err
	}
	old := directory.TicketLife{Auth: tgt.AuthTime, Start: tgt.Start, End: tgt.End, RenewTill: tgt.RenewTill}
	d, code, life := k.dc.GrantTicket(now, tgt.Client.String(), old, another)
	if code != directory.OK {
		return nil, d, refuse(refusals[code])
	}
	c := k.contents(r, life, tgt.Flags&kerberos.FlagPreAuth)
	c.Client, c.ClientRealm = tgt.Client, tgt.ClientRealm
	if o, ok := k.dc.Principal(tgt.Client.String()); ok {
		what := "ticket for " + strings.Join(r.Service.Parts, "/")
		if another {
			what = "ticket-granting ticket"
		}
		k.w.Dir.NoteTicket(now, o.SAM(), what, c.Start, c.End)
	}
	t := kerberos.NewTicket(k.w.Dir.Realm(), r.Service, key, c, k.rand)
	return r.Reply(t, c, replyKey, k.rand), d, nil
}

// wanted finds the key of the service that a ticket is asked for. Renew says
// that it is another ticket-granting ticket.
func (k *kdc) wanted(now time.Time, r *kerberos.Request, tgt *kerberos.Presented) (key kerberos.Key, renew bool, err error) {
	renew = r.Options.Has(kerberos.FlagRenew)
	switch {
	case r.Service.IsTGS(k.w.Dir.Realm()):
		if !renew || !tgt.Flags.Has(kerberos.FlagRenewable) {
			return key, false, refuse(kerberos.ErrBadOption) // nothing is forwarded
		}
		if !now.Before(tgt.RenewTill) {
			return key, false, refuse(kerberos.ErrTicketExpired)
		}
		return k.w.Dir.TGSKey(), true, nil
	case renew:
		return key, false, refuse(kerberos.ErrBadOption)
	}
	host, ok := k.w.Dir.ServiceHost(r.Service.Parts)
	if !ok {
		return key, false, refuse(kerberos.ErrServiceUnknown)
	}
	return k.w.Dir.ServiceKey(host), false, nil
}

// contents is what a ticket says, but for whose it is.
func (k *kdc) contents(r *kerberos.Request, life directory.TicketLife, f kerberos.Flags) kerberos.Contents {
	c := kerberos.Contents{
		Flags: f, Key: kerberos.NewKey(k.rand), ClientRealm: k.w.Dir.Realm(),
		AuthTime: life.Auth, Start: life.Start, End: life.End,
	}
	// A client may want less than it can have. The beginning of time stands
	// for all (RFC 4120 section 5.4.1).
	if r.Till.After(life.Start) && r.Till.Before(c.End) {
		c.End = r.Till
	}
	if r.Options.Has(kerberos.FlagRenewable) || r.Options.Has(kerberos.FlagRenew) {
		c.RenewTill = life.RenewTill
		if t := r.RenewTill; t.After(life.Start) && t.Before(c.RenewTill) {
			c.RenewTill = t
		}
	}
	if !c.RenewTill.IsZero() {
		c.Flags |= kerberos.FlagRenewable
	}
	return c
}
