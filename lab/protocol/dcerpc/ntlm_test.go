package dcerpc

import (
	"bytes"
	"fmt"
	"net"
	"strconv"
	"testing"
	"time"

	"shutout/lab/protocol/foreign"
	"shutout/lab/protocol/ntlm"
)

// serveNTLM signs dana in and answers as serve does.
func serveNTLM(c *Conn) error {
	bind, err := c.ReadMessage()
	if err != nil {
		return err
	}
	hello, err := ntlm.ParseNegotiate(bind.Auth.Token)
	if err != nil {
		return err
	}
	challenge := ntlm.NewChallenge(hello, ntlm.Names{NetBIOSDomain: "CORP", NetBIOSComputer: "CAS1"}, [8]byte{1, 2, 3}, time.Unix(1e9, 0))
	auth := *bind.Auth
	if auth.Token, err = challenge.Encode(); err != nil {
		return err
	}
	ack := Negotiate(bind.Body.(*Bind), 0, func(SyntaxID) bool { return true })
	if err := c.WriteMessage(&PDU{CallID: bind.CallID, Body: ack, Auth: &auth}); err != nil {
		return err
	}
	last, err := c.ReadMessage()
	if err != nil {
		return err
	}
	a, err := ntlm.ParseAuthenticate(last.Auth.Token)
	if err != nil {
		return err
	}
	key := ntlm.ResponseKey(ntlm.NTHash("Spring-2010"), a.User, a.Domain)
	if !ntlm.Verify(key, challenge.Challenge, a.NT) || a.User != "dana" {
		return fmt.Errorf("%s may not sign in", a.User)
	}
	if auth.Level >= LevelPacket {
		exported := ntlm.ExchangeKey(ntlm.SessionBaseKey(key, [16]byte(a.NT[:16])), [16]byte(a.SessionKey))
		p, err := NTLM(ntlm.NewSession(a.Flags, exported, true), auth.Level)
		if err != nil {
			return err
		}
		c.Protect(auth, p)
	}
	return serve(c, nil)
}

// A client and a server that protect their calls with NTLM.
func TestNTLM(t *testing.T) {
	for _, level := range []AuthLevel{LevelConnect, LevelIntegrity, LevelPrivacy} {
		near, far := net.Pipe()
		done := make(chan error, 1)
		go func() {
			done <- serveNTLM(NewConn(far, Limits{}))
			far.Close()
		}()
		client := ntlm.Client{User: "dana", Domain: "CORP", Password: "Spring-2010",
			Flags: ntlm.Unicode | ntlm.NTLM | ntlm.Sign | ntlm.Seal | ntlm.AlwaysSign | ntlm.ExtendedSecurity | ntlm.Key128 | ntlm.KeyExchange}
		c := NewConn(near, Limits{})
		var session *ntlm.Session
		auth := Auth{Type: AuthNTLM, Level: level, ContextID: 1}
		_, err := c.Bind([]Context{epmContext}, &Handshake{Type: auth.Type, Level: level, ContextID: 1, Next: func(challenge []byte) ([]byte, bool, error) {
			if challenge == nil {
				hello, err := client.Negotiate()
				return hello, true, err
			}
			message, exported, err := client.Authenticate(challenge, 0)
			if err == nil {
				var a ntlm.Authenticate
				if a, err = ntlm.ParseAuthenticate(message); err == nil {
					session = ntlm.NewSession(a.Flags, exported, false)
				}
			}
			return message, false, err
		}})
		if err != nil {
			t.Fatal(err)
		}
		if level >= LevelPacket {
			p, err := NTLM(session, level)
			if err != nil {
				t.Fatal(err)
			}
			c.Protect(auth, p)
		}
		for _, size := range []int{0, 10, 20000} {
			stub := bytes.Repeat([]byte{7}, size)
			if got, err := c.Call(&Request{Stub: stub}); err != nil || !bytes.Equal(got, append(stub, stub...)) {
				t.Fatalf("level %d: %d octets, %v", level, len(got), err)
			}
		}
		near.Close()
		<-done
	}
}

const impacketNTLM = `
import sys
from impacket.dcerpc.v5 import epm, transport
t = transport.DCERPCTransportFactory('ncacn_ip_tcp:127.0.0.1[%s]' % sys.argv[1])
t.set_credentials('dana', 'Spring-2010', 'CORP')
dce = t.get_dce_rpc()
dce.set_auth_level(int(sys.argv[2]))
dce.connect()
dce.bind(epm.MSRPC_UUID_PORTMAP)
for n in 0, 1, 7, 20000:
    dce.call(0, b'0123456789' * n)
    print(dce.recv() == b'0123456789' * n * 2)
`

// TestImpacketNTLM has a client that nobody here wrote sign in and protect its
// calls.
func TestImpacketNTLM(t *testing.T) {
	for _, level := range []AuthLevel{LevelConnect, LevelIntegrity, LevelPrivacy} {
		port := listen(t, serveNTLM)
		out, err := foreign.Impacket(t, impacketNTLM, port, strconv.Itoa(int(level)))
		if err != nil || out != "True\nTrue\nTrue\nTrue\n" {
			t.Errorf("level %d: %v\n%s", level, err, out)
		}
	}
}
