// Package mapihttp is the MAPI over HTTP front end of a client access server.
package mapihttp

import (
	"net/http"

	"shutout/sim/server"
	"shutout/sim/server/outlook"
)

// New returns the front end of the client access server called host, for
// mapihttp.URLPath.
func New(w *server.World, host string, sessions *outlook.Service) http.Handler {
	return http.NotFoundHandler()
}
