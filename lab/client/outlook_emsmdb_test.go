package client

import (
	"context"
	"errors"
	"net"
	"runtime"
	"testing"

	"shutout/lab"
	"shutout/lab/protocol/dcerpc"
	"shutout/lab/protocol/emsmdb"
	"shutout/lab/protocol/mapi"
)

var (
	sessionHandle = dcerpc.ContextHandle{UUID: dcerpc.MustUUID("01020304-0506-0708-090a-0b0c0d0e0f10")}
	asyncHandle   = dcerpc.ContextHandle{UUID: dcerpc.MustUUID("11121314-1516-1718-191a-1b1c1d1e1f20")}
)

// fakeRPC is the server's end of a connection on which a session is open.
type fakeRPC struct {
	t    *testing.T
	conn net.Conn
	*dcerpc.Conn
}

// openEmsmdb has a session open, with a server that the test plays.
func openEmsmdb(t *testing.T, serve func(*fakeRPC)) *emsmdbLine {
	t.Helper()
	l := newTestLab(t, lab.OutlookRPC)
	l.script(func(c net.Conn) { serve(&fakeRPC{t, c, dcerpc.NewConn(c, dcerpc.Limits{})}) })
	conn, err := newLine(l.env).reach(context.Background(), "cas1:1")
	if err != nil {
		t.Fatal(err)
	}
	e := &emsmdbLine{
		rpc:     dcerpc.NewConn(conn, dcerpc.Limits{}),
		came:    func() (bool, error) { return heard(conn), nil },
		patient: func() { extend(conn, patience) },
		hangUp:  func() { conn.Close() },
		session: sessionHandle, async: asyncHandle,
	}
	t.Cleanup(e.drop)
	return e
}

// request reads the next request.
func (f *fakeRPC) request(opnum uint16) *dcerpc.PDU {
	p, err := f.ReadMessage()
	if err != nil {
		f.t.Error(err)
		return &dcerpc.PDU{Body: new(dcerpc.Request)}
	}
	if q, ok := p.Body.(*dcerpc.Request); !ok || q.Opnum != opnum {
		f.t.Errorf("%+v, want opnum %d", p.Body, opnum)
	}
	return p
}

func (f *fakeRPC) reply(call *dcerpc.PDU, stub []byte, err error) {
	if err == nil {
		err = f.Reply(call, stub)
	}
	if err != nil {
		f.t.Error(err)
	}
}

func (f *fakeRPC) answer(call *dcerpc.PDU, r emsmdb.RpcExt2Response) {
	stub, err := r.Encode()
	f.reply(call, stub, err)
}

func (f *fakeRPC) news(call *dcerpc.PDU, r emsmdb.AsyncWaitExResponse) {
	stub, err := r.Encode()
	f.reply(call, stub, err)
}

// end waits until the client has hung up.
func (f *fakeRPC) end() { f.conn.Read(make([]byte, 1)) }

func execute(e *emsmdbLine, once bool) (string, error) {
	out, err := e.execute(context.Background(), "read", []byte("rops"), once)
	return string(out), err
}

// The answer to the call that waits may come before that to another one.
func TestEmsmdbNews(t *testing.T) {
	pending := emsmdb.AsyncWaitExResponse{Flags: emsmdb.NotificationPending}
	e := openEmsmdb(t, func(f *fakeRPC) {
		held := f.request(emsmdb.OpAsyncWaitEx)
		call := f.request(emsmdb.OpRpcExt2)
		f.news(held, pending)
		f.answer(call, emsmdb.RpcExt2Response{Session: sessionHandle, Buffer: []byte("answer")})

		held = f.request(emsmdb.OpAsyncWaitEx)
		call = f.request(emsmdb.OpRpcExt2)
		f.answer(call, emsmdb.RpcExt2Response{Session: sessionHandle})
		f.news(held, pending)

		held = f.request(emsmdb.OpAsyncWaitEx)
		f.news(held, emsmdb.AsyncWaitExResponse{}) // nothing happened in time
		call = f.request(emsmdb.OpRpcExt2)
		f.answer(call, emsmdb.RpcExt2Response{Session: sessionHandle})

		held = f.request(emsmdb.OpAsyncWaitEx)
		f.news(held, emsmdb.AsyncWaitExResponse{Result: emsmdb.AccessDenied})
		call = f.request(emsmdb.OpRpcExt2)
		f.answer(call, emsmdb.RpcExt2Response{Session: sessionHandle})
		call = f.request(emsmdb.OpRpcExt2) // and no EcDoAsyncWaitEx
		f.answer(call, emsmdb.RpcExt2Response{Session: sessionHandle})
	})
	ctx := context.Background()
	must := func() {
		t.Helper()
		if _, err := execute(e, false); err != nil {
			t.Fatal(err)
		}
	}
	e.wait(ctx)
	e.wait(ctx) // one is outstanding already
	if e.news() {
		t.Error("news before there is any")
	}
	if out, err := execute(e, false); err != nil || out != "answer" {
		t.Fatalf("%q, %v", out, err)
	}
	e.wait(ctx) // news that nobody has asked for
	if !e.news() || e.news() {
		t.Error("the news is told not at all, or twice")
	}
	e.wait(ctx)
	must()
	for range 1 << 24 {
		if e.news() {
			e.wait(ctx)
			must()
			if e.news() {
				t.Error("a wait without news counts as news")
			}
			e.wait(ctx)
			must()
			e.wait(ctx)
			must()
			return
		}
		runtime.Gosched()
	}
	t.Error("no news")
}

func TestEmsmdbFailures(t *testing.T) {
	fault := func(status uint32) func(*fakeRPC) {
		return func(f *fakeRPC) {
			f.Fault(f.request(emsmdb.OpRpcExt2), status)
			f.end()
		}
	}
	result := func(r emsmdb.RpcExt2Response) func(*fakeRPC) {
		return func(f *fakeRPC) {
			f.answer(f.request(emsmdb.OpRpcExt2), r)
			f.end()
		}
	}
	hangsUp := func(f *fakeRPC) { f.request(emsmdb.OpRpcExt2) }
	for name, tt := range map[string]struct {
		serve       func(*fakeRPC)
		once        bool
		want        lab.Failure
		lost, again bool
	}{
		"context mismatch": {fault(dcerpc.StatusContextMismatch), true,
			lab.Failure{Kind: lab.Refused, Stage: "read", Text: "the server does not know the session any more"}, true, true},
		"access denied": {fault(dcerpc.StatusAccessDenied), false, lab.Failure{Kind: lab.Refused, Stage: "read", Text: "access denied"}, true, true},
		"too busy": {fault(dcerpc.StatusServerTooBusy), false,
			lab.Failure{Kind: lab.Unreachable, Stage: "read", Text: "the server is too busy"}, false, false},
		"another fault": {fault(0x1234), false, lab.Failure{Kind: lab.Refused, Stage: "read", Text: "RPC fault 0x00001234"}, false, false},
		"another fault to once": {func(f *fakeRPC) {
			p := f.request(emsmdb.OpRpcExt2)
			f.WriteMessage(&dcerpc.PDU{CallID: p.CallID, Body: &dcerpc.Fault{Status: 0x1234}})
			f.end()
		}, true, lab.Failure{Kind: lab.Unknown, Stage: "read", Text: "RPC fault 0x00001234"}, false, false},
		"a fault before once was begun": {fault(0x1234), true, lab.Failure{Kind: lab.Refused, Stage: "read", Text: "RPC fault 0x00001234"}, false, false},
		"nonsense to once": {func(f *fakeRPC) {
			f.reply(f.request(emsmdb.OpRpcExt2), []byte("?"), nil)
			f.end()
		}, true, lab.Failure{Kind: lab.Unknown, Stage: "read", Text: "unexpected answer: emsmdb: EcDoRpcExt2 response: dcerpc: offset 0: 4 octets needed, 1 left"}, false, false},
		"session ended": {result(emsmdb.RpcExt2Response{Result: emsmdb.ErrorCode(mapi.CodeAccountDisabled)}), true,
			lab.Failure{Kind: lab.Refused, Stage: "read", Text: mapi.CodeAccountDisabled.Error()}, true, true},
		"bad buffer": {result(emsmdb.RpcExt2Response{Session: sessionHandle, Result: emsmdb.RpcFormat}), false,
			lab.Failure{Kind: lab.Refused, Stage: "read", Text: mapi.CodeRPCFormat.Error()}, false, false},
		"no answer":         {hangsUp, false, lab.Failure{Kind: lab.Unreachable, Stage: "read", Text: closedText}, true, true},
		"no answer to once": {hangsUp, true, lab.Failure{Kind: lab.Unknown, Stage: "read", Text: closedText}, true, false},
		"shutdown": {func(f *fakeRPC) {
			f.request(emsmdb.OpRpcExt2)
			f.WriteMessage(&dcerpc.PDU{Body: &dcerpc.Signal{Kind: dcerpc.TypeShutdown}})
			f.end()
		}, false, lab.Failure{Kind: lab.Unreachable, Stage: "read", Text: dcerpc.ErrShutdown.Error()}, true, true},
		"an answer to another call": {func(f *fakeRPC) {
			p := f.request(emsmdb.OpRpcExt2)
			p.CallID += 7
			f.Fault(p, 1)
			f.end()
		}, false, lab.Failure{Kind: lab.Unreachable, Stage: "read", Text: "an answer to call 8 in place of 1"}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			e := openEmsmdb(t, tt.serve)
			_, err := execute(e, tt.once)
			check(t, name, failure(err, ""), &tt.want)
			var gone *lost
			if errors.As(err, &gone) != tt.lost || tt.lost && gone.again != tt.again {
				t.Errorf("%+v", err)
			}
			e.drop()
		})
	}
}

// A connection that died meanwhile is found dead before anything is handed over.
func TestEmsmdbDeadConnection(t *testing.T) {
	e := openEmsmdb(t, func(*fakeRPC) {})
	for range 1 << 24 {
		if ok, _ := e.came(); ok {
			break
		}
		runtime.Gosched()
	}
	if e.news() {
		t.Error("the end counts as news")
	}
	_, err := execute(e, true)
	var gone *lost
	if !errors.As(err, &gone) || !gone.again || gone.Kind != lab.Unreachable {
		t.Errorf("%+v", err)
	}
}

func TestBindFailures(t *testing.T) {
	for want, err := range map[lab.Failure]error{
		{Kind: lab.Refused, Stage: stageSignIn, Text: "the server refuses the bind"}:                     &dcerpc.BindError{Reason: dcerpc.NakNotSpecified},
		{Kind: lab.Refused, Stage: stageAuth, Text: "the server does not take this way to sign in"}:      &dcerpc.BindError{Reason: dcerpc.NakAuthType},
		{Kind: lab.Unreachable, Stage: stageBind, Text: "dcerpc: the server refuses the bind, reason 2"}: &dcerpc.BindError{Reason: dcerpc.NakLocalLimit},
		{Kind: lab.Refused, Stage: stageSignIn, Text: "access denied"}:                                   &dcerpc.FaultError{Status: dcerpc.StatusAccessDenied},
		{Kind: lab.Unreachable, Stage: stageBind, Text: closedText}:                                      net.ErrClosed,
		{Kind: lab.Refused, Stage: "ticket", Text: "no"}:                                                 refused("ticket", "no"),
	} {
		check(t, want.Text, bindFailure(err), &want)
	}
	for code, want := range map[mapi.ErrorCode]lab.Failure{
		mapi.CodeLogonFailed:     {Kind: lab.Refused, Stage: stageSignIn, Text: mapi.CodeLogonFailed.Error()},
		mapi.CodeAccountDisabled: {Kind: lab.Refused, Stage: stageMailbox, Text: mapi.CodeAccountDisabled.Error()},
		mapi.CodeServerBusy:      {Kind: lab.Unreachable, Stage: stageMailbox, Text: mapi.CodeServerBusy.Error()},
	} {
		check(t, want.Text, connectFailure(code), &want)
	}
}
