package rpc_test

import (
	"testing"
	"time"

	"shutout/lab/protocol/foreign"
	"shutout/sim/server/servertest"
)

// impacketScript asks the endpoint mapper, signs in with NTLM at the level
// that encrypts, and opens a session with parameters that it packs itself
// (MS-OXCRPC 3.1.4.1).
const impacketScript = `
import struct, sys
from impacket.dcerpc.v5 import epm, transport, rpcrt
from impacket.uuid import uuidtup_to_bin
mapper, port, dn, password = sys.argv[1:]
emsmdb = uuidtup_to_bin(('A4F1DB00-CA47-1067-B31F-00DD010662DA', '0.81'))

dce = transport.DCERPCTransportFactory('ncacn_ip_tcp:127.0.0.1[%s]' % mapper).get_dce_rpc()
dce.connect()
print(epm.hept_map('127.0.0.1', emsmdb, protocol='ncacn_ip_tcp', dce=dce))

t = transport.DCERPCTransportFactory('ncacn_ip_tcp:127.0.0.1[%s]' % port)
t.set_credentials('dana', password, 'CORP')
dce = t.get_dce_rpc()
dce.set_auth_level(rpcrt.RPC_C_AUTHN_LEVEL_PKT_PRIVACY)
dce.connect()
dce.bind(emsmdb)

def call(opnum, stub):
    dce.call(opnum, stub)
    return dce.recv()

def result(stub):
    return '0x%x' % struct.unpack('<L', stub[-4:])

try:
    print('EcDummyRpc', result(call(6, b'')))
    name = dn.encode() + b'\0'
    stub = struct.pack('<LLL', len(name), 0, len(name)) + name
    stub += b'\0' * (-len(stub) % 4)
    stub += struct.pack('<LLLLLLLHHHHLLLL', 0, 0, 0, 1252, 1033, 1033, 0xffffffff, 1, 14, 0x9298, 1000, 0, 0, 0, 0x1008)
    out = call(10, stub)
    print('EcDoConnectEx', result(out), out[:20] != b'\0' * 20)
    out = call(1, out[:20])
    print('EcDoDisconnect', result(out), out[:20] == b'\0' * 20)
    call(1, out[:20])
except rpcrt.DCERPCException as e:
    print(str(e).strip())
`

// TestImpacket has a client that nobody here wrote use the server.
func TestImpacket(t *testing.T) {
	w := newWorld(t)
	mapper, port := w.Expose("cas1:135"), w.Expose("cas1:59531")
	w.Live()
	dn := w.Dir.LegacyDN("dana")
	out, err := foreign.Impacket(t, impacketScript, mapper, port, dn, servertest.Password)
	want := "ncacn_ip_tcp:127.0.0.1[59531]\nEcDummyRpc 0x0\nEcDoConnectEx 0x0 True\nEcDoDisconnect 0x0 True\n" +
		"nca_s_fault_context_mismatch\n"
	if err != nil || out != want {
		t.Errorf("%v\n%s", err, out)
	}
	out, err = foreign.Impacket(t, impacketScript, mapper, port, dn, "Wrong-1")
	want = "ncacn_ip_tcp:127.0.0.1[59531]\nrpc_s_access_denied\n"
	if err != nil || out != want {
		t.Errorf("%v\n%s", err, out)
	}
	w.Do(func(now time.Time) { w.Disable(now, "dana") })
	if out, err = foreign.Impacket(t, impacketScript, mapper, port, dn, servertest.Password); err != nil || out != want {
		t.Errorf("%v\n%s", err, out)
	}
}
