// Package share is the share by which the Pickup directory of a mailbox server
// can be written to. It stands in for SMB: a file is written with PUT over HTTP
// on the port of file sharing, who writes signs in with NTLM once for each
// connection, as with SMB, and the share's permissions decide. No SMB client
// can talk to it, and there is no other share and no Kerberos.
package share

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/ntlm"
	"shutout/sim/directory"
	"shutout/sim/network"
	"shutout/sim/server"
	"shutout/sim/server/signin"
	"shutout/sim/transport"
)

// Root is the share's path.
const Root = "/Pickup/"

// maxFile bounds a file, in bytes, whatever transport takes.
const maxFile = 100 << 20

// maxWait bounds how long a client may watch a file.
const maxWait = 10 * time.Minute

// Share is the share of one server.
type Share struct {
	w      *server.World
	host   string
	signIn *signin.Server
}

// New returns the share of a mailbox server.
func New(w *server.World, host string) *Share {
	return &Share{w: w, host: host, signIn: signin.New(w, host)}
}

// session is who has signed in on a connection. The world's lock guards it.
type session struct {
	exchange *signin.Exchange // under way
	user     *directory.Object
	since    time.Time
}

type sessionKey struct{}

// ServeHTTP writes a file (PUT), tells whether it is still there (GET or HEAD;
// with "Prefer: wait" of RFC 7240 the answer waits until it is gone), and lets
// a client sign in (HEAD of the share itself).
func (s *Share) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	user, ok := s.admit(rw, r)
	if !ok {
		return
	}
	name, ok := strings.CutPrefix(r.URL.Path, Root)
	if !ok {
		http.Error(rw, "the network name cannot be found", http.StatusNotFound)
		return
	}
	switch {
	case r.Method == http.MethodPut && name != "":
		s.put(rw, r, user, name)
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		s.look(rw, r, name)
	default:
		http.Error(rw, "not here", http.StatusMethodNotAllowed)
	}
}

// admit tells who uses the connection. Where nobody has signed in it answers.
func (s *Share) admit(rw http.ResponseWriter, r *http.Request) (*directory.Object, bool) {
	c := network.Keep(r, sessionKey{}, func() *session { return new(session) })
	answer := ntlm.SchemeNTLM.Header(nil)
	s.w.Lock()
	now := s.w.Now()
	if field := r.Header.Get("Authorization"); field != "" {
		if scheme, token, err := ntlm.ParseHeader(field); err == nil && scheme == ntlm.SchemeNTLM {
			if c.exchange == nil {
				c.exchange, c.user = s.signIn.Begin(signin.NTLM), nil
			}
			reply, done := c.exchange.Step(now, token)
			if done {
				id := c.exchange.Identity()
				c.exchange, c.user, c.since = nil, id.User, now
				s.w.Record(network.RequestConn(r), id.Decision)
			} else {
				answer = ntlm.SchemeNTLM.Header(reply)
			}
		}
	} else if c.user != nil {
		s.w.Record(network.RequestConn(r), lab.Decision{
			At: now, Layer: lab.LayerConnection, Server: s.host, Allowed: true,
			Reason: "signed in once on this connection, never asked again", Since: c.since,
		})
	}
	user := c.user
	s.w.Unlock()
	if user != nil {
		return user, true
	}
	rw.Header().Set("WWW-Authenticate", answer)
	http.Error(rw, "401 - Unauthorized", http.StatusUnauthorized)
	return nil, false
}

var refusals = map[transport.PickupRefusal]int{
	transport.PickupWritten: http.StatusCreated, transport.PickupDenied: http.StatusForbidden,
	transport.PickupBadName: http.StatusBadRequest, transport.PickupExists: http.StatusConflict,
	transport.PickupFull: http.StatusInsufficientStorage,
}

func (s *Share) put(rw http.ResponseWriter, r *http.Request, user *directory.Object, name string) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxFile+1))
	switch {
	case err != nil:
		http.Error(rw, "cut off", http.StatusBadRequest)
		return
	case len(raw) > maxFile:
		http.Error(rw, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	var d lab.Decision
	var refused transport.PickupRefusal
	s.w.Do(func(now time.Time) {
		d, refused = s.w.Transport.WritePickup(now, s.host, user, name, raw)
		s.w.Record(network.RequestConn(r), d)
	})
	if refused == transport.PickupWritten {
		rw.WriteHeader(refusals[refused])
		return
	}
	http.Error(rw, d.Reason, refusals[refused])
}

// look tells whether a file is there, and waits for its end where the client
// wants that.
func (s *Share) look(rw http.ResponseWriter, r *http.Request, name string) {
	wait := waitOf(r.Header.Get("Prefer"))
	s.w.Lock()
	state := s.w.Transport.PickupFile(s.host, name)
	if conn := network.RequestConn(r); state == transport.PickupThere && wait > 0 && conn != nil {
		until := s.w.Now().Add(wait)
		g := s.w.Net.Gate(conn)
		stop := s.w.Transport.WatchPickup(s.host, func(time.Time) { g.Wake() })
		for why := network.Woken; state == transport.PickupThere && why == network.Woken; {
			s.w.Unlock()
			why = g.Wait(until)
			s.w.Lock()
			state = s.w.Transport.PickupFile(s.host, name)
		}
		stop()
		defer g.Done()
	}
	s.w.Unlock()
	switch {
	case state == transport.PickupNoShare:
		http.Error(rw, "the network name cannot be found", http.StatusNotFound)
	case state == transport.PickupThere || name == "":
		rw.WriteHeader(http.StatusNoContent)
	default:
		http.Error(rw, "no such file", http.StatusGone)
	}
}

// waitOf reads the preference wait=SECONDS.
func waitOf(prefer string) time.Duration {
	for word := range strings.SplitSeq(prefer, ",") {
		if digits, ok := strings.CutPrefix(strings.TrimSpace(word), "wait="); ok {
			if n, err := strconv.ParseUint(digits, 10, 16); err == nil {
				return min(time.Duration(n)*time.Second, maxWait)
			}
		}
	}
	return 0
}
