package ldap_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"shutout/lab"
	"shutout/sim/clock"
	"shutout/sim/network"
	"shutout/sim/server"
	"shutout/sim/server/ldap"
)

// On the lab's network the world is at rest while a client keeps its
// connection open, decisions reach the activity, and the connection that was
// silent for too long ends in virtual time.
func TestOnTheLabsNetwork(t *testing.T) {
	base := newWorld(t)
	w := &server.World{TL: base.tl, Dir: base.dir, Net: network.New(base.tl)}
	w.Net.AddHost(lab.Host{ID: "desk", Addr: netip.MustParseAddr("10.0.2.7"), Zone: lab.LAN})
	w.Net.AddHost(lab.Host{ID: "dc1", Addr: netip.MustParseAddr("10.0.1.1"), Zone: lab.Servers})
	ca, err := server.NewAuthority(w.Now)
	if err != nil {
		t.Fatal(err)
	}
	conf, err := ca.Server("dc1")
	if err != nil {
		t.Fatal(err)
	}
	s := &ldap.Server{World: w, DC: w.Dir.DC("dc1"), TLS: conf, Idle: 15 * time.Minute}
	l, err := w.Net.Listen("dc1", 389)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()

	clk := clock.New(base.tl, w.Net, w)
	var c *goldap.Conn
	steps := []struct {
		at time.Duration
		do func(ctx context.Context)
	}{
		{0, func(ctx context.Context) {
			conn, err := w.Net.Dial(ctx, "dana-ldap", "desk", "dc1:389")
			if err != nil {
				t.Error(err)
				return
			}
			c = goldap.NewConn(conn, false)
			c.Start()
			client := ca.Client()
			client.ServerName = "dc1"
			if err := c.StartTLS(client); err != nil {
				t.Error(err)
			}
			if err := c.Bind(dana, "wrong"); !goldap.IsErrorWithCode(err, 49) {
				t.Error(err)
			}
			if err := c.Bind(dana, "Secret-1"); err != nil {
				t.Error(err)
			}
		}},
		{14 * time.Minute, func(context.Context) {
			if who, err := c.WhoAmI(nil); err != nil || who.AuthzID != `u:CORP\dana` {
				t.Error(who, err)
			}
		}},
		{40 * time.Minute, func(context.Context) {
			if w.Net.Open() != 0 {
				t.Error("a connection that was silent for 26 minutes is still open")
			}
			if _, err := c.WhoAmI(nil); err == nil {
				t.Error("it still answers")
			}
		}},
	}
	for _, step := range steps {
		clk.At(start.Add(step.at), lab.ClassAttempt, "dana-ldap", step.do)
	}
	if err := clk.Run(context.Background(), start.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	ds := w.Decisions("dana-ldap")
	if len(ds) != 2 || ds[0].Allowed || !ds[1].Allowed || ds[1].Server != "dc1" {
		t.Errorf("decisions %+v", ds)
	}
	l.Close()
	if err := <-served; err != nil {
		t.Error(err)
	}
	w.Net.Close()
}
