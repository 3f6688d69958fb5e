package client

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"shutout/lab"
)

// The event stream stays on a second connection, is read when it has something
// to say, and asked for anew when it has ended.
func TestEWSEvents(t *testing.T) {
	l := newTestLab(t, lab.EWS)
	m := newMailService(t)
	server := l.serveHTTP(m)
	c := l.client()
	events := func() *eventStream { return c.(*client).session.(*webServices).events }
	hangs := func() {
		t.Helper()
		waitFor(t, func() (there bool) { m.set(func() { there = m.hanging > 0 }); return there })
	}
	check(t, "nothing yet", do(c, lab.Receive), missing())
	check(t, "still nothing", do(c, lab.Receive), missing())
	wantConnections(t, c, 2)
	for range 3 {
		hangs()
		m.set(func() {
			close(m.changed)
			m.changed = make(chan struct{})
		})
		waitFor(t, func() bool { // until all of it is there
			events().take()
			return !events().open
		})
		check(t, "receive", do(c, lab.Receive), missing())
		if !events().open {
			t.Error("the stream was not asked for anew")
		}
		check(t, "read beside it", do(c, lab.Read), nil)
	}
	wantConnections(t, c, 2)

	hangs()
	server.CloseClientConnections()
	waitFor(t, func() bool { return heard(events().web.conn) })
	m.set(func() { m.known = false }) // the server has lost the subscription, too
	m.take()
	check(t, "after the drop", do(c, lab.Receive), missing())
	waitFor(t, func() bool { return heard(events().web.conn) })
	check(t, "the subscription is gone", do(c, lab.Receive), missing())
	if got := m.take(); !strings.HasSuffix(got, "SyncFolderItems, Subscribe") || events().subscription == "" || !events().open {
		t.Errorf("%s, %+v", got, events())
	}
	c.Close()
}

const streamHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/xml\r\n\r\n"

// TestStreamPieces feeds a response one octet at a time, and all at once.
func TestStreamPieces(t *testing.T) {
	whole := streamHead + "5;x=y\r\n<a:En\r\nA\r\nvelope></a\r\n12\r\n:Envelope> <Envelo\r\n1F\r\npe>Envelope></Envelope>\r\n\r\n\r\n\r\n\r\n0\r\n\r\n"
	for _, step := range []int{1, 7, len(whole)} {
		var s stream
		var got []string
		for rest := whole; rest != ""; {
			n := min(step, len(rest))
			if !s.feed([]byte(rest[:n])) {
				t.Fatalf("by %d: no sense before %q", step, rest[n:])
			}
			rest = rest[n:]
			for _, d := range s.documents() {
				got = append(got, string(d))
			}
		}
		if want := []string{"<a:Envelope></a:Envelope>", "<Envelope>Envelope></Envelope>"}; fmt.Sprint(got) != fmt.Sprint(want) || !s.over {
			t.Errorf("by %d: %q, over %v", step, got, s.over)
		}
	}
	for _, bad := range []string{"HTTP/1.1 401 Unauthorized\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", streamHead + "x\r\n", streamHead + "\r\n",
		streamHead + "fffffff\r\n", streamHead + "0\r\n\r\nHTTP", streamHead + strings.Repeat("0", 2000), "x\r\n\r\n"} {
		if s := new(stream); s.feed([]byte(bad)) {
			t.Errorf("%.60q makes sense", bad)
		}
	}
}

// TestStreamOfNoTags: what a server sends without ever ending an envelope is
// looked at once.
func TestStreamOfNoTags(t *testing.T) {
	var s stream
	s.feed([]byte(streamHead))
	piece := []byte("1000\r\n" + strings.Repeat("Envelope>", 0x1000/9+1)[:0x1000] + "\r\n")
	for range 64 {
		if !s.feed(piece) || len(s.documents()) > 0 {
			t.Fatal("no tags, but documents or no sense")
		}
		if left := len(s.body) - s.done; left >= len("Envelope>") {
			t.Fatalf("%d octets of %d are to be looked at again", left, len(s.body))
		}
	}
	if s := new(stream); s.feed(bytes.Repeat([]byte("x"), maxHead)) {
		t.Error("a head without end makes sense")
	}
}

// FuzzStream feeds anything, whole and in two pieces.
func FuzzStream(f *testing.F) {
	f.Add([]byte(streamHead+"5\r\n<a></\r\n0\r\n\r\n"), 60)
	f.Add([]byte(streamHead+"b\r\n</Envelope>\r\n"), 90)
	f.Add([]byte("HTTP/1.1 200 OK\r\n"), 3)
	f.Fuzz(func(t *testing.T, b []byte, at int) {
		read := func(pieces ...[]byte) (string, bool) {
			var s stream
			var got []string
			for _, p := range pieces {
				if !s.feed(p) {
					return "", false
				}
				for _, d := range s.documents() {
					got = append(got, string(d))
				}
			}
			return fmt.Sprintf("%q %v", got, s.over), true
		}
		at = max(0, min(at, len(b)))
		whole, ok := read(b)
		parts, okParts := read(b[:at], b[at:])
		if ok && okParts && whole != parts {
			t.Errorf("whole %s, in two %s", whole, parts)
		}
	})
}
