package rpc_test

import (
	"context"
	"encoding/asn1"
	"errors"
	"net"
	"testing"
	"time"

	"shutout/lab/protocol/dcerpc"
	"shutout/lab/protocol/emsmdb"
	"shutout/lab/protocol/mapi"
	"shutout/lab/protocol/ntlm"
	"shutout/sim/clientaccess"
	"shutout/sim/network"
	"shutout/sim/server/outlook"
	"shutout/sim/server/rpc"
	"shutout/sim/server/servertest"
)

const (
	owner = "dana-outlook"
	port  = 59531
)

// world is an organisation whose cas1 serves Outlook.
type world struct {
	*servertest.World
	rpc *rpc.Server
}

func newWorld(tb testing.TB, settings ...string) *world {
	w := &world{World: servertest.New(tb, "ex2010", settings...)}
	w.rpc = rpc.New(w.World.World, "cas1", outlook.New(w.World.World, "cas1"), port)
	w.Listen("cas1", port, func(l *network.Listener) { w.rpc.Serve(l) })
	w.Listen("cas1", dcerpc.EndpointMapperPort, func(l *network.Listener) { w.rpc.ServeMapper(l) })
	w.CAS.OnServiceState = func(host, service string, up bool) {
		if service == clientaccess.ServiceRPC {
			w.rpc.SetRunning(up)
			w.Net.SetService(host, up, port)
		}
	}
	return w
}

// try makes an attempt of the activity now, and plays the world until it waits
// or is over.
func (w *world) try(f func(ctx context.Context)) {
	w.TB.Helper()
	w.At(w.Elapsed(), owner, f)
	w.pass(0)
}

func (w *world) pass(d time.Duration) {
	w.TB.Helper()
	w.Run(w.Elapsed() + d)
}

// client is the activity's end of a connection.
type client struct {
	*world
	conn    net.Conn
	rpc     *dcerpc.Conn
	session dcerpc.ContextHandle
	async   dcerpc.ContextHandle
}

var contexts = []dcerpc.Context{
	{ID: 0, Abstract: emsmdb.EMSMDB, Transfer: []dcerpc.SyntaxID{dcerpc.NDR}},
	{ID: 1, Abstract: emsmdb.AsyncEMSMDB, Transfer: []dcerpc.SyntaxID{dcerpc.NDR}},
}

// dial connects to cas1 and binds, with NTLM at a level unless that is 0.
func (w *world) dial(ctx context.Context, password string, level dcerpc.AuthLevel, change ...func(*dcerpc.Handshake)) (*client, error) {
	conn, err := w.Dial(ctx, owner, "cas1:59531")
	if err != nil {
		return nil, err
	}
	c := &client{world: w, conn: conn, rpc: dcerpc.NewConn(conn, dcerpc.Limits{})}
	if level == 0 {
		_, err = c.rpc.Bind(contexts, nil)
		return c, err
	}
	who := ntlm.Client{User: "dana", Domain: "CORP", Password: password, Flags: ntlm.Unicode | ntlm.RequestTarget | ntlm.NTLM |
		ntlm.Sign | ntlm.Seal | ntlm.AlwaysSign | ntlm.ExtendedSecurity | ntlm.Key128 | ntlm.KeyExchange}
	var protect dcerpc.Protector
	h := &dcerpc.Handshake{Type: dcerpc.AuthNTLM, Level: level, ContextID: 7}
	h.Next = func(challenge []byte) ([]byte, bool, error) {
		if challenge == nil {
			hello, err := who.Negotiate()
			return hello, true, err
		}
		message, exported, err := who.Authenticate(challenge, 0)
		if err != nil {
			return nil, false, err
		}
		a, err := ntlm.ParseAuthenticate(message)
		if err != nil {
			return nil, false, err
		}
		if level >= dcerpc.LevelPacket {
			protect, err = dcerpc.NTLM(ntlm.NewSession(a.Flags, exported, false), level)
		}
		return message, false, err
	}
	for _, f := range change {
		f(h)
	}
	if _, err := c.rpc.Bind(contexts, h); err != nil {
		return c, err
	}
	if protect != nil {
		c.rpc.Protect(dcerpc.Auth{Type: h.Type, Level: level, ContextID: h.ContextID}, protect)
	}
	return c, nil
}

// wrapped has SPNEGO carry what a handshake for NTLM says, in four messages of
// which an alter_context carries the third.
func wrapped(h *dcerpc.Handshake) {
	inner := h.Next
	h.Type = dcerpc.AuthNegotiate
	h.Next = func(challenge []byte) ([]byte, bool, error) {
		if challenge == nil {
			token, _, err := inner(nil)
			if err != nil {
				return nil, false, err
			}
			token, err = ntlm.NegInit{Mechs: []asn1.ObjectIdentifier{ntlm.MechNTLM}, Token: token}.Encode()
			return token, true, err
		}
		r, err := ntlm.ParseNegResp(challenge)
		if err != nil || r.State == ntlm.AcceptCompleted {
			return nil, false, err
		}
		token, _, err := inner(r.Token)
		if err != nil {
			return nil, false, err
		}
		token, err = ntlm.NegResp{State: -1, Token: token}.Encode()
		return token, true, err
	}
}

// signedIn has dana's session, and a registration for new mail.
func (w *world) signedIn() *client {
	w.TB.Helper()
	var c *client
	w.try(func(ctx context.Context) {
		var err error
		if c, err = w.dial(ctx, servertest.Password, dcerpc.LevelPrivacy); err != nil {
			w.TB.Error(err)
			return
		}
		if r, err := c.connect(w.Dir.LegacyDN("dana")); err != nil || r.Result != emsmdb.None {
			w.TB.Error(r, err)
			return
		}
		if err := c.register(); err != nil {
			w.TB.Error(err)
		}
	})
	if w.TB.Failed() {
		w.TB.FailNow()
	}
	return c
}

func (c *client) call(opnum uint16, stub []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return c.rpc.Call(&dcerpc.Request{Opnum: opnum, Stub: stub})
}

func (c *client) connect(dn string) (r emsmdb.ConnectExResponse, err error) {
	stub, err := emsmdb.ConnectExRequest{UserDN: dn, Link: 0xFFFFFFFF, ClientVersion: emsmdb.Version{14}}.Encode()
	if stub, err = c.call(emsmdb.OpConnectEx, stub, err); err == nil {
		r, err = emsmdb.ParseConnectExResponse(stub)
		c.session = r.Session
	}
	return r, err
}

// execute passes ROPs and returns how the call ended.
func (c *client) execute(handles []uint32, rops ...mapi.Request) (r emsmdb.RpcExt2Response, err error) {
	payload, err := mapi.RequestBuffer{Rops: rops, Handles: handles}.Encode()
	if err != nil {
		return r, err
	}
	buffer, err := mapi.AppendPayload(nil, payload, mapi.FlagLast)
	if err != nil {
		return r, err
	}
	stub, err := emsmdb.RpcExt2Request{Session: c.session, Buffer: buffer, MaxBufferOut: 0x8007}.Encode()
	if stub, err = c.call(emsmdb.OpRpcExt2, stub, err); err == nil {
		r, err = emsmdb.ParseRpcExt2Response(stub)
	}
	return r, err
}

// ping is an Execute that does nothing.
func (c *client) ping() (emsmdb.RpcExt2Response, error) { return c.execute([]uint32{mapi.NoHandle}) }

// register logs on to the mailbox, registers for new mail and opens the way to
// wait for it.
func (c *client) register() error {
	none := []uint32{mapi.NoHandle, mapi.NoHandle}
	r, err := c.execute(none,
		&mapi.LogonRequest{Output: 0, Flags: mapi.LogonPrivate, OpenFlags: mapi.OpenUsePerMDBReplidMap, ESSDN: c.Dir.LegacyDN("dana")},
		&mapi.RegisterNotificationRequest{Input: 0, Output: 1, Types: mapi.NotifyNewMail, WholeStore: true},
	)
	if err != nil || r.Result != emsmdb.None {
		return errors.Join(err, mapi.ErrorCode(r.Result))
	}
	stub, err := emsmdb.AsyncConnectExRequest{Session: c.session}.Encode()
	if stub, err = c.call(emsmdb.OpAsyncConnectEx, stub, err); err != nil {
		return err
	}
	a, err := emsmdb.ParseAsyncConnectExResponse(stub)
	c.async = a.Async
	return err
}

// wait leaves an EcDoAsyncWaitEx with the server and returns its call id.
func (c *client) wait() uint32 {
	stub, err := emsmdb.AsyncWaitExRequest{Async: c.async}.Encode()
	if err != nil {
		c.TB.Error(err)
	}
	id, err := c.rpc.Send(&dcerpc.Request{ContextID: 1, Opnum: emsmdb.OpAsyncWaitEx, Stub: stub})
	if err != nil {
		c.TB.Error(err)
	}
	return id
}

// answered reads the answer to an EcDoAsyncWaitEx.
func (c *client) answered(id uint32) emsmdb.AsyncWaitExResponse {
	stub, err := c.rpc.Receive(id)
	if err != nil {
		c.TB.Error(err)
	}
	r, err := emsmdb.ParseAsyncWaitExResponse(stub)
	if err != nil {
		c.TB.Error(err)
	}
	return r
}

// heard tells, without waiting, whether something has come.
func (c *client) heard() bool { return c.conn.(interface{ Pending() bool }).Pending() }

// wantFault fails the test unless err is that fault.
func (w *world) wantFault(what string, err error, status uint32) {
	w.TB.Helper()
	var f *dcerpc.FaultError
	if !errors.As(err, &f) || f.Status != status {
		w.TB.Errorf("%s: %v, want fault %#x", what, err, status)
	}
}
