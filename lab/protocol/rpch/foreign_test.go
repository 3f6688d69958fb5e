package rpch

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"shutout/lab/protocol/foreign"
)

// impacketScript opens a virtual connection through the proxy and makes calls
// whose answers are larger than its receive window of 256 KiB.
const impacketScript = `
import sys
from impacket.dcerpc.v5 import epm, transport
from impacket.http import AUTH_BASIC
t = transport.DCERPCTransportFactory('ncacn_http:mbx1[6001,RpcProxy=127.0.0.1:80]')
t.set_rpc_proxy_url(sys.argv[1] + '/rpc/rpcproxy.dll')
t.set_credentials('dana', 'Spring-2010')
t.set_auth_type(AUTH_BASIC)
dce = t.get_dce_rpc()
dce.connect()
dce.bind(epm.MSRPC_UUID_PORTMAP)
dce.set_max_fragment_size(5000)
for n in 0, 1, 20000:
    dce.call(0, b'0123456789' * n)
    print(dce.recv() == b'0123456789' * n * 2)
`

// TestImpacket has a client that nobody here wrote use the proxy's side.
func TestImpacket(t *testing.T) {
	p := proxy{make(chan func(InOpening, io.Reader) error)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, ok := r.BasicAuth(); !ok || user != "dana" || password != "Spring-2010" || r.URL.Path != Path {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		p.ServeHTTP(w, r)
	}))
	defer server.Close()
	out, err := foreign.Impacket(t, impacketScript, server.URL)
	if err != nil || out != "True\nTrue\nTrue\n" {
		t.Fatalf("%v\n%s", err, out)
	}
}
