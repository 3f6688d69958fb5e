// Package autodiscover tells clients where the mailbox of an address is
// served.
package autodiscover

import (
	"net/http"

	"shutout/lab"
	"shutout/sim/server"
)

// New returns the service of the client access server called host, for
// autodiscover.URLPath. Endpoint tells where somebody reaches mail over a path.
func New(w *server.World, host string, endpoint func(who *lab.Person, path lab.Path) (lab.Endpoint, error)) http.Handler {
	return http.NotFoundHandler()
}
