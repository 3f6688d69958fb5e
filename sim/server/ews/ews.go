// Package ews is the Exchange Web Services front end of a client access
// server: SOAP by POST, for the caller's own mailbox or
// for another one that the caller has full access to.
//
// Identifiers name a mailbox, a folder and an item; change keys are given out
// and not asked for. Sync states are self-contained: they say what the client
// has. Only streaming subscriptions are remembered, by the worker process, and
// end with it.
package ews

import (
	"cmp"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/ews"
	"shutout/sim/clientaccess"
	"shutout/sim/directory"
	"shutout/sim/network"
	"shutout/sim/profile"
	"shutout/sim/server"
	"shutout/sim/server/signin"
	"shutout/sim/store"
)

type frontEnd struct {
	w       *server.World
	host    string
	cas     *clientaccess.Server
	web     *signin.Web
	version ews.ServerVersion
	table   subscriptions // guarded by the world's lock
	sent    uint64        // messages composed here
	budget  int           // octets that a response may hold, roughly
}

// New returns the front end of the client access server called host, for
// ews.URLPath in any case.
func New(w *server.World, host string) http.Handler {
	return &frontEnd{
		w: w, host: host, cas: w.CAS.Server(host), web: signin.NewWeb(w, host, clientaccess.PoolEWS),
		version: serverVersion(w), budget: responseBudget,
	}
}

// schemas are the versions that clients may ask for, in order.
var schemas = []string{
	ews.Exchange2007, ews.Exchange2007SP1, ews.Exchange2010, ews.Exchange2010SP1, ews.Exchange2010SP2,
	ews.Exchange2013, ews.Exchange2013SP1, ews.Exchange2016,
}

// serverVersion is what the server says of itself, with the newest schema that
// it takes (MS-OXWSCDATA, RequestServerVersion).
func serverVersion(w *server.World) ews.ServerVersion {
	v := w.Params.Server.Version
	n := v.Numbers()
	s := ews.ServerVersion{Major: n[0], Minor: n[1], MajorBuild: n[2], Schema: ews.Exchange2016}
	switch {
	case v.Before(profile.Build2010):
		s.Schema = ews.Exchange2007SP1
	case v.Before(profile.Build2013):
		s.Schema = ews.Exchange2010SP2
	case v.Before(profile.Build2016):
		s.Schema = ews.Exchange2013SP1
	}
	return s
}

// speaks tells whether the server has a schema that a client asks for; "" is
// the newest.
func (f *frontEnd) speaks(schema string) bool {
	return schema == "" || slices.Contains(schemas[:1+slices.Index(schemas, f.version.Schema)], schema)
}

// streams tells whether a schema has streaming subscriptions (MS-OXWSNTIF,
// product behavior <1>).
func (f *frontEnd) streams(schema string) bool {
	return slices.Index(schemas, cmp.Or(schema, f.version.Schema)) >= slices.Index(schemas, ews.Exchange2010SP1)
}

func (f *frontEnd) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	who, ok := f.web.Admit(rw, r)
	if !ok {
		return
	}
	switch r.Method {
	case http.MethodPost:
		f.post(rw, r, who)
	case http.MethodGet, http.MethodHead:
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(rw, "<!DOCTYPE html><title>Exchange Web Services</title><p>This service takes SOAP requests by POST.</p>\n")
	default:
		rw.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(rw, "this service takes POST", http.StatusMethodNotAllowed)
	}
}

func (f *frontEnd) post(rw http.ResponseWriter, r *http.Request, who signin.Identity) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "text/xml" {
		http.Error(rw, "the request must be text/xml", http.StatusUnsupportedMediaType)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, int64(ews.Limits.Size)))
	if err != nil {
		http.Error(rw, "the request is too long", http.StatusRequestEntityTooLarge)
		return
	}
	c := &call{frontEnd: f, rw: rw, r: r, conn: network.RequestConn(r), user: who.User, room: f.budget}
	req, err := ews.ParseRequest(body)
	switch {
	case err != nil:
		c.fault(&ews.Fault{Code: ews.ErrorSchemaValidation, Text: "The request failed schema validation: " + err.Error()})
		return
	case !f.speaks(req.Version):
		c.fault(&ews.Fault{Code: ews.ErrorInvalidServerVersion, Text: "The specified server version is invalid."})
		return
	}
	switch req.Op.(type) {
	case ews.Subscribe, ews.GetStreamingEvents:
		if !f.streams(req.Version) {
			c.fault(&ews.Fault{Code: ews.ErrorSchemaValidation, Text: "The request failed schema validation: this schema has no streaming subscriptions."})
			return
		}
	case ews.GetInboxRules, ews.UpdateInboxRules:
		if !f.streams(req.Version) || !f.w.Params.EWS.InboxRules { // both came with Exchange2010_SP1
			c.fault(&ews.Fault{Code: ews.ErrorSchemaValidation, Text: "The request failed schema validation: this schema has no inbox rules."})
			return
		}
	}
	resp, err := c.serve(req)
	var fault *ews.Fault
	switch {
	case errors.As(err, &fault):
		c.fault(fault)
	case err == nil:
		c.answer(resp)
	}
}

// call is one authenticated request.
type call struct {
	*frontEnd
	rw   http.ResponseWriter
	r    *http.Request
	conn net.Conn
	user *directory.Object

	// Set by serve.
	now     time.Time
	session *store.Session
	places  []place // see tree
	room    int     // octets that the response may still hold, roughly
}

// errStreamed says that the answer has gone out already.
var errStreamed = errors.New("answered")

// serve carries out the request with the world's lock. A *ews.Fault refuses
// it as a whole.
func (c *call) serve(req ews.Request) (ews.Response, error) {
	c.w.Lock()
	defer c.w.Unlock()
	c.now = c.w.Now()
	n, each := parts(req.Op)
	if n > maxParts || asked(req.Op) > maxProperties {
		return ews.Response{}, &ews.Fault{Code: ews.ErrorInvalidRequest, Text: "The request asks for too much at once."}
	}
	resp := ews.Response{Server: c.version, Op: req.Op.Name()}
	if no, fault := c.admit(req.Op); fault != nil {
		return resp, fault
	} else if no != nil {
		resp.Messages = []ews.Message{*no}
		if each {
			resp.Messages = slices.Repeat(resp.Messages, n)
		}
		return resp, nil
	}
	defer func() { c.session.Close(c.now) }()
	if req.Impersonate != "" && !c.own(req.Impersonate) {
		return resp, &ews.Fault{Code: ews.ErrorImpersonateUserDenied, Text: "The account does not have permission to impersonate the requested user."}
	}
	if op, ok := req.Op.(ews.GetStreamingEvents); ok {
		c.stream(op)
		return resp, errStreamed
	}
	resp.Messages = c.run(req.Op)
	return resp, nil
}

// run carries out any operation but GetStreamingEvents.
func (c *call) run(op ews.Operation) []ews.Message {
	switch op := op.(type) {
	case ews.GetFolder:
		return c.getFolder(op)
	case ews.FindFolder:
		return c.findFolder(op)
	case ews.FindItem:
		return c.findItem(op)
	case ews.GetItem:
		return c.getItem(op)
	case ews.CreateItem:
		return c.createItem(op)
	case ews.SendItem:
		return c.sendItem(op)
	case ews.UpdateItem:
		return c.updateItem(op)
	case ews.DeleteItem:
		return c.deleteItem(op)
	case ews.MoveItem:
		return c.transfer(op.Items, op.To, c.session.Move)
	case ews.CopyItem:
		return c.transfer(op.Items, op.To, c.session.Copy)
	case ews.SyncFolderItems:
		return []ews.Message{c.syncFolderItems(op)}
	case ews.Subscribe:
		return []ews.Message{c.subscribe(op)}
	case ews.Unsubscribe:
		return []ews.Message{c.unsubscribe(op)}
	case ews.ConvertID:
		return c.convertID(op)
	case ews.GetInboxRules:
		return []ews.Message{c.getInboxRules()}
	case ews.UpdateInboxRules:
		return []ews.Message{c.updateInboxRules(op)}
	}
	return []ews.Message{*failed(ews.ErrorInvalidRequest, "The request is invalid.")}
}

func (c *call) record(d lab.Decision) { c.w.Record(c.conn, d) }

// own tells whether an address is one of the caller's own.
func (c *call) own(address string) bool {
	o, _, ok := c.cas.Directory().Get(c.now, address)
	return ok && o.SAM() == c.user.SAM()
}

// answer sends a response.
func (c *call) answer(resp ews.Response) {
	body, err := resp.Encode()
	if err != nil { // a character that XML does not have
		c.fault(&ews.Fault{Code: ews.ErrorInternalServerError, Text: "An internal server error occurred."})
		return
	}
	c.send(http.StatusOK, body)
}

// fault refuses the request as a whole.
func (c *call) fault(f *ews.Fault) {
	body, err := f.Encode()
	if err != nil { // the text quotes what the client sent
		body, _ = (&ews.Fault{Code: f.Code, Text: "The request is invalid."}).Encode()
	}
	c.send(ews.StatusFault, body)
}

func (c *call) send(status int, body []byte) {
	h := c.rw.Header()
	h.Set("Content-Type", ews.ContentType)
	h.Set("Cache-Control", "private")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	c.rw.WriteHeader(status)
	c.rw.Write(body)
}
