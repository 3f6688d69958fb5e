package signin

import (
	"net/http"
	"slices"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/ntlm"
	"shutout/lab/protocol/oauth"
	"shutout/sim/clientaccess"
	"shutout/sim/directory"
	"shutout/sim/network"
	"shutout/sim/profile"
	"shutout/sim/server"
)

// A Scheme is an authentication scheme of HTTP.
type Scheme string

const (
	SchemeNegotiate Scheme = "Negotiate"
	SchemeNTLM      Scheme = "NTLM"
	SchemeBasic     Scheme = "Basic"
	// SchemeBearer is that of access tokens (RFC 6750). Where there is a cloud
	// that gives them, it is the only one.
	SchemeBearer Scheme = "Bearer"
)

// Web signs in whoever calls one application pool of a client access server
// over HTTP.
type Web struct {
	*Server
	cas     *clientaccess.Server
	pool    clientaccess.Pool
	schemes []Scheme
}

// NewWeb returns the sign-in for requests to pool, with the schemes in the
// order in which they are offered; none means all three.
func NewWeb(w *server.World, host string, pool clientaccess.Pool, schemes ...Scheme) *Web {
	if w.Cloud != nil {
		schemes = []Scheme{SchemeBearer}
	} else if len(schemes) == 0 {
		schemes = []Scheme{SchemeNegotiate, SchemeNTLM, SchemeBasic}
	}
	return &Web{
		Server: newServer(w, host, host+"/"+string(pool)),
		cas:    w.CAS.Server(host), pool: pool, schemes: schemes,
	}
}

// connection is what a TCP connection remembers of those who signed in on it
// (L5). That is HTTP.SYS's, so it holds for every pool. The world's lock guards
// it.
type connection struct {
	exchange *Exchange // under way; nil: none
	scheme   Scheme    // in which it is
	by       *Web      // whose it is

	user      *directory.Object // nil: nobody
	mechanism Mechanism
	since     time.Time
}

type connectionKey struct{}

func connectionOf(r *http.Request) *connection {
	return network.Keep(r, connectionKey{}, func() *connection { return new(connection) })
}

// Concerns tells whether the request tries to sign in, or came on a connection
// on which somebody has.
func (a *Web) Concerns(r *http.Request) bool {
	if r.Header["Authorization"] != nil {
		return true
	}
	c := connectionOf(r)
	a.w.Lock()
	defer a.w.Unlock()
	return c.user != nil
}

// Admit tells who makes the request. When nobody has signed in yet it answers,
// with 401 and what the client needs to go on, and returns false. It leaves the
// body alone. It records its decisions. The world's lock is not held.
func (a *Web) Admit(rw http.ResponseWriter, r *http.Request) (Identity, bool) {
	return a.admit(connectionOf(r), rw, r)
}

func (a *Web) admit(c *connection, rw http.ResponseWriter, r *http.Request) (Identity, bool) {
	id, answer, persists := a.identify(c, r)
	a.w.Record(network.RequestConn(r), id.Decision)
	if persists != "" {
		rw.Header().Set("Persistent-Auth", persists)
	}
	if answer != "" {
		rw.Header().Set("WWW-Authenticate", answer)
	} else if id.User == nil {
		a.offer(rw.Header())
	}
	if id.User != nil {
		return id, true
	}
	http.Error(rw, "401 - Unauthorized: Access is denied due to invalid credentials.", http.StatusUnauthorized)
	return Identity{}, false
}

func (a *Web) offer(h http.Header) {
	for _, s := range a.schemes {
		switch s {
		case SchemeBasic:
			h.Add("WWW-Authenticate", `Basic realm="`+a.host+`"`)
		case SchemeBearer:
			h.Add("WWW-Authenticate", oauth.Challenge{SignIn: a.w.SignInURL()}.Header())
		default:
			h.Add("WWW-Authenticate", string(s))
		}
	}
}

// identify is Admit's part under the world's lock. The answer is the server's
// token; without a user and without an answer the schemes are to be offered.
// Persists tells a client that has just signed in whether it has to do so again
// in its next request on this connection (MS-N2HT 3.2.5): "true" or "false", or
// "" where there is nothing to tell.
func (a *Web) identify(c *connection, r *http.Request) (id Identity, answer, persists string) {
	a.w.Lock()
	defer a.w.Unlock()
	now := a.w.Now()
	if fields := r.Header["Authorization"]; len(fields) == 0 {
		id = a.remembered(now, c)
	} else {
		c.user = nil // whoever proves himself anew starts over
		var m Mechanism
		id, m, answer = a.check(now, c, r, fields[0])
		if id.User != nil && m != 0 {
			persists = a.keep(now, c, id, m)
		}
	}
	if id.User != nil {
		id.Process = a.cas.Process(a.pool)
	}
	return id, answer, persists
}

// keep has the connection remember who has signed in, where the mechanism's
// sign-ins are good for that.
func (a *Web) keep(now time.Time, c *connection, id Identity, m Mechanism) (persists string) {
	if a.scope(m) != profile.PerConnection {
		return "false"
	}
	c.user, c.mechanism, c.since = id.User, m, now
	return "true"
}

// remembered admits a request that carries nothing, on a connection on which
// somebody has signed in. No domain controller is asked.
func (a *Web) remembered(now time.Time, c *connection) Identity {
	if c.user == nil || !a.integrated() {
		return Identity{}
	}
	return Identity{User: c.user, Decision: lab.Decision{
		At: now, Layer: lab.LayerConnection, Server: a.host, Allowed: true, Since: c.since,
		Reason: "signed in with " + c.mechanism.String() + " on this connection, never asked again",
	}}
}

// integrated tells whether sign-ins that a connection remembers are taken here.
func (a *Web) integrated() bool {
	return slices.Contains(a.schemes, SchemeNegotiate) || slices.Contains(a.schemes, SchemeNTLM)
}

// check looks at an Authorization field. M is the mechanism that has signed the
// user in, 0 with Basic.
func (a *Web) check(now time.Time, c *connection, r *http.Request, field string) (id Identity, m Mechanism, answer string) {
	under := c.exchange
	c.exchange = nil // until it is known to go on
	if token, ok := oauth.ParseHeader(field); ok && a.w.Cloud != nil {
		id, answer = a.bearer(now, token)
		return id, 0, answer
	}
	if user, password, ok := r.BasicAuth(); ok {
		if !slices.Contains(a.schemes, SchemeBasic) {
			return a.refuse(now, "Basic is not offered here"), 0, ""
		}
		if a.w.Open != nil {
			return sogo(a.w.Open.LogonSOGo(now, a.host, user, password)), 0, ""
		}
		g, d := a.cas.Authenticate(now, a.pool, user, password)
		return Identity{User: g.User, Decision: d}, 0, ""
	}
	s, token, err := ntlm.ParseHeader(field)
	scheme := Scheme(s)
	switch {
	case err != nil, s != "" && token == nil:
		return a.refuse(now, "malformed Authorization field"), 0, ""
	case !slices.Contains(a.schemes, scheme):
		return a.refuse(now, "an authentication scheme that is not offered here"), 0, ""
	}
	if under == nil || c.scheme != scheme || c.by != a || first(token) {
		under = a.Begin(mechanisms[scheme])
	}
	reply, done := under.Step(now, token)
	if len(reply) > 0 {
		answer = s.Header(reply)
	}
	if !done {
		c.exchange, c.scheme, c.by = under, scheme, a
		return Identity{}, 0, answer
	}
	if id = under.Identity(); id.User == nil {
		return id, 0, ""
	}
	return id, under.chosen(), answer
}

// sogo is who a phone is to SOGo, which an open site has in the place of IIS.
func sogo(l directory.Logon) Identity {
	if !l.Decision.Allowed {
		return Identity{Code: l.Code, Decision: l.Decision}
	}
	return Identity{User: l.Object, Decision: l.Decision}
}

var mechanisms = map[Scheme]Mechanism{SchemeNTLM: NTLM, SchemeNegotiate: Negotiate}

// first tells whether a token begins a sign-in, whatever was under way.
func first(token []byte) bool {
	const initialToken = 0x60 // [APPLICATION 0] (RFC 2743 section 3.1)
	return ntlm.MessageType(token) == 1 || len(token) > 0 && token[0] == initialToken
}

// scope is what a sign-in is good for (AUTHPERSIST, AUTHPERSIST-K).
func (a *Web) scope(m Mechanism) profile.AuthScope {
	if m == NTLM {
		return a.w.Params.Auth.NTLMScope
	}
	return a.w.Params.Auth.KerberosScope
}
