package signin

import (
	"errors"
	"time"

	"shutout/lab/protocol/dcerpc"
)

// noKerberos refuses every ticket.
type noKerberos struct {
	s  *Server
	id Identity
}

func newKerberos(s *Server) acceptor { return &noKerberos{s: s} }

func (a *noKerberos) step(now time.Time, _ []byte) (reply []byte, done bool) {
	a.id = a.s.refuse(now, "this server takes no Kerberos tickets")
	return nil, true
}

func (a *noKerberos) identity() Identity { return a.id }

func (a *noKerberos) protector(dcerpc.AuthLevel) (dcerpc.Protector, error) {
	return nil, errors.New("this server takes no Kerberos tickets")
}
