package rpc_test

import (
	"bytes"
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"shutout/lab/protocol/dcerpc"
	"shutout/lab/protocol/emsmdb"
	"shutout/lab/protocol/mapi"
	"shutout/sim/clientaccess"
	"shutout/sim/server/servertest"
)

func TestMapper(t *testing.T) {
	w := newWorld(t)
	ask := func(id dcerpc.SyntaxID, transport dcerpc.Transport) (r dcerpc.EptMapResult) {
		w.try(func(ctx context.Context) {
			conn, err := w.Dial(ctx, owner, "cas1:135")
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			c := dcerpc.NewConn(conn, dcerpc.Limits{})
			if _, err := c.Bind([]dcerpc.Context{{Abstract: dcerpc.EndpointMapper, Transfer: []dcerpc.SyntaxID{dcerpc.NDR}}}, nil); err != nil {
				t.Error(err)
				return
			}
			q := dcerpc.EptMap{MaxTowers: 4, Tower: dcerpc.Endpoint{Interface: id, Transfer: dcerpc.NDR, Transport: transport}.Tower()}
			stub, err := q.Encode()
			if err == nil {
				stub, err = c.Call(&dcerpc.Request{Opnum: dcerpc.OpnumEptMap, Stub: stub})
			}
			if err == nil {
				r, err = dcerpc.ParseEptMapResult(stub)
			}
			if err != nil {
				t.Error(err)
			}
		})
		return r
	}
	for _, id := range []dcerpc.SyntaxID{emsmdb.EMSMDB, emsmdb.AsyncEMSMDB} {
		for transport, want := range map[dcerpc.Transport]uint16{dcerpc.TCP: port, dcerpc.HTTP: emsmdb.HTTPPort} {
			r := ask(id, transport)
			if r.Status != 0 || len(r.Towers) != 1 {
				t.Fatalf("%v: %+v", id, r)
			}
			if e, err := r.Towers[0].Endpoint(); err != nil || e.Port != want || e.Addr.String() != "10.0.1.21" || e.Interface != id {
				t.Errorf("%v: %+v, %v", id, e, err)
			}
		}
	}
	if r := ask(dcerpc.EndpointMapper, dcerpc.TCP); r.Status != dcerpc.EptNotRegistered || len(r.Towers) != 0 {
		t.Errorf("an interface that nobody serves is at %+v", r)
	}
	w.Do(func(time.Time) { w.rpc.SetRunning(false) })
	if r := ask(emsmdb.EMSMDB, dcerpc.TCP); r.Status != dcerpc.EptNotRegistered {
		t.Errorf("a service that is down is at %+v", r)
	}
	w.WantIdle()
}

func TestSignIn(t *testing.T) {
	for _, level := range []dcerpc.AuthLevel{dcerpc.LevelConnect, dcerpc.LevelPacket, dcerpc.LevelIntegrity, dcerpc.LevelPrivacy} {
		w := newWorld(t)
		w.try(func(ctx context.Context) {
			c, err := w.dial(ctx, servertest.Password, level)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.conn.Close()
			if stub, err := c.call(emsmdb.OpDummy, nil, nil); err != nil || len(stub) != 4 {
				t.Errorf("EcDummyRpc: % x, %v", stub, err)
			}
			r, err := c.connect(w.Dir.LegacyDN("dana"))
			if err != nil || r.Result != emsmdb.None || r.Session.IsZero() || r.DisplayName != "Dana Reyes" {
				t.Errorf("level %d: %+v, %v", level, r, err)
			}
			if r, err := c.ping(); err != nil || r.Result != emsmdb.None || r.Session != c.session || len(r.Buffer) == 0 {
				t.Errorf("level %d: %+v, %v", level, r, err)
			}
			stub, err := emsmdb.Disconnect{Session: c.session}.Encode()
			if _, err = c.call(emsmdb.OpDisconnect, stub, err); err != nil {
				t.Error(err)
			}
			_, err = c.ping()
			w.wantFault("a call behind EcDoDisconnect", err, dcerpc.StatusContextMismatch)
		})
		w.WantReason(owner, "directory: password accepted")
		w.WantIdle()
	}
}

func TestNegotiate(t *testing.T) {
	w := newWorld(t)
	w.try(func(ctx context.Context) {
		c, err := w.dial(ctx, servertest.Password, dcerpc.LevelPrivacy, wrapped)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.conn.Close()
		if r, err := c.connect(w.Dir.LegacyDN("dana")); err != nil || r.Result != emsmdb.None {
			t.Errorf("%+v, %v", r, err)
		}
		_, err = w.dial(ctx, "Wrong-1", dcerpc.LevelPrivacy, wrapped)
		w.wantFault("a wrong password", err, dcerpc.StatusAccessDenied)
	})
}

func TestRefusals(t *testing.T) {
	w := newWorld(t)
	w.try(func(ctx context.Context) {
		for what, try := range map[string]func() (*client, error){
			"nobody":         func() (*client, error) { return w.dial(ctx, "", 0) },
			"wrong password": func() (*client, error) { return w.dial(ctx, "Wrong-1", dcerpc.LevelPrivacy) },
		} {
			c, err := try()
			if err != nil {
				t.Errorf("%s: %v", what, err)
				continue
			}
			_, err = c.connect(w.Dir.LegacyDN("dana"))
			w.wantFault(what, err, dcerpc.StatusAccessDenied)
			c.conn.Close()
		}
	})
	w.WantReason(owner, "no directory: ")
	w.try(func(ctx context.Context) {
		c, err := w.dial(ctx, servertest.Password, dcerpc.LevelPrivacy)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.conn.Close()
		if r, err := c.connect("/o=CORP/cn=nobody"); err != nil || r.Result != emsmdb.UnknownUser || !r.Session.IsZero() {
			t.Errorf("a mailbox that is not there: %+v, %v", r, err)
		}
		_, err = c.ping()
		w.wantFault("no session", err, dcerpc.StatusContextMismatch)
		_, err = c.call(99, nil, nil)
		w.wantFault("no such opnum", err, dcerpc.StatusOpRange)
		_, err = c.call(emsmdb.OpRpcExt2, []byte{1, 2, 3}, nil)
		w.wantFault("a bad stub", err, dcerpc.StatusBadStub)
		_, err = c.rpc.Call(&dcerpc.Request{ContextID: 9})
		w.wantFault("a context that was not negotiated", err, dcerpc.StatusUnknownIf)
	})
	w.try(func(ctx context.Context) {
		conn, err := w.Dial(ctx, owner, "cas1:59531")
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, err = dcerpc.NewConn(conn, dcerpc.Limits{}).Bind(contexts, &dcerpc.Handshake{Type: 68, Level: dcerpc.LevelPrivacy,
			Next: func([]byte) ([]byte, bool, error) { return []byte("token"), true, nil }})
		if no, ok := err.(*dcerpc.BindError); !ok || no.Reason != dcerpc.NakAuthType {
			t.Errorf("a provider that is not there: %v", err)
		}
	})
	w.WantIdle()
}

// An open session is not asked who it is again.
func TestSessionOutlivesAccount(t *testing.T) {
	w := newWorld(t)
	c := w.signedIn()
	w.Do(func(now time.Time) { w.Disable(now, "dana") })
	w.pass(time.Hour)
	w.try(func(context.Context) {
		if r, err := c.ping(); err != nil || r.Result != emsmdb.None {
			t.Errorf("%+v, %v", r, err)
		}
	})
	w.WantReason(owner, "protocol-session: Outlook session held by RPC Client Access")
	w.pass(time.Hour)
	w.try(func(context.Context) {
		r, err := c.ping()
		if err != nil || mapi.ErrorCode(r.Result) != mapi.CodeAccountDisabled || !r.Session.IsZero() {
			t.Errorf("%+v, %v", r, err)
		}
		_, err = c.ping()
		w.wantFault("the ended session", err, dcerpc.StatusContextMismatch)
		if r, err := c.connect(w.Dir.LegacyDN("dana")); err != nil || mapi.ErrorCode(r.Result) != mapi.CodeAccountDisabled {
			t.Errorf("a disabled account opens a session on its old connection: %+v, %v", r, err)
		}
	})
	c.conn.Close()
	w.pass(0)
	w.WantIdle()
}

// Where a reset ends sessions, the connection that was signed in with the old
// password opens no other.
func TestResetTakesTheConnection(t *testing.T) {
	w := newWorld(t, "rpc.reset_severs=true")
	c := w.signedIn()
	w.pass(time.Minute)
	w.Do(func(now time.Time) {
		if err := w.Dir.PDC().SetPassword(now, "dana", "Autumn-2026"); err != nil {
			t.Fatal(err)
		}
	})
	w.try(func(context.Context) {
		r, err := c.ping()
		if err != nil || mapi.ErrorCode(r.Result) != mapi.CodeLogonFailed || !r.Session.IsZero() {
			t.Errorf("%+v, %v", r, err)
		}
		_, err = c.connect(w.Dir.LegacyDN("dana"))
		w.wantFault("another session", err, dcerpc.StatusAccessDenied)
	})
	c.conn.Close()
	w.pass(0)
	w.WantIdle()
}

func TestNews(t *testing.T) {
	w := newWorld(t)
	c := w.signedIn()
	var id uint32
	w.try(func(context.Context) { id = c.wait() })
	w.pass(time.Minute)
	if c.heard() {
		t.Fatal("news without mail")
	}
	w.Do(func(now time.Time) { w.Mail(now, "dana", "hello") })
	w.pass(0)
	w.try(func(context.Context) {
		if r := c.answered(id); r.Flags != emsmdb.NotificationPending || r.Result != emsmdb.None {
			t.Errorf("%+v", r)
		}
		id = c.wait() // what there is has not been fetched
		if r := c.answered(id); r.Flags != emsmdb.NotificationPending {
			t.Errorf("%+v", r)
		}
		if r, err := c.ping(); err != nil || len(r.Buffer) < 20 {
			t.Errorf("the notification: %+v, %v", r, err)
		}
		id = c.wait()
	})
	w.pass(4 * time.Minute)
	w.try(func(context.Context) { c.ping() }) // whoever is active may wait on
	w.pass(4 * time.Minute)
	if c.heard() {
		t.Fatal("the wait is over too early")
	}
	w.pass(time.Minute)
	w.try(func(context.Context) {
		if r := c.answered(id); r.Flags != 0 || r.Result != emsmdb.None {
			t.Errorf("%+v", r)
		}
		c.ping()
		first := c.wait()
		second := c.wait()
		if r := c.answered(second); r.Result == emsmdb.None {
			t.Errorf("two calls may wait: %+v", r)
		}
		c.rpc.WritePDU(&dcerpc.PDU{Flags: dcerpc.FlagFirst | dcerpc.FlagLast, CallID: first, Body: &dcerpc.Signal{Kind: dcerpc.TypeOrphaned}})
		id = c.wait() // the first has been given up
	})
	w.Do(func(now time.Time) { w.CAS.Server("cas1").RestartService(now, clientaccess.ServiceRPC, time.Second) })
	w.pass(0)
	w.WantIdle()
}

// The end of a session counts as news, and the next call tells of it.
func TestEndIsNews(t *testing.T) {
	w := newWorld(t)
	c := w.signedIn()
	var id uint32
	w.try(func(context.Context) { id = c.wait() })
	w.Do(func(now time.Time) {
		if w.Store.Sever(now, "dana", "severed by a test") == 0 {
			t.Error("the mailbox has no session")
		}
	})
	w.pass(0)
	w.try(func(context.Context) {
		if r := c.answered(id); r.Flags != emsmdb.NotificationPending {
			t.Errorf("%+v", r)
		}
		if r, err := c.ping(); err != nil || r.Result == emsmdb.None || !r.Session.IsZero() {
			t.Errorf("%+v, %v", r, err)
		}
	})
	if got := strings.Join(w.Reasons(owner), "; "); !strings.Contains(got, "severed by a test") {
		t.Error(got)
	}
	c.conn.Close()
	w.pass(0)
	w.WantIdle()
}

// A client that hangs up, and a service that stops, leave nothing behind.
func TestRundown(t *testing.T) {
	w := newWorld(t)
	c := w.signedIn()
	w.try(func(context.Context) { c.wait() })
	c.conn.Close()
	w.pass(0)
	w.WantIdle()

	c = w.signedIn()
	w.try(func(context.Context) { c.wait() })
	w.Do(func(now time.Time) {
		w.CAS.Server("cas1").RestartService(now, clientaccess.ServiceRPC, 10*time.Second)
	})
	w.pass(time.Second)
	w.WantIdle()
	w.try(func(ctx context.Context) {
		if _, err := c.ping(); err == nil {
			t.Error("the connection outlives the service")
		}
		if _, err := w.Dial(ctx, owner, "cas1:59531"); err == nil {
			t.Error("a service that is down takes a connection")
		}
	})
	w.pass(10 * time.Second)
	c = w.signedIn()
	w.try(func(context.Context) {
		if r, err := c.ping(); err != nil || r.Result != emsmdb.None {
			t.Errorf("%+v, %v", r, err)
		}
	})
	c.conn.Close()
	w.pass(0)
	w.WantIdle()
}

// Sessions that end take their goroutines along.
func TestNoGoroutineIsLeft(t *testing.T) {
	w := newWorld(t)
	// The lab keeps goroutines of its own for the next attempts; those of this
	// package must be gone, save the listeners' and the test's.
	serving := func() int {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		n := 0
		for g := range bytes.SplitSeq(stacks, []byte("\n\n")) {
			if bytes.Contains(g, []byte("sim/server/rpc.(*association)")) {
				n++
			}
		}
		return n
	}
	round := func() {
		clients := make([]*client, 10)
		for i := range clients {
			clients[i] = w.signedIn()
			w.try(func(context.Context) { clients[i].wait() })
		}
		if n := serving(); n < len(clients) {
			t.Fatalf("%d goroutines serve %d connections", n, len(clients))
		}
		for _, c := range clients {
			c.conn.Close()
		}
		w.pass(10 * time.Minute)
		w.WantIdle()
	}
	for range 2 {
		round()
		for range 1 << 20 {
			if serving() == 0 {
				break
			}
			runtime.Gosched()
		}
		if n := serving(); n > 0 {
			t.Errorf("%d goroutines serve connections that are gone", n)
		}
	}
}
