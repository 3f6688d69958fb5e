// Package store is the information store: mailbox databases on their servers,
// mailboxes with folders and messages, open logons, moves, quotas and the
// mailbox-information cache. It is plain data; whoever calls in holds the
// world's lock and says what time it is.
package store

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
	"shutout/sim/profile"
	"shutout/sim/timeline"
)

// A Store is all mailbox databases of an organisation.
type Store struct {
	tl     *timeline.Timeline
	params profile.Store
	ttl    time.Duration // of the servers' directory caches
	// What decisions name as their rule; made once, since every attempt makes
	// a decision.
	infoRule, quotaRule string

	servers   map[string]*server
	databases []*database // in the organisation's order
	mailboxes map[string]*Mailbox
	ordered   []*Mailbox // in order of creation
	moves     []*Move    // in order of their start
}

// server is a mailbox server: one information-store process.
type server struct {
	name  string
	cache *directory.Cache // nil until [Store.Attach]
	back  time.Time        // when the last restart ends or ended
}

type database struct {
	name       string
	server     *server
	dismounted bool      // by an administrator
	back       time.Time // when the last failover ends or ended
}

// New returns the databases of org, mounted and without mailboxes.
func New(tl *timeline.Timeline, p profile.Params, org lab.Organisation) *Store {
	s := &Store{
		tl: tl, params: p.Store, ttl: p.Dir.CacheTTL,
		infoRule:  "age " + lab.Duration(p.Store.MBIAge) + ", idle " + lab.Duration(p.Store.MBIIdle),
		quotaRule: "quotas read every " + lab.Duration(p.Store.QuotaReread),
		servers:   map[string]*server{},
		mailboxes: map[string]*Mailbox{},
	}
	for _, db := range org.Database {
		srv := s.servers[fold(db.Server)]
		if srv == nil {
			srv = &server{name: db.Server}
			s.servers[fold(db.Server)] = srv
		}
		s.databases = append(s.databases, &database{name: db.Name, server: srv})
	}
	return s
}

// Attach gives each mailbox server a directory cache of its own, over the
// domain controller that it uses. The store reads protocol flags, quotas and
// size limits through it.
func (s *Store) Attach(dir *directory.Directory) {
	for _, db := range s.databases {
		if srv := db.server; srv.cache == nil {
			srv.cache = directory.NewCache(dir.DCFor(srv.name), s.ttl)
		}
	}
}

// Directory is the directory cache of a mailbox server, or nil when there is
// no such server or no directory.
func (s *Store) Directory(server string) *directory.Cache {
	if srv := s.servers[fold(server)]; srv != nil {
		return srv.cache
	}
	return nil
}

// fold is the form that names are compared in: Exchange ignores case.
func fold(name string) string { return strings.ToLower(name) }

func (s *Store) database(name string) (*database, error) {
	for _, db := range s.databases {
		if fold(db.name) == fold(name) {
			return db, nil
		}
	}
	return nil, fmt.Errorf("no mailbox database %q", name)
}

func (s *Store) server(name string) (*server, error) {
	if srv := s.servers[fold(name)]; srv != nil {
		return srv, nil
	}
	return nil, fmt.Errorf("no mailbox server %q", name)
}

// CreateMailbox makes a mailbox for user (a sAMAccountName) with the reserved
// folders. It counts size bytes as already there; mail that is delivered comes
// on top.
func (s *Store) CreateMailbox(now time.Time, user, mail, database string, size int64) (*Mailbox, error) {
	db, err := s.database(database)
	if err != nil {
		return nil, err
	}
	if s.mailboxes[fold(user)] != nil {
		return nil, fmt.Errorf("%s has a mailbox already", user)
	}
	mb := newMailbox(s, now, user, mail, db, size)
	s.mailboxes[fold(user)] = mb
	s.ordered = append(s.ordered, mb)
	return mb, nil
}

// Recreate takes user's mailbox away and gives the user a new and empty one in
// the same database. The old one stays behind without an owner.
func (s *Store) Recreate(now time.Time, user string) error {
	old, err := s.find(user)
	if err != nil {
		return err
	}
	if _, gone := old.Disconnected(); !gone {
		if err := s.Disconnect(now, user); err != nil {
			return err
		}
	}
	mb := newMailbox(s, now, user, old.mail, old.db, 0)
	s.mailboxes[fold(user)] = mb
	s.ordered = append(s.ordered, mb)
	return nil
}

// Mailbox finds a user's mailbox, disconnected or not.
func (s *Store) Mailbox(user string) (*Mailbox, bool) {
	mb, ok := s.mailboxes[fold(user)]
	return mb, ok
}

// Mailboxes lists every mailbox in order of creation.
func (s *Store) Mailboxes() []*Mailbox { return slices.Clone(s.ordered) }

func (s *Store) find(user string) (*Mailbox, error) {
	if mb, ok := s.Mailbox(user); ok {
		return mb, nil
	}
	return nil, fmt.Errorf("%s has no mailbox", user)
}

// A Refusal is the error of an operation that the store did not allow.
type Refusal struct {
	Decision lab.Decision
	// Temporary says that the same may be allowed later without anybody
	// doing anything: a locked mailbox, a restarting store.
	Temporary bool
}

func (r *Refusal) Error() string { return r.Decision.Reason }
