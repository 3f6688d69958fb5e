package outside_test

import (
	"strings"
	"testing"
	"time"

	"shutout/lab"
	"shutout/sim/network"
	"shutout/sim/server/outside"
	"shutout/sim/server/servertest"
)

func newWorld(tb testing.TB, refuses bool) *servertest.World {
	w := servertest.New(tb, "ex2010")
	if refuses {
		w.Cast.Domains["partner.example"] = lab.RefusingDomain
	}
	w.Listen("mbx1", 25, func(l *network.Listener) { outside.Serve(w.World, "mbx1", "partner.example", l) })
	return w
}

func letter(to string) []byte {
	return []byte("EHLO a\r\nMAIL FROM:<x@corp.example>\r\nRCPT TO:<" + to + ">\r\nDATA\r\nSubject: x\r\n\r\nx\r\n.\r\nQUIT\r\n")
}

func TestServer(t *testing.T) {
	for _, tt := range []struct {
		to      string
		refuses bool
		reply   string
		reason  string
	}{
		{"olga@partner.example", false, "\r\n354 ", "transport: taken by the mail server of partner.example"},
		{"olga@PARTNER.example", false, "\r\n354 ", "transport: taken by the mail server of partner.example"},
		{"olga@other.example", false, "\r\n550 5.7.1 Relaying denied\r\n", "no transport: relaying denied"},
		{"olga@partner.example", true, "\r\n550 5.1.1 User unknown\r\n", "no transport: user unknown"},
	} {
		w := newWorld(t, tt.refuses)
		got := string(w.Talk("bot", "mbx1:25", nil, time.Minute, letter(tt.to)))
		if !strings.Contains(got, tt.reply) {
			t.Errorf("%s: %q lacks %q", tt.to, got, tt.reply)
		}
		w.WantReason("bot", tt.reason)
	}
}

// FuzzServer sends any bytes.
func FuzzServer(f *testing.F) {
	f.Add(letter("olga@partner.example"))
	f.Add([]byte("EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<olga@partner.example>\r\nBDAT 3 LAST\r\nabcRSET\r\nAUTH PLAIN\r\nSTARTTLS\r\n"))
	f.Fuzz(func(t *testing.T, sent []byte) {
		w := newWorld(t, false)
		w.Talk("bot", "mbx1:25", nil, time.Minute, sent)
		w.Run(w.Elapsed() + time.Hour)
		w.WantIdle()
		if p := outside.Panics.Seen(); p != "" {
			t.Error(p)
		}
	})
}
