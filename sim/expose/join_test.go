package expose_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"shutout/lab"
	"shutout/sim/expose"
	"shutout/sim/network"
	"shutout/sim/store"
)

// dial connects to a port of a server in the clear.
func (w *world) dial(host string, port int) *net.TCPConn {
	w.t.Helper()
	c, err := net.Dial("tcp", w.addr(host, port))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return c.(*net.TCPConn)
}

// greeted is dial, and reads the greeting.
func (w *world) greeted(host string, port int) *net.TCPConn {
	w.t.Helper()
	c := w.dial(host, port)
	if _, err := c.Read(make([]byte, 512)); err != nil {
		w.t.Fatal(err)
	}
	return c
}

func wantReset(t *testing.T, what string, c net.Conn) {
	t.Helper()
	if n, err := c.Read(make([]byte, 512)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%s: read %d bytes, %v; want a reset", what, n, err)
	}
}

// wantRefusal calls a port that is to reset the call. The reset may reach the
// client as soon as it is connected, and then the call itself fails with it.
func (w *world) wantRefusal(what, host string, port int) {
	w.t.Helper()
	c, err := net.Dial("tcp", w.addr(host, port))
	if err != nil {
		if !errors.Is(err, syscall.ECONNRESET) {
			w.t.Errorf("%s: %v; want a reset", what, err)
		}
		return
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	wantReset(w.t, what, c)
}

func TestRefusalsAndResetsReachTheClient(t *testing.T) {
	t.Parallel()
	w := start(t, "net.syn_timeout=1s")
	session := w.greeted("cas1", 143)
	w.Net.SetService("cas1", false, 143)
	wantReset(t, "session with a service that stops", session)
	w.wantRefusal("call to a service that is down", "cas1", 143)
	w.Net.SetService("cas1", true, 143)
	w.greeted("cas1", 143)

	rule := network.Rule{ID: "home", Action: network.Reject, FromZone: lab.Internet, To: []string{"cas1"}}
	w.Net.AddRule(rule)
	w.wantRefusal("call that a firewall rejects", "cas1", 143)
	rule.Action = network.Drop
	w.Net.AddRule(rule)
	begun := w.Now()
	w.wantRefusal("call that a firewall drops", "cas1", 143)
	if got := w.Now().Sub(begun); got < time.Second {
		t.Errorf("the call that is dropped was given up after %s", got)
	}
	w.greeted("cas2", 143)
}

// The server says goodbye and closes while the client is still talking.
func TestLastWordsAreNotLost(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.greeted("cas1", 110)
	go c.Write(append([]byte("CAPA\r\nQUIT\r\n"), bytes.Repeat([]byte("NOOP\r\n"), 1<<20)...))
	got, err := io.ReadAll(c)
	if err != nil || strings.Count(string(got), "+OK") != 2 || !strings.HasSuffix(string(got), "signing off.\r\n") {
		t.Errorf("%q, %v", got, err)
	}
}

// A client that has said everything still wants the answers.
func TestHalfClose(t *testing.T) {
	t.Parallel()
	w := start(t)
	for range 50 {
		c := w.dial("cas1", 110)
		if _, err := io.WriteString(c, "CAPA\r\nQUIT\r\n"); err != nil {
			t.Fatal(err)
		}
		if err := c.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(c)
		if err != nil || strings.Count(string(got), "+OK") != 3 || !strings.Contains(string(got), "\r\n.\r\n") {
			t.Fatalf("%q, %v", got, err)
		}
	}
}

// The organisation lives on when a client stops in the middle of a download.
func TestTimePassesWhileAClientDoesNotRead(t *testing.T) {
	t.Parallel()
	w := start(t)
	big := store.ParseMessage(append([]byte("Subject: big\r\n\r\n"), bytes.Repeat([]byte("0123456789\r\n"), 1<<19)...))
	w.Do(func(now time.Time) {
		for range 4 { // 24 MB, more than the buffers on the way hold
			w.Store.Deliver(now, "dana", store.Inbox, big)
		}
	})
	c := tls.Client(w.dial("cas1", 993), w.trust())
	fmt.Fprintf(c, "a LOGIN %s %s\r\n", w.dana.Mail, w.dana.Password)
	fmt.Fprint(c, "b SELECT INBOX\r\nc FETCH 1:* BODY.PEEK[]\r\n")
	for in := bufio.NewScanner(c); in.Scan(); {
		if strings.HasPrefix(in.Text(), "b OK") {
			break
		}
	}
	begun := w.Now()
	w.eventually("three seconds to pass in the organisation", func() bool { return w.Now().Sub(begun) >= 3*time.Second })
	if w.Net.Open() != 1 {
		t.Error("the session is gone")
	}
}

// A client that goes takes its session along, however it goes.
func TestSessionEndsWithItsClient(t *testing.T) {
	t.Parallel()
	w := start(t)
	for name, leave := range map[string]func(c *net.TCPConn){
		"close": func(c *net.TCPConn) { c.Close() },
		"reset": func(c *net.TCPConn) { c.SetLinger(0); c.Close() },
	} {
		raw := w.greeted("cas1", 110)
		if n := w.Net.Open(); n != 1 {
			t.Errorf("%s: %d sessions, want one", name, n)
		}
		leave(raw)
		w.eventually("the end of the session after "+name, func() bool { return w.Net.Open() == 0 })
	}
}

// running counts the goroutines that are in this package's code.
func running() int {
	stacks := make([]byte, 1<<20)
	return strings.Count(string(stacks[:runtime.Stack(stacks, true)]), "shutout/sim/expose.")
}

// Not in parallel with others: it looks at all goroutines.
func TestNothingRunsAfterTheEnd(t *testing.T) {
	w := start(t)
	idle := w.greeted("cas1", 143)
	secure := tls.Client(w.dial("cas1", 993), w.trust())
	if err := secure.Handshake(); err != nil {
		t.Fatal(err)
	}
	w.greeted("cas1", 110).CloseWrite()
	if running() == 0 {
		t.Fatal("nothing runs")
	}
	w.End()
	w.eventually("the goroutines' end", func() bool { return running() == 0 })
	wantReset(t, "session at the end", idle)
	if c, err := net.Dial("tcp", w.addr("cas1", 143)); err == nil {
		c.Close()
		t.Error("a port is still open")
	}
}

func TestServices(t *testing.T) {
	t.Parallel()
	w := start(t)
	seen := map[string]bool{}
	for _, s := range w.Services {
		if seen[s.Addr] || !w.Listens(s.Host, s.Port) {
			t.Errorf("%+v is not a service of its own", s)
		}
		seen[s.Addr] = true
	}
	if _, err := expose.Services(context.Background(), w.Organisation, net.IPv4(127, 0, 0, 1), "nowhere"); err == nil || !strings.Contains(err.Error(), `"nowhere"`) {
		t.Errorf("from an unknown host: %v", err)
	}
	if _, err := expose.Services(context.Background(), w.Organisation, net.IPv4(192, 0, 2, 1), "home"); err == nil {
		t.Error("listens on an address that is not this machine's")
	}
}
