package rpchttp_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"shutout/lab/protocol/dcerpc"
	"shutout/lab/protocol/emsmdb"
	"shutout/lab/protocol/rpch"
	"shutout/sim/clientaccess"
	"shutout/sim/network"
	"shutout/sim/server/outlook"
	"shutout/sim/server/rpc"
	"shutout/sim/server/rpchttp"
	"shutout/sim/server/webtest"
)

const owner = "dana-outlook"

// world is an organisation whose cas1 has the proxy and the server behind it.
type world struct {
	*webtest.World
	rpc *rpc.Server
}

func newWorld(tb testing.TB, settings ...string) *world {
	w := &world{World: webtest.New(tb, "ex2010", settings...)}
	w.rpc = rpc.New(w.World.World.World, "cas1", outlook.New(w.World.World.World, "cas1"), emsmdb.HTTPPort)
	iis := w.CAS.OnServiceState
	w.CAS.OnServiceState = func(host, service string, up bool) {
		iis(host, service, up)
		switch service {
		case clientaccess.ServiceIIS:
			w.Net.SetService(host, up, 443)
		case clientaccess.ServiceRPC:
			w.rpc.SetRunning(up)
		}
	}
	proxy := rpchttp.New(w.World.World.World, "cas1", func(server string) *rpc.Server {
		if strings.EqualFold(server, "cas1") {
			return w.rpc
		}
		return nil
	})
	w.Serve(proxy)
	conf := w.Certificate("cas1")
	w.Listen("cas1", 443, func(l *network.Listener) { network.ServeHTTP(l, conf, w.Params.IIS.ConnectionIdle, proxy) })
	return w
}

// try makes an attempt of the activity now, and plays the world until it waits
// or is over.
func (w *world) try(f func(ctx context.Context)) {
	w.TB.Helper()
	w.At(w.Elapsed(), owner, f)
	w.Pass(0)
}

// client is the activity's side of a virtual connection.
type client struct {
	*world
	in, out net.Conn
	rpc     *dcerpc.Conn
	session dcerpc.ContextHandle
}

var names = rpch.Client{Connection: rpch.Cookie{1}, In: rpch.Cookie{2}, Out: rpch.Cookie{3}, Keepalive: 300000}

// request sends the head of a request, and a body, on a connection of its own.
func (w *world) request(ctx context.Context, q rpch.Request, password string, body []byte) (net.Conn, *bufio.Reader, error) {
	conn, err := w.Dial(ctx, owner, "cas1:80")
	if err != nil {
		return nil, nil, err
	}
	r := q.HTTP("cas1")
	r.SetBasicAuth(webtest.Dana, password)
	if err = rpch.WriteHead(conn, r); err == nil {
		_, err = conn.Write(body)
	}
	return conn, bufio.NewReader(conn), err
}

func (w *world) open(ctx context.Context, names rpch.Client) (*client, error) {
	c := &client{world: w}
	q := rpch.Request{Purpose: rpch.OpenOut, Server: "CAS1", Port: emsmdb.HTTPPort}
	var r *bufio.Reader
	var err error
	if c.out, r, err = w.request(ctx, q, webtest.Password, names.A1()); err != nil {
		return nil, err
	}
	resp, err := rpch.ReadResponse(r)
	if err == nil {
		err = rpch.CheckOutResponse(resp)
	}
	if err != nil {
		return nil, err
	}
	q.Purpose = rpch.OpenIn
	var word *bufio.Reader
	if c.in, word, err = w.request(ctx, q, webtest.Password, nil); err != nil {
		return nil, err
	}
	if resp, err := http.ReadResponse(word, nil); err != nil || resp.StatusCode != http.StatusContinue {
		return nil, fmt.Errorf("%+v, %w", resp, err)
	}
	conn, err := names.Open(c.in, resp.Body)
	if err != nil {
		return nil, err
	}
	c.rpc = dcerpc.NewConn(conn, dcerpc.Limits{})
	return c, nil
}

// signedIn has dana's session.
func (w *world) signedIn() *client {
	w.TB.Helper()
	var c *client
	w.try(func(ctx context.Context) {
		var err error
		if c, err = w.open(ctx, names); err == nil {
			err = c.connect()
		}
		if err != nil {
			w.TB.Error(err)
		}
	})
	if w.TB.Failed() {
		w.TB.FailNow()
	}
	return c
}

func (c *client) connect() error {
	contexts := []dcerpc.Context{{Abstract: emsmdb.EMSMDB, Transfer: []dcerpc.SyntaxID{dcerpc.NDR}}}
	if _, err := c.rpc.Bind(contexts, nil); err != nil {
		return err
	}
	stub, err := emsmdb.ConnectExRequest{UserDN: c.Dir.LegacyDN("dana"), Link: 0xFFFFFFFF}.Encode()
	if err == nil {
		stub, err = c.rpc.Call(&dcerpc.Request{Opnum: emsmdb.OpConnectEx, Stub: stub})
	}
	if err != nil {
		return err
	}
	r, err := emsmdb.ParseConnectExResponse(stub)
	if err == nil && r.Result != emsmdb.None {
		err = fmt.Errorf("EcDoConnectEx: %#x", r.Result)
	}
	c.session = r.Session
	return err
}

// dummy is EcDummyRpc.
func (c *client) dummy() error {
	_, err := c.rpc.Call(&dcerpc.Request{Opnum: emsmdb.OpDummy})
	return err
}

func (c *client) hangUp() {
	c.in.Close()
	c.out.Close()
}

func (w *world) wantGone(c *client) {
	w.TB.Helper()
	w.WantIdle()
	w.try(func(context.Context) {
		if err := c.dummy(); err == nil {
			w.TB.Error("the connection is still there")
		}
	})
}

func (w *world) pings(c *client, d time.Duration) bool {
	w.Pass(d)
	return c.out.(interface{ Pending() bool }).Pending()
}
