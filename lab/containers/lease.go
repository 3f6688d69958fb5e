package containers

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// Labels of everything that a lab makes in the engine.
const (
	labelLab    = "shutout.lab"    // the lab's own name
	labelLease  = "shutout.lease"  // the socket that answers as long as its process lives
	labelHost   = "shutout.host"   // the machine that the process runs on
	labelServer = "shutout.server" // which server a container is
)

// A lease shows that a lab's process is alive: a socket on which somebody
// listens as long as the process lives, and not a moment longer.
type lease struct {
	id     string
	path   string
	host   string
	socket net.Listener
}

func newLease() (*lease, error) {
	var b [4]byte
	rand.Read(b[:])
	l := &lease{id: hex.EncodeToString(b[:])}
	l.path = filepath.Join(os.TempDir(), "shutout-"+l.id+".sock")
	var err error
	if l.host, err = os.Hostname(); err != nil {
		return nil, err
	}
	if l.socket, err = net.Listen("unix", l.path); err != nil {
		return nil, fmt.Errorf("the mark that this lab is in use: %w", err)
	}
	return l, nil
}

func (l *lease) labels() map[string]string {
	return map[string]string{labelLab: l.id, labelLease: l.path, labelHost: l.host}
}

func (l *lease) release() { l.socket.Close() } // which removes the socket's file

// leasePatience is how long a process may take to answer on its own machine.
const leasePatience = 2 * time.Second

// abandoned tells whether the lab with these labels has no process any more.
// Only the machine that started it can tell. Where the socket's file is gone, a
// container that still runs may be somebody's who sees other files.
func abandoned(labels map[string]string, running bool) bool {
	host, err := os.Hostname()
	if err != nil || labels[labelHost] != host || labels[labelLease] == "" {
		return false
	}
	c, err := net.DialTimeout("unix", labels[labelLease], leasePatience)
	if err == nil {
		c.Close()
		return false
	}
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist) && !running
}

// sweep removes the labs whose processes are gone without having cleaned up.
func (e *engine) sweep(ctx context.Context) error {
	ours := make(client.Filters).Add("label", labelLab)
	running, stale := map[string]bool{}, map[string]map[string]string{}
	list, err := e.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: ours})
	if err != nil {
		return fmt.Errorf("looking for labs that were left behind: %w", err)
	}
	for _, c := range list.Items {
		id := c.Labels[labelLab]
		running[id] = running[id] || c.State == container.StateRunning || c.State == container.StatePaused
		stale[id] = c.Labels
	}
	networks, err := e.NetworkList(ctx, client.NetworkListOptions{Filters: ours})
	if err != nil {
		return fmt.Errorf("looking for labs that were left behind: %w", err)
	}
	for _, n := range networks.Items {
		stale[n.Labels[labelLab]] = n.Labels
	}
	var errs []error
	for id, labels := range stale {
		if abandoned(labels, running[id]) {
			errs = append(errs, e.remove(ctx, id))
			os.Remove(labels[labelLease])
		}
	}
	return errors.Join(errs...)
}

// removal is how long the removal of one lab may take.
const removal = 2 * time.Minute

// remove removes everything of a lab, however much of it there is.
func (e *engine) remove(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removal)
	defer cancel()
	its := make(client.Filters).Add("label", labelLab+"="+id)
	list, err := e.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: its})
	if err != nil {
		return fmt.Errorf("removing the lab %s: %w", id, err)
	}
	errs := make([]error, len(list.Items))
	var wg sync.WaitGroup
	for i, c := range list.Items {
		wg.Go(func() {
			_, err := e.ContainerRemove(ctx, c.ID, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
			errs[i] = gone(err)
		})
	}
	wg.Wait()
	networks, err := e.NetworkList(ctx, client.NetworkListOptions{Filters: its})
	errs = append(errs, err)
	for _, n := range networks.Items {
		_, err := e.NetworkRemove(ctx, n.ID, client.NetworkRemoveOptions{})
		errs = append(errs, gone(err))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("removing the lab %s: %w", id, err)
	}
	return nil
}

// gone forgives what somebody else has removed meanwhile.
func gone(err error) error {
	if errdefs.IsNotFound(err) || errdefs.IsConflict(err) {
		return nil
	}
	return err
}
