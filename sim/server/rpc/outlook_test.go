package rpc_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"shutout/lab"
	labclient "shutout/lab/client"
	"shutout/sim/clientaccess"
	"shutout/sim/server/servertest"
)

// outlook is Outlook at home, as the runner has it.
func (w *world) outlook(behaviour lab.Behaviour, passwords ...string) lab.Client {
	w.TB.Helper()
	c, err := labclient.New(lab.Env{
		Endpoint: lab.Endpoint{Addr: "cas1:135", Host: "cas1.corp.example", Security: lab.Plain},
		Dial: func(ctx context.Context, addr string) (net.Conn, error) {
			return w.Dial(ctx, owner, addr)
		},
		Now:      w.Now,
		Login:    lab.Login{User: "dana@corp.example", Address: "dana@corp.example", Passwords: passwords, MailboxDN: w.Dir.LegacyDN("dana")},
		Activity: &lab.Activity{ID: owner, Path: lab.OutlookRPC, Client: behaviour},
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
		err = c.Do(ctx, lab.Task{Capability: what, From: "dana@corp.example", To: "erin@corp.example", Subject: subject, MessageID: "m@corp.example"})
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
	w := newWorld(t)
	c := w.outlook(lab.Behaviour{}, "Wrong-1", servertest.Password)
	w.want(c, lab.SignIn, "", "", "")
	w.want(c, lab.Read, "", "", "")
	w.want(c, lab.Send, "to erin", "", "")
	w.want(c, lab.Receive, "hello", lab.Refused, "receive")
	w.pass(time.Minute)
	w.Do(func(now time.Time) { w.Mail(now, "dana", "hello") })
	w.pass(time.Minute)
	w.want(c, lab.Receive, "hello", "", "")
	w.pass(6 * time.Minute) // the wait for news is over meanwhile
	w.want(c, lab.Receive, "hello", "", "")
	made := c.(interface{ Connections() int }).Connections()

	w.Do(func(now time.Time) { w.Disable(now, "dana") })
	w.pass(time.Hour)
	w.want(c, lab.Send, "from a disabled account", "", "")
	w.WantReason(owner, "protocol-session: open Outlook session")
	w.pass(time.Hour)
	w.want(c, lab.Send, "two hours later", lab.Refused, "sign-in")
	if n := c.(interface{ Connections() int }).Connections(); n <= made {
		t.Errorf("%d connections, %d before", n, made)
	}
	c.Close()
	w.pass(0)
	w.WantIdle()
}

func TestOutlookRefused(t *testing.T) {
	w := newWorld(t)
	c := w.outlook(lab.Behaviour{}, "Wrong-1")
	w.want(c, lab.Read, "", lab.Refused, "sign-in")
	c = w.outlook(lab.Behaviour{Auth: lab.AuthBasic}, servertest.Password)
	w.want(c, lab.Read, "", lab.Refused, "auth")
	w.Do(func(time.Time) { w.rpc.SetRunning(false) })
	c = w.outlook(lab.Behaviour{}, servertest.Password)
	w.want(c, lab.Read, "", lab.Unreachable, "endpoint mapper")
	w.WantIdle()
}

// A restart of the service cuts Outlook off; it comes back, unless it is one
// that never does.
func TestOutlookReconnects(t *testing.T) {
	for _, reconnect := range []string{"", "never"} {
		w := newWorld(t)
		c := w.outlook(lab.Behaviour{Reconnect: reconnect}, servertest.Password)
		w.want(c, lab.Receive, "hello", lab.Refused, "receive")
		w.Do(func(now time.Time) {
			w.CAS.Server("cas1").RestartService(now, clientaccess.ServiceRPC, time.Minute)
		})
		w.pass(2 * time.Minute)
		if reconnect == "never" {
			w.want(c, lab.Send, "again", lab.Unreachable, "send")
		} else {
			w.want(c, lab.Send, "again", "", "")
		}
		c.Close()
		w.pass(0)
		w.WantIdle()
	}
}
