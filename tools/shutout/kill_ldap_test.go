package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"shutout/lab/remote/journal"
	"shutout/sim/expose"
	"shutout/sim/expose/exposetest"
)

// wire stands between a program and its directory. From the moment on at which
// the journal has a change, it counts what passes, in either direction, and
// instead of passing one on it ends the program: what it had asked for then has
// been done, or has not, and it knows neither.
type wire struct {
	l      net.Listener
	to     string
	armed  func() bool
	victim *exec.Cmd

	mu   sync.Mutex
	left int // until the program ends
	cut  bool
}

func (w *wire) serve() {
	for {
		c, err := w.l.Accept()
		if err != nil {
			return
		}
		up, err := net.Dial("tcp", w.to)
		if err != nil {
			c.Close()
			continue
		}
		go w.pass(c, up)
		go w.pass(up, c)
	}
}

func (w *wire) pass(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	b := make([]byte, 64<<10)
	for {
		n, err := from.Read(b)
		if n == 0 || err != nil || w.kills() {
			return
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

// kills counts, and ends the program at its time.
func (w *wire) kills() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.left < 0 || !w.armed() {
		return w.cut
	}
	if w.left--; w.left < 0 {
		w.cut = true
		w.victim.Process.Kill()
	}
	return w.cut
}

// TestKilledOnTheWire ends the program at everything that it says to a directory
// or hears from it, in a simulated organisation that is reached as a real one.
func TestKilledOnTheWire(t *testing.T) {
	t.Parallel()
	// Each organisation has its own row of points, and is as it was after each.
	const organisations = 10
	var mu sync.Mutex
	points, ended := 0, false
	var orgs []*organisation
	for range organisations {
		o := openServed()
		if o == nil {
			t.Fatal("an organisation could not be opened")
		}
		defer o.Close()
		orgs = append(orgs, o)
	}
	sideBySide(t, organisations, func(i int) error {
		o := orgs[i]
		before, err := o.state()
		if err != nil {
			return err
		}
		for at := i; ; at += organisations {
			dir, err := os.MkdirTemp(t.TempDir(), "ward")
			if err != nil {
				return err
			}
			// What is done takes no time worth telling, so it is over soon.
			w := &ward{t: t, dir: dir, name: "ward", text: strings.Replace(wardCase, "horizon: 3s", "horizon: 1s", 1), describe: o.describeWith}
			dead, said, err := w.killedOnTheWire(o.directory(), at)
			if err != nil {
				return fmt.Errorf("at %d: %w", at, err)
			}
			if dead {
				if err := w.revertOver(o.directory()); err != nil {
					return fmt.Errorf("at %d: %w", at, err)
				}
			}
			after, err := o.state()
			if err != nil {
				return err
			}
			if after != before {
				return fmt.Errorf("at %d it was\n%sand is\n%s\n%s", at, before, after, said)
			}
			mu.Lock()
			if dead {
				points++
			} else {
				ended = true
			}
			mu.Unlock()
			if !dead {
				return nil
			}
		}
	})
	if points < 40 || !ended {
		t.Errorf("the program was killed at %d points only", points)
	}
	t.Logf("killed at %d points", points)
}

// killedOnTheWire plays the case and ends the program at one point of what it
// says to the directory, if there are so many.
func (w *ward) killedOnTheWire(directory string, at int) (dead bool, said string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return false, "", err
	}
	defer l.Close()
	if err := w.describe(w.dir, l.Addr().String()); err != nil {
		return false, "", err
	}
	if err := os.WriteFile(w.path("case.yaml"), []byte(w.text), 0o600); err != nil {
		return false, "", err
	}
	cmd, out := w.command("shutout", w.run()...)
	wire := &wire{l: l, to: directory, left: at, victim: cmd, armed: func() bool {
		paths, _ := filepath.Glob(w.path("state/shutout/labs/*/*" + journal.Suffix))
		for _, p := range paths {
			if c, err := journal.Read(p); err == nil && len(c.Entries) > 0 {
				return true
			}
		}
		return false
	}}
	if err := cmd.Start(); err != nil {
		return false, "", err
	}
	go wire.serve()
	err = cmd.Wait()
	if !killed(cmd) && err != nil && cmd.ProcessState.ExitCode() == exitBad {
		return false, "", fmt.Errorf("%w\n%s", err, out)
	}
	return killed(cmd), out.String(), nil
}

// revertOver reverts with the directory in its own place.
func (w *ward) revertOver(directory string) error {
	if err := w.describe(w.dir, directory); err != nil {
		return err
	}
	return w.revert()
}

// describeWith describes the organisation, with its directory at an address.
func (o *organisation) describeWith(dir, directory string) error {
	f := &labFile{dir: dir}
	moved := &organisation{&exposetest.World{Organisation: o.Organisation, Services: slices.Clone(o.Services)}}
	i := slices.IndexFunc(moved.Services, func(s expose.Service) bool { return s.Scheme == "ldaps" })
	moved.Services[i].Addr = directory
	moved.describe(f)
	f.directory(o.Organisation, moved.Services)
	return f.write()
}
