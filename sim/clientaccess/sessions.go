package clientaccess

import (
	"container/list"
	"slices"
	"strings"
	"time"

	"shutout/lab"
)

// A Session is something that a server process holds open for a user: a
// hanging request, a logon over RPC, an IMAP connection. The process's end
// severs it.
type Session struct {
	Service string // ServiceIIS, ServiceIMAP, …
	User    string // sAMAccountName
	Opened  time.Time
	// Tell says why it goes on; nil where nothing more is known than that it is
	// open.
	Tell    func(now time.Time) lab.Decision
	process *Process // the worker process that holds it, nil outside IIS
	sever   func(now time.Time, reason string)
	home    *registry
	place   *list.Element
}

// Close takes the session out of the registry. It may be called twice.
func (e *Session) Close() {
	if e.place != nil {
		e.home.open.Remove(e.place)
		e.place = nil
	}
}

// registry holds the open sessions in the order in which they were opened.
type registry struct{ open list.List }

func (r *registry) add(e *Session) *Session {
	e.home, e.place = r, r.open.PushBack(e)
	return e
}

// sever ends every session that match accepts and tells how many.
func (r *registry) sever(now time.Time, reason string, match func(*Session) bool) (n int) {
	var hit []*Session
	for el := r.open.Front(); el != nil; el = el.Next() {
		if e := el.Value.(*Session); match(e) {
			hit = append(hit, e)
		}
	}
	for _, e := range hit {
		if e.place == nil {
			continue // closed by one of those before it
		}
		e.Close()
		n++
		if e.sever != nil {
			e.sever(now, reason)
		}
	}
	return n
}

// Hold registers a request or session that pool's worker process keeps open.
// When that process ends, sever is called with the world's lock held.
func (s *Server) Hold(now time.Time, pool Pool, user string, sever func(now time.Time, reason string)) *Session {
	return s.sessions.add(&Session{Service: ServiceIIS, User: user, Opened: now, process: s.Process(pool), sever: sever})
}

// OpenSession registers a session of a service outside IIS.
func (s *Server) OpenSession(now time.Time, service, user string, sever func(now time.Time, reason string)) *Session {
	return s.sessions.add(&Session{Service: service, User: user, Opened: now, sever: sever})
}

// Kick ends what a user has open at some services, and tells how many that were.
func (s *Server) Kick(now time.Time, user string, services ...string) int {
	return s.sessions.sever(now, "kicked", func(e *Session) bool {
		return strings.EqualFold(e.User, user) && slices.Contains(services, e.Service)
	})
}

// EndOlder ends what everybody has had open at some services since before a
// moment, and tells how many that were.
func (s *Server) EndOlder(now, than time.Time, services ...string) int {
	return s.sessions.sever(now, "ended with the process that held it", func(e *Session) bool {
		return !e.Opened.After(than) && slices.Contains(services, e.Service)
	})
}

// Sessions lists what is open, oldest first.
func (s *Server) Sessions() []*Session {
	var out []*Session
	for el := s.sessions.open.Front(); el != nil; el = el.Next() {
		out = append(out, el.Value.(*Session))
	}
	return out
}
