package containers

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"
)

// left counts what is left of a lab in the engine.
func left(t *testing.T, id string) int {
	t.Helper()
	e, err := connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	its := make(client.Filters).Add("label", labelLab+"="+id)
	containers, err := e.ContainerList(t.Context(), client.ContainerListOptions{All: true, Filters: its})
	if err != nil {
		t.Fatal(err)
	}
	networks, err := e.NetworkList(t.Context(), client.NetworkListOptions{Filters: its})
	if err != nil {
		t.Fatal(err)
	}
	volumes, err := e.VolumeList(t.Context(), client.VolumeListOptions{Filters: its})
	if err != nil {
		t.Fatal(err)
	}
	return len(containers.Items) + len(networks.Items) + len(volumes.Items)
}

// Two labs stand side by side, and each leaves nothing behind.
func TestStartAndStop(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	cast := testCast()
	org, err := start(t.Context(), cast, Options{})
	if err != nil {
		t.Fatal(err)
	}
	id := org.lease.id
	if n := left(t, id); n != 6 { // four servers, two networks
		t.Errorf("%d things are there instead of 6", n)
	}
	if err := org.stop(); err != nil {
		t.Fatal(err)
	}
	if n := left(t, id); n != 0 {
		t.Errorf("%d things are left", n)
	}
	works(t, "the other lab", w.client(t, "erin", "imap", nil), signIn)
}

// A start that is cut off leaves nothing behind, whenever that happens.
func TestStartCutOff(t *testing.T) {
	t.Parallel()
	needEngine(t)
	for _, after := range []time.Duration{100 * time.Millisecond, 700 * time.Millisecond, 1500 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(t.Context(), after)
		org, err := start(ctx, testCast(), Options{})
		cancel()
		if err == nil {
			t.Log("the start was faster than", after)
			err = org.stop()
			if err != nil {
				t.Fatal(err)
			}
			continue
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after %s: %v", after, err)
		}
		if org.lease != nil {
			if n := left(t, org.lease.id); n != 0 {
				t.Errorf("after %s %d things are left", after, n)
			}
		}
	}
}

// variable has this test program be a process that starts a lab and is killed.
const variable = "SHUTOUT_TEST_LAB_TO_KILL"

// What a killed process leaves is removed by the next lab.
func TestKilled(t *testing.T) {
	if os.Getenv(variable) != "" {
		org, err := start(context.Background(), testCast(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("lab", org.lease.id)
		select {}
	}
	t.Parallel()
	needEngine(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestKilled$")
	cmd.Env = append(os.Environ(), variable+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	id := ""
	for lines := bufio.NewScanner(out); id == "" && lines.Scan(); {
		id, _ = strings.CutPrefix(lines.Text(), "lab ")
	}
	if id == "" || left(t, id) == 0 {
		t.Fatal("the process has started no lab")
	}
	e, err := connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if err := e.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left(t, id) == 0 {
		t.Fatal("the lab of a process that lives was removed")
	}
	cmd.Process.Kill()
	cmd.Wait()
	if err := e.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := left(t, id); n != 0 {
		t.Errorf("%d things are left of the lab of a process that was killed", n)
	}
}
