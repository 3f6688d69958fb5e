package directory

import (
	"slices"
	"strconv"
	"time"

	"shutout/lab"
)

// LogonKind tells how the password reached the server that asks.
type LogonKind int

const (
	// Cleartext is a password that the server itself has: Basic, forms, POP3
	// and IMAP login, SMTP AUTH.
	Cleartext LogonKind = iota
	// Network is a logon over the network: NTLM, LDAP simple bind.
	Network
	// ticketGranting is a proof to a KDC, from which the server that will be
	// used is far away.
	ticketGranting
)

// Logon is a domain controller's answer to a sign-in.
type Logon struct {
	Decision lab.Decision
	Code     Code
	Object   *Object // nil when there is no such user
	// SessionKey is the session base key of an NTLM logon that succeeded
	// (MS-NLMP 3.3.2): the server has it from the domain controller.
	SessionKey [16]byte
}

// Logon checks a user's password and whether the account may sign in now.
//
// An unknown user is told first, then a lockout, whatever the password. A wrong
// password hides everything else. Then come the disabled account, the logon
// hours, the expired account and the password's age.
func (dc *DC) Logon(now time.Time, user, password string, kind LogonKind) Logon {
	hash := ntHash(password)
	return dc.logon(now, user, kind, func(h string) bool { return h == hash })
}

func (dc *DC) logon(now time.Time, user string, kind LogonKind, match func(hash string) bool) Logon {
	o, ok := dc.Lookup(user)
	if !ok || !o.isUser() {
		return Logon{Code: NoSuchUser, Decision: dc.decide(now, NoSuchUser)}
	}
	pdc := dc.dir.PDC()
	at := dc
	code, old := dc.verify(now, o, kind, match)
	if passedOn(code) && dc != pdc && dc.dir.params.AD.PDCFallback {
		at = pdc
		code, old = pdc.verify(now, pdc.objects[o.id], kind, match)
	}
	// Only now that the PDC emulator has had its say does a failure count, on
	// both, so that a password that has not arrived here locks nobody out.
	for _, each := range []*DC{at, dc} {
		if mine := each.objects[o.id]; code == OK {
			each.signedIn(now, mine)
		} else if code == BadPassword {
			each.countBad(now, mine, match)
		}
		if at == dc {
			break
		}
	}
	l := Logon{Code: code, Object: at.objects[o.id], Decision: at.decide(now, code)}
	switch {
	case code != OK:
	case old:
		at.explainOld(&l)
	case at != dc:
		l.Decision.Reason = "password accepted by the PDC emulator"
	default:
		if other := dc.ahead(now, o, match); other != nil {
			l.Decision.Reason = "password accepted, the change on " + other.host + " has not replicated yet"
		}
	}
	return l
}

// passedOn tells whether a domain controller asks the PDC emulator before it
// refuses for this reason: each may be out of date after a change of password
// or an unlock that the PDC emulator knows of already.
func passedOn(c Code) bool {
	return c == BadPassword || c == LockedOut || c == PasswordMustChange || c == PasswordIsExpired
}

func (dc *DC) decide(now time.Time, c Code) lab.Decision {
	return lab.Decision{At: now, Layer: lab.LayerDirectory, Server: dc.host, Allowed: c == OK, Reason: c.String()}
}

// explainOld gives the decision to the old-password window, which let the user
// in.
func (dc *DC) explainOld(l *Logon) {
	l.Decision.Layer = lab.LayerOldPassword
	l.Decision.Reason = "the password before the last one accepted"
	l.Decision.Since = l.Object.account.password.at
	l.Decision.Rule, l.Decision.Until = dc.dir.oldPasswordWindow(l.Object)
}

// oldPasswordWindow tells how long the password before the last one is taken.
func (d *Directory) oldPasswordWindow(o *Object) (rule string, until time.Time) {
	window := d.params.NTLM.OldPassword
	if window == forever {
		return "for ever", time.Time{}
	}
	return "for " + lab.Duration(window) + " after the change", o.account.password.at.Add(window)
}

// ahead returns a domain controller that has a later state of the account and
// would refuse what this one lets in, or nil.
func (dc *DC) ahead(now time.Time, o *Object, match func(string) bool) *DC {
	for _, other := range dc.dir.dcs {
		theirs := other.objects[o.id]
		if theirs == o || theirs.account == o.account {
			continue
		}
		if hash := theirs.account.password.hash; hash == "" || !match(hash) || other.Restriction(now, theirs) != OK {
			return other
		}
	}
	return nil
}

// verify is the check on this replica alone. It tells whether the password
// before the last one was what matched.
func (dc *DC) verify(now time.Time, o *Object, kind LogonKind, match func(string) bool) (c Code, old bool) {
	if o.locked(now, dc.dir.params.AD.LockoutDuration) {
		return LockedOut, false
	}
	if c := o.restriction(now); c != OK && kind == ticketGranting {
		return c, false // a KDC says so whatever the password (MS-KILE 3.3.5.6.3)
	}
	current := o.account.password
	if current.hash == "" || !match(current.hash) {
		if !dc.oldPassword(now, o, kind, match) {
			return BadPassword, false
		}
		old = true
	}
	return dc.Restriction(now, o), old
}

// oldPassword tells whether the password before the last one is still good
// (KB906305): for some time after the change, for a network logon, and only if
// the domain remembers at least two passwords.
func (dc *DC) oldPassword(now time.Time, o *Object, kind LogonKind, match func(string) bool) bool {
	return dc.takesOld(now, o, kind) && match(o.history()[1])
}

func (dc *DC) takesOld(now time.Time, o *Object, kind LogonKind) bool {
	p, current, history := dc.dir.params, o.account.password, o.history()
	switch {
	case kind == ticketGranting, // the key in force is the only one
		kind != Network && !p.NTLM.OldPasswordCleartext,
		current.by == setByReset && !p.NTLM.OldPasswordOnAdminReset,
		p.AD.PasswordHistory < p.NTLM.OldPasswordHistory,
		len(history) < 2:
		return false
	}
	return p.NTLM.OldPassword == forever || now.Before(current.at.Add(p.NTLM.OldPassword))
}

// countBad counts a wrong password and locks the account at the threshold
// (MS-SAMR 3.1.5.14.6). One of the two passwords before the present one does
// not count: it is somebody's forgotten device rather than a guess ("Account
// Passwords and Policies", password history check).
func (dc *DC) countBad(now time.Time, o *Object, match func(string) bool) {
	history := o.history()
	if len(history) > 1 && slices.ContainsFunc(history[1:min(3, len(history))], match) {
		return
	}
	l, ad := &dc.local[o.id], dc.dir.params.AD
	if now.Sub(l.badPasswordTime) > ad.LockoutWindow {
		l.badPwdCount = 0
	}
	l.badPwdCount++
	l.badPasswordTime = now
	if ad.LockoutThreshold > 0 && l.badPwdCount >= ad.LockoutThreshold {
		dc.write(now, o, map[string][]string{"lockoutTime": {strconv.FormatInt(FileTime(now), 10)}})
	}
}

// signedIn keeps the domain controller's own record and clears a lockout that
// has lapsed.
func (dc *DC) signedIn(now time.Time, o *Object) {
	l := &dc.local[o.id]
	l.badPwdCount = 0
	l.lastLogon = now
	l.logonCount++
	if o.account.lockout != 0 && !o.locked(now, dc.dir.params.AD.LockoutDuration) {
		dc.write(now, o, map[string][]string{"lockoutTime": {"0"}})
	}
}
