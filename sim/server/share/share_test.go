package share_test

import (
	"strings"
	"testing"
	"time"

	"shutout/sim/network"
	"shutout/sim/server/servertest"
	"shutout/sim/server/share"
)

func newWorld(tb testing.TB) *servertest.World {
	w := servertest.New(tb, "ex2013")
	w.Transport.SharePickup("mbx1", []string{"dana"})
	s := share.New(w.World, "mbx1")
	w.Listen("mbx1", 445, func(l *network.Listener) { network.ServeHTTP(l, nil, time.Minute, s) })
	return w
}

const put = "PUT /Pickup/a.eml HTTP/1.1\r\nHost: mbx1\r\nContent-Length: 3\r\n"

// Whoever has not signed in writes nothing and learns nothing.
func TestStrangers(t *testing.T) {
	for _, sent := range []string{
		put + "\r\nabc", put + "Authorization: NTLM AAAA\r\n\r\nabc", put + "Authorization: NTLM\r\n\r\nabc",
		put + "Authorization: Basic ZGFuYTpTZWNyZXQtMQ==\r\n\r\nabc", "GET /Pickup/ HTTP/1.1\r\nHost: mbx1\r\n\r\n", "GET / HTTP/1.1\r\nHost: mbx1\r\n\r\n",
	} {
		w := newWorld(t)
		if got := string(w.Talk("bot", "mbx1:445", nil, time.Minute, []byte(sent))); !strings.HasPrefix(got, "HTTP/1.1 401 ") || !strings.Contains(got, "Www-Authenticate: NTLM") {
			t.Errorf("%q: %q", sent, got)
		}
	}
}

// FuzzShare sends any bytes.
func FuzzShare(f *testing.F) {
	f.Add([]byte(put + "\r\nabc"))
	f.Add([]byte("GET /Pickup/a.eml HTTP/1.1\r\nHost: x\r\nPrefer: wait=99999999999999999999\r\nAuthorization: NTLM TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAGAbEdAAAADw==\r\n\r\n"))
	f.Fuzz(func(t *testing.T, sent []byte) {
		w := newWorld(t)
		w.Talk("bot", "mbx1:445", nil, time.Minute, sent)
		w.Run(w.Elapsed() + time.Hour)
		w.WantIdle()
	})
}
