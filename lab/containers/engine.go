// Package containers starts real servers for a lab: Samba as an Active Directory
// domain controller, Dovecot, Postfix, SOGo, and the mail exchangers of the
// world outside, each in a container of its own. What it has started is
// described by a [remote.Config], as a file describes any other lab.
package containers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	tclog "github.com/testcontainers/testcontainers-go/log"
)

// ErrNoEngine says that there is nothing that runs containers.
var ErrNoEngine = errors.New("no container engine answers")

// HowToGetEngine tells what to do about [ErrNoEngine], in one line.
const HowToGetEngine = "start Docker (apt-get install docker.io; service docker start) or Podman's socket, and name it in DOCKER_HOST where it is not the usual one"

// enginePatience is how long an engine may take to answer at all.
const enginePatience = 20 * time.Second

var quiet = sync.OnceFunc(func() {
	// The reaper is an image of a registry that may be out of reach; this package
	// removes what is left over by its own label.
	os.Setenv("TESTCONTAINERS_RYUK_DISABLED", "true")
	tclog.SetDefault(tclog.NewNoopLogger())
})

// engine is a connection to what runs containers.
type engine struct {
	*client.Client

	mu   sync.Mutex
	host string // where the ports of containers are, once that is known
}

// portHost tells where the engine puts the ports of containers: on this machine,
// or on another that the library names. It believes what answers first, since
// the library takes some machines for containers that are none.
func (e *engine) portHost(ctx context.Context, s *server, port string) (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.host != "" {
		return e.host, nil
	}
	named, err := s.Host(ctx)
	if err != nil {
		return "", err
	}
	hosts := []string{named}
	if strings.HasPrefix(e.DaemonHost(), "unix:") {
		hosts = []string{"localhost", named}
	}
	for _, host := range hosts {
		c, failed := net.DialTimeout("tcp", net.JoinHostPort(host, port), portPatience)
		if failed == nil {
			c.Close()
			e.host = host
			return host, nil
		}
		err = failed
	}
	return "", err
}

// portPatience is how long a port of a container that runs may take to answer.
const portPatience = time.Second

// connect returns the engine that answers; the error wraps [ErrNoEngine].
func connect(ctx context.Context) (e *engine, err error) {
	quiet()
	ctx, cancel := context.WithTimeout(ctx, enginePatience)
	defer cancel()
	defer func() {
		// The library panics where it finds no socket.
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v: %s", ErrNoEngine, r, HowToGetEngine)
		}
	}()
	c, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err == nil {
		if _, err = c.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true}); err == nil {
			return &engine{Client: c.Client}, nil
		}
		c.Close()
	}
	return nil, fmt.Errorf("%w: %w: %s", ErrNoEngine, err, HowToGetEngine)
}

// Available tells whether a container engine answers; the error says why not,
// and what to do.
func Available(ctx context.Context) error {
	e, err := connect(ctx)
	if err != nil {
		return err
	}
	return e.Close()
}
