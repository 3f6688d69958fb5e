package rpchttp_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"testing"
	"time"

	"shutout/lab/protocol/dcerpc"
	"shutout/lab/protocol/emsmdb"
	"shutout/lab/protocol/rpch"
	"shutout/sim/server/servertest"
	"shutout/sim/server/webtest"
)

// FuzzHead sends any bytes to the proxy, beginning with the head of a request.
// Where they say AUTH stands a right password.
func FuzzHead(f *testing.F) {
	for _, p := range []rpch.Purpose{rpch.OpenIn, rpch.OpenOut, rpch.ReplaceOut, rpch.EchoIn, rpch.EchoOut} {
		var b bytes.Buffer
		r := rpch.Request{Purpose: p, Server: "cas1", Port: emsmdb.HTTPPort}.HTTP("cas1")
		r.Header.Set("Authorization", "AUTH")
		if err := rpch.WriteHead(&b, r); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
		f.Add(append(bytes.Clone(b.Bytes()), names.A1()...))
		f.Add(append(bytes.Clone(b.Bytes()), names.B1()...))
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		w := newWorld(t)
		auth := "Basic " + base64.StdEncoding.EncodeToString([]byte(webtest.Dana+":"+webtest.Password))
		w.Talk(owner, "cas1:80", nil, 20*time.Minute, bytes.ReplaceAll(sent, []byte("AUTH"), []byte(auth)))
		w.Pass(20 * time.Minute)
		w.WantIdle()
	})
}

// FuzzChannel sends any bytes on the IN channel of an open connection.
func FuzzChannel(f *testing.F) {
	pdu := func(body dcerpc.Body) []byte {
		b, err := (&dcerpc.PDU{Flags: dcerpc.FlagFirst | dcerpc.FlagLast, CallID: 9, Body: body}).Append(nil)
		if err != nil {
			f.Fatal(err)
		}
		return b
	}
	rts := func(k rpch.Kind, commands ...rpch.Command) []byte {
		p, err := rpch.New(k, commands...)
		if err != nil {
			f.Fatal(err)
		}
		b, err := p.Append(nil)
		if err != nil {
			f.Fatal(err)
		}
		return b
	}
	f.Add(rts(rpch.Ping))
	f.Add(rts(rpch.KeepAlive, rpch.ClientKeepalive(1)))
	f.Add(rts(rpch.FlowAckTo, rpch.ToOutProxy, rpch.FlowControlAck{AvailableWindow: 1 << 16, Channel: names.Out}))
	f.Add(names.B1())
	f.Add(append(pdu(&dcerpc.Request{Opnum: emsmdb.OpDummy}), pdu(&dcerpc.Request{Opnum: emsmdb.OpConnectEx})...))
	f.Fuzz(func(t *testing.T, sent []byte) {
		w := newWorld(t)
		c := w.signedIn()
		w.try(func(context.Context) { c.in.Write(sent[:min(len(sent), servertest.MaxTalk)]) })
		w.Pass(time.Hour)
		c.hangUp()
		w.Pass(0)
		w.WantIdle()
	})
}
