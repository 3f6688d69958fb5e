// Package cloud is an organisation's tenant of Entra ID: the accounts that
// people sign in with, the tokens that they hold, what ends those, and the
// synchronisation with Active Directory. It is plain state with explicit time;
// whoever calls holds the world's lock.
//
// Tokens are random handles. Those of Entra ID say in themselves whom they are
// for and until when, and a server asks nobody about them; here the server
// looks the same facts up, and nothing else (see [Tenant.Check]).
package cloud

import (
	"encoding/base64"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"shutout/sim/directory"
	"shutout/sim/profile"
	"shutout/sim/timeline"
)

// Tenant is the cloud's directory and its sign-in service.
type Tenant struct {
	tl   *timeline.Timeline
	p    profile.Cloud
	dir  *directory.Directory
	host string // that the sign-in service runs on
	rand *rand.Rand

	users   []*User
	byName  map[string]*User // by sign-in name and by logon name, in lower case
	codes   map[string]*code
	grants  map[string]*grant       // by refresh token
	access  map[string]*accessToken // by token
	sweepAt int                     // number of tokens at which lapsed ones are next looked for
}

// User is an account of the tenant.
type User struct {
	SAM string // the account in Active Directory that it belongs to
	UPN string

	hash        string    // of the password
	passwordSet time.Time // when it was set in the cloud, or arrived there
	blocked     time.Time // from when on the sign-in is refused; zero: it is not
	deleted     bool
	validFrom   time.Time // refresh tokens from before are dead (refreshTokensValidFromDateTime)
	why         string    // what moved validFrom
	devicesOff  time.Time // devices that were registered before are disabled
	events      []event   // that servers hear of

	synced state // of the account in Active Directory, when it was last carried here
}

// state is what synchronisation carries.
type state struct {
	enabled bool
	hash    string
}

// event is one that servers hear of by continuous access evaluation.
type event struct {
	at   time.Time
	what string
}

// New makes a tenant with an account for everybody who has a mail address in
// Active Directory. Host is where its sign-in service runs.
func New(tl *timeline.Timeline, p profile.Cloud, dir *directory.Directory, host string) *Tenant {
	t := &Tenant{
		tl: tl, p: p, dir: dir, host: host, rand: tl.Rand("cloud"),
		byName: map[string]*User{}, codes: map[string]*code{}, grants: map[string]*grant{}, access: map[string]*accessToken{},
		sweepAt: minSweep,
	}
	for _, o := range dir.PDC().Objects() {
		if !o.IsUser() || o.Mail() == "" {
			continue
		}
		s := stateOf(o)
		u := &User{SAM: o.SAM(), UPN: o.UPN(), hash: s.hash, passwordSet: tl.Now(), synced: s}
		t.users = append(t.users, u)
		for _, name := range []string{u.UPN, o.Mail(), u.SAM} {
			t.byName[strings.ToLower(name)] = u
		}
	}
	t.schedule()
	return t
}

// Host is where the sign-in service runs.
func (t *Tenant) Host() string { return t.host }

// User finds an account by its sign-in name, its mail address or its logon name.
func (t *Tenant) User(name string) (*User, bool) {
	u, ok := t.byName[strings.ToLower(name)]
	return u, ok
}

// PasswordSet is when a user's password was set, as the cloud knows it.
func (t *Tenant) PasswordSet(sam string) time.Time {
	if u, ok := t.User(sam); ok {
		return u.passwordSet
	}
	return time.Time{}
}

// ResetPassword sets a password, which ends every refresh token.
func (t *Tenant) ResetPassword(now time.Time, u *User, password string) {
	t.setPassword(now, u, directory.HashPassword(password), "password reset")
}

func (t *Tenant) setPassword(now time.Time, u *User, hash, what string) {
	u.hash, u.passwordSet = hash, now
	u.validFrom, u.why = now, what
	u.notify(now, what)
}

// Revoke ends every refresh token (Revoke-MgUserSignInSession).
func (t *Tenant) Revoke(now time.Time, u *User) {
	u.validFrom, u.why = now, "sessions revoked"
	u.notify(now, u.why)
}

// Block has the sign-in refused (AccountEnabled false), and returns from when on.
func (t *Tenant) Block(now time.Time, u *User) time.Time {
	if u.blocked.IsZero() {
		u.blocked = now.Add(t.p.BlockDelay)
		u.notify(u.blocked, "sign-in blocked")
	}
	return u.blocked
}

// Unblock admits the sign-in again. What servers have heard they have heard.
func (t *Tenant) Unblock(now time.Time, u *User) {
	u.blocked = time.Time{}
	u.events = slices.DeleteFunc(u.events, func(e event) bool { return e.at.After(now) })
}

// Blocked tells whether somebody has blocked the sign-in.
func (u *User) Blocked() bool { return !u.blocked.IsZero() }

// Delete takes the account away; Restore gives it back.
func (t *Tenant) Delete(now time.Time, u *User) {
	u.deleted = true
	u.notify(now, "account deleted")
}

// Restore gives a deleted account back.
func (t *Tenant) Restore(u *User) { u.deleted = false }

// Deleted tells whether the account was deleted.
func (u *User) Deleted() bool { return u.deleted }

// DisableDevices disables the devices that a user has registered. It is no
// event that servers hear of ([CAE] does not list it).
func (t *Tenant) DisableDevices(now time.Time, u *User) { u.devicesOff = now }

// Devices counts the devices on which a user has signed in.
func (t *Tenant) Devices(u *User) (n int) {
	for _, g := range t.grants {
		if g.user == u && !g.browser {
			n++
		}
	}
	return n
}

func (u *User) notify(at time.Time, what string) { u.events = append(u.events, event{at, what}) }

// heard is the first event after a token was issued that every server has heard
// of by now.
func (u *User) heard(now, issued time.Time, delay time.Duration) (event, bool) {
	for _, e := range u.events {
		if e.at.After(issued) && !now.Before(e.at.Add(delay)) {
			return e, true
		}
	}
	return event{}, false
}

// handle draws a token.
func (t *Tenant) handle() string {
	var b [24]byte
	for i := 0; i < len(b); i += 8 {
		binary.BigEndian.PutUint64(b[i:], t.rand.Uint64())
	}
	return base64.RawURLEncoding.EncodeToString(b[:])
}
