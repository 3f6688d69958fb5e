package rpchttp_test

import (
	"testing"
	"time"

	"shutout/lab"
	"shutout/sim/clientaccess"
	"shutout/sim/server/servertest"
	"shutout/sim/server/webtest"
)

// outlook is Outlook at home.
func (w *world) outlook(behaviour lab.Behaviour, passwords ...string) *servertest.LabClient {
	w.TB.Helper()
	return w.LabClient(&lab.Activity{ID: owner, Path: lab.OutlookAnywhere, Client: behaviour},
		lab.Endpoint{Addr: "cas1:443", Host: "cas1.corp.example", Server: "cas1", Security: lab.Implicit, TLS: w.CA.Client()}, passwords...)
}

func TestOutlook(t *testing.T) {
	for _, auth := range []lab.Auth{"", lab.AuthNTLM} {
		w := newWorld(t)
		c := w.outlook(lab.Behaviour{Auth: auth}, "Wrong-1", webtest.Password)
		c.Want(lab.SignIn, "", "", "")
		c.Want(lab.Read, "", "", "")
		c.Want(lab.Send, "to erin", "", "")
		c.Want(lab.Receive, "hello", lab.Refused, "receive")
		w.Pass(time.Minute)
		w.Deliver("hello")
		w.Pass(time.Minute)
		c.Want(lab.Receive, "hello", "", "")
		w.Pass(20 * time.Minute) // pings, and the end of the wait for news
		c.Want(lab.Receive, "hello", "", "")
		made := c.Client.(interface{ Connections() int }).Connections()

		w.DisableAccount()
		w.Pass(time.Hour)
		c.Want(lab.Send, "from a disabled account", "", "")
		if n := c.Client.(interface{ Connections() int }).Connections(); n != made {
			t.Errorf("%d connections, %d before", n, made)
		}
		w.Do(func(now time.Time) { w.CAS.Server("cas1").Reset(now, clientaccess.ResetOptions{}) })
		c.Want(lab.Send, "while IIS is away", lab.Unreachable, "dial")
		w.Pass(time.Minute)
		c.Want(lab.Send, "when it is back", lab.Refused, "sign-in")
		c.Close()
		w.Pass(0)
		w.WantIdle()
	}
}

func TestOutlookRefused(t *testing.T) {
	w := newWorld(t)
	for _, auth := range []lab.Auth{lab.AuthBasic, lab.AuthNTLM} {
		c := w.outlook(lab.Behaviour{Auth: auth}, "Wrong-1")
		c.Want(lab.Read, "", lab.Refused, "sign-in")
	}
	w.Do(func(time.Time) { w.rpc.SetRunning(false) })
	c := w.outlook(lab.Behaviour{}, webtest.Password)
	c.Want(lab.Read, "", lab.Unreachable, "open mailbox")
	w.Do(func(time.Time) { w.rpc.SetRunning(true) })
	w.SwitchOff("mapi")
	c.Want(lab.Read, "", lab.Refused, "open mailbox")
	w.WantIdle()
}

// A restart of the service cuts Outlook off; it comes back, unless it is one
// that never does.
func TestOutlookReconnects(t *testing.T) {
	for _, reconnect := range []string{"", "never"} {
		w := newWorld(t)
		c := w.outlook(lab.Behaviour{Reconnect: reconnect}, webtest.Password)
		c.Want(lab.Receive, "hello", lab.Refused, "receive")
		w.Do(func(now time.Time) {
			w.CAS.Server("cas1").RestartService(now, clientaccess.ServiceRPC, time.Minute)
		})
		w.Pass(2 * time.Minute)
		if reconnect == "never" {
			c.Want(lab.Send, "again", lab.Unreachable, "send")
		} else {
			c.Want(lab.Send, "again", "", "")
		}
		c.Close()
		w.Pass(0)
		w.WantIdle()
	}
}
