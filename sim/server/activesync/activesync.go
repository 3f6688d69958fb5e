// Package activesync is the Exchange ActiveSync front end of a client access
// server: OPTIONS, and POST for Provision, FolderSync, Sync, Ping and SendMail
// with Basic authentication, or an access token, on every request.
//
// A device that shows a policy key (the header X-MS-PolicyKey) must show the
// right one; one that never sends the header counts as a device that cannot be
// provisioned, which the default policy admits. FilterType is taken as 0: all
// items are synchronised, oldest first.
package activesync

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/airsync"
	"shutout/sim/clientaccess"
	"shutout/sim/directory"
	"shutout/sim/network"
	"shutout/sim/profile"
	"shutout/sim/server"
	"shutout/sim/server/signin"
	"shutout/sim/store"
)

// maxBody bounds a request. It keeps the simulation's memory small and says
// nothing about Exchange.
const maxBody = 64 << 20

type frontEnd struct {
	w       *server.World
	host    string
	cas     *clientaccess.Server
	web     *signin.Web
	devices *Devices
	options airsync.Options
}

// New returns the front end of the client access server called host, for
// [airsync.URLPath]. All servers share one table of devices.
func New(w *server.World, host string, devices *Devices) http.Handler {
	return &frontEnd{w: w, host: host, cas: w.CAS.Server(host), web: signin.NewWeb(w, host, clientaccess.PoolActiveSync, signin.SchemeBasic), devices: devices, options: options(w)}
}

// options tells what the server speaks: the versions of the protocol that came
// with each server version (MS-ASHTTP 2.2.1.1.1.2.2), and 16.1 with the wipe
// that needs it.
func options(w *server.World) airsync.Options {
	v := w.Params.Server.Version
	n := v.Numbers()
	o := airsync.Options{
		Server:   fmt.Sprintf("%d.%d", n[0], n[1]),
		Versions: []airsync.Version{airsync.V25},
		Commands: []string{airsync.CmdSync, airsync.CmdSendMail, airsync.CmdFolderSync, airsync.CmdPing, airsync.CmdProvision},
	}
	if !v.Before(profile.Build2007) {
		o.Versions = append(o.Versions, airsync.V120, airsync.V121)
	}
	if !v.Before(profile.Build2010) {
		o.Versions = append(o.Versions, airsync.V140, airsync.V141)
	}
	if w.Params.EAS.AccountOnlyWipe {
		o.Versions = append(o.Versions, airsync.V160, airsync.V161)
	}
	return o
}

// call is one authenticated command of a device.
type call struct {
	*frontEnd
	r       *http.Request
	conn    net.Conn
	body    []byte
	user    *directory.Object
	query   airsync.Query
	version airsync.Version

	// Set by admit.
	now     time.Time
	device  *Device
	session *store.Session

	// The answer, which is sent when the world's lock is free again.
	status  int // 0: nobody is there to answer
	out     []byte
	outType string
}

func (f *frontEnd) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	id, ok := f.web.Admit(rw, r)
	if !ok {
		return
	}
	switch r.Method {
	case http.MethodOptions:
		f.options.Set(rw.Header())
		rw.WriteHeader(http.StatusOK)
	case http.MethodPost:
		f.command(rw, r, id.User)
	default:
		rw.Header().Set("Allow", "OPTIONS, POST")
		http.Error(rw, "ActiveSync takes OPTIONS and POST", http.StatusMethodNotAllowed)
	}
}

func (f *frontEnd) command(rw http.ResponseWriter, r *http.Request, user *directory.Object) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxBody))
	if err != nil {
		http.Error(rw, "the request is too long", http.StatusRequestEntityTooLarge)
		return
	}
	c := &call{frontEnd: f, r: r, conn: network.RequestConn(r), body: body, user: user}
	c.serve()
	if c.status == 0 {
		panic(http.ErrAbortHandler) // close the connection without a word
	}
	h := rw.Header()
	h.Set(airsync.HeaderServer, f.options.Server)
	h.Set("Cache-Control", "private")
	if c.outType != "" {
		h.Set("Content-Type", c.outType)
	}
	h.Set("Content-Length", strconv.Itoa(len(c.out)))
	rw.WriteHeader(c.status)
	rw.Write(c.out)
}

// serve carries the command out, with the world's lock.
func (c *call) serve() {
	c.w.Lock()
	defer c.w.Unlock()
	c.now = c.w.Now()
	var err error
	if c.query, err = airsync.ParseQuery(c.r.URL.RawQuery); err != nil {
		c.fail(http.StatusBadRequest, err.Error())
		return
	}
	c.version, err = airsync.ParseVersion(c.r.Header.Get(airsync.HeaderVersion))
	if err != nil || !slices.Contains(c.options.Versions, c.version) {
		c.fail(http.StatusBadRequest, "this protocol version is not supported")
		return
	}
	if !slices.Contains(c.options.Commands, c.query.Cmd) {
		c.fail(http.StatusNotImplemented, "this command is not supported")
		return
	}
	if !c.admit() {
		return
	}
	defer func() { c.session.Close(c.now) }()
	switch c.query.Cmd {
	case airsync.CmdProvision:
		c.provision()
	case airsync.CmdFolderSync:
		c.folderSync()
	case airsync.CmdSync:
		c.sync()
	case airsync.CmdPing:
		c.ping()
	case airsync.CmdSendMail:
		c.sendMail()
	}
}

func (c *call) record(d lab.Decision) { c.w.Record(c.conn, d) }

// admit opens the mailbox for the device. When it may not come in, admit
// answers and returns false.
func (c *call) admit() bool {
	s, d := c.w.Store.Logon(c.now, store.Request{
		User: c.user.SAM(), Protocol: "activesync", Cache: c.cas.Directory(), Owner: network.Owner(c.conn),
	})
	c.record(d)
	switch {
	case d.Allowed:
		c.session = s
	case d.Layer == lab.LayerService, d.Layer == lab.LayerStore && !d.Until.IsZero(): // it comes back by itself
		c.fail(http.StatusServiceUnavailable, "the mailbox is not available")
		return false
	default:
		c.fail(http.StatusForbidden, "ActiveSync is not enabled for this mailbox")
		return false
	}
	if refusal, ok := c.knownDevice(); !ok {
		c.session.Close(c.now)
		c.refuse(refusal)
		return false
	}
	return true
}

// refusal is a no to a device: with an HTTP status below version 14.0, and in
// the body from then on (MS-ASCMD, common status codes).
type refusal struct {
	http   int
	status airsync.Status
}

// knownDevice finds the partnership and checks block list, wipe and policy
// key.
func (c *call) knownDevice() (refusal, bool) {
	user := c.user
	if o, _, ok := c.cas.Directory().Get(c.now, user.SAM()); ok {
		user = o // as this server's directory cache knows the user now
	}
	if slices.ContainsFunc(user.All("msExchMobileBlockedDeviceIDs"), func(id string) bool { return strings.EqualFold(id, c.query.DeviceID) }) {
		c.record(lab.Decision{At: c.now, Layer: lab.LayerDirCache, Server: c.host, Reason: "device is on the mailbox's block list"})
		return refusal{http.StatusForbidden, airsync.StatusDeviceBlockedForUser}, false
	}
	c.device = c.devices.meet(c.now, c.user.SAM(), c.query, c.r.UserAgent())
	if c.device == nil {
		return refusal{http.StatusForbidden, airsync.StatusMaximumDevicesReached}, false
	}
	if c.query.Cmd == airsync.CmdProvision {
		return refusal{}, true
	}
	if c.device.Wipe != NoWipe {
		return refusal{airsync.StatusNeedsProvisioning, airsync.StatusRemoteWipeRequested}, false
	}
	shown := c.r.Header.Values(airsync.HeaderPolicyKey)
	switch {
	case len(shown) == 0 || c.device.policy != 0 && shown[0] == strconv.FormatUint(uint64(c.device.policy), 10):
		return refusal{}, true
	case shown[0] == "0" || c.device.policy == 0:
		return refusal{airsync.StatusNeedsProvisioning, airsync.StatusDeviceNotProvisioned}, false
	default:
		return refusal{airsync.StatusNeedsProvisioning, airsync.StatusInvalidPolicyKey}, false
	}
}

// refuse answers a device that may not come in.
func (c *call) refuse(no refusal) {
	if c.version < airsync.V140 {
		c.fail(no.http, "status "+no.status.String())
		return
	}
	switch c.query.Cmd {
	case airsync.CmdProvision:
		c.answer(airsync.ProvisionResponse{Status: no.status}.Encode())
	case airsync.CmdFolderSync:
		c.answer(airsync.FolderSyncResponse{Status: no.status}.Encode())
	case airsync.CmdSync:
		c.answer(airsync.SyncResponse{Status: no.status}.Encode(c.version))
	case airsync.CmdPing:
		c.answer(airsync.PingResponse{Status: no.status}.Encode())
	default:
		c.answer(airsync.SendMailResponse{Status: no.status}.Encode())
	}
}

// answer answers with a document.
func (c *call) answer(body []byte, err error) {
	if err != nil { // a field that cannot be written in this version
		c.fail(http.StatusInternalServerError, "the response could not be written")
		return
	}
	c.status, c.out = http.StatusOK, body
	if len(body) > 0 {
		c.outType = airsync.ContentType
	}
}

// fail answers with an HTTP status and a sentence.
func (c *call) fail(status int, text string) {
	c.status, c.out, c.outType = status, []byte(text+"\n"), "text/plain; charset=utf-8"
}
