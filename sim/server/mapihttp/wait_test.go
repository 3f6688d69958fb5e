package mapihttp_test

import (
	"slices"
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/mapihttp"
	"shutout/sim/clientaccess"
	"shutout/sim/server/webtest"
)

func TestNotificationWait(t *testing.T) {
	w := newWorld(t)
	c := newCaller(t, w, owner, webtest.Dana)
	c.mustConnect()
	c.want("log on", c.execute(logon(t)), nil)

	h, done := c.wait()
	w.Pass(time.Hour)
	<-done
	lines := []string{"PROCESSING 0s"}
	for at := 15 * time.Second; at < 5*time.Minute; at += 15 * time.Second {
		lines = append(lines, "PENDING "+at.String())
	}
	if lines = append(lines, "DONE 5m0s"); !slices.Equal(h.lines, lines) || h.news || h.err != nil || h.code != 0 {
		t.Errorf("a quiet mailbox: %+v", h)
	}
	c.hangUp()
	c.want("an hour later", c.execute(nothing(t)), mapihttp.CodeContextNotFound)

	c.mustConnect()
	c.want("log on", c.execute(logon(t)), nil)
	w.Event(w.Elapsed()+20*time.Second, func(now time.Time) { w.Mail(now, "dana", "news") })
	h, done = c.wait()
	w.Pass(time.Minute)
	<-done
	if !slices.Equal(h.lines, []string{"PROCESSING 0s", "PENDING 15s", "DONE 20s"}) || !h.news {
		t.Errorf("mail after 20s: %+v", h)
	}
	if h, done = c.wait(); true {
		<-done
	}
	if !h.news || h.at != 0 {
		t.Errorf("what was not fetched is still news: %+v", h)
	}
	c.want("fetch it", c.execute(nothing(t)), nil)

	// A newer one takes its place.
	h, done = c.wait()
	w.Pass(time.Second)
	other := *c
	other.client = w.Client(owner)
	h2, done2 := other.wait()
	w.Pass(10 * time.Minute)
	<-done
	<-done2
	if h.at != time.Second || h.news || h.code != 0 || h2.at != 5*time.Minute {
		t.Errorf("the older one: %+v; the newer: %+v", h, h2)
	}
}

// Nobody is asked who waits, and waiting keeps the context.
func TestNotificationWaitOutlivesDisable(t *testing.T) {
	w := newWorld(t, "mapihttp.notification_wait=1h", "mapihttp.pending_interval=10m")
	c := newCaller(t, w, owner, webtest.Dana)
	c.mustConnect()
	c.want("log on", c.execute(logon(t)), nil)
	h, done := c.wait()
	w.Pass(time.Minute)
	w.DisableAccount()
	w.Decisions(owner)
	w.Event(w.Elapsed()+50*time.Minute, func(now time.Time) { w.Mail(now, "dana", "secret") })
	w.Pass(time.Hour)
	<-done
	if !h.news || h.at != 51*time.Minute {
		t.Errorf("%+v", h)
	}
	ds := w.Decisions(owner)
	if len(ds) != 1 || ds[0].Layer != lab.LayerHanging || !ds[0].Allowed || ds[0].Rule != "wait 1h" {
		t.Errorf("decisions %+v", ds)
	}
}

func TestNotificationWaitIsCutOff(t *testing.T) {
	for _, c := range []struct {
		name string
		cut  func(w *webtest.World, now time.Time)
		code mapihttp.ResponseCode
		gone bool // no answer at all
		at   time.Duration
	}{
		{"recycle", func(w *webtest.World, now time.Time) {
			w.CAS.Server("cas1").RecyclePool(now, clientaccess.PoolMAPI)
		}, 0, true, time.Minute + 90*time.Second},
		{"reset", func(w *webtest.World, now time.Time) {
			w.CAS.Server("cas1").Reset(now, clientaccess.ResetOptions{})
		}, 0, true, time.Minute},
		{"store", func(w *webtest.World, now time.Time) { w.Store.Sever(now, "dana", "test") }, mapihttp.CodeContextNotFound, false, time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			dana := newCaller(t, w, owner, webtest.Dana)
			dana.mustConnect()
			dana.want("log on", dana.execute(logon(t)), nil)
			w.Event(time.Minute, func(now time.Time) { c.cut(w, now) })
			h, done := dana.wait()
			w.Pass(10 * time.Minute)
			<-done
			if h.code != c.code || (h.err != nil) != c.gone || h.at != c.at {
				t.Errorf("%+v", h)
			}
			dana.hangUp()
			w.Pass(time.Second)
			w.WantIdle()
		})
	}
}

// A client that goes away leaves its context to lapse.
func TestNotificationWaitIsLeft(t *testing.T) {
	w := newWorld(t)
	c := newCaller(t, w, owner, webtest.Dana)
	c.mustConnect()
	done := w.Go(owner, func() {
		body, _ := mapihttp.NotificationWaitRequest{}.Encode()
		resp, err := c.send(mapihttp.NotificationWait, body)
		if err != nil {
			t.Error(err)
			return
		}
		resp.Body.Close()
	})
	w.Pass(10 * time.Minute)
	<-done
	c.hangUp()
	c.want("ten minutes later", c.execute(nothing(t)), nil)
	c.hangUp()
	w.Pass(15 * time.Minute)
	w.WantIdle()
}
