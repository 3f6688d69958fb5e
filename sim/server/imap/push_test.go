package imap_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shutout/sim/directory"
	"shutout/sim/network"
	"shutout/sim/server/imap"
	"shutout/sim/server/servertest"
	"shutout/sim/store"
)

// recorder is a listener that notes when the server writes what, in the clear.
type recorder struct {
	net.Listener
	w     *servertest.World
	mu    sync.Mutex
	lines []string
}

type recorded struct {
	net.Conn
	r *recorder
}

func (r *recorder) Accept() (net.Conn, error) {
	c, err := r.Listener.Accept()
	return recorded{c, r}, err
}

func (c recorded) NetConn() net.Conn { return c.Conn }

func (c recorded) Write(b []byte) (int, error) {
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	c.r.lines = append(c.r.lines, c.r.w.Elapsed().String()+" "+strings.TrimSpace(string(b)))
	return c.Conn.Write(b)
}

// pushed is what the server has written since 0s.
func (r *recorder) pushed() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(r.lines, func(l string) bool { return strings.HasPrefix(l, "0s ") })
}

// dialogue signs dana in without TLS, sends commands, and hangs on. What the
// server writes is recorded.
func dialogue(t *testing.T, commands ...string) (*servertest.World, *recorder, *net.Conn) {
	w := servertest.New(t, "ex2003", "popimap.idle=30m", "store.move_online=true")
	r := &recorder{w: w}
	w.Listen("cas1", 143, func(l *network.Listener) {
		r.Listener = l
		imap.Serve(w.World, "cas1", w.Certificate("cas1"), r)
	})
	conn := new(net.Conn)
	w.At(0, "dana", func(ctx context.Context) {
		c, err := w.Dial(ctx, "dana", "cas1:143")
		if err != nil {
			t.Error(err)
			return
		}
		*conn = c
		in := bufio.NewReader(c)
		in.ReadString('\n')
		for i, cmd := range append([]string{"LOGIN dana " + servertest.Password}, commands...) {
			fmt.Fprintf(c, "a%d %s\r\n", i, cmd)
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					t.Error(err)
					return
				}
				if strings.HasPrefix(line, fmt.Sprintf("a%d ", i)) || line == "+ idling\r\n" {
					break
				}
			}
		}
	})
	return w, r, conn
}

func TestServerEndsTheConnection(t *testing.T) {
	const severed, idle = "* BYE Connection closed. 14", "* BYE Connection is closed. 13"
	for _, c := range []struct {
		name     string
		commands []string
		event    func(w *servertest.World, now time.Time)
		want     string
	}{
		{"idle time-out", nil, nil, "30m0s " + idle},
		{"idle time-out in IDLE", []string{"SELECT INBOX", "IDLE"}, nil, "30m0s " + idle},
		{"restart of the store", []string{"SELECT INBOX"}, func(w *servertest.World, now time.Time) { w.Store.Restart(now, "mbx1") }, "5m0s " + severed},
		{"restart of the store in IDLE", []string{"SELECT INBOX", "IDLE"}, func(w *servertest.World, now time.Time) { w.Store.Restart(now, "mbx1") }, "5m0s " + severed},
		{"Disable-Mailbox", nil, func(w *servertest.World, now time.Time) { w.Store.Disconnect(now, "dana") }, "5m0s " + severed},
		{"another user's mailbox", nil, func(w *servertest.World, now time.Time) { w.Store.Disconnect(now, "erin") }, "30m0s " + idle},
		{"move in IDLE", []string{"SELECT INBOX", "IDLE"}, func(w *servertest.World, now time.Time) {
			if _, err := w.Store.Move(now, "dana", "db2"); err != nil {
				t.Error(err)
			}
		}, severed},
		{"restart of the service", []string{"IDLE"}, func(w *servertest.World, now time.Time) {
			w.CAS.Server("cas1").RestartService(now, "MSExchangeIMAP4", time.Minute)
		}, "5m0s " + severed},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, r, _ := dialogue(t, c.commands...)
			if c.event != nil {
				w.Event(5*time.Minute, func(now time.Time) { c.event(w, now) })
			}
			w.Run(2 * time.Hour)
			if got := r.pushed(); len(got) != 1 || !strings.HasSuffix(got[0], c.want) {
				t.Errorf("pushed %q, want %q", got, c.want)
			}
			if n := len(w.CAS.Server("cas1").Sessions()); n != 0 {
				t.Errorf("%d sessions left", n)
			}
			mb, _ := w.Store.Mailbox("dana")
			if n := len(mb.Sessions()); n != 0 {
				t.Errorf("%d logons left", n)
			}
			if n := w.Net.Open(); n != 0 {
				t.Errorf("%d connections left", n)
			}
		})
	}
}

func TestServerSaysGoodbyeOverTLS(t *testing.T) {
	w := newWorld(t, "ex2016")
	var c *tls.Conn
	w.At(0, "dana", func(ctx context.Context) {
		raw, _ := w.Dial(ctx, "dana", "cas1:993")
		c = tls.Client(raw, w.Trust("cas1"))
		in := bufio.NewReader(c)
		in.ReadString('\n')
		fmt.Fprintf(c, "a LOGIN dana %s\r\n", servertest.Password)
		in.ReadString('\n')
	})
	w.Event(time.Minute, func(now time.Time) { w.Store.Disconnect(now, "dana") })
	w.At(2*time.Minute, "dana", func(context.Context) {
		rest, err := io.ReadAll(c)
		if string(rest) != "* BYE Connection closed. 14\r\n" || err != nil {
			t.Errorf("%q, %v", rest, err)
		}
	})
	w.Run(time.Hour)
}

func TestSilentBeforeSignIn(t *testing.T) {
	for addr, want := range map[string]string{"cas1:143": "* BYE Connection is closed. 13", "cas1:993": ""} {
		w := newWorld(t, "ex2010")
		var c net.Conn
		w.At(0, "dana", func(ctx context.Context) { c, _ = w.Dial(ctx, "dana", addr) })
		w.Run(time.Minute - time.Second)
		if w.Net.Open() != 1 {
			t.Error(addr, "is closed too early")
		}
		w.Run(time.Minute)
		if w.Net.Open() != 0 {
			t.Error(addr, "is still open")
		}
		w.At(2*time.Minute, "dana", func(context.Context) {
			if got, _ := io.ReadAll(c); !strings.Contains(string(got), want) {
				t.Errorf("%s: %q", addr, got)
			}
		})
		w.Run(time.Hour)
	}
}

func TestIdlePushesAtOnce(t *testing.T) {
	for range 50 { // the clock must never run ahead of the goroutine that pushes
		w, r, c := dialogue(t, "SELECT INBOX", "IDLE")
		w.Event(time.Second, func(now time.Time) { w.Mail(now, "dana", "one") })
		w.Event(2*time.Second, func(now time.Time) { w.Mail(now, "dana", "two") })
		w.Event(3*time.Second, func(now time.Time) {
			x, _ := w.Store.Logon(now, store.Request{User: "dana", Protocol: directory.OWA})
			x.Mark(now, store.Inbox, []uint32{2}, store.Seen, 0)
			x.Delete(now, store.Inbox, []uint32{1})
		})
		w.At(4*time.Second, "dana", func(context.Context) {
			fmt.Fprint(*c, "DONE\r\n")
			in := bufio.NewReader(*c)
			for line := ""; !strings.HasPrefix(line, "a2 OK"); {
				var err error
				if line, err = in.ReadString('\n'); err != nil {
					t.Error(err)
					return
				}
			}
		})
		w.Run(time.Minute)
		want := []string{"1s * 1 EXISTS", "2s * 2 EXISTS", `3s * 2 FETCH (UID 2 FLAGS (\Seen))`, "3s * 1 EXPUNGE", "4s a2 OK IDLE completed"}
		if got := r.pushed(); !slices.Equal(got, want) {
			t.Fatalf("pushed %q, want %q", got, want)
		}
	}
}
