package dcerpc

import (
	"net"
	"net/netip"
	"testing"

	"shutout/lab/protocol/foreign"
)

// impacketScript asks the endpoint mapper, then calls opnum 0 with a stub that
// needs fragments both ways, then an opnum that there is not.
const impacketScript = `
import sys
from impacket.dcerpc.v5 import epm, transport, rpcrt
from impacket.uuid import uuidtup_to_bin
dce = transport.DCERPCTransportFactory('ncacn_ip_tcp:127.0.0.1[%s]' % sys.argv[1]).get_dce_rpc()
dce.connect()
print(epm.hept_map('127.0.0.1', uuidtup_to_bin(('A4F1DB00-CA47-1067-B31F-00DD010662DA', '0.81')), protocol='ncacn_ip_tcp', dce=dce))
dce.set_max_fragment_size(1000)
dce.call(0, b'0123456789' * 2000)
print(dce.recv() == b'0123456789' * 4000)
dce.call(9, b'')
try:
    dce.recv()
except rpcrt.DCERPCException as e:
    print('nca_s_op_rng_error' in str(e))
`

// listen serves one connection on loopback and closes it after that.
func listen(t *testing.T, serve func(*Conn) error) (port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		_ = serve(NewConn(c, Limits{}))
	}()
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port
}

// TestImpacket has a client that nobody here wrote use the server's side.
func TestImpacket(t *testing.T) {
	port := listen(t, func(c *Conn) error { return serve(c, nil) })
	out, err := foreign.Impacket(t, impacketScript, port)
	want := "ncacn_ip_tcp:127.0.0.1[6001]\nTrue\nTrue\n"
	if err != nil || out != want {
		t.Fatalf("%v\n%s", err, out)
	}
}

// mapEndpoint answers ept_map as the endpoint mapper of a server with EMSMDB.
func mapEndpoint(stub []byte) ([]byte, error) {
	m, err := ParseEptMap(stub)
	if err != nil {
		return nil, err
	}
	asked, err := m.Tower.Endpoint()
	if err != nil {
		return nil, err
	}
	if asked.Interface != emsmdb {
		return EptMapResult{MaxTowers: m.MaxTowers, Status: EptNotRegistered}.Encode()
	}
	asked.Port, asked.Addr = 6001, netip.MustParseAddr("127.0.0.1")
	return EptMapResult{MaxTowers: m.MaxTowers, Towers: []Tower{asked.Tower()}}.Encode()
}
