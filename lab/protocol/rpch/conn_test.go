package rpch

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"shutout/lab/protocol/dcerpc"
)

// buffer is one direction of a connection: writes never wait, reads do.
type buffer struct {
	mu     sync.Mutex
	cond   sync.Cond
	data   []byte
	closed bool
}

func newBuffer() *buffer {
	b := &buffer{}
	b.cond.L = &b.mu
	return b
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.data = append(b.data, p...)
	b.cond.Broadcast()
	return len(p), nil
}

func (b *buffer) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.data) == 0 {
		if b.closed {
			return 0, io.EOF
		}
		b.cond.Wait()
	}
	n := copy(p, b.data)
	b.data = b.data[n:]
	return n, nil
}

func (b *buffer) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.cond.Broadcast()
}

// open is both ends of a connection, opened in the order in which the PDUs
// would travel.
func open(t *testing.T, client Client, server Server) (near, far *Conn, in, out *buffer) {
	t.Helper()
	in, out = newBuffer(), newBuffer()
	a1, err := ReadPDU(bytes.NewReader(client.A1()))
	if err != nil {
		t.Fatal(err)
	}
	a, err := ParseOutOpening(a1)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(server.A3())
	accepted := make(chan error, 1)
	go func() {
		b1, err := ReadPDU(in)
		if err == nil {
			var b InOpening
			if b, err = ParseInOpening(b1); err == nil {
				far, err = server.Open(a, b, in, out)
			}
		}
		if err != nil {
			out.Close()
		}
		accepted <- err
	}()
	near, err = client.Open(in, out)
	if err := errors.Join(err, <-accepted); err != nil {
		t.Fatal(err)
	}
	return near, far, in, out
}

// serve answers each request with twice its stub, until the channel ends.
func serve(c *dcerpc.Conn) error {
	for {
		call, err := c.ReadMessage()
		if err != nil {
			return err
		}
		switch body := call.Body.(type) {
		case *dcerpc.Bind:
			err = c.WriteMessage(&dcerpc.PDU{CallID: call.CallID, Body: dcerpc.Negotiate(body, 0, func(dcerpc.SyntaxID) bool { return true })})
		case *dcerpc.Request:
			err = c.Reply(call, append(body.Stub, body.Stub...))
		}
		if err != nil {
			return err
		}
	}
}

func TestRPCOverHTTP(t *testing.T) {
	for _, window := range []ReceiveWindowSize{minWindow, DefaultWindow} {
		small := client
		small.Window = window
		near, far, in, _ := open(t, small, Server{Window: window, Timeout: 120000})
		if near.Timeout() != 120000 || far.Keepalive() != 300000 {
			t.Errorf("timeout %d, keep-alive %d", near.Timeout(), far.Keepalive())
		}
		done := make(chan error, 1)
		go func() { done <- serve(dcerpc.NewConn(far, dcerpc.Limits{})) }()
		c := dcerpc.NewConn(near, dcerpc.Limits{})
		if _, err := c.Bind([]dcerpc.Context{{Abstract: dcerpc.EndpointMapper, Transfer: []dcerpc.SyntaxID{dcerpc.NDR}}}, nil); err != nil {
			t.Fatal(err)
		}
		for _, size := range []int{0, 100, 5000, 70000, 200000} {
			if err := errors.Join(near.Ping(), far.Ping(), near.AskKeepalive(60000)); err != nil {
				t.Fatal(err)
			}
			stub := bytes.Repeat([]byte("0123456789"), size/10)
			got, err := c.Call(&dcerpc.Request{Stub: stub})
			if err != nil || !bytes.Equal(got, append(stub, stub...)) {
				t.Fatalf("a stub of %d octets: %d octets, %v", size, len(got), err)
			}
		}
		if far.Keepalive() != 60000 {
			t.Errorf("keep-alive %d", far.Keepalive())
		}
		if err := far.AskRecycle(); err != nil || near.RecycleAsked() {
			t.Error("the client knows before it has read", err)
		}
		if _, err := c.Call(&dcerpc.Request{}); err != nil || !near.RecycleAsked() {
			t.Error("the client should have seen that its OUT channel is to be replaced", err)
		}
		in.Close()
		if err := <-done; err != io.EOF {
			t.Errorf("the server ends with %v", err)
		}
	}
}

func rpcPDU(t testing.TB, stub int) []byte {
	t.Helper()
	b, err := (&dcerpc.PDU{Flags: dcerpc.FlagFirst | dcerpc.FlagLast, Body: &dcerpc.Request{Stub: make([]byte, stub)}}).Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A server writes news while its reader waits, and more of it than the
// client's window holds: the reader sees the acknowledgements.
func TestWriteWhileReading(t *testing.T) {
	near, far, in, _ := open(t, client, Server{})
	const pdus = 60
	pdu := rpcPDU(t, 5000)
	read, wrote := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := far.Read(make([]byte, 10))
		read <- err
	}()
	go func() {
		var err error
		for range pdus {
			_, e := far.Write(pdu)
			err = errors.Join(err, e)
		}
		wrote <- err
	}()
	if _, err := io.ReadFull(near, make([]byte, pdus*len(pdu))); err != nil {
		t.Fatal(err)
	}
	if err := <-wrote; err != nil {
		t.Fatal(err)
	}
	in.Close()
	if err := <-read; err != io.EOF {
		t.Fatal(err)
	}
}

func TestConnRefuses(t *testing.T) {
	ack := func(channel Cookie, received, window uint32) []byte {
		return encode(FlowAck, FlowControlAck{received, window, channel})
	}
	for name, tt := range map[string]struct {
		sent []byte
		want string
	}{
		"another conversation":        {client.A1(), "CONN/A1 on an open connection"},
		"a broken RTS PDU":            {func() []byte { b := client.A1(); b[20] = 99; return b }(), "command type 99"},
		"nothing":                     {nil, "EOF"},
		"half a PDU":                  {client.A1()[:30], "unexpected EOF"},
		"no RPC":                      {bytes.Repeat([]byte("HTTP"), 8), "protocol version"},
		"octets never sent":           {ack(outChannel, 5, 65536), "flow control"},
		"another channel's is passed": {ack(inChannel, 5, 65536), "EOF"},
		"more than the window":        {bytes.Repeat(rpcPDU(t, 5000), 14), "flow control"},
	} {
		t.Run(name, func(t *testing.T) {
			_, far, in, _ := open(t, client, Server{})
			in.Write(tt.sent)
			in.Close()
			// Only a Write without window reads and keeps; use all of it.
			far.mu.Lock()
			for far.err == nil {
				far.pump()
			}
			err := far.err
			far.mu.Unlock()
			if !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestWriteRefuses(t *testing.T) {
	short := client
	short.Lifetime = 1000
	near, _, _, out := open(t, short, Server{})
	for name, b := range map[string][]byte{
		"part of a PDU": rpcPDU(t, 5)[:20],
		"an RTS PDU":    encode(Ping),
		"no PDU":        []byte("GET / HTTP/1.1\r\n"),
		"beyond window": rpcPDU(t, 40000),
	} {
		if n, err := near.Write(b); err == nil || n != 0 {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
	two := append(rpcPDU(t, 500), rpcPDU(t, 500)...)
	if n, err := near.Write(two); err != ErrLifetime || n != len(two)/2 {
		t.Errorf("%d octets, %v", n, err)
	}
	// The window is short of one PDU, and the other end is gone.
	out.Close()
	near.send.available = 10
	if _, err := near.Write(rpcPDU(t, 5)); err != io.EOF {
		t.Error(err)
	}
	if n, err := near.Read(nil); n != 0 || err != nil {
		t.Error(n, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	a3 := Server{}.A3()
	c2 := func(v Version, w ReceiveWindowSize) []byte {
		return encode(ConnC2, v, w, ConnectionTimeout(120000))
	}
	for name, tt := range map[string]struct {
		out  [][]byte
		want string
	}{
		"ends at once":   {nil, "waiting for CONN/A3: EOF"},
		"another PDU":    {[][]byte{EchoBody()}, "Echo where CONN/A3"},
		"no C2":          {[][]byte{a3, encode(Ping)}, "waiting for CONN/C2: EOF"},
		"twice A3":       {[][]byte{a3, a3}, "CONN/A3 where CONN/C2"},
		"no window":      {[][]byte{a3, c2(1, 0)}, "receive window of 0"},
		"endless window": {[][]byte{a3, c2(1, 1<<31)}, "receive window of"},
		"version 0":      {[][]byte{a3, c2(0, DefaultWindow)}, "version 0"},
		"an RPC PDU":     {[][]byte{rpcPDU(t, 3)}, "request where an RTS PDU"},
	} {
		if _, err := client.Open(io.Discard, bytes.NewReader(bytes.Join(tt.out, nil))); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, tt.want)
		}
	}
	bad := client
	bad.Window = 1
	if _, err := bad.Open(io.Discard, nil); err == nil {
		t.Error("a client offers a window of 1")
	}
	if _, err := (Server{Window: 1}).Open(OutOpening{}, InOpening{}, nil, io.Discard); err == nil {
		t.Error("a server offers a window of 1")
	}
	if _, err := (Server{}).Open(OutOpening{Connection: connection}, InOpening{}, nil, io.Discard); err == nil {
		t.Error("channels of two connections are joined")
	}
	if _, err := ParseOutOpening(sample(t, ConnB1)); err == nil {
		t.Error("CONN/B1 opens an OUT channel")
	}
	if _, err := ParseInOpening(sample(t, ConnA1)); err == nil {
		t.Error("CONN/A1 opens an IN channel")
	}
	a1, _ := New(ConnA1, version, connection, outChannel, ReceiveWindowSize(0))
	if _, err := ParseOutOpening(a1); err == nil {
		t.Error("a client without a window is taken")
	}
}

func FuzzConnRead(f *testing.F) {
	f.Add(append(rpcPDU(f, 10), encode(Ping)...))
	f.Add(append(encode(FlowAckTo, ToServer, FlowControlAck{0, 65536, outChannel}), rpcPDU(f, 0)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Server{}.Open(OutOpening{connection, outChannel, DefaultWindow}, InOpening{Connection: connection, Channel: inChannel}, bytes.NewReader(b), io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		d := dcerpc.NewConn(c, dcerpc.Limits{})
		for {
			if _, err := d.ReadMessage(); err != nil {
				break
			}
		}
		held := 0
		for _, pdu := range c.queue {
			held += len(pdu)
		}
		if held > int(DefaultWindow) {
			t.Fatalf("%d octets are held", held)
		}
	})
}

// Poll passes over what is the connection's own, and never waits.
func TestPoll(t *testing.T) {
	near, far, _, out := open(t, client, Server{Timeout: 120000})
	some := func() bool {
		out.mu.Lock()
		defer out.mu.Unlock()
		return len(out.data) > 0 || out.closed
	}
	poll := func(want bool) {
		t.Helper()
		if got, err := near.Poll(some); err != nil || got != want {
			t.Fatalf("%v, %v, want %v", got, err, want)
		}
	}
	poll(false)
	if err := errors.Join(far.Ping(), far.Ping()); err != nil {
		t.Fatal(err)
	}
	poll(false)
	if err := dcerpc.NewConn(far, dcerpc.Limits{}).WriteMessage(&dcerpc.PDU{Body: &dcerpc.Response{Stub: []byte("x")}}); err != nil {
		t.Fatal(err)
	}
	poll(true)
	poll(true)
	if p, err := dcerpc.NewConn(near, dcerpc.Limits{}).ReadMessage(); err != nil || p.Body.Type() != dcerpc.TypeResponse {
		t.Fatal(p, err)
	}
	poll(false)
	out.Close()
	if got, err := near.Poll(some); err == nil || got {
		t.Error("the end is not told")
	}
}
