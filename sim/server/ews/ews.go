// Package ews is the Exchange Web Services front end of a client access
// server.
package ews

import (
	"net/http"

	"shutout/sim/server"
)

// New returns the front end of the client access server called host, for
// ews.URLPath in any case.
func New(w *server.World, host string) http.Handler { return http.NotFoundHandler() }
