// Package autodiscover tells clients where the mailbox of an address is served
// (Autodiscover in plain old XML).
//
// It answers from the directory as its server's cache knows it. Whoever signs
// in may ask for any address.
package autodiscover

import (
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"strconv"

	"shutout/lab"
	"shutout/lab/protocol/autodiscover"
	"shutout/lab/protocol/ews"
	"shutout/lab/protocol/mapihttp"
	"shutout/sim/clientaccess"
	"shutout/sim/directory"
	"shutout/sim/server"
	"shutout/sim/server/signin"
)

type frontEnd struct {
	w        *server.World
	host     string
	cas      *clientaccess.Server
	web      *signin.Web
	endpoint func(who *lab.Person, path lab.Path) (lab.Endpoint, error)
}

// New returns the service of the client access server called host, for
// autodiscover.URLPath. Endpoint tells where somebody reaches mail over a path.
func New(w *server.World, host string, endpoint func(who *lab.Person, path lab.Path) (lab.Endpoint, error)) http.Handler {
	return &frontEnd{
		w: w, host: host, cas: w.CAS.Server(host), endpoint: endpoint,
		// In a pool of its own, so that a token from here opens no other path.
		web: signin.NewWeb(w, host, clientaccess.PoolAutodiscover),
	}
}

func (f *frontEnd) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if _, ok := f.web.Admit(rw, r); !ok {
		return
	}
	switch r.Method {
	case http.MethodPost:
		f.post(rw, r)
	case http.MethodGet, http.MethodHead: // a browser is shown an error, too
		f.refuse(rw, autodiscover.InvalidRequest, "Invalid Request")
	default:
		rw.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(rw, "this service takes POST", http.StatusMethodNotAllowed)
	}
}

func (f *frontEnd) post(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, int64(autodiscover.Limits.Size)))
	if err != nil {
		http.Error(rw, "the request is too long", http.StatusRequestEntityTooLarge)
		return
	}
	q, err := autodiscover.ParseRequest(body)
	switch {
	case err != nil:
		f.refuse(rw, autodiscover.InvalidRequest, "Invalid Request")
		return
	case q.Schema != autodiscover.OutlookSchema:
		f.refuse(rw, autodiscover.NoProvider, "Provider is not available")
		return
	}
	account, ok := f.find(q)
	if !ok {
		f.refuse(rw, autodiscover.AddressNotFound, "The e-mail address cannot be found.")
		return
	}
	answer, err := f.settings(account, autodiscover.MapiHTTP(r.Header) > 0).Encode()
	if err != nil {
		http.Error(rw, "the answer could not be written", http.StatusInternalServerError)
		return
	}
	send(rw, answer)
}

// account is whom a client asks about.
type account struct {
	who    *lab.Person
	object *directory.Object
	mail   string
}

// find looks an account with a mailbox up, by its address or its legacy
// distinguished name.
func (f *frontEnd) find(q autodiscover.Request) (account, bool) {
	f.w.Lock()
	defer f.w.Unlock()
	now := f.w.Now()
	for _, key := range []string{q.Email, q.LegacyDN} {
		if key == "" {
			continue
		}
		o, _, ok := f.cas.Directory().Get(now, key)
		if !ok {
			continue
		}
		mb, ok := f.w.Store.Mailbox(o.SAM())
		if !ok {
			continue
		}
		if _, gone := mb.Disconnected(); gone {
			continue
		}
		who := f.w.Cast.People[o.SAM()]
		if who == nil || o.Get("legacyExchangeDN") == "" {
			continue
		}
		return account{who, o, mb.Mail()}, true
	}
	return account{}, false
}

// settings are what an account's owner may use. Paths that the organisation
// does not have are left out.
func (f *frontEnd) settings(a account, mapiHTTP bool) autodiscover.Response {
	r := autodiscover.Response{
		User: autodiscover.User{
			DisplayName: a.object.Get("displayName"), LegacyDN: a.object.Get("legacyExchangeDN"), SMTPAddress: a.mail,
		},
		Action: autodiscover.Settings,
	}
	url := f.url(a, lab.EWS, ews.URLPath) // availability and out-of-office are part of it
	inside := autodiscover.Protocol{Type: autodiscover.EXCH, ServerVersion: f.version(), ASURL: url, EwsURL: url, OOFURL: url}
	if direct, err := f.endpoint(a.who, lab.OutlookRPC); err == nil {
		inside.Server = direct.Host
	}
	proxy, err := f.endpoint(a.who, lab.OutlookAnywhere)
	if err == nil && inside.Server == "" {
		inside.Server = proxy.Server
	}
	r.Protocols = append(r.Protocols, inside)
	if err == nil {
		outside := autodiscover.Protocol{
			Type: autodiscover.EXPR, Server: proxy.Host, SSL: "On", AuthPackage: "Ntlm",
			CertPrincipalName: "msstd:" + proxy.Host, ASURL: url, EwsURL: url, OOFURL: url,
		}
		if !f.w.Params.RPC.Direct {
			outside.Type = autodiscover.EXHTTP
		}
		r.Protocols = append(r.Protocols, outside)
	}
	if web := f.url(a, lab.OWA, "/owa/"); web != "" {
		r.Protocols = append(r.Protocols, autodiscover.Protocol{Type: autodiscover.WEB, Internal: &autodiscover.Web{
			OWA: []autodiscover.OWA{{URL: web, AuthenticationMethod: "Basic, Fba"}}, Protocol: autodiscover.EXCH, ASURL: url,
		}})
	}
	if store := f.url(a, lab.MAPIHTTP, mapihttp.URLPath+"?MailboxId="+a.mail); mapiHTTP && store != "" {
		at := autodiscover.Endpoint{InternalURL: store, ExternalURL: store}
		r.Protocols = append(r.Protocols, autodiscover.Protocol{Type: autodiscover.MAPIHTTP, Version: 1, MailStore: at})
	}
	return r
}

// url is where an account's owner reaches a path of the web site, "" for
// nowhere.
func (f *frontEnd) url(a account, path lab.Path, at string) string {
	e, err := f.endpoint(a.who, path)
	if err != nil {
		return ""
	}
	return "https://" + e.Host + at
}

// version is the server's, packed as Exchange packs it: four bits of a legacy
// version, six of the major and six of the minor one, one that is set, and
// fifteen of the build.
func (f *frontEnd) version() string {
	n := f.w.Params.Server.Version.Numbers()
	return fmt.Sprintf("%08X", 7<<28|n[0]<<22|n[1]<<16|1<<15|n[2])
}

// refuse answers with an error, which is no error of HTTP.
func (f *frontEnd) refuse(rw http.ResponseWriter, code autodiscover.ErrorCode, text string) {
	id := fnv.New32a() // tells servers apart in a client's log
	id.Write([]byte(f.host))
	body, err := (&autodiscover.Error{Code: code, Text: text, Time: f.w.Now().Format("15:04:05.0000000"), ID: strconv.FormatUint(uint64(id.Sum32()), 10)}).Encode()
	if err != nil {
		http.Error(rw, "the answer could not be written", http.StatusInternalServerError)
		return
	}
	send(rw, body)
}

func send(rw http.ResponseWriter, body []byte) {
	h := rw.Header()
	h.Set("Content-Type", autodiscover.ContentType)
	h.Set("Cache-Control", "private")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	rw.Write(body)
}
