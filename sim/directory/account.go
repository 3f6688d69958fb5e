package directory

import (
	"strconv"
	"time"
)

// Bits of userAccountControl (MS-ADTS 2.2.16).
const (
	AccountDisable      = 0x2
	Lockout             = 0x10 // shown in the computed attribute only
	PasswordNotRequired = 0x20
	NormalAccount       = 0x200
	DontExpirePassword  = 0x10000
	PasswordExpired     = 0x800000 // shown in the computed attribute only
)

// never is the accountExpires value, besides 0, that means no expiry
// (MS-ADTS 2.2.18 and the attribute's own description).
const never = 0x7FFFFFFFFFFFFFFF

// logonHoursLen is one bit for each hour of the week, from Sunday 00:00 UTC,
// the lowest bit of a byte first (MS-SAMR 2.2.6.5, SAMPR_LOGON_HOURS).
const logonHoursLen = 21

// FileTime is t in 100-nanosecond steps since 1601, as Active Directory keeps
// most of its times.
func FileTime(t time.Time) int64 {
	return (t.Unix()+filetimeEpoch)*1e7 + int64(t.Nanosecond())/100
}

// filetimeEpoch is the number of seconds from 1601 to 1970.
const filetimeEpoch = 11644473600

// fromFileTime is the inverse of [FileTime].
func fromFileTime(f int64) time.Time {
	return time.Unix(f/1e7-filetimeEpoch, f%1e7*100).UTC()
}

// Enabled tells whether the account is neither disabled nor expired at now.
func (o *Object) Enabled(now time.Time) bool {
	return o.account.uac&AccountDisable == 0 && !o.expired(now)
}

func (o *Object) expired(now time.Time) bool {
	e := o.account.expires
	return e > 0 && e != never && FileTime(now) >= e
}

// allowedHour tells whether the account may sign in at now. An account without
// logonHours may always.
func (o *Object) allowedHour(now time.Time) bool {
	h := o.account.hours
	if len(h) != logonHoursLen {
		return true
	}
	now = now.UTC()
	i := int(now.Weekday())*24 + now.Hour()
	return h[i/8]&(1<<(i%8)) != 0
}

// locked tells whether the account is locked at now. A lockout ends by itself
// after duration; profile.Never means only an administrator ends it.
func (o *Object) locked(now time.Time, duration time.Duration) bool {
	l := o.account.lockout
	if l == 0 {
		return false
	}
	return duration == forever || now.Before(fromFileTime(l).Add(duration))
}

// passwordExpiry returns the code for a password that is right but too old.
// Accounts whose password never expires are also not asked to change it
// (MS-ADTS 3.1.1.4.5.39, msDS-UserPasswordExpiryTimeComputed).
func (o *Object) passwordExpiry(now time.Time, maxAge time.Duration) Code {
	switch {
	case o.account.uac&DontExpirePassword != 0:
		return OK
	case o.account.pwdLastSet == 0:
		return PasswordMustChange
	case maxAge > 0 && !now.Before(fromFileTime(o.account.pwdLastSet).Add(maxAge)):
		return PasswordIsExpired
	}
	return OK
}

// Restriction is the code that a sign-in with the right password would be
// refused with, or OK. A KDC makes the same checks, but those on the password's
// age only for a ticket-granting ticket (MS-KILE 3.3.5.6.3 and 3.3.5.7.1).
func (dc *DC) Restriction(now time.Time, o *Object) Code {
	if o.locked(now, dc.dir.params.AD.LockoutDuration) {
		return LockedOut
	}
	if c := o.restriction(now); c != OK {
		return c
	}
	return o.passwordExpiry(now, dc.dir.MaxPasswordAge)
}

// restriction checks what does not depend on the domain's policy.
func (o *Object) restriction(now time.Time) Code {
	switch {
	case o.account.uac&AccountDisable != 0:
		return Disabled
	case !o.allowedHour(now):
		return InvalidHours
	case o.expired(now):
		return AccountIsExpired
	}
	return OK
}

// A Code is a Windows error that a refused sign-in carries: the "data" of an
// LDAP bind's answer.
type Code int

const (
	OK                 Code = 0
	NoSuchUser         Code = 0x525 // ERROR_NO_SUCH_USER
	BadPassword        Code = 0x52e // ERROR_LOGON_FAILURE
	InvalidHours       Code = 0x530 // ERROR_INVALID_LOGON_HOURS
	PasswordIsExpired  Code = 0x532 // ERROR_PASSWORD_EXPIRED
	Disabled           Code = 0x533 // ERROR_ACCOUNT_DISABLED
	AccountIsExpired   Code = 0x701 // ERROR_ACCOUNT_EXPIRED
	PasswordMustChange Code = 0x773 // ERROR_PASSWORD_MUST_CHANGE
	LockedOut          Code = 0x775 // ERROR_ACCOUNT_LOCKED_OUT
)

// String is the code in words, with the number as LDAP shows it.
func (c Code) String() string {
	switch c {
	case OK:
		return "password accepted"
	case NoSuchUser:
		return "no such user (data 525)"
	case BadPassword:
		return "wrong password (data 52e)"
	case InvalidHours:
		return "outside the logon hours (data 530)"
	case PasswordIsExpired:
		return "password expired (data 532)"
	case Disabled:
		return "account disabled (data 533)"
	case AccountIsExpired:
		return "account expired (data 701)"
	case PasswordMustChange:
		return "password must be changed first (data 773)"
	case LockedOut:
		return "account locked out (data 775)"
	}
	return "refused (data " + strconv.FormatInt(int64(c), 16) + ")"
}
