package directory

import (
	"slices"
	"strings"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/kerberos"
)

// Realm is the domain's Kerberos realm.
func (d *Directory) Realm() string { return strings.ToUpper(d.org.Domain) }

// TGSKey is the key of the ticket-granting service, the same on every domain
// controller.
func (d *Directory) TGSKey() kerberos.Key { return d.longTermKey("krbtgt") }

// ServiceKey is the key of a server's computer account, which all its services
// use.
func (d *Directory) ServiceKey(host string) kerberos.Key {
	return d.longTermKey("computer/" + strings.ToLower(host))
}

func (d *Directory) longTermKey(of string) kerberos.Key {
	return kerberos.NewKey(d.tl.Rand("kerberos/" + of))
}

// services are what the servers' accounts have service principal names for,
// each with the host's name in full and short. Exchange's setup makes those
// that begin with "exchange".
var services = []string{"host", "http", "ldap", "exchangemdb", "exchangerfr", "exchangeab"}

// ServiceHost returns the server that a service principal name belongs to, such
// as "HTTP", "cas1.corp.example".
func (d *Directory) ServiceHost(name []string) (host string, ok bool) {
	if len(name) != 2 || !slices.Contains(services, strings.ToLower(name[0])) {
		return "", false
	}
	host = strings.TrimSuffix(strings.ToLower(name[1]), "."+strings.ToLower(d.org.Domain))
	for _, site := range d.org.Sites {
		for _, h := range slices.Concat(site.DCs, site.CAS, site.Stores) {
			if strings.EqualFold(h, host) {
				return h, true
			}
		}
	}
	return "", false
}

// TicketLife is the time that a ticket is good for, in whole seconds.
type TicketLife struct {
	Auth       time.Time // when the user last proved a password
	Start, End time.Time
	RenewTill  time.Time // zero: not renewable
}

// lapse is when something ends that lasts for d.
func lapse(from time.Time, d time.Duration) time.Time {
	if d == forever {
		return kerberos.Forever
	}
	return from.Add(d)
}

// Principal finds the account of a client's name: a logon name, or a user
// principal name where the client has the KDC find out whose it is.
func (dc *DC) Principal(name string) (*Object, bool) {
	for _, key := range []string{name, strings.TrimSuffix(strings.ToLower(name), "@"+strings.ToLower(dc.dir.org.Domain))} {
		o, ok := dc.Lookup(key)
		if ok && o.isUser() && (strings.EqualFold(o.SAM(), key) || strings.EqualFold(o.UPN(), key)) {
			return o, true
		}
	}
	return nil, false
}

// AskForTGT is what a KDC says to a request for a ticket-granting ticket that
// proves nothing yet: whether it is any use to prove a password.
func (dc *DC) AskForTGT(now time.Time, name string) Logon {
	o, ok := dc.Principal(name)
	code := NoSuchUser
	if ok {
		code = dc.restrictionOnTickets(now, o)
	}
	return Logon{Code: code, Object: o, Decision: dc.decide(now, code)}
}

// GrantTGT decides whether a user gets a ticket-granting ticket. Match tells
// whether the user's proof was made with a key.
func (dc *DC) GrantTGT(now time.Time, name string, match func(kerberos.Key) bool) (Logon, TicketLife) {
	o, ok := dc.Principal(name)
	if !ok {
		return Logon{Code: NoSuchUser, Decision: dc.decide(now, NoSuchUser)}, TicketLife{}
	}
	l := dc.logon(now, o.SAM(), ticketGranting, func(hash string) bool { return match(kerberos.Key([]byte(hash))) })
	if l.Code != OK {
		return l, TicketLife{}
	}
	start, p := now.Truncate(time.Second), dc.dir.params.Kerberos
	life := TicketLife{Auth: start, Start: start, End: lapse(start, p.TGT), RenewTill: lapse(start, p.TGTRenew)}
	l.Decision.Reason += ", ticket-granting ticket issued"
	l.Decision.Until = kerberos.Lapse(life.End)
	return l, life
}

// GrantTicket decides whether the holder of a ticket-granting ticket gets a
// service ticket, or with renew another ticket-granting ticket. The account is
// looked at only if its owner proved the password a while ago (MS-KILE
// 3.3.5.7.1), and not for the password's age.
func (dc *DC) GrantTicket(now time.Time, name string, tgt TicketLife, renew bool) (lab.Decision, Code, TicketLife) {
	p := dc.dir.params.Kerberos
	d := lab.Decision{
		At: now, Layer: lab.LayerTicket, Server: dc.host, Allowed: true,
		Reason: "service ticket issued, account not looked at",
		Rule:   "unless the ticket-granting ticket is " + lab.Duration(p.RecheckAge) + " old",
		Since:  tgt.Auth,
	}
	switch {
	case p.RecheckAge == forever:
		d.Rule = "never"
	case now.Sub(tgt.Auth) >= p.RecheckAge:
		l := dc.AskForTGT(now, name)
		if l.Code != OK {
			return l.Decision, l.Code, TicketLife{}
		}
		d.Layer, d.Reason, d.Rule = lab.LayerDirectory, "service ticket issued, account looked at again", ""
	}
	start := now.Truncate(time.Second)
	life := TicketLife{Auth: tgt.Auth, Start: start, End: earlier(lapse(start, p.Service), tgt.End)}
	if renew {
		life.End, life.RenewTill = earlier(lapse(start, p.TGT), tgt.RenewTill), tgt.RenewTill
		d.Reason = strings.Replace(d.Reason, "service ticket issued", "ticket-granting ticket renewed", 1)
	}
	d.Until = kerberos.Lapse(life.End)
	return d, OK, life
}

// issued is what is known of the newest ticket of a user for a service. It
// decides nothing: a ticket speaks for itself.
type issued struct {
	what       string
	start, end time.Time
}

// NoteTicket keeps that a user was given a ticket, in the place of the one for
// the same service before it.
func (d *Directory) NoteTicket(now time.Time, sam, what string, start, end time.Time) {
	mine := slices.DeleteFunc(d.tickets[sam], func(t issued) bool { return t.what == what || !now.Before(t.end) })
	d.tickets[sam] = append(mine, issued{what, start, end})
}

// Ledger lists the tickets of somebody that are good now, and the password before
// the last one while the PDC emulator takes it.
func (d *Directory) Ledger(now time.Time, sam string) (out []lab.LedgerEntry) {
	for _, t := range d.tickets[sam] {
		if now.Before(t.end) {
			out = append(out, lab.LedgerEntry{Layer: lab.LayerTicket, Server: "the client", What: t.what, Since: t.start, Until: kerberos.Lapse(t.end)})
		}
	}
	slices.SortFunc(out, func(a, b lab.LedgerEntry) int { return strings.Compare(a.What, b.What) })
	pdc := d.PDC()
	if o, ok := pdc.Lookup(sam); ok && pdc.Restriction(now, o) == OK && pdc.takesOld(now, o, Network) {
		rule, until := d.oldPasswordWindow(o)
		out = append(out, lab.LedgerEntry{Layer: lab.LayerOldPassword, Server: pdc.host, What: "password from before the change", Rule: rule, Since: o.account.password.at, Until: until})
	}
	return out
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// restrictionOnTickets is what a KDC looks at whoever asks: all but the
// password and its age.
func (dc *DC) restrictionOnTickets(now time.Time, o *Object) Code {
	if o.locked(now, dc.dir.params.AD.LockoutDuration) {
		return LockedOut
	}
	return o.restriction(now)
}
