package store

import (
	"fmt"
	"time"

	"shutout/lab"
)

// A Database is the state of a mailbox database, as Get-MailboxDatabase
// -Status tells it.
type Database struct {
	Name, Server string
	Mounted      bool
}

// Databases lists the databases in the organisation's order.
func (s *Store) Databases(now time.Time) []Database {
	list := make([]Database, 0, len(s.databases))
	for _, db := range s.databases {
		list = append(list, Database{db.name, db.server.name, db.mounted(now)})
	}
	return list
}

// Mounted tells whether the database of that name serves its mailboxes.
func (s *Store) Mounted(now time.Time, database string) bool {
	db, err := s.database(database)
	return err == nil && db.mounted(now)
}

func (db *database) mounted(now time.Time) bool {
	return !db.dismounted && !now.Before(db.server.back) && !now.Before(db.back)
}

// away is the refusal of a database that is not mounted.
func (db *database) away(now time.Time) *Refusal {
	d := lab.Decision{
		At: now, Layer: lab.LayerService, Server: db.server.name,
		Reason: fmt.Sprintf("database %s is dismounted", db.name),
	}
	switch {
	case db.dismounted:
	case now.Before(db.server.back):
		d.Reason += " while the information store restarts"
		d.Until = db.server.back
	default:
		d.Reason = fmt.Sprintf("database %s is coming up after a failover", db.name)
		d.Until = db.back
	}
	return &Refusal{Decision: d, Temporary: true}
}

// Restart restarts the information store of a mailbox server. Its databases
// are away for store.restart_time; every session there is severed, and what
// the process remembered is lost: mailbox information, quotas, directory
// objects (KB326252). It tells when the databases are back.
func (s *Store) Restart(now time.Time, server string) (back time.Time, err error) {
	return s.RestartFor(now, server, s.params.RestartTime)
}

// RestartFor is Restart with the databases away for some other time, as when
// the whole server restarts.
func (s *Store) RestartFor(now time.Time, server string, away time.Duration) (back time.Time, err error) {
	srv, err := s.server(server)
	if err != nil {
		return time.Time{}, err
	}
	srv.back = now.Add(away)
	if srv.cache != nil {
		srv.cache.Flush()
	}
	reason := "the information store of " + srv.name + " restarted"
	s.drop(now, reason, func(mb *Mailbox) bool { return mb.db.server == srv })
	return srv.back, nil
}

// Failover brings the databases of one mailbox server up on another, which
// takes store.failover_time: a cluster failover, or a switchover of a database
// availability group. Every session on them is severed, and the other server
// reads mailbox information, quotas and directory objects anew. A database that
// an administrator has dismounted moves along and stays dismounted. It tells
// which databases moved, and when they are back.
func (s *Store) Failover(now time.Time, from, to string) (moved []string, back time.Time, err error) {
	old, err := s.server(from)
	if err != nil {
		return nil, time.Time{}, err
	}
	next, err := s.server(to)
	switch {
	case err != nil:
		return nil, time.Time{}, err
	case next == old:
		return nil, time.Time{}, fmt.Errorf("%s has the databases already", old.name)
	case now.Before(next.back):
		return nil, time.Time{}, fmt.Errorf("the information store of %s restarts", next.name)
	}
	back = now.Add(s.params.FailoverTime)
	chosen := map[*database]bool{}
	for _, db := range s.databases {
		if db.server == old {
			db.server, db.back = next, back
			chosen[db] = true
			moved = append(moved, db.name)
		}
	}
	if moved == nil {
		return nil, time.Time{}, fmt.Errorf("%s has no databases", old.name)
	}
	s.drop(now, "the databases of "+old.name+" failed over to "+next.name, func(mb *Mailbox) bool { return chosen[mb.db] })
	return moved, back, nil
}

// Dismount takes a database out of service until [Store.Mount].
func (s *Store) Dismount(now time.Time, database string) error {
	db, err := s.database(database)
	if err != nil {
		return err
	}
	db.dismounted = true
	s.drop(now, "database "+db.name+" was dismounted", func(mb *Mailbox) bool { return mb.db == db })
	return nil
}

// Mount puts a dismounted database back into service. While the information
// store restarts it stays away until that is done.
func (s *Store) Mount(now time.Time, database string) error {
	db, err := s.database(database)
	if err != nil {
		return err
	}
	db.dismounted = false
	return nil
}

// drop forgets what the store process knew of the chosen mailboxes and severs
// their sessions. Nothing is left cached before the first session is told.
func (s *Store) drop(now time.Time, reason string, chosen func(*Mailbox) bool) {
	var list []*Mailbox
	for _, mb := range s.ordered {
		if chosen(mb) {
			mb.forget()
			list = append(list, mb)
		}
	}
	for _, mb := range list {
		mb.sever(now, reason)
	}
}
