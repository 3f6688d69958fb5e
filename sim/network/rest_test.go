package network_test

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"shutout/lab"
	"shutout/sim/network"
)

func TestAttemptBeginsOnTimeWhileAnotherOneWaits(t *testing.T) {
	w := newWorld(t)
	w.AddRule(network.Rule{Action: network.Drop})
	var at time.Duration
	w.At(start.Add(5*time.Second), lab.ClassAttempt, "dana", func(context.Context) {
		for range 1000 {
			runtime.Gosched() // the world must wait even for a slow one
		}
		at = w.tl.Now().Sub(start)
	})
	w.attempt(t, 0, func(ctx context.Context) {
		if _, err := w.Dial(ctx, "dana", "home", "cas1:7"); !errors.Is(err, syscall.ETIMEDOUT) {
			t.Errorf("dial in vain: %v", err)
		}
	})
	if at != 5*time.Second {
		t.Errorf("the attempt of T+5s began at %s", at)
	}
}

func TestPending(t *testing.T) {
	w := newWorld(t)
	l, err := w.Listen("cas1", 7)
	if err != nil {
		t.Fatal(err)
	}
	open := func() (client, server net.Conn, pending func() bool) {
		t.Helper()
		client, err := w.Dial(context.Background(), "dana", "home", "cas1:7")
		if err != nil {
			t.Fatal(err)
		}
		if server, err = l.Accept(); err != nil {
			t.Fatal(err)
		}
		pending = client.(interface{ Pending() bool }).Pending
		if pending() {
			t.Fatal("something pends on a new connection")
		}
		return client, server, pending
	}
	c, s, pending := open()
	io.WriteString(s, "hi")
	if !pending() || !pending() {
		t.Error("data does not pend")
	}
	if n, err := c.Read(make([]byte, 4)); n != 2 || err != nil || pending() {
		t.Errorf("read %d, %v; pending %t", n, err, pending())
	}
	s.Close()
	if !pending() {
		t.Error("the end does not pend")
	}
	c, _, pending = open()
	w.SetService("cas1", false, 7)
	if !pending() {
		t.Error("a reset does not pend")
	}
	c.Close()
	if !pending() {
		t.Error("a closed connection pretends to wait")
	}
}

func TestQuietWhenTheServerHasTurnedToWhatWasLeft(t *testing.T) {
	w := newWorld(t)
	l, err := w.Listen("cas1", 7)
	if err != nil {
		t.Fatal(err)
	}
	var served atomic.Bool
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		b := make([]byte, 1)
		for _, err := c.Read(b); err == nil; _, err = c.Read(b) {
			for range 1000 {
				runtime.Gosched()
			}
			served.Store(true)
		}
		c.Close()
	}()
	w.attempt(t, 0, func(ctx context.Context) {
		w.WaitQuiet("dana") // who has no connection yet
		c, err := w.Dial(ctx, "dana", "home", "cas1:7")
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		io.WriteString(c, "x")
		w.WaitQuiet("dana")
		if !served.Load() {
			t.Error("the server is still at work")
		}
	})
}
