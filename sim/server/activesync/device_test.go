package activesync

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"shutout/lab/protocol/airsync"
	"shutout/sim/server/webtest"
)

// device is a phone that speaks to cas1.
type device struct {
	t        *testing.T
	w        *webtest.World
	client   *http.Client
	version  airsync.Version
	id       string
	password string
	policy   string // header X-MS-PolicyKey; "" does not send it
	inbox    string
	key      string // sync key of the inbox
	window   int
}

func newWorld(t testing.TB, profile string, set ...string) (*webtest.World, *Devices) {
	w := webtest.New(t, profile, set...)
	devices := NewDevices()
	w.Serve(New(w.World.World, "cas1", devices))
	return w, devices
}

func newDevice(t *testing.T, w *webtest.World) *device {
	return &device{
		t: t, w: w, client: w.Client("dana-phone"), version: airsync.V141, id: "PHONE1",
		password: webtest.Password, inbox: "1", key: airsync.InitialKey,
	}
}

func (d *device) post(cmd, contentType string, body []byte) (int, []byte) {
	d.t.Helper()
	q := airsync.Query{Cmd: cmd, User: "dana", DeviceID: d.id, DeviceType: "Test"}
	r, err := http.NewRequest(http.MethodPost, "http://cas1"+airsync.URLPath+"?"+q.Encode(), bytes.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	r.SetBasicAuth(webtest.Dana, d.password)
	r.Header.Set(airsync.HeaderVersion, d.version.String())
	r.Header.Set("Content-Type", contentType)
	if d.policy != "" {
		r.Header.Set(airsync.HeaderPolicyKey, d.policy)
	}
	d.client.CloseIdleConnections() // the server may have let go of them meanwhile
	resp, err := d.client.Do(r)
	if err != nil {
		return 0, []byte(err.Error())
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, []byte(err.Error())
	}
	return resp.StatusCode, out
}

// must sends a document that both ends understand.
func (d *device) must(cmd string, body []byte, err error) []byte {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
	code, out := d.post(cmd, airsync.ContentType, body)
	if code != http.StatusOK {
		d.t.Fatalf("%s: %d %s", cmd, code, out)
	}
	return out
}

func (d *device) folders(key string) airsync.FolderSyncResponse {
	d.t.Helper()
	body, err := airsync.FolderSyncRequest{SyncKey: key}.Encode()
	r, err := airsync.ParseFolderSyncResponse(d.must(airsync.CmdFolderSync, body, err))
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

// syncs sends one Sync of the inbox and takes over the new key.
func (d *device) syncs(commands ...airsync.SyncCommand) airsync.SyncResult {
	d.t.Helper()
	q := airsync.SyncCollection{SyncKey: d.key, ID: d.inbox, WindowSize: d.window, Commands: commands, Class: airsync.ClassEmail}
	if d.version >= airsync.V120 {
		q.Options.Bodies = []airsync.BodyPreference{{Type: airsync.BodyPlain, TruncationSize: 1000}}
	}
	r := d.sync(airsync.SyncRequest{Collections: []airsync.SyncCollection{q}})
	if r.Status != airsync.StatusOK || len(r.Collections) != 1 {
		d.t.Fatalf("sync: %+v", r)
	}
	d.key = r.Collections[0].SyncKey
	return r.Collections[0]
}

func (d *device) sync(q airsync.SyncRequest) airsync.SyncResponse {
	d.t.Helper()
	body, err := q.Encode(d.version)
	r, err := airsync.ParseSyncResponse(d.must(airsync.CmdSync, body, err))
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

func (d *device) pings(heartbeat time.Duration) airsync.PingResponse {
	d.t.Helper()
	body, err := airsync.PingRequest{Heartbeat: heartbeat, Folders: []airsync.PingFolder{{ID: d.inbox, Class: airsync.ClassEmail}}}.Encode()
	if err != nil {
		d.t.Fatal(err)
	}
	code, out := d.post(airsync.CmdPing, airsync.ContentType, body)
	if code != http.StatusOK {
		return airsync.PingResponse{}
	}
	r, err := airsync.ParsePingResponse(out)
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

// subjects lists the items that a result adds.
func subjects(r airsync.SyncResult) (list []string) {
	for _, c := range r.Commands {
		if c.Op == airsync.Add {
			list = append(list, c.Email.Subject)
		}
	}
	return list
}

// post calls a handler without a network.
func post(h http.Handler, cmd, id string, body []byte) *httptest.ResponseRecorder {
	q := airsync.Query{Cmd: cmd, User: "dana", DeviceID: id, DeviceType: "Test"}
	r := httptest.NewRequest(http.MethodPost, airsync.URLPath+"?"+q.Encode(), bytes.NewReader(body))
	r.SetBasicAuth(webtest.Dana, webtest.Password)
	r.Header.Set(airsync.HeaderVersion, "14.1")
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}
