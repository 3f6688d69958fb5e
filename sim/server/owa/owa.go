// Package owa is the Outlook Web App front end of a client access server: the
// logon form, the inbox, messages and a form to write one, as plain pages that
// a browser and curl can use.
//
//	GET  /owa/auth/logon.aspx                   the form
//	POST /owa/auth.owa                          destination, flags, username, password, trusted
//	GET  /owa/                                  the newest messages of the inbox (f: another folder's number, n: how many)
//	GET  /owa/?ae=Item&t=IPM.Note&id=1.7        a message
//	GET  /owa/?ae=Item&t=IPM.Note&a=New         the form to write one
//	POST /owa/?ae=PreFormAction&t=IPM.Note&a=Send   hidcanary, txtto, txtcc, txtsbj, txtbdy
//	GET  /owa/logoff.owa
//
// Signing in sets the cookies cadata (the sealed credentials), and
// X-OWA-CANARY, whose value every POST below /owa/ must repeat in the field
// hidcanary or the header X-OWA-CANARY. A request without a good cookie is sent to
// the form with 302, or answered 440 when a script made it.
//
// Where people sign in at the cloud, its form and its tokens stand in the place
// of that form and of passwords (see cloud.go).
//
// Where the profile has it so, a client that offers NTLM, Negotiate or Basic by
// itself is signed in with that, and needs no cookie.
package owa

import (
	"net/http"
	"strings"
	"time"

	"shutout/lab"
	"shutout/sim/clientaccess"
	"shutout/sim/network"
	"shutout/sim/server"
	"shutout/sim/server/signin"
)

const (
	logonPath  = "/owa/auth/logon.aspx"
	signInPath = "/owa/auth.owa"
	logoffPath = "/owa/logoff.owa"
	homePath   = "/owa/"

	credentials  = "cadata"
	canaryCookie = "X-OWA-CANARY"
)

// statusLoginTimeout is how Exchange answers a script's request whose session
// is over: 440 Login Timeout (IIS).
const statusLoginTimeout = 440

// Values of header fields that nearly every answer has; not to be written to.
var (
	noCache  = []string{"no-cache, no-store"}
	noSniff  = []string{"nosniff"}
	htmlType = []string{"text/html; charset=utf-8"}
)

// Bounds on what a request may bring; they keep the simulation's memory small
// and say nothing about Exchange.
const (
	maxForm    = 64 << 10
	maxMessage = 64 << 20
)

type frontEnd struct {
	w        *server.World
	host     string
	cas      *clientaccess.Server
	direct   *signin.Web             // signs in without the form; nil: nobody
	contexts map[uint64]*userContext // by forms session; guarded by the world's lock
	sweepAt  int
	sent     uint64
}

// New returns the front end of the client access server called host. It also
// answers for the server's root, which leads to OWA, and its health check.
func New(w *server.World, host string) http.Handler {
	f := &frontEnd{
		w: w, host: host, cas: w.CAS.Server(host),
		contexts: make(map[uint64]*userContext), sweepAt: minSweep,
	}
	if w.Params.OWA.Integrated {
		f.direct = signin.NewWeb(w, host, clientaccess.PoolOWA)
	}
	return f
}

func (f *frontEnd) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	h := rw.Header()
	h["Cache-Control"] = noCache
	h["X-Content-Type-Options"] = noSniff
	path := r.URL.Path
	if len(path) > len("/owa") && strings.EqualFold(path[:len("/owa")], "/owa") {
		path = strings.ToLower(path) // IIS ignores case
	}
	get := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case strings.HasSuffix(path, "/healthcheck.htm"):
		h["Content-Type"] = htmlType
		rw.Write([]byte("200 OK<br/>" + f.host))
	case path == "/" || path == "/owa":
		redirect(rw, homePath)
	case path == codePath && f.w.Cloud != nil:
		f.code(rw, r)
	case f.w.Cloud != nil && (path == logonPath || path == signInPath):
		f.toCloud(rw, homePath)
	case path == logonPath:
		f.logonForm(rw, r)
	case path == signInPath && r.Method == http.MethodPost:
		f.signIn(rw, r)
	case path == signInPath:
		redirect(rw, logonPath)
	case path == logoffPath || path == "/owa/auth/logoff.aspx":
		f.logoff(rw, r)
	case path == homePath && get:
		f.mailbox(rw, r)
	case path == homePath && r.Method == http.MethodPost:
		f.post(rw, r)
	case path == homePath:
		h.Set("Allow", "GET, HEAD, POST")
		problem(rw, http.StatusMethodNotAllowed, "This page takes GET and POST.")
	default:
		problem(rw, http.StatusNotFound, "There is no such page.")
	}
}

// record attaches a decision to the activity that made the request.
func (f *frontEnd) record(r *http.Request, d lab.Decision) {
	f.w.Record(network.RequestConn(r), d)
}

// now is the world's time; the caller holds its lock.
func (f *frontEnd) now() time.Time { return f.w.Now() }

func redirect(rw http.ResponseWriter, to string) {
	rw.Header().Set("Location", to)
	rw.WriteHeader(http.StatusFound)
}
