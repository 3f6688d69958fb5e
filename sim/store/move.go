package store

import (
	"fmt"
	"slices"
	"time"

	"shutout/sim/profile"
)

// MoveState is how far a move is, in the words of Get-MoveRequest.
type MoveState string

const (
	MoveInProgress MoveState = "InProgress"           // copying
	MoveCompleting MoveState = "CompletionInProgress" // the mailbox is locked
	MoveCompleted  MoveState = "Completed"
	MoveFailed     MoveState = "Failed"
)

// A Move takes a mailbox to another database. Its fields are for reading.
type Move struct {
	User     string
	From, To string // databases
	Server   string // the target's
	Bytes    int64  // of the mailbox when the move began
	State    MoveState
	Detail   string // why it failed

	Started time.Time
	LocksAt time.Time // the mailbox is locked from here to EndsAt
	EndsAt  time.Time // as planned
	Ended   time.Time // zero while it is under way

	mb     *Mailbox
	target *database
	onDone []func(now time.Time, m *Move)
}

// Move starts to move user's mailbox to another database. Copying takes the
// mailbox's size over store.move_rate; during the last store.move_lock, or all
// the time when the version has no online moves (store.move_online), nobody can
// use the mailbox. At the end it is switched to the target's server, which
// knows nothing of it yet, and the sessions are severed. A move that fails
// leaves all as it was.
func (s *Store) Move(now time.Time, user, database string) (*Move, error) {
	mb, err := s.find(user)
	if err != nil {
		return nil, err
	}
	target, err := s.database(database)
	if err != nil {
		return nil, err
	}
	_, disconnected := mb.Disconnected()
	switch {
	case disconnected:
		return nil, fmt.Errorf("the mailbox of %s is disconnected", user)
	case mb.moving != nil:
		return nil, fmt.Errorf("the mailbox of %s is being moved to %s already", user, mb.moving.To)
	case mb.db == target:
		return nil, fmt.Errorf("the mailbox of %s is in %s already", user, target.name)
	case !mb.db.mounted(now):
		return nil, fmt.Errorf("source: %s", mb.db.away(now).Decision.Reason)
	case !target.mounted(now):
		return nil, fmt.Errorf("target: %s", target.away(now).Decision.Reason)
	}
	m := &Move{
		User: mb.user, From: mb.db.name, To: target.name, Server: target.server.name,
		Bytes: mb.size, State: MoveInProgress, Started: now, mb: mb, target: target,
	}
	m.plan(copying(mb.size, s.params.MoveRate), s.params.MoveLock, s.params.MoveOnline)
	mb.moving = m
	s.moves = append(s.moves, m)
	if m.LocksAt.After(now) {
		s.tl.At(m.LocksAt, 0, m.lock)
	} else {
		m.lock(now)
	}
	s.tl.At(m.EndsAt, 0, m.finish)
	return m, nil
}

// Moves lists every move in order of its start, ended ones too.
func (s *Store) Moves() []*Move { return slices.Clone(s.moves) }

// OnDone has f called when the move has completed or failed. On success the
// mailbox is in its new place and its sessions are not yet severed: the moment
// to write homeMDB.
func (m *Move) OnDone(f func(now time.Time, m *Move)) { m.onDone = append(m.onDone, f) }

// Percent tells how much is copied at now, 0 to 100; 95 is the most before the
// move completes, as in Get-MoveRequestStatistics.
func (m *Move) Percent(now time.Time) int {
	total := m.LocksAt.Sub(m.Started)
	switch {
	case m.State == MoveCompleted:
		return 100
	case m.State == MoveFailed:
		now = m.Ended
	}
	if total <= 0 {
		return 0
	}
	return int(max(0, min(1, float64(now.Sub(m.Started))/float64(total))) * 95)
}

// Fail ends a move that is under way, as an error or Remove-MoveRequest does.
// It tells whether there was anything to end.
func (m *Move) Fail(now time.Time, detail string) bool {
	if !m.Ended.IsZero() {
		return false
	}
	m.Detail = detail
	m.end(now, MoveFailed)
	return true
}

// copying is how long bytes take at rate bytes per second, in whole
// milliseconds.
func copying(bytes int64, rate profile.Size) time.Duration {
	if rate <= 0 {
		return 0
	}
	return time.Duration(float64(bytes)/float64(rate)*1000) * time.Millisecond
}

// plan sets when the lock begins and when the move ends.
func (m *Move) plan(copy, lock time.Duration, online bool) {
	m.EndsAt = m.Started.Add(max(copy, lock))
	m.LocksAt = m.EndsAt.Add(-lock)
	if !online {
		m.LocksAt = m.Started
	}
}

// lock is the moment in which the mailbox stops being usable.
func (m *Move) lock(now time.Time) {
	if !m.ready(now) {
		return
	}
	m.State = MoveCompleting
	m.mb.locked = true
}

// finish switches the mailbox to its new place.
func (m *Move) finish(now time.Time) {
	if !m.ready(now) {
		return
	}
	m.mb.forget()
	m.mb.db = m.target
	m.end(now, MoveCompleted)
	m.mb.sever(now, fmt.Sprintf("the mailbox was moved to %s on %s", m.To, m.Server))
}

// ready tells whether the move can go on; it fails when one of the databases is
// away. (Exchange would retry for a while; a cut during the seconds that matter
// here ends the same way.)
func (m *Move) ready(now time.Time) bool {
	if !m.Ended.IsZero() {
		return false
	}
	for _, db := range []*database{m.mb.db, m.target} {
		if !db.mounted(now) {
			m.Fail(now, db.away(now).Decision.Reason)
			return false
		}
	}
	return true
}

func (m *Move) end(now time.Time, state MoveState) {
	m.State, m.Ended = state, now
	m.mb.moving, m.mb.locked = nil, false
	calls := m.onDone
	m.onDone = nil
	for _, f := range calls {
		f(now, m)
	}
}
