package store

import (
	"time"

	"shutout/lab"
	"shutout/sim/directory"
)

// mailboxInfo is the store's memory of a mailbox (MBI cache, layer L8): the
// rights and the directory object as they were when it was loaded. A change
// made meanwhile is felt when it is loaded again.
type mailboxInfo struct {
	loaded time.Time
	used   time.Time
	// seen is when the directory object was read from a domain controller; it
	// is older than loaded when the directory cache had it.
	seen   time.Time
	object *directory.Object
	rights permissions
}

// lapses tells when the entry ends if nobody uses it any more.
func (e *mailboxInfo) lapses(s *Store) time.Time {
	age, idle := e.loaded.Add(s.params.MBIAge), e.used.Add(s.params.MBIIdle)
	if idle.Before(age) {
		return idle
	}
	return age
}

// info returns the mailbox's entry and counts as a use of it. A missing or
// lapsed entry is loaded through cache, or through the mailbox server's own
// directory cache when cache is nil.
func (mb *Mailbox) info(now time.Time, cache *directory.Cache) (*mailboxInfo, *Refusal) {
	if mb.touch(now) {
		return mb.mbi, nil
	}
	if cache == nil {
		cache = mb.db.server.cache
	}
	no := func(reason string) (*mailboxInfo, *Refusal) {
		return nil, &Refusal{Decision: lab.Decision{
			At: now, Layer: lab.LayerDirectory, Server: mb.Server(), Reason: reason,
		}}
	}
	if cache == nil {
		return no("no directory to read the mailbox's flags from")
	}
	object, seen, ok := cache.Get(now, mb.user)
	if !ok {
		return no("no account " + mb.user + " in the directory")
	}
	if object.Get("legacyExchangeDN") == "" { // which ties the mailbox to its account
		return no("the account has no Exchange attributes")
	}
	mb.mbi = &mailboxInfo{loaded: now, used: now, seen: seen, object: object, rights: mb.permissions}
	return mb.mbi, nil
}

// touch keeps a living entry from idling out. It tells whether there is one. A
// lapsed entry is dropped.
func (mb *Mailbox) touch(now time.Time) bool {
	e := mb.mbi
	if e == nil {
		return false
	}
	if !now.Before(e.lapses(mb.store)) {
		mb.mbi = nil
		return false
	}
	e.used = now
	return true
}

// Ledger lists what the store remembers of somebody's mailbox, without being a
// use of it.
func (s *Store) Ledger(now time.Time, user string) []lab.LedgerEntry {
	mb, ok := s.Mailbox(user)
	if !ok || mb.mbi == nil || !now.Before(mb.mbi.lapses(s)) {
		return nil
	}
	return []lab.LedgerEntry{{
		Layer: lab.LayerMailboxInfo, Server: mb.Server(), What: "rights and protocol flags as they were loaded", Rule: s.infoRule,
		Since: mb.mbi.loaded, Until: mb.mbi.lapses(s),
	}}
}

// decision starts the record of a decision made by this entry.
func (e *mailboxInfo) decision(now time.Time, mb *Mailbox) lab.Decision {
	return lab.Decision{
		At: now, Layer: lab.LayerMailboxInfo, Server: mb.Server(),
		Rule:  e.cached(now) + ", " + mb.store.infoRule,
		Since: e.loaded, Until: e.lapses(mb.store),
	}
}

// cached says in words how old what the entry tells is.
func (e *mailboxInfo) cached(now time.Time) string {
	switch {
	case !e.loaded.Equal(now):
		return "still cached"
	case e.seen.Before(e.loaded):
		return "just loaded, from a directory cache entry " + lab.Duration(e.loaded.Sub(e.seen)) + " old"
	default:
		return "just loaded"
	}
}
