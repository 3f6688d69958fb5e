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
	"bytes"
	"io"
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
	if r.ContentLength == 0 {
		p.admit(rw, r)
		return
	}
	// The HTTP server would wait for the body before it passes on a refusal,
	// and the body may never come. So every connection is taken from it, and
	// one that is refused is closed.
	no := refusal{header: http.Header{}}
	q, id, ok := p.admit(&no, r)
	conn, buffered, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		http.Error(rw, "a channel needs a connection of its own", http.StatusInternalServerError)
		return
	}
	if !ok {
		no.send(conn)
		conn.Close()
		return
	}
	c := p.newChannel(conn, io.LimitReader(buffered.Reader, r.ContentLength), q, id)
	defer c.close()
	if q.Purpose == rpch.OpenIn {
		c.serveIn()
	} else {
		c.serveOut()
	}
}

// admit answers everything but a request to open a channel by somebody who may.
func (p *proxy) admit(rw http.ResponseWriter, r *http.Request) (q rpch.Request, id signin.Identity, ok bool) {
	if !strings.EqualFold(r.URL.Path, rpch.Path) {
		http.NotFound(rw, r)
		return q, id, false
	}
	if id, ok = p.web.Admit(rw, r); !ok {
		return q, id, false
	}
	q, err := rpch.ParseRequest(r)
	switch {
	case err != nil:
		http.Error(rw, "not a request of RPC over HTTP", http.StatusBadRequest)
	case q.Purpose == rpch.EchoIn, q.Purpose == rpch.EchoOut:
		rpch.SetEchoHeader(rw.Header())
		rw.Write(rpch.EchoBody())
	case q.Purpose == rpch.ReplaceOut: // the proxy never asks for that
		http.Error(rw, "there is no channel to replace", http.StatusNotImplemented)
	default:
		return q, id, true
	}
	return q, id, false
}

// refusal is an answer that ends its connection.
type refusal struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (n *refusal) Header() http.Header         { return n.header }
func (n *refusal) Write(b []byte) (int, error) { return n.body.Write(b) }
func (n *refusal) WriteHeader(status int)      { n.status = status }

func (n *refusal) send(w io.Writer) {
	r := http.Response{
		StatusCode: max(n.status, http.StatusOK), ProtoMajor: 1, ProtoMinor: 1, Header: n.header,
		ContentLength: int64(n.body.Len()), Body: io.NopCloser(&n.body), Close: true,
	}
	_ = r.Write(w) // the connection is closed in any case
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
