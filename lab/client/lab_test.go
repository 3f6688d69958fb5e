package client

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"shutout/lab"
)

// testLab is one endpoint on the loopback, with a clock that tests move.
type testLab struct {
	t    *testing.T
	env  lab.Env
	addr string

	mu    sync.Mutex
	now   time.Time
	conns []net.Conn // client ends
}

const (
	testUser = "dana@corp.example"
	oldPass  = "Old-Secret-1"
	newPass  = "New-Secret-2"
)

func newTestLab(t *testing.T, path lab.Path) *testLab {
	l := &testLab{t: t, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	l.env = lab.Env{
		Endpoint: lab.Endpoint{Addr: "cas1:1", Host: "cas1.corp.example", Security: lab.Plain},
		Dial: func(ctx context.Context, addr string) (net.Conn, error) {
			if addr != "cas1:1" {
				return nil, errors.New("dialled " + addr)
			}
			var d net.Dialer
			c, err := d.DialContext(ctx, "tcp", l.addr)
			if err == nil {
				l.mu.Lock()
				l.conns = append(l.conns, c)
				l.mu.Unlock()
			}
			return c, err
		},
		Now: func() time.Time {
			l.mu.Lock()
			defer l.mu.Unlock()
			return l.now
		},
		Login:    lab.Login{User: testUser, Address: testUser, Passwords: []string{oldPass}},
		Activity: &lab.Activity{ID: "dana", Path: path},
		Domain:   "corp.example",
	}
	return l
}

func (l *testLab) listen() net.Listener {
	l.t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { ln.Close() })
	l.addr = ln.Addr().String()
	return ln
}

// script serves the connections one after another, each by the next function.
// Further ones are closed at once. An empty list means that nobody listens.
func (l *testLab) script(serve ...func(net.Conn)) {
	l.t.Helper()
	ln := l.listen()
	if len(serve) == 0 {
		ln.Close()
		return
	}
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		for i := 0; ; i++ {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			wg.Add(1)
			go func() {
				defer wg.Done()
				defer c.Close()
				c.SetDeadline(time.Now().Add(10 * time.Second))
				if i < len(serve) {
					serve[i](c)
				}
			}()
		}
	}()
	l.t.Cleanup(func() { ln.Close(); wg.Wait() })
}

func (l *testLab) advance(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = l.now.Add(d)
}

func (l *testLab) client() lab.Client {
	l.t.Helper()
	c, err := New(l.env)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(c.Close)
	return c
}

func do(c lab.Client, can lab.Capability) error {
	return c.Do(context.Background(), lab.Task{
		Capability: can, From: testUser, To: "erin@corp.example",
		Subject: "probe 7", MessageID: "m7@corp.example",
	})
}

// check compares an attempt's error with a failure; nil means success.
func check(t *testing.T, what string, err error, want *lab.Failure) {
	t.Helper()
	if want == nil {
		if err != nil {
			t.Errorf("%s: %v, want success", what, err)
		}
		return
	}
	var f *lab.Failure
	if !errors.As(err, &f) {
		t.Errorf("%s: %v, want %+v", what, err, *want)
	} else if *f != *want {
		t.Errorf("%s:\n got %+v\nwant %+v", what, *f, *want)
	}
}

func wantConnections(t *testing.T, c lab.Client, want int) {
	t.Helper()
	if got := c.(interface{ Connections() int }).Connections(); got != want {
		t.Errorf("%d connections, want %d", got, want)
	}
}
