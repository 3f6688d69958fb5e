// Package rpchttp is the RPC proxy of a client access server, through which
// Outlook Anywhere comes: RPC over HTTP version 2.
package rpchttp

import (
	"net/http"

	"shutout/sim/server"
	"shutout/sim/server/rpc"
)

// New returns the proxy of the client access server called host, for
// rpch.Path. Find tells the RPC server of a host behind it, nil where there is
// none.
func New(w *server.World, host string, find func(server string) *rpc.Server) http.Handler {
	return http.NotFoundHandler()
}
