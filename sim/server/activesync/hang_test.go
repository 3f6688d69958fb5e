package activesync

import (
	"slices"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/airsync"
	"shutout/sim/clientaccess"
	"shutout/sim/server/webtest"
)

func TestPing(t *testing.T) {
	w, _ := newWorld(t, "ex2010")
	d := newDevice(t, w)
	d.syncs()

	for _, c := range []struct{ asked, nearest time.Duration }{{30 * time.Second, time.Minute}, {2 * time.Hour, 3540 * time.Second}} {
		if r := d.pings(c.asked); r.Status != airsync.PingHeartbeatOutOfRange || r.Heartbeat != c.nearest {
			t.Errorf("heartbeat %v: %+v", c.asked, r)
		}
	}

	var r airsync.PingResponse
	var at time.Duration
	ping := func() <-chan struct{} {
		return w.Go("dana-phone", func() {
			r = d.pings(15 * time.Minute)
			at = w.Elapsed()
		})
	}
	done := ping()
	began := w.Elapsed()
	w.Pass(time.Hour)
	<-done
	if r.Status != airsync.PingExpired || at-began != 15*time.Minute {
		t.Errorf("quiet mailbox: %+v after %v", r, at-began)
	}

	began = w.Elapsed()
	w.Event(began+7*time.Minute, func(now time.Time) { w.Mail(now, "dana", "news") })
	done = ping()
	w.Pass(time.Hour)
	<-done
	if r.Status != airsync.PingChanges || !slices.Equal(r.Folders, []string{"1"}) || at-began != 7*time.Minute {
		t.Errorf("mail after 7m: %+v after %v", r, at-began)
	}
	if r = d.pings(15 * time.Minute); r.Status != airsync.PingChanges {
		t.Errorf("what the device has not fetched is still news: %+v", r)
	}
	d.syncs()
}

// A hanging Ping is not authenticated again: it tells a disabled user of new
// mail. What follows is up to the token.
func TestPingOutlivesDisable(t *testing.T) {
	w, _ := newWorld(t, "ex2010")
	d := newDevice(t, w)
	d.syncs()
	var r airsync.PingResponse
	done := w.Go("dana-phone", func() { r = d.pings(55 * time.Minute) })
	w.Pass(time.Minute)
	w.DisableAccount()
	w.Event(w.Elapsed()+50*time.Minute, func(now time.Time) { w.Mail(now, "dana", "secret") })
	w.Decisions("dana-phone")
	w.Pass(time.Hour)
	<-done
	if r.Status != airsync.PingChanges {
		t.Errorf("ping: %+v", r)
	}
	ds := w.Decisions("dana-phone")
	if len(ds) != 1 || ds[0].Layer != lab.LayerHanging || !ds[0].Allowed || ds[0].Rule != "heartbeat 55m" {
		t.Errorf("decisions %+v", ds)
	}
	if code, _ := d.post(airsync.CmdSync, airsync.ContentType, nil); code != 401 {
		t.Errorf("sync afterwards: %d", code)
	}
}

func TestPingIsCutOff(t *testing.T) {
	for _, c := range []struct {
		name string
		cut  func(w *webtest.World, now time.Time)
		want airsync.Status // 0: no answer
		at   time.Duration
	}{
		{"recycle", func(w *webtest.World, now time.Time) {
			w.CAS.Server("cas1").RecyclePool(now, clientaccess.PoolActiveSync)
		}, 0, 10*time.Minute + 90*time.Second},
		{"reset", func(w *webtest.World, now time.Time) {
			w.CAS.Server("cas1").Reset(now, clientaccess.ResetOptions{})
		}, 0, 10 * time.Minute},
		{"store", func(w *webtest.World, now time.Time) { w.Store.Sever(now, "dana", "test") }, airsync.PingServerError, 10 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, _ := newWorld(t, "ex2010")
			d := newDevice(t, w)
			d.syncs()
			w.Event(10*time.Minute, func(now time.Time) { c.cut(w, now) })
			var r airsync.PingResponse
			var at time.Duration
			done := w.Go("dana-phone", func() {
				r = d.pings(30 * time.Minute)
				at = w.Elapsed()
			})
			w.Pass(time.Hour)
			<-done
			if r.Status != c.want || at != c.at {
				t.Errorf("answer %+v at %v", r, at)
			}
			mb, _ := w.Store.Mailbox("dana")
			if n := len(mb.Sessions()); n != 0 {
				t.Errorf("%d store sessions are left", n)
			}
			if n := len(w.CAS.Server("cas1").Sessions()); n != 0 {
				t.Errorf("%d held requests are left", n)
			}
		})
	}
}

func TestSyncHangs(t *testing.T) {
	w, _ := newWorld(t, "ex2010")
	d := newDevice(t, w)
	d.syncs()
	ask := func() (r airsync.SyncResponse, took time.Duration) {
		began := w.Elapsed()
		done := w.Go("dana-phone", func() {
			r = d.sync(airsync.SyncRequest{Heartbeat: 10 * time.Minute, Collections: []airsync.SyncCollection{{SyncKey: d.key, ID: d.inbox}}})
			took = w.Elapsed() - began
		})
		w.Pass(time.Hour)
		<-done
		return r, took
	}
	if r, took := ask(); len(r.Collections) != 0 || took != 10*time.Minute {
		t.Errorf("quiet: %+v after %v", r, took)
	}
	w.Event(w.Elapsed()+3*time.Minute, func(now time.Time) { w.Mail(now, "dana", "news") })
	r, took := ask()
	if len(r.Collections) != 1 || !slices.Equal(subjects(r.Collections[0]), []string{"news"}) || took != 3*time.Minute {
		t.Errorf("with mail: %+v after %v", r, took)
	}
	if r, took := ask(); len(r.Collections) != 1 || took != 0 {
		t.Errorf("the previous key again: %+v after %v", r, took)
	}
	bad := d.sync(airsync.SyncRequest{Heartbeat: 2 * time.Hour, Collections: []airsync.SyncCollection{{SyncKey: d.key, ID: d.inbox}}})
	if bad.Status != airsync.SyncWaitOutOfRange || bad.Limit != 3540 {
		t.Errorf("too long a wait: %+v", bad)
	}
}
