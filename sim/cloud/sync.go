package cloud

import (
	"time"

	"shutout/sim/directory"
	"shutout/sim/profile"
)

func stateOf(o *directory.Object) state {
	hash, _ := o.PasswordHash()
	return state{enabled: o.UAC()&directory.AccountDisable == 0, hash: hash}
}

// schedule starts the two cycles of synchronisation: one for accounts, one for
// passwords. They read the domain controller with the PDC emulator role.
func (t *Tenant) schedule() {
	if t.p.SyncInterval == profile.Never {
		return
	}
	t.every(t.p.SyncInterval, t.syncAccount)
	if t.p.PasswordSync != profile.Never {
		t.every(t.p.PasswordSync, t.syncPassword)
	}
}

// every has f called for each user, again and again.
func (t *Tenant) every(interval time.Duration, f func(now time.Time, u *User, s state)) {
	t.tl.After(interval, func(now time.Time) {
		for _, u := range t.users {
			if o, ok := t.dir.PDC().Lookup(u.SAM); ok {
				f(now, u, stateOf(o))
			}
		}
		t.every(interval, f)
	})
}

// syncAccount carries whether the account is enabled. When it was blocked in the
// cloud alone, Active Directory has the last word ([M365-REMOVE]); one that was
// deleted there stays deleted. An account that merely expires, or may not sign in at this
// hour, is not disabled, so nothing of that arrives.
func (t *Tenant) syncAccount(now time.Time, u *User, s state) {
	changed := s.enabled != u.synced.enabled
	u.synced.enabled = s.enabled
	switch {
	case !s.enabled && changed:
		t.Block(now, u)
	case s.enabled && u.Blocked() && (changed || t.p.SyncUndoesBlock):
		t.Unblock(now, u)
	}
}

// syncPassword carries a password that is new there.
func (t *Tenant) syncPassword(now time.Time, u *User, s state) {
	if s.hash == u.synced.hash {
		return
	}
	u.synced.hash = s.hash
	if s.hash != "" {
		t.setPassword(now, u, s.hash, "password reset")
	}
}
