package rpc_test

import (
	"testing"
	"time"

	"shutout/lab"
	"shutout/sim/clientaccess"
	"shutout/sim/server/servertest"
)

// outlook is Outlook at home.
func (w *world) outlook(behaviour lab.Behaviour, passwords ...string) *servertest.LabClient {
	w.TB.Helper()
	return w.LabClient(&lab.Activity{ID: owner, Path: lab.OutlookRPC, Client: behaviour},
		lab.Endpoint{Addr: "cas1:135", Host: "cas1.corp.example", Security: lab.Plain}, passwords...)
}

func TestOutlook(t *testing.T) {
	w := newWorld(t)
	c := w.outlook(lab.Behaviour{}, "Wrong-1", servertest.Password)
	c.Want(lab.SignIn, "", "", "")
	c.Want(lab.Read, "", "", "")
	c.Want(lab.Send, "to erin", "", "")
	c.Want(lab.Receive, "hello", lab.Refused, "receive")
	w.pass(time.Minute)
	w.Do(func(now time.Time) { w.Mail(now, "dana", "hello") })
	w.pass(time.Minute)
	c.Want(lab.Receive, "hello", "", "")
	w.pass(6 * time.Minute) // the wait for news is over meanwhile
	c.Want(lab.Receive, "hello", "", "")
	made := c.Client.(interface{ Connections() int }).Connections()

	w.Do(func(now time.Time) { w.Disable(now, "dana") })
	w.pass(time.Hour)
	c.Want(lab.Send, "from a disabled account", "", "")
	w.WantReason(owner, "protocol-session: Outlook session held by RPC Client Access")
	w.pass(time.Hour)
	c.Want(lab.Send, "two hours later", lab.Refused, "sign-in")
	if n := c.Client.(interface{ Connections() int }).Connections(); n <= made {
		t.Errorf("%d connections, %d before", n, made)
	}
	c.Close()
	w.pass(0)
	w.WantIdle()
}

func TestOutlookRefused(t *testing.T) {
	w := newWorld(t)
	c := w.outlook(lab.Behaviour{}, "Wrong-1")
	c.Want(lab.Read, "", lab.Refused, "sign-in")
	c = w.outlook(lab.Behaviour{Auth: lab.AuthBasic}, servertest.Password)
	c.Want(lab.Read, "", lab.Refused, "auth")
	w.Do(func(time.Time) { w.rpc.SetRunning(false) })
	c = w.outlook(lab.Behaviour{}, servertest.Password)
	c.Want(lab.Read, "", lab.Unreachable, "endpoint mapper")
	w.WantIdle()
}

// A restart of the service cuts Outlook off; it comes back, unless it is one
// that never does.
func TestOutlookReconnects(t *testing.T) {
	for _, reconnect := range []string{"", "never"} {
		w := newWorld(t)
		c := w.outlook(lab.Behaviour{Reconnect: reconnect}, servertest.Password)
		c.Want(lab.Receive, "hello", lab.Refused, "receive")
		w.Do(func(now time.Time) {
			w.CAS.Server("cas1").RestartService(now, clientaccess.ServiceRPC, time.Minute)
		})
		w.pass(2 * time.Minute)
		if reconnect == "never" {
			c.Want(lab.Send, "again", lab.Unreachable, "send")
		} else {
			c.Want(lab.Send, "again", "", "")
		}
		c.Close()
		w.pass(0)
		w.WantIdle()
	}
}
