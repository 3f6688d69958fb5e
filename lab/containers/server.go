package containers

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	tcexec "github.com/testcontainers/testcontainers-go/exec"
	tclog "github.com/testcontainers/testcontainers-go/log"
	tcnetwork "github.com/testcontainers/testcontainers-go/network"
)

// readiness is how long a server may take from its start to its first answer.
const readiness = 90 * time.Second

// runtimeFiles is where servers keep sockets, pipes and process numbers. As on
// any Linux, it is in memory and empty after a restart. The file systems that
// engines put images together with are less sure: fuse-overlayfs once gave
// "mkfifo: Input/output error" to a Dovecot that found its old pipes.
const runtimeFiles = "/run"

// recipe is how one server is started.
type recipe struct {
	image string
	// names are what others call it, the first its own.
	names    []string
	networks []*testcontainers.DockerNetwork
	ports    []int // that are reached from this machine
	command  []string
	files    []file // that it finds when it starts
	// ready asks the server something that only a server that works answers.
	ready func(ctx context.Context, s *server) error
}

// server is one container.
type server struct {
	recipe
	engine *engine
	*testcontainers.DockerContainer
}

// start starts a container and waits until its server works. What has been made
// is found by its label, also after an error.
func (e *engine) start(ctx context.Context, l *lease, r recipe) (*server, error) {
	s := &server{recipe: r, engine: e}
	host, _, _ := strings.Cut(r.names[0], ".")
	labels := l.labels()
	labels[labelServer] = host
	var ports []string
	bindings := network.PortMap{}
	at, _ := netip.ParseAddr(e.portHost()) // the zero address is all
	for _, p := range r.ports {
		port := network.MustParsePort(strconv.Itoa(p) + "/tcp")
		ports = append(ports, port.String())
		bindings[port] = []network.PortBinding{{HostIP: at}}
	}
	options := []testcontainers.ContainerCustomizer{
		testcontainers.WithName("shutout-" + l.id + "-" + host),
		testcontainers.WithLabels(labels),
		testcontainers.WithExposedPorts(ports...),
		testcontainers.WithLogger(tclog.NewNoopLogger()),
		testcontainers.WithConfigModifier(func(c *container.Config) { c.Hostname = host }),
		testcontainers.WithHostConfigModifier(func(c *container.HostConfig) {
			c.PortBindings = bindings
			c.Tmpfs = map[string]string{runtimeFiles: ""}
		}),
		testcontainers.WithLifecycleHooks(testcontainers.ContainerLifecycleHooks{
			PostCreates: []testcontainers.ContainerHook{func(ctx context.Context, c testcontainers.Container) error {
				return e.put(ctx, c.GetContainerID(), r.files)
			}},
		}),
	}
	if r.command != nil {
		options = append(options, testcontainers.WithCmd(r.command...))
	}
	for _, n := range r.networks {
		options = append(options, tcnetwork.WithNetwork(r.names, n))
	}
	err := whole(ctx, func(ctx context.Context) (err error) {
		s.DockerContainer, err = testcontainers.Run(ctx, tag(r.image), options...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", host, err)
	}
	return s, s.await(ctx)
}

// whole has f make something in the engine, to its end: an engine that is left
// alone half-way makes it all the same, when nobody looks for it any more.
func whole(ctx context.Context, f func(context.Context) error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), readiness)
	defer cancel()
	return f(limit)
}

// put writes files into a container.
func (e *engine) put(ctx context.Context, id string, files []file) error {
	if len(files) == 0 {
		return nil
	}
	content, err := archive(files)
	if err != nil {
		return err
	}
	_, err = e.CopyToContainer(ctx, id, client.CopyToContainerOptions{DestinationPath: "/", Content: content})
	return err
}

func (s *server) put(ctx context.Context, files ...file) error {
	return s.engine.put(ctx, s.GetContainerID(), files)
}

// await waits until the server answers as one that works.
func (s *server) await(ctx context.Context) error {
	limit, cancel := context.WithTimeout(ctx, readiness)
	defer cancel()
	for {
		err := s.ready(limit, s)
		if err == nil {
			return nil
		}
		if s.stopped(limit) {
			return fmt.Errorf("%s has ended instead of answering; its last words:\n%s", s.names[0], s.lastWords(ctx))
		}
		select {
		case <-limit.Done():
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("%s does not work after %s: %w; its last words:\n%s", s.names[0], readiness, err, s.lastWords(ctx))
		case <-time.After(40 * time.Millisecond):
		}
	}
}

// farewell is how long a server may take to end before it is killed.
const farewell = 10 * time.Second

// restart stops and starts the container, and waits until its server works.
func (s *server) restart(ctx context.Context) error {
	if err := s.Stop(ctx, new(farewell)); err != nil {
		return fmt.Errorf("stopping %s: %w", s.names[0], err)
	}
	if err := s.Start(ctx); err != nil {
		return fmt.Errorf("starting %s: %w", s.names[0], err)
	}
	return s.await(ctx)
}

func (s *server) stopped(ctx context.Context) bool {
	state, err := s.State(ctx)
	return err == nil && !state.Running
}

func (s *server) lastWords(ctx context.Context) string {
	text, err := s.log(ctx)
	if err != nil {
		return err.Error()
	}
	return last(text, 15)
}

// maxOutput bounds what is read of a server's log or a command's output.
const maxOutput = 32 << 20

// log returns what the server has written to its log so far.
func (s *server) log(ctx context.Context) (string, error) {
	r, err := s.engine.ContainerLogs(ctx, s.GetContainerID(), client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true})
	if err != nil {
		return "", fmt.Errorf("the log of %s: %w", s.names[0], err)
	}
	defer r.Close()
	var b bytes.Buffer
	if _, err := stdcopy.StdCopy(&b, &b, io.LimitReader(r, maxOutput)); err != nil {
		return "", fmt.Errorf("the log of %s: %w", s.names[0], err)
	}
	return b.String(), nil
}

// run runs a command in the container. The error of one that fails has its last
// words.
func (s *server) run(ctx context.Context, command ...string) (string, error) {
	return s.runWith(ctx, nil, command...)
}

// runWith runs a command with environment variables, which, other than
// arguments, no other user of the container sees.
func (s *server) runWith(ctx context.Context, env []string, command ...string) (string, error) {
	code, r, err := s.Exec(ctx, command, tcexec.Multiplexed(), tcexec.WithEnv(env))
	if err != nil {
		return "", fmt.Errorf("%s at %s: %w", command[0], s.names[0], err)
	}
	out, err := io.ReadAll(io.LimitReader(r, maxOutput))
	if err != nil {
		return "", fmt.Errorf("%s at %s: %w", command[0], s.names[0], err)
	}
	if code != 0 {
		return "", fmt.Errorf("%s at %s ends in status %d: %s", command[0], s.names[0], code, last(string(out), 3))
	}
	return string(out), nil
}

// dial connects to a port of the server. The engine gives it another number on
// this machine each time the container starts.
func (s *server) dial(ctx context.Context, port string) (net.Conn, error) {
	mapped, err := s.MappedPort(ctx, port+"/tcp")
	if err != nil {
		return nil, fmt.Errorf("%s is not up: %w", s.names[0], err)
	}
	host := s.engine.portHost()
	if host == "" {
		if host, err = s.Host(ctx); err != nil {
			return nil, err
		}
	}
	return new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(host, mapped.Port()))
}
