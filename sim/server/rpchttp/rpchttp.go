// Package rpchttp is the RPC proxy of a client access server, through which
// Outlook Anywhere comes: RPC over HTTP version 2.
//
// A virtual connection is two HTTP requests, each on a connection of its own:
// one whose body never ends carries PDUs in, one whose response never ends
// carries them out. Each is authenticated once, at its head, and then lives
// until one of the connections ends, or the worker process that holds them. The
// bind inside may authenticate again or leave it at that, see package rpc.
//
// A client must ping the IN channel, or IIS takes its silence for its end
// (MS-RPCH 3.2.2.2). The proxy here does not insist on it.
package rpchttp

import (
	"net/http"
	"strings"

	"shutout/lab/protocol/emsmdb"
	"shutout/lab/protocol/rpch"
	"shutout/sim/clientaccess"
	"shutout/sim/server"
	"shutout/sim/server/rpc"
	"shutout/sim/server/signin"
)

type proxy struct {
	w    *server.World
	cas  *clientaccess.Server
	web  *signin.Web
	find func(server string) *rpc.Server
	half map[rpch.Cookie]*virtual // guarded by the world's lock
}

// New returns the proxy of the client access server called host, for
// rpch.Path. Find tells the RPC server of a host behind it, nil where there is
// none.
func New(w *server.World, host string, find func(server string) *rpc.Server) http.Handler {
	return &proxy{
		w: w, cas: w.CAS.Server(host), find: find, half: map[rpch.Cookie]*virtual{},
		web: signin.NewWeb(w, host, clientaccess.PoolRPCProxy),
	}
}

func (p *proxy) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.URL.Path, rpch.Path) {
		http.NotFound(rw, r)
		return
	}
	id, ok := p.web.Admit(rw, r)
	if !ok {
		return
	}
	q, err := rpch.ParseRequest(r)
	switch {
	case err != nil:
		http.Error(rw, "not a request of RPC over HTTP", http.StatusBadRequest)
	case q.Purpose == rpch.EchoIn, q.Purpose == rpch.EchoOut:
		rpch.SetEchoHeader(rw.Header())
		rw.Write(rpch.EchoBody())
	case q.Purpose == rpch.OpenIn, q.Purpose == rpch.OpenOut:
		c, err := p.hijack(rw, r, q, id)
		if err != nil {
			http.Error(rw, "a channel needs a connection of its own", http.StatusInternalServerError)
			return
		}
		defer c.close()
		if q.Purpose == rpch.OpenIn {
			c.serveIn()
		} else {
			c.serveOut()
		}
	default:
		// The proxy never asks a client to replace a channel.
		http.Error(rw, "there is no channel to replace", http.StatusNotImplemented)
	}
}

// target returns the RPC server that a request is for, nil where nobody serves
// it. The world's lock is held.
func (p *proxy) target(q rpch.Request) *rpc.Server {
	if q.Port != emsmdb.HTTPPort {
		return nil
	}
	s := p.find(q.Server)
	if s == nil || !s.Running() {
		return nil
	}
	return s
}
