package rpchttp_test

import (
	"testing"

	"shutout/lab/protocol/foreign"
	"shutout/sim/server/webtest"
)

// impacketScript signs in to the proxy with Basic or NTLM, binds with and
// without a sign-in of RPC's own, and opens a session with parameters that it
// packs itself (MS-OXCRPC 3.1.4.1).
const impacketScript = `
import struct, sys
from impacket.dcerpc.v5 import transport, rpcrt
from impacket.http import AUTH_BASIC, AUTH_NTLM
from impacket.uuid import uuidtup_to_bin
port, scheme, level, dn, password = sys.argv[1:]
t = transport.DCERPCTransportFactory('ncacn_http:cas1[6001,RpcProxy=127.0.0.1:80]')
t.set_rpc_proxy_url('http://127.0.0.1:%s/rpc/rpcproxy.dll' % port)
t.set_credentials('dana', password, 'CORP')
t.set_auth_type({'basic': AUTH_BASIC, 'ntlm': AUTH_NTLM}[scheme])
dce = t.get_dce_rpc()
dce.set_auth_level(int(level))
dce.set_credentials('dana', password, 'CORP')
try:
    dce.connect()
    dce.bind(uuidtup_to_bin(('A4F1DB00-CA47-1067-B31F-00DD010662DA', '0.81')))
    name = dn.encode() + b'\0'
    stub = struct.pack('<LLL', len(name), 0, len(name)) + name
    stub += b'\0' * (-len(stub) % 4)
    stub += struct.pack('<LLLLLLLHHHHLLLL', 0, 0, 0, 1252, 1033, 1033, 0xffffffff, 1, 14, 0x9298, 1000, 0, 0, 0, 0x1008)
    dce.call(10, stub)
    out = dce.recv()
    print('EcDoConnectEx 0x%x' % struct.unpack('<L', out[-4:]), out[:20] != b'\0' * 20)
    dce.call(1, out[:20])
    print('EcDoDisconnect 0x%x' % struct.unpack('<L', dce.recv()[-4:]))
except Exception as e:
    print(e)
`

// TestImpacket has a client that nobody here wrote use the proxy.
func TestImpacket(t *testing.T) {
	w := newWorld(t)
	port := w.Expose("cas1:80")
	w.Live()
	run := func(scheme, level, password string) string {
		t.Helper()
		out, err := foreign.Impacket(t, impacketScript, port, scheme, level, w.Dir.LegacyDN("dana"), password)
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return out
	}
	const good = "EcDoConnectEx 0x0 True\nEcDoDisconnect 0x0\n"
	for _, scheme := range []string{"basic", "ntlm"} {
		for _, level := range []string{"1", "6"} { // none, privacy
			if out := run(scheme, level, webtest.Password); out != good {
				t.Errorf("%s, level %s: %s", scheme, level, out)
			}
		}
		if out := run(scheme, "1", "Wrong-1"); out == good {
			t.Errorf("%s with a wrong password comes in", scheme)
		}
	}
	w.DisableAccount()
	if out := run("ntlm", "1", webtest.Password); out == good {
		t.Error("a disabled account comes in")
	}
}
