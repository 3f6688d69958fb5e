package smtp_test

import (
	"testing"
	"time"

	"shutout/sim/server/smtp"
)

// FuzzServer sends any bytes to the anonymous port, before or behind a
// sign-in.
func FuzzServer(f *testing.F) {
	for _, s := range []string{
		"EHLO a\r\nMAIL FROM:<a@b.example> SIZE=10\r\nRCPT TO:<dana@corp.example>\r\nDATA\r\nSubject: x\r\n\r\n..\r\n.\r\nQUIT\r\n",
		"EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<dana@corp.example> NOTIFY=NEVER\r\nBDAT 3 LAST\r\nabcRSET\r\n",
		"EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<dana@corp.example> NOTIFY=NEVER\r\nBDAT 3 L", // the library's race
		"EHLO a\r\nAUTH LOGIN\r\nZGFuYQ==\r\nU2VjcmV0LTE=\r\n",
		"EHLO a\r\nAUTH PLAIN AGRhbmEAU2VjcmV0LTE=\r\nAUTH LOGIN ZGFuYQ==\r\n*\r\n",
		"EHLO a\r\nSTARTTLS\r\n\x16\x03\x01",
		"MAIL FROM:<a@b.example>\r\nDATA\r\nBDAT 1\r\nxVRFY a\r\nNOOP\r\nHELP\r\nHELO b\r\n",
		"EHLO a\r\nMAIL FROM:<dana@corp.example>\r\nRCPT TO:<x@partner.example>\r\nRCPT TO:<\"a b\"@corp.example>\r\n",
	} {
		f.Add(true, []byte(s))
		f.Add(false, []byte(s))
	}
	f.Fuzz(func(t *testing.T, signedIn bool, sent []byte) {
		w := newWorld(t, "ex2003")
		if signedIn {
			sent = append([]byte("EHLO x\r\nAUTH PLAIN AGRhbmEAU2VjcmV0LTE=\r\n"), sent...)
		}
		w.Talk("dana", "mbx1:25", nil, time.Minute, sent)
		w.Run(w.Elapsed() + time.Hour)
		w.WantIdle()
		if p := smtp.Panics.Seen(); p != "" {
			t.Error(p)
		}
	})
}
