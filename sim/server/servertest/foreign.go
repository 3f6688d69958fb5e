package servertest

import (
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Program returns the path of a program that nobody here wrote, and skips the
// test where it is not installed.
func Program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	return path
}

// Live has the world follow the wall clock, ten times as fast, until the test
// ends, so that programs can use it through [World.Expose].
func (w *World) Live() {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Clock.Play(ctx, 10)
	}()
	w.TB.Cleanup(func() { stop(); <-done })
}

// Expose opens a port of a server on this machine's own network and returns
// its number there.
func (w *World) Expose(addr string) (port string) {
	w.TB.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.TB.Fatal(err)
	}
	w.TB.Cleanup(func() { l.Close() })
	go func() {
		for {
			outer, err := l.Accept()
			if err != nil {
				return
			}
			go w.bridge(outer, addr)
		}
	}()
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port
}

func (w *World) bridge(outer net.Conn, addr string) {
	defer outer.Close()
	inner, err := w.Dial(context.Background(), "", addr)
	if err != nil {
		return
	}
	go func() {
		defer inner.Close()
		io.Copy(inner, outer)
	}()
	io.Copy(outer, inner)
}

// TrustFile writes the lab's certification authority to a file that programs
// can read.
func (w *World) TrustFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, w.CA.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Output runs a program and returns what it said, in both ways; it fails the
// test when the program does.
func Output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	timer := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
	defer timer.Stop()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return string(out)
}
