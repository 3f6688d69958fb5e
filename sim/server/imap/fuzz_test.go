package imap_test

import (
	"testing"
	"time"

	"shutout/sim/server/imap"
	"shutout/sim/server/servertest"
)

// FuzzServer sends any bytes, before or behind a sign-in and with a folder
// selected, to a server that takes passwords in the clear and to one that does
// not.
func FuzzServer(f *testing.F) {
	for _, s := range []string{
		"a CAPABILITY\r\nb NOOP\r\nc LOGOUT\r\n",
		"a LOGIN dana {8}\r\nSecret-1\r\nb SELECT inbox\r\n",
		"a AUTHENTICATE PLAIN AGRhbmEAU2VjcmV0LTE=\r\n",
		"a AUTHENTICATE PLAIN\r\n*\r\nb STARTTLS\r\n\x16\x03\x01",
		"a FETCH 1:* (FLAGS ENVELOPE BODYSTRUCTURE BODY[1] BODY.PEEK[HEADER.FIELDS (To)]<0.9> RFC822 BINARY[1])\r\n",
		"a UID FETCH *:1 ALL\r\nb FETCH 4294967295:* FULL\r\n",
		"a IDLE\r\nDONE\r\nb IDLE\r\nDON",
		"a IDLE\n\nb IDLE\n",
		"a UID SEARCH OR NOT TEXT one (SINCE 1-Jan-2020 UNKEYWORD x) UID 1:*\r\nb SEARCH RETURN (MIN COUNT) NEW\r\n",
		"a STORE 1:* +FLAGS.SILENT (\\Deleted)\r\nb UID EXPUNGE 1:*\r\nc EXPUNGE\r\nd CLOSE\r\n",
		"a APPEND Drafts (\\Seen) \" 1-Jan-2026 10:00:00 +0000\" {5+}\r\na: b\n\r\n",
		"a COPY 1 nowhere\r\nb MOVE 1:2 Drafts\r\nc COPY 1:* INBOX\r\n",
		"a LIST \"\" (\"%\" \"*a*\") RETURN (CHILDREN SUBSCRIBED)\r\nb LSUB \"\" *\r\nc STATUS inbox (MESSAGES UNSEEN SIZE DELETED)\r\n",
		"a CREATE x/y\r\nb RENAME x/y z\r\nc DELETE z\r\nd EXAMINE drafts\r\ne SUBSCRIBE z\r\nf NAMESPACE\r\ng ENABLE UTF8=ACCEPT\r\n",
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
			sent = append([]byte("x LOGIN dana "+servertest.Password+"\r\ny SELECT INBOX\r\n"), sent...)
		}
		w.Talk("dana", "cas1:143", nil, time.Minute, sent)
		w.Run(w.Elapsed() + time.Minute)
		w.WantIdle()
		if p := imap.Panics.Seen(); p != "" {
			t.Error(p)
		}
	})
}
