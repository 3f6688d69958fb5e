package ldap_test

import (
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"shutout/lab"
	"shutout/lab/authority/authoritytest"
	"shutout/sim/directory"
	"shutout/sim/profile"
	"shutout/sim/server"
	"shutout/sim/server/ldap"
	"shutout/sim/server/signin"
	"shutout/sim/timeline"
)

type world struct {
	sync.Mutex
	tl       *timeline.Timeline
	dir      *directory.Directory
	recorded chan lab.Decision
}

func (w *world) Now() time.Time { return w.tl.Now() }
func (w *world) Record(_ net.Conn, ds ...lab.Decision) {
	for _, d := range ds {
		select {
		case w.recorded <- d:
		default:
		}
	}
}

func newWorld(t testing.TB) *world {
	t.Helper()
	tl := timeline.New(start, 1)
	p := profile.Params{
		AD: profile.AD{IntrasiteFirst: 15 * time.Second, IntrasiteNext: 3 * time.Second, Intersite: 3 * time.Hour,
			PDCPush: true, PDCFallback: true, PasswordHistory: 24, LockoutDuration: 30 * time.Minute, LockoutWindow: 30 * time.Minute},
		NTLM: profile.NTLM{OldPasswordHistory: 2},
	}
	w := &world{tl: tl, recorded: make(chan lab.Decision, 100)}
	w.dir = directory.New(tl, p, lab.Organisation{Domain: "corp.example", NetBIOS: "CORP",
		Sites: []lab.Site{{Name: "hq", DCs: []string{"dc1", "dc2"}}}})
	w.dir.SetAdministratorPassword("Admin-1")
	for _, u := range []directory.NewUser{
		{SAM: "dana", Mail: "dana.leaver@corp.example", DisplayName: "Dana Leaver", Password: "Secret-1",
			Attrs: map[string][]string{"title": {"Buyer"}, "submissionContLength": {"10240"}}},
		{SAM: "erin", Mail: "erin@corp.example", DisplayName: "Erin, the \"other\"", Password: "Other-1"},
	} {
		if err := w.dir.AddUser(u); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// signIn is the sign-in of dc1 with NTLM.
func signIn(w *world) *signin.Server {
	return signin.New(&server.World{TL: w.tl, Dir: w.dir}, "dc1")
}

// serve starts dc1's service on loopback and returns its two addresses.
func (w *world) serve(t testing.TB) (plain, secure string, conf *tls.Config) {
	t.Helper()
	server, client := authoritytest.Configs(t, "dc1")
	client.ServerName = "dc1"
	server.NextProtos = []string{"http/1.1"} // none that LDAP knows
	s := &ldap.Server{World: w, DC: w.dir.DC("dc1"), TLS: server}
	var addrs []string
	var running sync.WaitGroup
	t.Cleanup(running.Wait)
	for _, serve := range []func(net.Listener) error{s.Serve, s.ServeTLS} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		running.Go(func() {
			if err := serve(l); err != nil {
				t.Error(err)
			}
		})
		t.Cleanup(func() { l.Close() }) // runs before Wait
		addrs = append(addrs, l.Addr().String())
	}
	return addrs[0], addrs[1], client
}

// client is an LDAP client on a world.
type client struct {
	*goldap.Conn
	t testing.TB
	w *world
}

func dial(t testing.TB) *client {
	w := newWorld(t)
	plain, _, _ := w.serve(t)
	return w.dial(t, "ldap://"+plain)
}

func (w *world) dial(t testing.TB, url string, opts ...goldap.DialOpt) *client {
	t.Helper()
	c, err := goldap.DialURL(url, opts...)
	if err != nil {
		t.Fatal(err)
	}
	c.SetTimeout(20 * time.Second)
	t.Cleanup(func() { c.Close() })
	return &client{c, t, w}
}

func (c *client) bind(user, password string) *client {
	c.t.Helper()
	if err := c.Bind(user, password); err != nil {
		c.t.Fatalf("bind as %s: %v", user, err)
	}
	return c
}

func (c *client) want(err error, code uint16, text string) {
	c.t.Helper()
	var e *goldap.Error
	if !errors.As(err, &e) || e.ResultCode != code || !strings.Contains(e.Error(), text) {
		c.t.Errorf("%v, want result %d with %q", err, code, text)
	}
}

var start = time.Date(2026, 3, 4, 13, 0, 0, 0, time.UTC)

const (
	dana  = "CN=Dana Leaver,CN=Users,DC=corp,DC=example"
	admin = `CORP\Administrator`
)
