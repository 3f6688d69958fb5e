package store

import (
	"fmt"
	"slices"
	"time"

	"shutout/lab"
)

// A Mailbox is one user's mailbox. Whatever a client does with it goes through
// a [Session]; the methods here are for administrators and reports.
type Mailbox struct {
	store   *Store
	user    string
	mail    string
	db      *database
	created time.Time

	base     int64 // bytes that were there from the start
	size     int64 // base and everything in the folders
	folders  []*folder
	lastUsed uint32 // the folder number that was given last

	disconnected time.Time // zero unless it was taken from its user
	moving       *Move     // the move that is under way
	locked       bool      // by that move

	permissions permissions
	mbi         *mailboxInfo // nil when the store does not know the mailbox
	quota       quotas

	rules    []Rule // in the order in which they act; copied on write
	lastRule uint32 // the number that was given last

	sessions []*Session // in order of logon
	watchers []*watcher
}

func newMailbox(s *Store, now time.Time, user, mail string, db *database, size int64) *Mailbox {
	mb := &Mailbox{
		store: s, user: user, mail: mail, db: db, created: now,
		base: size, size: size, permissions: defaultPermissions(),
	}
	for _, name := range reserved {
		mb.addFolder(name)
	}
	return mb
}

// User is the sAMAccountName that the mailbox belongs to.
func (mb *Mailbox) User() string { return mb.user }

// Mail is its main address.
func (mb *Mailbox) Mail() string { return mb.mail }

// Database is the name of the database that holds the mailbox now.
func (mb *Mailbox) Database() string { return mb.db.name }

// Server is the mailbox server that serves it now.
func (mb *Mailbox) Server() string { return mb.db.server.name }

// Size is the mailbox's size in bytes.
func (mb *Mailbox) Size() int64 { return mb.size }

// Disconnected tells whether, and since when, the mailbox is disconnected.
func (mb *Mailbox) Disconnected() (since time.Time, ok bool) {
	return mb.disconnected, !mb.disconnected.IsZero()
}

// Sessions lists the open sessions, the oldest logon first.
func (mb *Mailbox) Sessions() []*Session { return slices.Clone(mb.sessions) }

// Permissions lists who holds what on the mailbox, by grantee.
func (mb *Mailbox) Permissions() []Permission { return slices.Clone(mb.permissions) }

// Folders lists the mailbox's folders as [Session.Folders] does, without being
// a use of the mailbox.
func (mb *Mailbox) Folders() []Folder {
	list := make([]Folder, 0, len(mb.folders))
	for _, f := range mb.folders {
		list = append(list, f.info())
	}
	return list
}

// SetPermission makes rights all that grantee holds on user's mailbox; 0
// removes the entry. The store goes on with its cached mailbox information
// until that lapses.
func (s *Store) SetPermission(now time.Time, user, grantee string, rights Rights) error {
	mb, err := s.find(user)
	if err != nil {
		return err
	}
	mb.permissions = mb.permissions.with(grantee, rights)
	return nil
}

// Disconnect takes the mailbox from its user (Disable-Mailbox): sessions are
// severed, and logons and deliveries are refused until [Store.Reconnect]. A
// move that is under way fails. The directory is the caller's business.
func (s *Store) Disconnect(now time.Time, user string) error {
	mb, err := s.find(user)
	if err != nil {
		return err
	}
	if _, ok := mb.Disconnected(); ok {
		return fmt.Errorf("the mailbox of %s is disconnected already", user)
	}
	mb.disconnected = now
	mb.forget()
	if mb.moving != nil {
		mb.moving.Fail(now, "the mailbox was disconnected")
	}
	mb.sever(now, "the mailbox was disconnected from its account")
	return nil
}

// Reconnect gives a disconnected mailbox back to its user (Connect-Mailbox).
func (s *Store) Reconnect(now time.Time, user string) error {
	mb, err := s.find(user)
	if err != nil {
		return err
	}
	if _, ok := mb.Disconnected(); !ok {
		return fmt.Errorf("the mailbox of %s is not disconnected", user)
	}
	mb.disconnected = time.Time{}
	return nil
}

// Sever ends every open session of user's mailbox, and tells how many.
func (s *Store) Sever(now time.Time, user, reason string) int {
	mb, ok := s.Mailbox(user)
	if !ok {
		return 0
	}
	return mb.sever(now, reason)
}

// available is nil when the mailbox can be used now.
func (mb *Mailbox) available(now time.Time) *Refusal {
	d := lab.Decision{At: now, Layer: lab.LayerStore, Server: mb.Server()}
	switch since, gone := mb.Disconnected(); {
	case gone:
		d.Reason, d.Since = "mailbox disconnected from its account", since
		return &Refusal{Decision: d}
	case !mb.db.mounted(now):
		return mb.db.away(now)
	case mb.locked:
		d.Reason = "mailbox locked by its move to " + mb.moving.To
		d.Since, d.Until = mb.moving.LocksAt, mb.moving.EndsAt
		return &Refusal{Decision: d, Temporary: true}
	}
	return nil
}

// forget drops what the store process remembers of the mailbox.
func (mb *Mailbox) forget() {
	mb.mbi = nil
	mb.quota = quotas{}
}

// sever ends all sessions. A session that one of the callbacks opens stays.
func (mb *Mailbox) sever(now time.Time, reason string) int {
	list := mb.sessions
	mb.sessions = nil
	for _, x := range list {
		x.severed, x.severedAt = reason, now
		x.dropFeeds()
	}
	for _, x := range list {
		calls := x.onSever
		x.onSever = nil
		for _, f := range calls {
			f(reason)
		}
	}
	return len(list)
}

type watcher struct {
	f         func(now time.Time)
	cancelled bool
}

// Subscribe has f called, with the world's lock held, after each change of
// user's mailbox: mail came, items were changed or removed. Subscribers are
// called in the order in which they came. A subscriber may cancel itself or
// others while it is called; those are not called any more. One that joins
// meanwhile is called from the next change on. Without such a mailbox nothing
// is ever called.
func (s *Store) Subscribe(user string, f func(now time.Time)) (cancel func()) {
	mb, ok := s.Mailbox(user)
	if !ok {
		return func() {}
	}
	w := &watcher{f: f}
	mb.watchers = append(mb.watchers, w)
	return func() {
		if w.cancelled {
			return
		}
		w.cancelled = true
		// A fresh slice: a notification may be walking through the old one.
		left := make([]*watcher, 0, len(mb.watchers))
		for _, other := range mb.watchers {
			if other != w {
				left = append(left, other)
			}
		}
		mb.watchers = left
	}
}

func (mb *Mailbox) notify(now time.Time) {
	for _, w := range mb.watchers {
		if !w.cancelled {
			w.f(now)
		}
	}
}
