// Package containers starts real servers for a lab: Samba as an Active Directory
// domain controller, Dovecot, Postfix, SOGo, and the mail exchangers of the
// world outside, each in a container of its own. What it has started is
// described by a [remote.Config], as a file describes any other lab.
package containers

import (
	"context"
	"errors"
	"fmt"
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
type engine struct{ *client.Client }

// loopback is where the ports of containers are on this machine, out of reach
// of others. It is a number: under the name localhost the engine may have given
// the same port to another container.
const loopback = "127.0.0.1"

// portHost is the address that an engine is to bind ports to; empty: to all it
// has, since it runs on another machine.
func (e *engine) portHost() string {
	if strings.HasPrefix(e.DaemonHost(), "unix:") && os.Getenv("TESTCONTAINERS_HOST_OVERRIDE") == "" {
		return loopback
	}
	return ""
}

// connect returns the engine that answers; the error wraps [ErrNoEngine].
func connect(ctx context.Context) (e *engine, err error) {
	quiet()
	ctx, cancel := context.WithTimeout(ctx, enginePatience)
	defer cancel()
	if err := namedAnswers(ctx); err != nil {
		return nil, err
	}
	defer func() {
		// The library panics where it finds no socket.
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v: %s", ErrNoEngine, r, HowToGetEngine)
		}
	}()
	c, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err == nil {
		if _, err = c.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true}); err == nil {
			return &engine{c.Client}, nil
		}
		c.Close()
	}
	return nil, fmt.Errorf("%w: %w: %s", ErrNoEngine, err, HowToGetEngine)
}

// namedAnswers tells whether the engine that DOCKER_HOST names, if it names one,
// answers. The library would go on to any other that it finds, which is not the
// one that was meant.
func namedAnswers(ctx context.Context) error {
	host := os.Getenv(client.EnvOverrideHost)
	if host == "" {
		return nil
	}
	c, err := client.New(client.FromEnv)
	if err == nil {
		defer c.Close()
		_, err = c.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true})
	}
	if err != nil {
		return fmt.Errorf("%w at %s, which DOCKER_HOST names: %w: %s", ErrNoEngine, host, err, HowToGetEngine)
	}
	return nil
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
