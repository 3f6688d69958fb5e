package rpchttp_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"shutout/lab"
	labclient "shutout/lab/client"
	"shutout/sim/clientaccess"
	"shutout/sim/server/webtest"
)

// outlook is Outlook at home, as the runner has it.
func (w *world) outlook(behaviour lab.Behaviour, passwords ...string) lab.Client {
	w.TB.Helper()
	c, err := labclient.New(lab.Env{
		Endpoint: lab.Endpoint{Addr: "cas1:443", Host: "cas1.corp.example", Server: "cas1", Security: lab.Implicit, TLS: w.CA.Client()},
		Dial: func(ctx context.Context, addr string) (net.Conn, error) {
			return w.Dial(ctx, owner, addr)
		},
		Now:      w.Now,
		Login:    lab.Login{User: webtest.Dana, Address: webtest.Dana, Passwords: passwords, MailboxDN: w.Dir.LegacyDN("dana")},
		Activity: &lab.Activity{ID: owner, Path: lab.OutlookAnywhere, Client: behaviour},
		Domain:   "corp.example",
	})
	if err != nil {
		w.TB.Fatal(err)
	}
	return c
}

// do makes an attempt now and returns how it ended.
func (w *world) do(c lab.Client, what lab.Capability, subject string) (err error) {
	w.TB.Helper()
	w.try(func(ctx context.Context) {
		err = c.Do(ctx, lab.Task{Capability: what, From: webtest.Dana, To: webtest.Erin, Subject: subject, MessageID: "m@corp.example"})
	})
	return err
}

func (w *world) want(c lab.Client, what lab.Capability, subject string, kind lab.FailureKind, stage string) {
	w.TB.Helper()
	err := w.do(c, what, subject)
	var f *lab.Failure
	switch {
	case kind == "":
		if err != nil {
			w.TB.Errorf("%s: %v", what, err)
		}
	case !errors.As(err, &f) || f.Kind != kind || f.Stage != stage:
		w.TB.Errorf("%s: %v, want %v at %s", what, err, kind, stage)
	}
}

func TestOutlook(t *testing.T) {
	for _, auth := range []lab.Auth{"", lab.AuthNTLM} {
		w := newWorld(t)
		c := w.outlook(lab.Behaviour{Auth: auth}, "Wrong-1", webtest.Password)
		w.want(c, lab.SignIn, "", "", "")
		w.want(c, lab.Read, "", "", "")
		w.want(c, lab.Send, "to erin", "", "")
		w.want(c, lab.Receive, "hello", lab.Refused, "receive")
		w.Pass(time.Minute)
		w.Deliver("hello")
		w.Pass(time.Minute)
		w.want(c, lab.Receive, "hello", "", "")
		w.Pass(20 * time.Minute) // pings, and the end of the wait for news
		w.want(c, lab.Receive, "hello", "", "")
		made := c.(interface{ Connections() int }).Connections()

		w.DisableAccount()
		w.Pass(time.Hour)
		w.want(c, lab.Send, "from a disabled account", "", "")
		if n := c.(interface{ Connections() int }).Connections(); n != made {
			t.Errorf("%d connections, %d before", n, made)
		}
		w.Do(func(now time.Time) { w.CAS.Server("cas1").Reset(now, clientaccess.ResetOptions{}) })
		w.want(c, lab.Send, "while IIS is away", lab.Unreachable, "dial")
		w.Pass(time.Minute)
		w.want(c, lab.Send, "when it is back", lab.Refused, "sign-in")
		c.Close()
		w.Pass(0)
		w.WantIdle()
	}
}

func TestOutlookRefused(t *testing.T) {
	w := newWorld(t)
	for _, auth := range []lab.Auth{lab.AuthBasic, lab.AuthNTLM} {
		c := w.outlook(lab.Behaviour{Auth: auth}, "Wrong-1")
		w.want(c, lab.Read, "", lab.Refused, "sign-in")
	}
	w.Do(func(time.Time) { w.rpc.SetRunning(false) })
	c := w.outlook(lab.Behaviour{}, webtest.Password)
	w.want(c, lab.Read, "", lab.Unreachable, "open mailbox")
	w.Do(func(time.Time) { w.rpc.SetRunning(true) })
	w.SwitchOff("mapi")
	w.want(c, lab.Read, "", lab.Refused, "open mailbox")
	w.WantIdle()
}

// A restart of the service cuts Outlook off; it comes back, unless it is one
// that never does.
func TestOutlookReconnects(t *testing.T) {
	for _, reconnect := range []string{"", "never"} {
		w := newWorld(t)
		c := w.outlook(lab.Behaviour{Reconnect: reconnect}, webtest.Password)
		w.want(c, lab.Receive, "hello", lab.Refused, "receive")
		w.Do(func(now time.Time) {
			w.CAS.Server("cas1").RestartService(now, clientaccess.ServiceRPC, time.Minute)
		})
		w.Pass(2 * time.Minute)
		if reconnect == "never" {
			w.want(c, lab.Send, "again", lab.Unreachable, "send")
		} else {
			w.want(c, lab.Send, "again", "", "")
		}
		c.Close()
		w.Pass(0)
		w.WantIdle()
	}
}
