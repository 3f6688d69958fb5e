package network_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"shutout/lab"
	"shutout/sim/clock"
	"shutout/sim/network"
	"shutout/sim/timeline"
)

var start = time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)

type world struct {
	*network.Network
	*clock.Clock
	tl *timeline.Timeline
}

func newWorld(t *testing.T) *world {
	t.Helper()
	tl := timeline.New(start, 1)
	n := network.New(tl)
	n.SYNTimeout = 21 * time.Second
	n.AddHost(lab.Host{ID: "home", Addr: netip.MustParseAddr("203.0.113.7"), Zone: lab.Internet})
	n.AddHost(lab.Host{ID: "phone", Addr: netip.MustParseAddr("198.51.100.1"), Zone: lab.Internet, Roaming: true})
	n.AddHost(lab.Host{ID: "cas1", Addr: netip.MustParseAddr("10.0.1.11"), Zone: lab.Servers})
	t.Cleanup(n.Close)
	return &world{n, clock.New(tl, n, &sync.Mutex{}), tl}
}

// echo serves lines on cas1:7; the line "wait N" parks for N seconds first.
func (w *world) echo(t *testing.T) {
	t.Helper()
	l, err := w.Listen("cas1", 7)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				r := bufio.NewReader(c)
				for {
					line, err := r.ReadString('\n')
					if err != nil {
						return
					}
					var sec int
					if _, err := fmt.Sscanf(line, "wait %d", &sec); err == nil {
						if !w.Park(c, w.tl.Now().Add(time.Duration(sec)*time.Second)) {
							return
						}
					}
					if _, err := io.WriteString(c, line); err != nil {
						return
					}
				}
			}()
		}
	}()
}

// attempt runs f as a process at start+at and plays the world up to a day.
func (w *world) attempt(t *testing.T, at time.Duration, f func(ctx context.Context)) {
	t.Helper()
	ran := false
	w.At(start.Add(at), lab.ClassAttempt, "dana", func(ctx context.Context) { f(ctx); ran = true })
	if err := w.Run(context.Background(), start.Add(24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if !ran {
		t.Fatal("the attempt did not finish")
	}
}

func TestServerSeesClientAddressAndPortIsRefusedWhenDown(t *testing.T) {
	w := newWorld(t)
	w.echo(t)
	w.attempt(t, 0, func(ctx context.Context) {
		c, err := w.Dial(ctx, "dana", "home", "cas1:7")
		if err != nil {
			t.Error(err)
			return
		}
		if got := c.LocalAddr().(*net.TCPAddr).IP.String(); got != "203.0.113.7" {
			t.Errorf("client address %s", got)
		}
		fmt.Fprintln(c, "hello")
		if got, _ := bufio.NewReader(c).ReadString('\n'); got != "hello\n" {
			t.Errorf("echo %q", got)
		}
		w.SetService("cas1", false, 7)
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("read on a stopped service: %v", err)
		}
		if _, err := w.Dial(ctx, "dana", "home", "cas1:7"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("dial to a stopped service: %v", err)
		}
	})
}

func TestClockMovesWhileTheServerIsParked(t *testing.T) {
	w := newWorld(t)
	w.echo(t)
	w.attempt(t, time.Minute, func(ctx context.Context) {
		c, _ := w.Dial(ctx, "dana", "home", "cas1:7")
		fmt.Fprintln(c, "wait 5")
		bufio.NewReader(c).ReadString('\n')
		if got := w.tl.Now().Sub(start); got != 65*time.Second {
			t.Errorf("answered after %s", got)
		}
	})
}

func TestDeadlinesRunOnVirtualTime(t *testing.T) {
	w := newWorld(t)
	w.echo(t)
	w.attempt(t, 0, func(ctx context.Context) {
		c, _ := w.Dial(ctx, "dana", "home", "cas1:7")
		fmt.Fprintln(c, "wait 300")
		c.SetReadDeadline(time.Now().Add(30 * time.Second))
		_, err := c.Read(make([]byte, 1))
		if !errors.Is(err, os.ErrDeadlineExceeded) || w.tl.Now().Sub(start) != 30*time.Second {
			t.Errorf("%v after %s", err, w.tl.Now().Sub(start))
		}
		c.SetReadDeadline(time.Time{})
		if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || w.tl.Now().Sub(start) != 300*time.Second {
			t.Errorf("%q, %v after %s", line, err, w.tl.Now().Sub(start))
		}
	})
}

func TestFirewallDropsAndRejects(t *testing.T) {
	w := newWorld(t)
	w.echo(t)
	block := network.Rule{ID: "b", Action: network.Drop, From: []netip.Prefix{netip.MustParsePrefix("203.0.113.7/32")}}
	w.attempt(t, 0, func(ctx context.Context) {
		c, _ := w.Dial(ctx, "dana", "home", "cas1:7")
		w.AddRule(block)
		begun := w.tl.Now()
		fmt.Fprintln(c, "hello")
		c.SetReadDeadline(time.Now().Add(30 * time.Second))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read through a drop rule: %v", err)
		}
		if got := w.tl.Now().Sub(begun); got != 30*time.Second {
			t.Errorf("gave up after %s", got)
		}
		begun = w.tl.Now()
		if _, err := w.Dial(ctx, "dana", "home", "cas1:7"); !errors.Is(err, syscall.ETIMEDOUT) {
			t.Errorf("dial through a drop rule: %v", err)
		}
		if got := w.tl.Now().Sub(begun); got != 21*time.Second {
			t.Errorf("gave up calling after %s", got)
		}
		if _, err := w.Dial(ctx, "dana", "phone", "cas1:7"); err != nil {
			t.Errorf("another address: %v", err)
		}
		block.Action = network.Reject
		w.AddRule(block)
		if _, err := w.Dial(ctx, "dana", "home", "cas1:7"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("dial through a reject rule: %v", err)
		}
		w.RemoveRule("b")
		if _, err := w.Dial(ctx, "dana", "home", "cas1:7"); err != nil {
			t.Errorf("after the rule went: %v", err)
		}
	})
	if log := w.DropLog(); len(log) != 1 || log[0].Port != 7 {
		t.Errorf("firewall log %v", log)
	}
}

// The firewall sees nothing of what two hosts on the internet send each other.
func TestFirewallIsTheOrganisations(t *testing.T) {
	w := newWorld(t)
	w.AddRule(network.Rule{Action: network.Drop, From: []netip.Prefix{netip.MustParsePrefix("203.0.113.7/32")}})
	if !w.Reachable("home", "phone", 25) {
		t.Error("it drops what passes the organisation by")
	}
	if w.Reachable("home", "cas1", 7) {
		t.Error("it lets into the organisation what it should drop")
	}
}

// The answer of a server that was parked when the rule came vanishes; the
// client's time-out is what the clock moves to.
func TestAnswerThatVanishes(t *testing.T) {
	w := newWorld(t)
	w.echo(t)
	w.tl.At(start.Add(2*time.Second), 0, func(time.Time) {
		w.AddRule(network.Rule{Action: network.Drop, FromZone: lab.Internet})
	})
	w.attempt(t, 0, func(ctx context.Context) {
		c, _ := w.Dial(ctx, "dana", "home", "cas1:7")
		fmt.Fprintln(c, "wait 5")
		c.SetReadDeadline(time.Now().Add(30 * time.Second))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read: %v", err)
		}
		if got := w.tl.Now().Sub(start); got != 30*time.Second {
			t.Errorf("gave up after %s", got)
		}
	})
}

func TestRoamingHostChangesAddressDaily(t *testing.T) {
	w := newWorld(t)
	a, _ := w.HostAddr("phone")
	w.tl.Step(start.Add(49 * time.Hour))
	b, _ := w.HostAddr("phone")
	if a.String() != "198.51.100.1" || b.String() != "198.51.100.3" {
		t.Errorf("%s, then %s", a, b)
	}
}

// A push wakes a goroutine beside the one that reads; the clock must not move
// before its bytes are written.
func TestWatchHoldsTheClockUntilThePushIsWritten(t *testing.T) {
	w := newWorld(t)
	l, _ := w.Listen("cas1", 143)
	gates := make(chan *network.Gate, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		g := w.Gate(c)
		gates <- g
		stop := make(chan struct{})
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer g.Done()
			for g.Watch(stop) == network.Woken {
				time.Sleep(5 * time.Millisecond) // a slow push, to catch a clock that runs ahead
				fmt.Fprintln(c, "* 1 EXISTS", w.tl.Now().Sub(start))
			}
		}()
		bufio.NewReader(c).ReadString('\n')
		close(stop)
		<-done
		fmt.Fprintln(c, "OK")
	}()
	var c net.Conn
	w.At(start, lab.ClassAttempt, "dana", func(ctx context.Context) {
		c, _ = w.Dial(ctx, "dana", "home", "cas1:143")
	})
	w.tl.At(start.Add(time.Minute), 0, func(time.Time) { (<-gates).Wake() })
	w.attempt(t, 2*time.Minute, func(ctx context.Context) {
		fmt.Fprintln(c, "DONE")
		r := bufio.NewReader(c)
		if line, _ := r.ReadString('\n'); line != "* 1 EXISTS 1m0s\n" {
			t.Errorf("pushed %q", line)
		}
		if line, _ := r.ReadString('\n'); line != "OK\n" {
			t.Errorf("then %q", line)
		}
	})
}

func TestHTTPServerIsAtRestBetweenRequestsOnly(t *testing.T) {
	w := newWorld(t)
	l, _ := w.Listen("cas1", 80)
	handled := 0
	go network.ServeHTTP(l, nil, 2*time.Minute, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		time.Sleep(2 * time.Millisecond)
		handled++
		fmt.Fprint(rw, w.tl.Now().Sub(start), " ", network.Owner(network.RequestConn(r)))
	}))
	var c net.Conn
	var r *bufio.Reader
	for i := range 50 {
		w.At(start.Add(time.Duration(i)*time.Minute), lab.ClassAttempt, "dana", func(ctx context.Context) {
			if c == nil {
				c, _ = w.Dial(ctx, "dana", "home", "cas1:80")
				r = bufio.NewReader(c)
			}
			fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			resp, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Error(err)
				return
			}
			body, _ := io.ReadAll(resp.Body)
			if want := fmt.Sprint(time.Duration(i)*time.Minute, " dana"); string(body) != want {
				t.Errorf("got %q, want %q", body, want)
			}
		})
	}
	if err := w.Run(context.Background(), start.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if handled != 50 {
		t.Errorf("%d requests", handled)
	}
	// The idle time-out of two minutes fired long before the hour was over.
	if w.Open() != 0 {
		t.Errorf("%d connections still open", w.Open())
	}
}

func TestAbandonedParkEndsWithTheConnection(t *testing.T) {
	w := newWorld(t)
	w.echo(t)
	w.attempt(t, 0, func(ctx context.Context) {
		c, _ := w.Dial(ctx, "dana", "home", "cas1:7")
		fmt.Fprintln(c, "wait 3600")
		c.Close()
	})
	if w.Open() != 0 {
		t.Errorf("%d connections still open", w.Open())
	}
}
