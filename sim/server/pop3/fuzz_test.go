package pop3_test

import (
	"testing"
	"time"

	"shutout/sim/server/servertest"
)

// FuzzServer sends any bytes, before or behind a sign-in, to a server that
// takes passwords in the clear and to one that does not.
func FuzzServer(f *testing.F) {
	for _, s := range []string{
		"CAPA\r\nUSER dana\r\nPASS Secret-1\r\nSTAT\r\nQUIT\r\n",
		"AUTH\r\nAUTH PLAIN\r\nAGRhbmEAU2VjcmV0LTE=\r\nUIDL\r\n",
		"AUTH PLAIN AGRhbmEAU2VjcmV0LTE=\r\n",
		"STLS\r\n\x16\x03\x01",
		"LIST\r\nLIST 1\r\nUIDL 2\r\nRETR 1\r\nTOP 2 0\r\nTOP 1 2147483647\r\n",
		"DELE 1\r\nDELE 2\r\nRSET\r\nDELE 1\r\nSTAT\r\nRETR 1\r\nQUIT\r\n",
		"RETR 0\r\nRETR 99999999999\r\nRETR -1\r\nTOP 1 -1\r\nretr  1\r\n\r\n",
	} {
		for i := range 4 {
			f.Add(i%2 == 0, i/2 == 0, []byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, clear, signedIn bool, sent []byte) {
		version := "ex2010"
		if clear {
			version = "ex2003"
		}
		w := newWorld(t, version)
		w.Event(0, func(now time.Time) {
			w.Mail(now, "dana", "one")
			w.Mail(now, "dana", "two")
		})
		w.Run(time.Second)
		if signedIn {
			sent = append([]byte("USER dana\r\nPASS "+servertest.Password+"\r\n"), sent...)
		}
		w.Talk("dana", "cas1:110", nil, time.Minute, sent)
		w.Run(w.Elapsed() + time.Minute)
		w.WantIdle()
	})
}
