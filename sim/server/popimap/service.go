// Package popimap is what the POP3 and IMAP4 services of a client access
// server have in common: connections with their time-outs, the one sign-in of
// a connection, and what ends it. Each speaks its own protocol in a package of
// its own.
package popimap

import (
	"crypto/tls"
	"net"
	"time"

	"shutout/sim/server"
)

// Service is one of the two services on one client access server.
type Service struct {
	World    *server.World
	Host     string      // the client access server
	Protocol string      // as store.Request takes it: directory.POP3 or directory.IMAP
	Name     string      // clientaccess.ServicePOP or clientaccess.ServiceIMAP
	TLS      *tls.Config // the server's certificate
}

// Serve accepts connections until l is closed and has talk speak on each, in a
// goroutine of the connection's own. With secured they begin with TLS. Talk
// has to see to it that the connection is closed.
func (s *Service) Serve(l net.Listener, secured bool, talk func(*Conn)) error {
	for {
		raw, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			c := &Conn{Conn: raw, s: s}
			if secured {
				if err := c.StartTLS(); err != nil {
					c.Close()
					return
				}
			}
			talk(c)
		}()
	}
}

// PlainLogin tells whether a password may come in the clear (LoginType
// PlainTextLogin).
func (s *Service) PlainLogin() bool {
	s.World.Lock()
	defer s.World.Unlock()
	return s.World.CAS.Server(s.Host).PlainLogin(s.Name)
}

// connections counts the user's connections to this service.
func (s *Service) connections(user string) (n int) {
	for _, e := range s.World.CAS.Server(s.Host).Sessions() {
		if e.Service == s.Name && e.User == user {
			n++
		}
	}
	return n
}

// wall turns a length of virtual time into what a network connection takes for
// a deadline.
func wall(d time.Duration) time.Time { return time.Now().Add(d) }
