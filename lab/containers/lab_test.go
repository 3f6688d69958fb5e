package containers

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/api/types/network"
	dockerclient "github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"

	"shutout/fixtures"
	"shutout/lab"
	"shutout/lab/client"
	"shutout/lab/remote"
)

// needEngine skips a test where no container engine answers; in CI that is a
// failure.
func needEngine(t *testing.T) {
	t.Helper()
	if err := available(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

var available = sync.OnceValue(func() error { return Available(context.Background()) })

// world is the lab that the tests of this package share, with all servers.
type world struct {
	*organisation
	*remote.Lab
}

var shared struct {
	sync.Mutex
	world *world
	err   error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if w := shared.world; w != nil {
		if err := errors.Join(w.Lab.Close(), w.organisation.stop()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// theWorld starts the shared lab when it is first needed.
func theWorld(t *testing.T) *world {
	needEngine(t)
	shared.Lock()
	defer shared.Unlock()
	if shared.world == nil && shared.err == nil {
		shared.world, shared.err = newWorld(t.Context(), Options{ActiveSync: true})
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.world
}

func testCast() *lab.Cast {
	cast := fixtures.DefaultCast()
	cast.SetPasswords(rand.New(rand.NewPCG(1, 1)))
	return cast
}

func newWorld(ctx context.Context, o Options) (*world, error) {
	cast := testCast()
	cast.People["frank"].OutOfOffice = "all"
	o.Progress = os.Stderr
	// The lab outlives the test that needed it first.
	org, err := start(context.WithoutCancel(ctx), cast, o)
	if err != nil {
		return nil, err
	}
	l, err := remote.Open(ctx, org.config(), remote.Options{Cast: cast})
	if err != nil {
		return nil, errors.Join(err, org.stop())
	}
	return &world{org, l}, nil
}

// client is a client of somebody's over a path; change, if not nil, changes what
// it knows.
func (w *world) client(t *testing.T, who string, path lab.Path, change func(*lab.Env)) lab.Client {
	t.Helper()
	p := w.Cast().People[who]
	ep, err := w.Endpoint(p, path)
	if err != nil {
		t.Fatal(err)
	}
	env := lab.Env{
		Endpoint: ep, Now: time.Now, Domain: domain, Activity: &lab.Activity{ID: strings.ReplaceAll(t.Name(), "/", "-"), Path: path, Who: who},
		Dial: func(ctx context.Context, addr string) (net.Conn, error) { return w.Dial(ctx, "", "", addr) },
	}
	if path != lab.SMTPAnonymous {
		env.Login = lab.Login{User: p.Mail, Address: p.Mail, Passwords: []string{p.Password}}
	}
	if change != nil {
		change(&env)
	}
	c, err := client.New(env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// must makes an attempt that has to work.
func must(t *testing.T, c lab.Client, task lab.Task) {
	t.Helper()
	if err := try(t, c, task); err != nil {
		t.Fatalf("%s: %v", task.Capability, err)
	}
}

func try(t *testing.T, c lab.Client, task lab.Task) error {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return c.Do(ctx, task)
}

// eventually waits until f returns nil.
func eventually(t *testing.T, limit time.Duration, f func() error) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for {
		err := f()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not after %s: %v", limit, err)
		}
		time.Sleep(30 * time.Millisecond)
	}
}

// disconnect takes a server off a network, and reconnect puts it back.
func (w *world) disconnect(ctx context.Context, s *server, n *testcontainers.DockerNetwork) error {
	_, err := w.engine.NetworkDisconnect(ctx, n.ID, dockerclient.NetworkDisconnectOptions{Container: s.GetContainerID(), Force: true})
	return err
}

func (w *world) reconnect(ctx context.Context, s *server, n *testcontainers.DockerNetwork) error {
	_, err := w.engine.NetworkConnect(ctx, n.ID, dockerclient.NetworkConnectOptions{
		Container: s.GetContainerID(), EndpointConfig: &network.EndpointSettings{Aliases: s.names},
	})
	return err
}
