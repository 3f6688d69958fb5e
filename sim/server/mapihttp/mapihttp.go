// Package mapihttp is the MAPI over HTTP front end of a client access server
// (MS-OXCMAPIHTTP): POST with Connect, Execute, NotificationWait, PING and
// Disconnect to the mailbox endpoint. Every request is signed in by itself.
//
// What Connect opens is a session context, which cookies name. It outlives the
// connection and belongs to whoever made it, until nobody has used it for
// mapihttp.context_ttl, its worker process ends, or the session in it does.
package mapihttp

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"

	"shutout/lab"
	"shutout/lab/protocol/mapihttp"
	"shutout/sim/clientaccess"
	"shutout/sim/directory"
	"shutout/sim/network"
	"shutout/sim/server"
	"shutout/sim/server/outlook"
	"shutout/sim/server/signin"
)

// maxBody bounds a request. The ROPs of an Execute have at most 256 KiB
// (MS-OXCRPC 2.2.1, BIG_RANGE_ULONG).
const maxBody = 512 << 10

type frontEnd struct {
	w        *server.World
	host     string
	cas      *clientaccess.Server
	web      *signin.Web
	sessions *outlook.Service

	// Guarded by the world's lock.
	rand     *rand.Rand
	contexts map[string]*sessionContext   // by their cookies
	owned    map[string][]*sessionContext // by user, in the order in which they were made
	gone     obituaries
}

// New returns the front end of the client access server called host, for
// mapihttp.URLPath in any case.
func New(w *server.World, host string, sessions *outlook.Service) http.Handler {
	return &frontEnd{
		w: w, host: host, cas: w.CAS.Server(host), sessions: sessions,
		web:      signin.NewWeb(w, host, clientaccess.PoolMAPI),
		rand:     w.TL.Rand("mapihttp/" + host),
		contexts: make(map[string]*sessionContext),
		owned:    make(map[string][]*sessionContext),
	}
}

// call is one request of somebody who is signed in.
type call struct {
	*frontEnd
	rw   http.ResponseWriter
	r    *http.Request
	conn net.Conn
	user *directory.Object
	head mapihttp.RequestHead
	body []byte
}

func (f *frontEnd) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	id, ok := f.web.Admit(rw, r)
	if !ok {
		return
	}
	c := &call{frontEnd: f, rw: rw, r: r, conn: network.RequestConn(r), user: id.User}
	if err := c.read(); err != nil {
		c.fail(codeOf(err))
		return
	}
	switch c.head.Type {
	case mapihttp.Connect:
		c.reply(c.connect)
	case mapihttp.Execute:
		c.reply(c.execute)
	case mapihttp.Disconnect:
		c.reply(c.disconnect)
	case mapihttp.Ping:
		c.reply(c.ping)
	case mapihttp.NotificationWait:
		c.notificationWait()
	}
}

// read checks the request's line and headers, and takes its body.
func (c *call) read() (err error) {
	// So that also a refusal of the headers can be told to belong to them.
	c.head = mapihttp.RequestHead{
		Type: mapihttp.RequestType(c.r.Header.Get(mapihttp.HeaderRequestType)), RequestID: c.r.Header.Get(mapihttp.HeaderRequestID),
	}
	if c.r.Method != http.MethodPost {
		return mapihttp.CodeInvalidVerb
	}
	if !strings.EqualFold(strings.TrimSuffix(c.r.URL.Path, "/")+"/", mapihttp.URLPath) {
		return mapihttp.CodeInvalidPath
	}
	head, err := mapihttp.ParseRequestHead(c.r.Header)
	if err != nil {
		return err
	}
	c.head = head
	if c.body, err = io.ReadAll(http.MaxBytesReader(c.rw, c.r.Body, maxBody)); err != nil {
		if _, long := errors.AsType[*http.MaxBytesError](err); long {
			return mapihttp.CodeTooLarge
		}
		return mapihttp.CodeInvalidRequestBody
	}
	return nil
}

// codeOf is the response code that an error stands for.
func codeOf(err error) mapihttp.ResponseCode {
	var code mapihttp.ResponseCode
	if errors.As(err, &code) {
		return code
	}
	return mapihttp.CodeInvalidRequestBody
}

func (c *call) record(d lab.Decision) { c.w.Record(c.conn, d) }
