// Package ldap is the LDAP front end of a domain controller (RFC 4511), with
// the answers that Active Directory gives (MS-ADTS): simple bind and NTLM with
// the sub-codes of a refused sign-in, searches with paging, and the
// modifications that an administrator makes to an account.
package ldap

import (
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"shutout/lab"
	"shutout/sim/directory"
	"shutout/sim/server/signin"
)

// World is what the front end stands on. The lock guards the directory; the
// front end never holds it while it touches a connection.
type World interface {
	sync.Locker
	Now() time.Time
	// Record attaches what was decided to the activity that owns the connection.
	Record(c net.Conn, decisions ...lab.Decision)
}

// maxConnections is how many clients one domain controller serves at once
// (Active Directory's MaxConnections).
const maxConnections = 5000

// Server is the LDAP service of one domain controller.
type Server struct {
	World World
	DC    *directory.DC
	TLS   *tls.Config // nil: neither port 636 nor StartTLS
	// SignIn takes NTLM; nil: simple bind is all there is.
	SignIn *signin.Server
	// Idle is how long a connection may be silent; 0 means for ever. Active Directory's MaxConnIdleTime is 15 minutes.
	Idle time.Duration

	open atomic.Int32
}

// Serve serves port 389 until the listener is closed.
func (s *Server) Serve(l net.Listener) error { return s.serve(l, false) }

// ServeTLS serves port 636: TLS from the first byte.
func (s *Server) ServeTLS(l net.Listener) error {
	if s.TLS == nil {
		return errors.New("LDAP over TLS needs a certificate")
	}
	return s.serve(l, true)
}

func (s *Server) serve(l net.Listener, implicit bool) error {
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		if s.open.Add(1) > maxConnections {
			s.open.Add(-1)
			c.Close()
			continue
		}
		go func() {
			defer s.open.Add(-1)
			s.converse(c, implicit)
		}()
	}
}

// converse serves one connection. It has no goroutine besides and buffers
// nothing, so what a client sends after StartTLS cannot be taken for part of
// the protected conversation (RFC 4511, section 4.14.1).
func (s *Server) converse(c net.Conn, implicit bool) {
	defer func() { c.Close() }()
	ss := &session{srv: s, conn: c}
	if implicit {
		c = ss.secure(c)
	}
	for {
		if s.Idle > 0 {
			// Deadlines are the operating system's: the lab's network turns
			// them into virtual time.
			if err := c.SetReadDeadline(time.Now().Add(s.Idle)); err != nil {
				return
			}
		}
		msg, err := readMessage(c, ss.limit())
		if err != nil {
			if errors.Is(err, errMalformed) || errors.Is(err, errTooLong) {
				c.Write(disconnection(protocolError))
			}
			return
		}
		answer, next := ss.handle(msg)
		if len(answer) > 0 {
			if _, err := c.Write(answer); err != nil {
				return
			}
		}
		switch next {
		case hangUp:
			return
		case startTLS:
			c = ss.secure(c)
		}
	}
}

// secure begins TLS on c; the handshake takes place at the next read.
func (ss *session) secure(c net.Conn) net.Conn {
	conf := ss.srv.TLS.Clone()
	conf.NextProtos = nil // LDAP has no name in ALPN
	ss.tls = true
	ss.conn = tls.Server(c, conf)
	return ss.conn
}
