package directory

import (
	"slices"
	"strconv"
	"time"
)

// constructed lists the attributes that a domain controller works out when
// somebody reads them (MS-ADTS 3.1.1.4.5), or keeps for itself.
var constructed = []string{
	"badPasswordTime", "badPwdCount", "lastLogon", "logonCount", "memberOf", "msDS-User-Account-Control-Computed",
	"msDS-UserPasswordExpiryTimeComputed", "uSNChanged", "uSNCreated", "whenChanged", "whenCreated",
}

// Values returns what somebody who asks this domain controller at now reads
// from an attribute, constructed attributes included.
func (dc *DC) Values(now time.Time, o *Object, attr string) []string {
	l := dc.local[o.id]
	number := func(n int64) []string { return []string{strconv.FormatInt(n, 10)} }
	account := func(v []string) []string {
		if !o.isUser() {
			return nil
		}
		return v
	}
	a, ok := Schema(attr)
	if !ok {
		return nil
	}
	switch a.Name {
	case "badPwdCount":
		return account(number(int64(l.badPwdCount)))
	case "badPasswordTime":
		return account(number(fileTimeOrZero(l.badPasswordTime)))
	case "lastLogon":
		return account(number(fileTimeOrZero(l.lastLogon)))
	case "logonCount":
		return account(number(int64(l.logonCount)))
	case "uSNCreated":
		return number(int64(l.created))
	case "uSNChanged":
		return number(int64(l.changed))
	case "whenCreated":
		return []string{generalizedTime(o.created)}
	case "whenChanged":
		return []string{generalizedTime(l.whenChanged)}
	case "memberOf":
		return dc.MemberOf(o)
	case "msDS-User-Account-Control-Computed":
		bits := 0
		if o.locked(now, dc.dir.params.AD.LockoutDuration) {
			bits |= Lockout
		}
		if o.passwordExpiry(now, dc.dir.MaxPasswordAge) != OK {
			bits |= PasswordExpired
		}
		return account(number(int64(bits)))
	case "msDS-UserPasswordExpiryTimeComputed":
		return account(number(o.passwordExpires(dc.dir.MaxPasswordAge)))
	}
	return o.All(a.Name)
}

// Names lists the attributes of o that [DC.Values] has something for, except
// the computed ones, which a client gets only by name.
func (dc *DC) Names(now time.Time, o *Object) []string {
	names := o.Names()
	for _, n := range constructed {
		if a, _ := Schema(n); a.Name != "msDS-User-Account-Control-Computed" &&
			a.Name != "msDS-UserPasswordExpiryTimeComputed" && len(dc.Values(now, o, n)) > 0 {
			names = append(names, n)
		}
	}
	slices.SortFunc(names, compareFold)
	return names
}

// USN is the highest update sequence number that this replica has given out.
func (dc *DC) USN() uint64 { return dc.link.usn }

// MemberOf lists the distinguished names of the groups that o is a direct
// member of.
func (dc *DC) MemberOf(o *Object) []string {
	var groups []string
	for _, g := range dc.objects {
		if slices.ContainsFunc(g.All("member"), func(dn string) bool { return compareFold(dn, o.dn) == 0 }) {
			groups = append(groups, g.dn)
		}
	}
	return groups
}

// IsAdministrator tells whether o may modify the directory: it is a direct
// member of Domain Admins.
func (dc *DC) IsAdministrator(o *Object) bool {
	admins, ok := dc.Lookup(DomainAdmins)
	return ok && slices.Contains(dc.MemberOf(o), admins.dn)
}

func (o *Object) passwordExpires(maxAge time.Duration) int64 {
	switch {
	case maxAge <= 0 || o.account.uac&DontExpirePassword != 0:
		return never
	case o.account.pwdLastSet == 0:
		return 0
	}
	return o.account.pwdLastSet + int64(maxAge/100)
}

func fileTimeOrZero(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return FileTime(t)
}

func generalizedTime(t time.Time) string { return t.UTC().Format("20060102150405.0Z") }
