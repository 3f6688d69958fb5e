package sim

import (
	"net/http"
	"strings"

	"shutout/lab/protocol/airsync"
	"shutout/lab/protocol/autodiscover"
	"shutout/lab/protocol/ews"
	"shutout/lab/protocol/mapihttp"
	"shutout/lab/protocol/rpch"
	"shutout/sim/server/activesync"
	autodiscoverserver "shutout/sim/server/autodiscover"
	ewsserver "shutout/sim/server/ews"
	mapihttpserver "shutout/sim/server/mapihttp"
	"shutout/sim/server/owa"
	"shutout/sim/server/rpchttp"
)

// route is one application of a client access server's web site.
type route struct {
	is      func(path string) bool
	handler http.Handler
}

// within are the paths that begin with a prefix.
func within(prefix string) func(string) bool {
	return func(path string) bool { return strings.HasPrefix(path, prefix) }
}

// isMAPI tells whether a path is that of MAPI over HTTP, with or without the
// final slash.
func isMAPI(path string) bool {
	return strings.EqualFold(strings.TrimSuffix(path, "/"), strings.TrimSuffix(mapihttp.URLPath, "/"))
}

// isProxy tells whether a path is that of the RPC proxy.
func isProxy(path string) bool { return strings.EqualFold(path, rpch.Path) }

// site is the web site of a client access server: the applications that this
// version has, and OWA for all else.
func (o *Organisation) site(host string) http.Handler {
	routes := []route{
		{within(airsync.URLPath), activesync.New(o.World, host, o.devices)},
	}
	if o.Params.EWS.Available {
		routes = append(routes, route{ews.IsPath, ewsserver.New(o.World, host)})
	}
	if o.Params.Autodiscover.Available {
		routes = append(routes, route{autodiscover.IsPath, autodiscoverserver.New(o.World, host, o.Endpoint)})
	}
	if o.Params.MAPIHTTP.Available {
		routes = append(routes, route{isMAPI, mapihttpserver.New(o.World, host, o.outlookOn(host).sessions)})
	}
	if o.Params.RPC.HTTP {
		routes = append(routes, route{isProxy, rpchttp.New(o.World, host, o.behindProxy)})
	}
	if o.Open != nil { // SOGo, of which phones alone are let in here
		routes = append(routes, route{within("/"), http.NotFoundHandler()})
	}
	web := owa.New(o.World, host)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, app := range routes {
			if app.is(r.URL.Path) {
				app.handler.ServeHTTP(w, r)
				return
			}
		}
		web.ServeHTTP(w, r)
	})
}
