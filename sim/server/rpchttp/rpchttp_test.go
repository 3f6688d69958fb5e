package rpchttp_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"shutout/lab/protocol/emsmdb"
	"shutout/lab/protocol/rpch"
	"shutout/sim/clientaccess"
	"shutout/sim/server/webtest"
)

func TestCalls(t *testing.T) {
	w := newWorld(t)
	c := w.signedIn()
	w.WantReason(owner, "iis-token-cache: token reused")
	w.try(func(context.Context) {
		if err := c.dummy(); err != nil {
			t.Error(err)
		}
	})
	if got := w.Reasons(owner); len(got) != 0 {
		t.Errorf("a call on open channels is decided about: %q", got)
	}
	// Nobody asks who it is again, and nobody takes the channels for dead.
	w.DisableAccount()
	if !w.pings(c, 5*time.Minute) {
		t.Error("no ping after the time that the client asked for")
	}
	w.Pass(24 * time.Hour)
	w.try(func(context.Context) {
		if err := c.dummy(); err != nil {
			t.Error(err)
		}
	})
	c.hangUp()
	w.Pass(0)
	w.WantIdle()
}

func TestRefusals(t *testing.T) {
	w := newWorld(t)
	good := rpch.Request{Purpose: rpch.OpenOut, Server: "cas1", Port: emsmdb.HTTPPort}
	out := func(q rpch.Request, password string) (code int) {
		w.try(func(ctx context.Context) {
			conn, r, err := w.request(ctx, q, password, names.A1())
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			resp, err := rpch.ReadResponse(r)
			if err != nil {
				t.Error(err)
				return
			}
			code = resp.StatusCode
		})
		w.Pass(0)
		w.WantIdle()
		return code
	}
	if got := out(good, webtest.Password); got != http.StatusOK {
		t.Errorf("an OUT channel: %d", got)
	}
	if got := out(good, "Wrong-1"); got != http.StatusUnauthorized {
		t.Errorf("a wrong password: %d", got)
	}
	w.WantReason(owner, "no directory: ")
	other, port := good, good
	other.Server, port.Port = "mbx9", 6004
	for _, q := range []rpch.Request{other, port} {
		if got := out(q, webtest.Password); got != http.StatusServiceUnavailable {
			t.Errorf("%s:%d: %d", q.Server, q.Port, got)
		}
	}
	w.Do(func(time.Time) { w.rpc.SetRunning(false) })
	if got := out(good, webtest.Password); got != http.StatusServiceUnavailable {
		t.Errorf("a service that is down: %d", got)
	}
	w.Do(func(time.Time) { w.rpc.SetRunning(true) })
	replace := good
	replace.Purpose = rpch.ReplaceOut
	w.try(func(ctx context.Context) {
		conn, r, err := w.request(ctx, replace, webtest.Password, make([]byte, rpch.OutReplacementLength))
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		if resp, err := rpch.ReadResponse(r); err != nil || resp.StatusCode != http.StatusNotImplemented {
			t.Errorf("a channel to replace: %v, %v", resp, err)
		}
	})
}

func TestEcho(t *testing.T) {
	w := newWorld(t)
	<-w.Go(owner, func() {
		for _, p := range []rpch.Purpose{rpch.EchoIn, rpch.EchoOut} {
			r := rpch.Request{Purpose: p}.HTTP("cas1")
			r.URL.Scheme, r.URL.Host, r.URL.Path = "http", "cas1", "/RPC/RpcProxy.dll"
			r.SetBasicAuth(webtest.Dana, webtest.Password)
			resp, err := w.Client(owner).Do(r)
			if err != nil {
				t.Error(err)
				continue
			}
			if err := rpch.CheckEcho(resp.Body); err != nil {
				t.Error(resp.Status, err)
			}
			resp.Body.Close()
		}
	})
}

// Whatever ends one channel ends the other, and the session.
func TestEnds(t *testing.T) {
	for name, end := range map[string]func(w *world, c *client){
		"IN channel closed":  func(_ *world, c *client) { c.in.Close() },
		"OUT channel closed": func(_ *world, c *client) { c.out.Close() },
		"iisreset": func(w *world, _ *client) {
			w.Do(func(now time.Time) { w.CAS.Server("cas1").Reset(now, clientaccess.ResetOptions{}) })
		},
		"pool recycled": func(w *world, _ *client) {
			w.Do(func(now time.Time) { w.CAS.Server("cas1").RecyclePool(now, clientaccess.PoolRPCProxy) })
			w.Pass(w.Params.IIS.RecycleDrain)
		},
		"RPC service stopped": func(w *world, _ *client) {
			w.Do(func(now time.Time) {
				w.CAS.Server("cas1").RestartService(now, clientaccess.ServiceRPC, time.Second)
			})
		},
		"nonsense sent": func(w *world, c *client) {
			w.try(func(context.Context) { io.WriteString(c.in, "GET / HTTP/1.1\r\n\r\n") })
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c := w.signedIn()
			end(w, c)
			w.Pass(0)
			w.wantGone(c)
			w.Pass(time.Minute)
			c.hangUp()
			c = w.signedIn()
			c.hangUp()
			w.Pass(0)
			w.WantIdle()
		})
	}
}

// A channel waits for the other one, but not for ever, and not for somebody
// else's.
func TestHalfOpen(t *testing.T) {
	w := newWorld(t)
	half := func(purpose rpch.Purpose, body []byte) {
		w.try(func(ctx context.Context) {
			q := rpch.Request{Purpose: purpose, Server: "cas1", Port: emsmdb.HTTPPort}
			if _, _, err := w.request(ctx, q, webtest.Password, body); err != nil {
				t.Error(err)
			}
		})
	}
	half(rpch.OpenOut, names.A1())
	half(rpch.OpenOut, names.A1()) // the same cookie once more
	w.Pass(0)
	if n := w.Net.Open(); n != 1 {
		t.Errorf("%d channels wait, want 1", n)
	}
	half(rpch.OpenOut, nil) // no CONN/A1 follows
	other := names
	other.Connection = rpch.Cookie{9}
	half(rpch.OpenIn, other.B1())
	w.Pass(14 * time.Minute)
	if n := w.Net.Open(); n != 3 {
		t.Errorf("%d channels wait, want 3", n)
	}
	w.Pass(2 * time.Minute)
	w.WantIdle()

	// The IN channel may come first.
	half(rpch.OpenIn, names.B1())
	half(rpch.OpenOut, names.A1())
	w.Pass(time.Hour)
	if n := w.Net.Open(); n != 2 {
		t.Errorf("%d channels are open, want 2", n)
	}

	// The cookie of dana's connection is worth nothing to erin.
	half(rpch.OpenOut, other.A1())
	w.try(func(ctx context.Context) {
		conn, err := w.Dial(ctx, owner, "cas1:80")
		if err != nil {
			t.Error(err)
			return
		}
		r := rpch.Request{Purpose: rpch.OpenIn, Server: "cas1", Port: emsmdb.HTTPPort}.HTTP("cas1")
		r.SetBasicAuth(webtest.Erin, webtest.Password)
		if err := rpch.WriteHead(conn, r); err != nil {
			t.Error(err)
		}
		conn.Write(other.B1())
	})
	if n := w.Net.Open(); n != 3 {
		t.Errorf("%d channels are open, want 3", n)
	}
}
