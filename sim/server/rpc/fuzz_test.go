package rpc_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"shutout/lab/protocol/dcerpc"
	"shutout/lab/protocol/emsmdb"
	"shutout/sim/server/servertest"
)

// States in which FuzzServer begins.
const (
	unbound    = iota
	bound      // without a sign-in
	signedIn   // with NTLM, whose calls are not protected
	hasSession // and a session, with a call that waits
	states
)

// Stand-ins for the handles of the session that is open, which a fuzzer could
// not guess.
var (
	anySession = dcerpc.ContextHandle{UUID: dcerpc.MustUUID("a5a5a5a5-a5a5-a5a5-a5a5-a5a5a5a5a5a5")}
	anyAsync   = dcerpc.ContextHandle{UUID: dcerpc.MustUUID("5a5a5a5a-5a5a-5a5a-5a5a-5a5a5a5a5a5a")}
)

// FuzzServer sends any bytes to a server in each state, and to the endpoint
// mapper.
func FuzzServer(f *testing.F) {
	add := func(list ...dcerpc.Body) {
		var sent []byte
		for i, body := range list {
			p := dcerpc.PDU{Flags: dcerpc.FlagFirst | dcerpc.FlagLast, CallID: uint32(i + 1), Body: body}
			b, err := p.Append(nil)
			if err != nil {
				f.Fatal(err)
			}
			sent = append(sent, b...)
		}
		for s := range states {
			f.Add(s, s == 0, sent)
		}
	}
	stub := func(b []byte, err error) []byte {
		if err != nil {
			f.Fatal(err)
		}
		return b
	}
	bind := &dcerpc.Bind{MaxXmit: 5840, MaxRecv: 5840, Contexts: contexts}
	alter := *bind
	alter.Alter = true
	add(bind, &dcerpc.Request{Opnum: emsmdb.OpDummy})
	add(&alter, &dcerpc.Auth3{}, &dcerpc.Request{Opnum: emsmdb.OpConnectEx, Stub: stub(emsmdb.ConnectExRequest{UserDN: "dana"}.Encode())})
	add(&dcerpc.Request{Opnum: emsmdb.OpRpcExt2, Stub: stub(emsmdb.RpcExt2Request{Session: anySession, MaxBufferOut: 0x8007}.Encode())})
	add(&dcerpc.Request{Opnum: emsmdb.OpAsyncConnectEx, Stub: stub(emsmdb.AsyncConnectExRequest{Session: anySession}.Encode())},
		&dcerpc.Request{ContextID: 1, Stub: stub(emsmdb.AsyncWaitExRequest{Async: anyAsync}.Encode())},
		&dcerpc.Request{Opnum: emsmdb.OpDisconnect, Stub: stub(emsmdb.Disconnect{Session: anySession}.Encode())})
	add(&dcerpc.Signal{Kind: dcerpc.TypeOrphaned}, &dcerpc.Signal{Kind: dcerpc.TypeCancel}, &dcerpc.BindNak{})
	add(&dcerpc.Bind{MaxXmit: 5840, MaxRecv: 5840, Contexts: []dcerpc.Context{{Abstract: dcerpc.EndpointMapper, Transfer: []dcerpc.SyntaxID{dcerpc.NDR}}}},
		&dcerpc.Request{Opnum: dcerpc.OpnumEptMap, Stub: stub(dcerpc.EptMap{MaxTowers: 500}.Encode())})
	f.Fuzz(func(t *testing.T, state int, mapper bool, sent []byte) {
		w := newWorld(t)
		if mapper {
			w.Talk(owner, "cas1:135", nil, time.Second, sent)
			w.WantIdle()
			return
		}
		var c *client
		if state = (state%states + states) % states; state == unbound {
			w.Talk(owner, "cas1:59531", nil, time.Second, sent)
			w.WantIdle()
			return
		}
		w.try(func(ctx context.Context) {
			level := dcerpc.LevelConnect
			if state == bound {
				level = 0
			}
			var err error
			if c, err = w.dial(ctx, servertest.Password, level); err != nil {
				t.Error(err)
				return
			}
			if state == hasSession {
				if r, err := c.connect(w.Dir.LegacyDN("dana")); err != nil || r.Result != emsmdb.None {
					t.Error(r, err)
				} else if err := c.register(); err != nil {
					t.Error(err)
				}
				c.wait()
				sent = bytes.ReplaceAll(sent, anySession.UUID[:], c.session.UUID[:])
				sent = bytes.ReplaceAll(sent, anyAsync.UUID[:], c.async.UUID[:])
			}
			c.conn.Write(sent[:min(len(sent), servertest.MaxTalk)])
		})
		w.Do(func(now time.Time) { w.Mail(now, "dana", "hello") })
		w.pass(time.Minute)
		c.conn.Close()
		w.pass(10 * time.Minute)
		w.WantIdle()
	})
}
