package kerberos

import (
	"encoding/hex"
	"fmt"
	"net"
	"strconv"
	"testing"

	"shutout/lab/protocol/dcerpc"
	"shutout/lab/protocol/foreign"
	"shutout/lab/protocol/ntlm"
)

// impacketScript makes calls that a ticket protects, whose reply and session
// key it is given.
const impacketScript = `
import sys
from impacket.dcerpc.v5 import epm, transport, rpcrt
from impacket.krb5.crypto import Key, _enctype_table
port, level, reply, key = sys.argv[1:]
t = transport.DCERPCTransportFactory('ncacn_ip_tcp:127.0.0.1[%s]' % port)
ticket = {'KDC_REP': bytes.fromhex(reply), 'cipher': _enctype_table[23], 'sessionKey': Key(23, bytes.fromhex(key))}
t.set_credentials('dana', '', 'CORP.EXAMPLE', TGS=ticket)
dce = t.get_dce_rpc()
dce.set_auth_type(rpcrt.RPC_C_AUTHN_GSS_NEGOTIATE)
dce.set_auth_level(int(level))
dce.connect()
dce.bind(epm.MSRPC_UUID_PORTMAP)
for n in 1, 8, 1000:
    dce.call(0, b'01234567' * n)
    print(dce.recv() == b'01234567' * n * 2)
`

// answer takes the next token out of SPNEGO, and puts f's answer into it.
func answer(c *dcerpc.Conn, f func(token []byte) (reply []byte, state ntlm.NegState, err error)) (*dcerpc.PDU, error) {
	p, err := c.ReadMessage()
	if err != nil {
		return nil, err
	}
	bind, ok := p.Body.(*dcerpc.Bind)
	if !ok || p.Auth == nil {
		return nil, fmt.Errorf("%v", p.Body.Type())
	}
	var token []byte
	if bind.Alter {
		r, err := ntlm.ParseNegResp(p.Auth.Token)
		if err != nil {
			return nil, err
		}
		token = r.Token
	} else {
		n, err := ntlm.ParseNegInit(p.Auth.Token)
		if err != nil {
			return nil, err
		}
		token = n.Token
	}
	reply, state, err := f(token)
	if err != nil {
		return nil, err
	}
	auth := *p.Auth
	if auth.Token, err = (ntlm.NegResp{State: state, Token: reply}).Encode(); err != nil {
		return nil, err
	}
	ack := dcerpc.Negotiate(bind, 0, func(dcerpc.SyntaxID) bool { return true })
	return p, c.WriteMessage(&dcerpc.PDU{CallID: p.CallID, Body: ack, Auth: &auth})
}

// serveRPC signs a client in with a ticket and repeats what it says.
func serveRPC(c *dcerpc.Conn, service Key) error {
	var a *Acceptor
	_, err := answer(c, func(token []byte) (reply []byte, _ ntlm.NegState, err error) {
		if a, err = Accept(service, token); err == nil {
			reply, _ = a.Reply(numbers(4))
		}
		return reply, ntlm.AcceptIncomplete, err
	})
	if err != nil {
		return err
	}
	last, err := answer(c, func(token []byte) ([]byte, ntlm.NegState, error) { return nil, ntlm.AcceptCompleted, a.Finish(token) })
	if err != nil {
		return err
	}
	if last.Auth.Level >= dcerpc.LevelPacket {
		p, err := a.Protector(last.Auth.Level)
		if err != nil {
			return err
		}
		c.Protect(*last.Auth, p)
	}
	for {
		call, err := c.ReadMessage()
		if err != nil {
			return err
		}
		if q, ok := call.Body.(*dcerpc.Request); ok {
			if err := c.Reply(call, append(q.Stub, q.Stub...)); err != nil {
				return err
			}
		}
	}
}

// TestImpacket has a client that nobody here wrote present a ticket over RPC
// and protect its calls. It cannot sign headers.
func TestImpacket(t *testing.T) {
	service := NewKey(numbers(2))
	cred := issue(service)
	reply := (&Request{TGS: true}).Reply(cred.Ticket, cred.Contents, UserKey(Key{}), numbers(3))
	for _, level := range []dcerpc.AuthLevel{dcerpc.LevelConnect, dcerpc.LevelIntegrity, dcerpc.LevelPrivacy} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() {
			c, err := l.Accept()
			if err == nil {
				err = serveRPC(dcerpc.NewConn(c, dcerpc.Limits{}), service)
				c.Close()
			}
			done <- err
		}()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		out, err := foreign.Impacket(t, impacketScript, port, strconv.Itoa(int(level)), hex.EncodeToString(reply), hex.EncodeToString(cred.Key[:]))
		l.Close()
		if served := <-done; err != nil || out != "True\nTrue\nTrue\n" {
			t.Errorf("level %d: %v, %v\n%s", level, err, served, out)
		}
	}
}
