package network_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"testing"
	"time"
)

func TestCloseWriteEndsOneDirection(t *testing.T) {
	w := newWorld(t)
	w.echo(t)
	w.attempt(t, 0, func(ctx context.Context) {
		c, err := w.Dial(ctx, "dana", "home", "cas1:7")
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		fmt.Fprintln(c, "hello")
		if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			t.Error(err)
		}
		if _, err := c.Write([]byte("more")); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("write after the end: %v", err)
		}
		if got, err := io.ReadAll(c); string(got) != "hello\n" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	})
	if w.Open() != 0 {
		t.Errorf("%d connections still open", w.Open())
	}
}

// The world does not wait for a program outside that has stopped reading.
func TestClockMovesPastForeignClient(t *testing.T) {
	w := newWorld(t)
	w.echo(t)
	c, err := w.Dial(context.Background(), "", "home", "cas1:7")
	if err != nil {
		t.Fatal(err)
	}
	taken := make(chan struct{})
	go func() {
		defer close(taken)
		c.Read(make([]byte, 1)) // and never again
	}()
	fmt.Fprintln(c, "hello")
	<-taken
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := w.Run(ctx, start.Add(time.Hour)); err != nil {
		t.Error(err)
	}
}
