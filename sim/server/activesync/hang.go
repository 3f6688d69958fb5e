package activesync

import (
	"slices"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/airsync"
	"shutout/sim/clientaccess"
	"shutout/sim/network"
)

// maxWatched bounds the folders of one hanging request; Exchange has a bound
// of this kind too (MS-ASCMD, MaxFolders).
const maxWatched = 1000

// outcome is why a hanging request ended.
type outcome int

const (
	elapsed outcome = iota + 1 // the time that the device asked for is over
	stirred                    // due said that there is something to tell
	severed                    // the store ended the session
	gone                       // the connection is gone: nobody to answer
)

// hang holds the request open until due says that there is something to tell,
// or for d at most. The world's lock is held when it is called, when due is
// called and when it returns, and not while it waits. The request is not
// authenticated again meanwhile (L10).
func (c *call) hang(d time.Duration, due func() bool) outcome {
	if due() {
		return stirred
	}
	if c.conn == nil {
		return elapsed // without the lab's network there is nothing to wait at
	}
	began, until := c.now, c.now.Add(d)
	g := c.w.Net.Gate(c.conn)
	defer g.Done()
	defer c.w.Store.Subscribe(c.user.SAM(), func(time.Time) { g.Wake() })()
	c.session.OnSever(func(string) { g.Wake() })
	held := c.cas.Hold(c.now, clientaccess.PoolActiveSync, c.user.SAM(), func(time.Time, string) { network.Abort(c.conn) })
	defer held.Close()
	for {
		c.w.Unlock()
		why := g.Wait(until)
		c.w.Lock()
		c.now = c.w.Now()
		if why == network.Gone {
			return gone
		}
		if _, ended := c.session.Severed(); ended {
			return severed
		}
		if due() {
			c.record(lab.Decision{
				At: c.now, Layer: lab.LayerHanging, Server: c.host, Allowed: true,
				Reason: "request held open, not authenticated again", Rule: "heartbeat " + lab.Duration(d),
				Since: began, Until: until,
			})
			return stirred
		}
		if why == network.TimedOut {
			return elapsed
		}
	}
}

// ping answers when one of the folders changes, or when the heartbeat is over
// (MS-ASCMD, Ping).
func (c *call) ping() {
	q, err := airsync.ParsePingRequest(c.body)
	if err != nil {
		c.answer(airsync.PingResponse{Status: airsync.PingSyntaxError}.Encode())
		return
	}
	dev := c.device
	heartbeat, watched := q.Heartbeat, dev.watched
	if heartbeat == 0 {
		heartbeat = dev.heartbeat
	}
	if len(q.Folders) > 0 {
		watched = nil
		for _, f := range q.Folders {
			watched = append(watched, f.ID)
		}
	}
	p := &c.w.Params.EAS
	resp := airsync.PingResponse{}
	switch {
	case heartbeat == 0 || len(watched) == 0:
		resp.Status = airsync.PingMissingParameters
	case heartbeat < p.HeartbeatMin || heartbeat > p.HeartbeatMax:
		resp.Status = airsync.PingHeartbeatOutOfRange
		resp.Heartbeat = min(max(heartbeat, p.HeartbeatMin), p.HeartbeatMax).Truncate(time.Second)
	case len(watched) > maxWatched:
		resp.Status, resp.MaxFolders = airsync.PingTooManyFolders, maxWatched
	default:
		dev.heartbeat, dev.watched = heartbeat, watched
		resp = c.watch(heartbeat, watched)
	}
	if resp.Status != 0 {
		c.answer(resp.Encode())
	}
}

// watch waits for a change in folders. A response without status goes nowhere.
func (c *call) watch(heartbeat time.Duration, folders []string) airsync.PingResponse {
	views := make([]view, len(folders))
	for i, id := range folders {
		f, err := c.folder(id)
		if err != nil {
			return airsync.PingResponse{Status: airsync.PingHierarchyChanged}
		}
		if state := c.device.collections[f.Number]; state != nil {
			views[i] = state.at
		} else { // never synchronised: changes count from now
			views[i] = view{items: make([]known, f.Total), high: f.UIDNext - 1, unseen: f.Unseen}
		}
	}
	resp := airsync.PingResponse{}
	switch c.hang(heartbeat, func() bool {
		for i, id := range folders {
			f, err := c.folder(id)
			if err != nil {
				return true
			}
			if views[i].changed(f) && !slices.Contains(resp.Folders, id) {
				resp.Folders = append(resp.Folders, id)
			}
		}
		return len(resp.Folders) > 0
	}) {
	case elapsed:
		resp.Status = airsync.PingExpired
	case stirred:
		resp.Status = airsync.PingChanges
		if len(resp.Folders) == 0 {
			resp.Status = airsync.PingHierarchyChanged
		}
	case severed:
		resp.Status = airsync.PingServerError
	}
	return resp
}
