package outlook

import (
	"testing"
	"time"

	"shutout/lab"
	"shutout/lab/protocol/mapi"
	"shutout/sim/clientaccess"
	"shutout/sim/store"
)

func TestMoveSevers(t *testing.T) {
	b := newBench(t, "ex2010", "cas1")
	x := b.mustConnect(lab.OutlookRPC)
	in := b.openInbox(x)
	var ended string
	x.OnEnd(func(_ time.Time, reason string) { ended = reason })
	var m *store.Move
	b.Do(func(now time.Time) {
		var err error
		if m, err = b.Store.Move(now, "dana", "db2"); err != nil {
			t.Fatal(err)
		}
	})
	b.pass(m.LocksAt.Sub(b.Now()) + time.Millisecond)
	p, code := b.execute(x, []uint32{in.table}, &mapi.QueryRowsRequest{Forward: true, RowCount: 5})
	if code != mapi.Success {
		t.Fatalf("while the mailbox is locked the session ends with %v", code)
	}
	if no, ok := p.Rops[0].(*mapi.ErrorResponse); !ok || no.Code != mapi.CodeMailboxInTransit {
		t.Errorf("while the mailbox is locked: %+v", p.Rops[0])
	}
	b.WantReason(owner, "no store: mailbox locked by its move to db2")
	if code := b.send(x, in, "erin@corp.example", "x", "x"); code != mapi.CodeMailboxInTransit {
		t.Errorf("send while the mailbox is locked: %v", code)
	}
	if _, code := b.connect(lab.OutlookRPC, "dana"); code != mapi.CodeMailboxInTransit {
		t.Errorf("a new session: %v", code)
	}
	b.pass(m.EndsAt.Sub(b.Now()) - time.Millisecond)
	if ended != "" {
		t.Errorf("ended before the move did: %s", ended)
	}
	b.pass(time.Millisecond)
	if ended != "the mailbox was moved to db2 on mbx2" {
		t.Errorf("ended: %q", ended)
	}
	b.want("after the move", x, mapi.CodeEndOfSession)
	fresh := b.mustConnect(lab.OutlookRPC)
	b.openInbox(fresh)
}

// A check that falls into the lock of a move decides nothing.
func TestCheckWhileLocked(t *testing.T) {
	b := newBench(t, "ex2010", "cas1", "store.move_lock=10m")
	x := b.mustConnect(lab.OutlookRPC)
	b.pass(115 * time.Minute)
	var m *store.Move
	b.Do(func(now time.Time) {
		var err error
		if m, err = b.Store.Move(now, "dana", "db2"); err != nil {
			t.Fatal(err)
		}
	})
	b.pass(7 * time.Minute)
	b.want("while the mailbox is locked", x, mapi.Success)
	b.Do(func(now time.Time) { m.Fail(now, "cancelled") })
	b.disable()
	b.pass(5 * time.Minute) // the server's directory cache is from the check before
	b.want("checked as soon as it can be", x, mapi.CodeAccountDisabled)
}

func TestMailboxElsewhere(t *testing.T) {
	b := newBench(t, "ex2003", "mbx1")
	x := b.mustConnect(lab.OutlookRPC)
	b.openInbox(x)
	b.Do(func(now time.Time) {
		if _, err := b.Store.Move(now, "dana", "db2"); err != nil {
			t.Fatal(err)
		}
	})
	b.pass(10 * time.Minute)
	b.want("after the move", x, mapi.CodeEndOfSession)
	x = b.mustConnect(lab.OutlookRPC)
	p, code := b.execute(x, []uint32{mapi.NoHandle, mapi.NoHandle},
		&mapi.LogonRequest{Flags: mapi.LogonPrivate, ESSDN: b.dn}, &mapi.OpenFolderRequest{Output: 1})
	if code != mapi.Success {
		t.Fatal(code)
	}
	if r, ok := p.Rops[0].(*mapi.LogonRedirectResponse); !ok || r.ServerName != "mbx2" {
		t.Errorf("logon: %+v", p.Rops[0])
	}
	if no, ok := p.Rops[1].(*mapi.ErrorResponse); !ok || no.Code != mapi.CodeNullObject {
		t.Errorf("without a logon: %+v", p.Rops[1])
	}
	b.svc = New(b.World.World, "mbx2")
	b.openInbox(b.mustConnect(lab.OutlookRPC))
	b.WantReason(owner, "protocol-session: Outlook session held by the information store")
}

func TestRestarts(t *testing.T) {
	rpc := func(b *bench, now time.Time) {
		b.CAS.Server("cas1").RestartService(now, clientaccess.ServiceRPC, time.Minute)
	}
	iis := func(b *bench, now time.Time) { b.CAS.Server("cas1").Reset(now, clientaccess.ResetOptions{}) }
	pool := func(b *bench, now time.Time) { b.CAS.Server("cas1").RecyclePool(now, clientaccess.PoolMAPI) }
	information := func(b *bench, now time.Time) { b.Store.Restart(now, "mbx1") }
	disconnect := func(b *bench, now time.Time) { b.Store.Disconnect(now, "dana") }
	for name, c := range map[string]struct {
		version, host string
		path          lab.Path
		do            func(*bench, time.Time)
		ends          string
	}{
		"RPC Client Access":               {"ex2010", "cas1", lab.OutlookRPC, rpc, "MSExchangeRPC stopped"},
		"RPC Client Access behind HTTP":   {"ex2010", "cas1", lab.OutlookAnywhere, rpc, "MSExchangeRPC stopped"},
		"RPC Client Access, store-held":   {"ex2003", "mbx1", lab.OutlookRPC, rpc, ""},
		"RPC Client Access and MAPI/HTTP": {"ex2016", "cas1", lab.MAPIHTTP, rpc, ""},
		"IIS":                             {"ex2016", "cas1", lab.MAPIHTTP, iis, "W3SVC stopped"},
		"IIS and RPC":                     {"ex2010", "cas1", lab.OutlookRPC, iis, ""},
		"the pool":                        {"ex2016", "cas1", lab.MAPIHTTP, pool, "worker process of MSExchangeMapiFrontEndAppPool ended"},
		"the store, 2003":                 {"ex2003", "mbx1", lab.OutlookRPC, information, "the information store of mbx1 restarted"},
		"the store, 2010":                 {"ex2010", "cas1", lab.OutlookRPC, information, "the information store of mbx1 restarted"},
		"the store, 2016":                 {"ex2016", "cas1", lab.MAPIHTTP, information, "the information store of mbx1 restarted"},
		"Disable-Mailbox":                 {"ex2010", "cas1", lab.OutlookRPC, disconnect, "the mailbox was disconnected from its account"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, c.version, c.host)
			x := b.mustConnect(c.path)
			calls := 0
			x.OnEnd(func(time.Time, string) { calls++ })
			b.Do(func(now time.Time) { c.do(b, now) })
			b.pass(2 * time.Minute) // longer than a pool drains
			reason, over := x.Ended()
			if over != (c.ends != "") || reason != c.ends {
				t.Errorf("ended %v: %q, want %q", over, reason, c.ends)
			}
			if want := map[bool]int{true: 1}[over]; calls != want {
				t.Errorf("told %d times", calls)
			}
			if !over {
				b.want("goes on", x, mapi.Success)
				b.Do(func(now time.Time) { x.Close(now); x.Close(now) })
				if calls != 0 {
					t.Error("the client's own end was told")
				}
			}
			b.WantIdleSessions()
		})
	}
}
